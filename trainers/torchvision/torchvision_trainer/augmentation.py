"""Random changes of training images. What lies in an image moves with it: boxes, masks, keypoints, class maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch.nn import functional

from trainer_sdk.metrics.semantic import IGNORED

from .annotated import Targets

#: ``basic`` for tasks with annotations: the range of the scale, and the largest shift in shares of the image's side.
SCALES, SHIFT = (0.8, 1.25), 0.1
#: An object of which less than this share of its box stays in the image is not learned from.
VISIBLE_SHARE = 0.2


def shift_and_rotate(images: torch.Tensor, numbers: torch.Generator) -> torch.Tensor:
    """Shifts each image by up to 8 % and rotates it by up to 10 degrees; repeats the edges. For classifications."""
    count = len(images)
    angle = (torch.rand(count, generator=numbers) * 2 - 1) * math.radians(10)
    shift = (torch.rand(count, 2, generator=numbers) * 2 - 1) * 0.16
    cosine, sine = torch.cos(angle), torch.sin(angle)
    matrix = torch.stack(
        (torch.stack((cosine, -sine, shift[:, 0]), 1), torch.stack((sine, cosine, shift[:, 1]), 1)), 1
    )
    grid = functional.affine_grid(matrix.to(images.device), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def jitter_colours(images: torch.Tensor, strength: float, numbers: torch.Generator) -> torch.Tensor:
    """Changes brightness, contrast and saturation of each normalised image by factors of ``1 ± strength``."""
    if not strength:
        return images
    factors = 1 + (torch.rand(3, len(images), generator=numbers) * 2 - 1) * strength
    brightness, contrast, saturation = factors.to(images.device).view(3, -1, 1, 1, 1)
    images = images + (brightness - 1)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    images = mean + (images - mean) * contrast
    grey = images.mean(dim=1, keepdim=True)
    return grey + (images - grey) * saturation


def move_targets(
    image: torch.Tensor, targets: Targets, config: dict[str, Any], numbers: torch.Generator, flip: Sequence[int] = ()
) -> tuple[torch.Tensor, Targets]:
    """Mirrors, scales and shifts an image ``[3,H,W]`` and its objects as the configuration says."""
    if _chance(numbers) < config["flipProbability"]:
        image, targets = mirrored(image, targets, flip)
    if config["augment"] == "basic":
        scale, left, top = _draw_move(image, numbers)
        image, targets = moved(image, targets, scale, left, top)
    return image, targets


def move_map(
    image: torch.Tensor, classes: torch.Tensor, config: dict[str, Any], numbers: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mirrors, scales and shifts an image ``[3,H,W]`` and its class map ``[H,W]``."""
    if _chance(numbers) < config["flipProbability"]:
        image, classes = image.flip(2), classes.flip(1)
    if config["augment"] == "basic":
        scale, left, top = _draw_move(image, numbers)
        image = _resampled(image, scale, left, top, "bilinear")
        outside = _resampled(torch.ones_like(classes[None], dtype=torch.float32), scale, left, top, "nearest")[0] < 0.5
        classes = _resampled(classes[None].float(), scale, left, top, "nearest")[0].round().long()
        classes[outside] = IGNORED
    return image, classes


def mirrored(image: torch.Tensor, targets: Targets, flip: Sequence[int] = ()) -> tuple[torch.Tensor, Targets]:
    """The image and its objects mirrored left to right. Keypoint ``i`` becomes keypoint ``flip[i]``."""
    width = image.shape[2]
    boxes = targets.boxes.clone()
    boxes[:, 0], boxes[:, 2] = width - targets.boxes[:, 2], width - targets.boxes[:, 0]
    keypoints = targets.keypoints
    if keypoints is not None:
        keypoints = keypoints[:, list(flip)].clone() if len(flip) else keypoints.clone()
        keypoints[..., 0] = torch.where(keypoints[..., 2] > 0, width - keypoints[..., 0], keypoints[..., 0])
    masks = targets.masks.flip(2) if targets.masks is not None else None
    return image.flip(2), replace(targets, boxes=boxes, keypoints=keypoints, masks=masks)


def moved(
    image: torch.Tensor, targets: Targets, scale: float, left: float, top: float
) -> tuple[torch.Tensor, Targets]:
    """A point ``(x, y)`` goes to ``(scale · x + left, scale · y + top)``. Objects that leave the image are cut off; those
    of which too little stays are dropped, and keypoints outside become unlabelled."""
    height, width = image.shape[1:]
    shift = torch.tensor([left, top, left, top])
    whole = targets.boxes * scale + shift.to(targets.boxes)
    boxes = whole.clone()
    boxes[:, 0::2] = boxes[:, 0::2].clamp(0, width)
    boxes[:, 1::2] = boxes[:, 1::2].clamp(0, height)
    keypoints = masks = None
    if targets.keypoints is not None:
        keypoints = targets.keypoints.clone()
        keypoints[..., 0] = keypoints[..., 0] * scale + left
        keypoints[..., 1] = keypoints[..., 1] * scale + top
        x, y = keypoints[..., 0], keypoints[..., 1]
        lost = (targets.keypoints[..., 2] == 0) | (x < 0) | (y < 0) | (x >= width) | (y >= height)
        keypoints[lost] = 0
    if targets.masks is not None:
        masks = targets.masks
        if len(masks):  # grid_sample refuses an image without channels.
            masks = _resampled(masks.float(), scale, left, top, "nearest").round().to(torch.uint8)
    kept = _areas(boxes) >= VISIBLE_SHARE * _areas(whole).clamp(min=1e-6)
    result = replace(targets, boxes=boxes, keypoints=keypoints, masks=masks, areas=targets.areas * scale * scale)
    return _resampled(image, scale, left, top, "bilinear"), result.where(kept)


def _resampled(image: torch.Tensor, scale: float, left: float, top: float, mode: str) -> torch.Tensor:
    """The image ``[C,H,W]`` scaled and shifted; zeros outside."""
    height, width = image.shape[1:]
    # affine_grid wants where each output pixel comes from, in coordinates from -1 to 1.
    x, y = (1 - 2 * left / width) / scale - 1, (1 - 2 * top / height) / scale - 1
    matrix = torch.tensor([[[1 / scale, 0.0, x], [0.0, 1 / scale, y]]])
    grid = functional.affine_grid(matrix.to(image.device), [1, *image.shape], align_corners=False)
    return functional.grid_sample(image[None], grid, mode=mode, padding_mode="zeros", align_corners=False)[0]


def _draw_move(image: torch.Tensor, numbers: torch.Generator) -> tuple[float, float, float]:
    """A scale around the middle of the image, and a shift."""
    height, width = image.shape[1:]
    scale = SCALES[0] + (SCALES[1] - SCALES[0]) * _chance(numbers)
    left, top = ((2 * _chance(numbers) - 1) * SHIFT for _ in range(2))
    return scale, width * ((1 - scale) / 2 + left), height * ((1 - scale) / 2 + top)


def _chance(numbers: torch.Generator) -> float:
    return float(torch.rand((), generator=numbers))


def _areas(boxes: torch.Tensor) -> torch.Tensor:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
