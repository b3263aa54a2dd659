"""Semantic segmentation: a class for each pixel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torchvision.models import segmentation

from trainer_sdk import ImageEntry, TrainerError
from trainer_sdk.annotations import SEMANTIC
from trainer_sdk.metrics import Evaluation, SemanticMeasure
from trainer_sdk.metrics.semantic import IGNORED

from ..annotated import MapSet
from ..augmentation import jitter_colours, move_map
from ..images import ImageSet, Preprocessing
from .base import Loss, Outputs, Task, balanced

FORWARD_BATCH = 16
FRESH = {"weights": None, "weights_backbone": None}


class SmallUNet(nn.Module):
    """A U-Net of three levels with 16, 32 and 64 channels."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.features = nn.Sequential(_pair(3, 16), _pair(16, 32), _pair(32, 64))
        self.rise2, self.rise1 = _pair(64 + 32, 32), _pair(32 + 16, 16)
        self.head = nn.Conv2d(16, outputs, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        first = self.features[0](images)
        second = self.features[1](functional.max_pool2d(first, 2))
        third = self.features[2](functional.max_pool2d(second, 2))
        upper = self.rise2(torch.cat((_grown(third, second), second), 1))
        return self.head(self.rise1(torch.cat((_grown(upper, first), first), 1)))


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
    )  # fmt: skip


def _grown(features: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(features, size=like.shape[2:], mode="nearest")


def _of_torchvision(build: Callable[..., nn.Module]) -> Callable[[int, int, int], nn.Module]:
    return lambda classes, _keypoints, _size: build(num_classes=classes + 1, **FRESH)


#: Each takes ``[N,3,H,W]``; output channel 0 is the background, ``i + 1`` is class ``i``.
BUILDERS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "small_segmenter": lambda classes, _keypoints, _size: SmallUNet(classes + 1),
    "lraspp_mobilenet_v3_large": _of_torchvision(segmentation.lraspp_mobilenet_v3_large),
    "deeplabv3_mobilenet_v3_large": _of_torchvision(segmentation.deeplabv3_mobilenet_v3_large),
    "deeplabv3_resnet50": _of_torchvision(segmentation.deeplabv3_resnet50),
    "fcn_resnet50": _of_torchvision(segmentation.fcn_resnet50),
}


def logits_of(model: nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    """``[N, classes + 1, H, W]``: torchvision's networks give a dictionary."""
    answer = model(pixels)
    return answer["out"] if isinstance(answer, dict) else answer


class SemanticSegmentation(Task):
    task_type = SEMANTIC

    def image_set(
        self, entries: Sequence[ImageEntry], preprocessing: Preprocessing, threads: int, memory_limit: int,
        check: Callable[[], None],
    ) -> ImageSet:  # fmt: skip
        return MapSet(entries, preprocessing, threads, memory_limit, check)

    def check_training_set(self, images: ImageSet) -> None:
        if not any(entry.annotations for entry in images.entries):
            raise TrainerError("DATASET_INVALID", "No training image has an annotation: all of them are background.")

    def augment(
        self, pixels: torch.Tensor, answers: Any, config: dict[str, Any], numbers: torch.Generator, outputs: Outputs
    ) -> tuple[torch.Tensor, Any]:
        moved = [move_map(image, classes, config, numbers) for image, classes in zip(pixels, answers, strict=True)]
        pixels = torch.stack([image for image, _ in moved])
        return jitter_colours(pixels, config["colorJitter"], numbers), torch.stack([classes for _, classes in moved])

    def class_weights(self, images: ImageSet, outputs: Outputs) -> torch.Tensor | None:
        counts = torch.zeros(len(outputs.classes) + 1)
        for _, maps in images.batches(torch.arange(len(images)).split(FORWARD_BATCH)):
            counts += torch.bincount(maps[maps != IGNORED].cpu(), minlength=len(counts)).float()
        return balanced(counts)

    def loss(
        self, model: nn.Module, pixels: torch.Tensor, answers: Any, config: dict[str, Any], weights: torch.Tensor | None
    ) -> Loss:
        return Loss(functional.cross_entropy(
            logits_of(model, pixels), answers, weights, ignore_index=IGNORED, label_smoothing=config["labelSmoothing"]
        ))  # fmt: skip

    def evaluate(
        self, model: nn.Module, images: ImageSet, preprocessing: Preprocessing, outputs: Outputs, device: torch.device,
        check: Callable[[], None],
    ) -> Evaluation:  # fmt: skip
        """Pixels of the model's input are counted, without the border of a letterboxed image."""
        model.eval()
        measure = SemanticMeasure(outputs.classes)
        with torch.inference_mode():
            for pixels, maps in images.batches(torch.arange(len(images)).split(FORWARD_BATCH)):
                check()
                logits = logits_of(model, preprocessing.normalize(pixels.to(device))).float()
                loss = functional.cross_entropy(logits, maps.to(device), ignore_index=IGNORED)
                measure.add(logits.argmax(1).cpu().numpy(), maps.cpu().numpy(), float(loss))
        return measure.result()
