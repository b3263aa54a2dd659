"""Image classification: one class for a whole image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torchvision
from torch import nn
from torch.nn import functional

from trainer_sdk import ImageEntry, TrainerError
from trainer_sdk.annotations import CLASSIFICATION
from trainer_sdk.metrics import ClassificationMeasure, Evaluation

from ..augmentation import jitter_colours, shift_and_rotate
from ..images import ImageSet, Preprocessing
from .base import Loss, Outputs, Task, balanced

FORWARD_BATCH = 256


class SmallCnn(nn.Module):
    """Four 3×3 convolutions with batch norm, two of them followed by pooling, then a global average.

    About 95,000 parameters and 9 million multiplications for a 32×32 image.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(3, 24), nn.MaxPool2d(2),
            *_block(24, 48), nn.MaxPool2d(2),
            *_block(48, 96),
            *_block(96, 48),
            nn.AdaptiveAvgPool2d(1),
        )  # fmt: skip
        self.head = nn.Linear(48, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(torch.flatten(self.features(images), 1))


def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)


#: Each takes RGB images ``[N,3,H,W]`` and returns logits ``[N,classes]``.
BUILDERS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "small_cnn": lambda classes, _keypoints, _size: SmallCnn(classes),
    "resnet18": lambda classes, _keypoints, _size: torchvision.models.resnet18(weights=None, num_classes=classes),
}


class Classification(Task):
    task_type = CLASSIFICATION
    fit = "stretch"
    checks_each_batch = False

    def image_set(
        self, entries: Sequence[ImageEntry], preprocessing: Preprocessing, threads: int, memory_limit: int,
        check: Callable[[], None],
    ) -> ImageSet:  # fmt: skip
        return ImageSet(entries, preprocessing, threads, memory_limit, check)

    def check_training_set(self, images: ImageSet) -> None:
        if len(images.readable_labels()) < 2:
            raise TrainerError("DATASET_INVALID", "All training images that can be read have the same class.")

    def augment(
        self, pixels: torch.Tensor, answers: Any, config: dict[str, Any], numbers: torch.Generator, outputs: Outputs
    ) -> tuple[torch.Tensor, Any]:
        if config["augment"] == "basic":
            pixels = shift_and_rotate(pixels, numbers)
        if config["flipProbability"]:
            mirrored = torch.rand(len(pixels), generator=numbers) < config["flipProbability"]
            pixels = torch.where(mirrored.view(-1, 1, 1, 1).to(pixels.device), pixels.flip(3), pixels)
        return jitter_colours(pixels, config["colorJitter"], numbers), answers

    def class_weights(self, images: ImageSet, outputs: Outputs) -> torch.Tensor | None:
        counts = torch.bincount(images.labels.cpu(), minlength=len(outputs.classes)).float()
        return balanced(counts)

    def loss(
        self, model: nn.Module, pixels: torch.Tensor, answers: Any, config: dict[str, Any], weights: torch.Tensor | None
    ) -> Loss:
        logits = model(pixels)
        smoothing = config["labelSmoothing"]
        value = functional.cross_entropy(logits, answers, weights, label_smoothing=smoothing)
        return Loss(value, (logits.detach().argmax(1) == answers).sum())

    def evaluate(
        self, model: nn.Module, images: ImageSet, preprocessing: Preprocessing, outputs: Outputs, device: torch.device,
        check: Callable[[], None],
    ) -> Evaluation:  # fmt: skip
        """The loss is the mean cross entropy."""
        model.eval()
        measure = ClassificationMeasure(outputs.classes)
        with torch.inference_mode():
            for pixels, labels in images.batches(torch.arange(len(images)).split(FORWARD_BATCH)):
                check()
                logits = model(preprocessing.normalize(pixels.to(device))).float()
                loss = functional.cross_entropy(logits, labels.to(device), reduction="sum")
                measure.add(logits.cpu().numpy(), labels.cpu().numpy(), float(loss))
        return measure.result()
