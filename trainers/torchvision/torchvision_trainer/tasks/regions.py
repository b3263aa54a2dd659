"""What the detectors share: targets, batches, losses, measures, and the backbone of the small ones.

Detectors of torchvision take a list of images and of targets ``{boxes, labels, masks?, keypoints?}`` and give a dictionary of
losses while they learn, and detections otherwise. Label 0 is the background; class ``i`` of the dataset is ``i + 1``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torchvision.models.detection.anchor_utils import AnchorGenerator

from trainer_sdk import ImageEntry, TrainerError
from trainer_sdk.annotations import trainable
from trainer_sdk.metrics import DetectionMeasure, Evaluation, Objects, sigmas_of

from ..annotated import AnnotatedSet, Targets
from ..augmentation import jitter_colours, move_targets
from ..images import ImageSet, Preprocessing
from .base import Loss, Outputs, Task

FORWARD_BATCH = 8
#: Detections with less confidence are not measured. Average precision needs unsure ones.
LEAST_CONFIDENCE = 0.01
#: The trainer normalises the images itself, so the models must not.
PLAIN = {"image_mean": (0.0, 0.0, 0.0), "image_std": (1.0, 1.0, 1.0)}


def square(size: int) -> dict[str, Any]:
    """Arguments of a torchvision detector that takes square images of ``size`` pixels as they are."""
    return {**PLAIN, "min_size": size, "max_size": size}


class SmallBackbone(nn.Sequential):
    """Five 3×3 convolutions with batch norm; the features have an eighth of the image's side."""

    out_channels = 64

    def __init__(self) -> None:
        super().__init__(
            _block(3, 16, 2), _block(16, 32, 2), _block(32, 48, 1), _block(48, 64, 2), _block(64, 64, 1)
        )


def _block(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def small_anchors(size: int) -> AnchorGenerator:
    """Squares of an eighth, a quarter and a half of the image's side, and rectangles around them."""
    return AnchorGenerator(sizes=((size // 8, size // 4, size // 2),), aspect_ratios=((0.5, 1.0, 2.0),))


class RegionTask(Task):
    """A task whose answers are objects with boxes. ``kinds`` are what is measured, the primary one first."""

    kinds: tuple[str, ...] = ("box",)

    def image_set(
        self, entries: Sequence[ImageEntry], preprocessing: Preprocessing, threads: int, memory_limit: int,
        check: Callable[[], None],
    ) -> ImageSet:  # fmt: skip
        return AnnotatedSet(entries, preprocessing, threads, memory_limit, check, masks="mask" in self.kinds)

    def check_training_set(self, images: ImageSet) -> None:
        if not any(trainable(entry.annotations) for entry in images.entries):
            raise TrainerError("DATASET_INVALID", "No training image has an object.")

    def augment(
        self, pixels: torch.Tensor, answers: list[Targets], config: dict[str, Any], numbers: torch.Generator,
        outputs: Outputs,
    ) -> tuple[torch.Tensor, Any]:  # fmt: skip
        flip = outputs.keypoints.flip if outputs.keypoints is not None else ()
        moved = [
            move_targets(image, targets, config, numbers, flip)
            for image, targets in zip(pixels, answers, strict=True)
        ]
        pixels = torch.stack([image for image, _ in moved])
        return jitter_colours(pixels, config["colorJitter"], numbers), [targets for _, targets in moved]

    def to_device(self, answers: list[Targets], device: torch.device) -> Any:
        return [targets.to(device) for targets in answers]

    def loss(
        self, model: nn.Module, pixels: torch.Tensor, answers: list[Targets], config: dict[str, Any],
        weights: torch.Tensor | None,
    ) -> Loss:  # fmt: skip
        losses = model(list(pixels), [self.target(targets.usual()) for targets in answers])
        return Loss(sum(losses.values()))  # type: ignore[arg-type]

    def target(self, targets: Targets) -> dict[str, torch.Tensor]:
        """What the model learns from one image."""
        return {"boxes": targets.boxes, "labels": targets.labels + 1}

    def evaluate(
        self, model: nn.Module, images: ImageSet, preprocessing: Preprocessing, outputs: Outputs, device: torch.device,
        check: Callable[[], None],
    ) -> Evaluation:  # fmt: skip
        """Objects are compared in pixels of the model's input: a scale changes no overlap."""
        model.eval()
        sigmas = sigmas_of(outputs.keypoints.names) if outputs.keypoints is not None else None
        measure = DetectionMeasure(outputs.classes, self.kinds, self.task_type, sigmas)
        with torch.inference_mode():
            for pixels, answers in images.batches(torch.arange(len(images)).split(FORWARD_BATCH)):
                check()
                detections = model(list(preprocessing.normalize(pixels.to(device))))
                for detected, targets in zip(detections, answers, strict=True):
                    measure.add(_found(detected), _true(targets))
        return measure.result()


def _found(detected: dict[str, torch.Tensor]) -> Objects:
    values = {name: value.float().cpu().numpy() for name, value in detected.items()}
    kept = values["labels"] > 0
    return Objects(
        labels=values["labels"][kept].astype(np.int64) - 1, boxes=values["boxes"][kept], scores=values["scores"][kept],
        masks=values["masks"][kept, 0] >= 0.5 if "masks" in values else None,
        keypoints=values["keypoints"][kept] if "keypoints" in values else None,
    )  # fmt: skip


def _true(targets: Targets) -> Objects:
    return Objects(
        labels=targets.labels.cpu().numpy(), boxes=targets.boxes.cpu().numpy().astype(np.float64),
        crowd=targets.crowd.cpu().numpy(),
        masks=targets.masks.cpu().numpy().astype(bool) if targets.masks is not None else None,
        keypoints=targets.keypoints.cpu().numpy().astype(np.float64) if targets.keypoints is not None else None,
        areas=targets.areas.cpu().numpy().astype(np.float64),
    )  # fmt: skip
