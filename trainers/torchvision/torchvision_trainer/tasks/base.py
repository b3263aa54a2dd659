"""The part of training that a task has of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainer_sdk import ImageEntry
from trainer_sdk.annotations import KeypointList
from trainer_sdk.metrics import Evaluation

from ..images import ImageSet, Preprocessing


@dataclass(frozen=True)
class Outputs:
    """What a model answers with."""

    classes: tuple[str, ...]
    keypoints: KeypointList | None = None

    @property
    def keypoint_count(self) -> int:
        return len(self.keypoints.names) if self.keypoints is not None else 0


@dataclass(frozen=True)
class Loss:
    """The mean loss of a batch; ``hits`` are the images with a right answer, for a classification."""

    value: torch.Tensor
    hits: torch.Tensor | None = None


class Task(ABC):
    """A task type. ``answers`` are what an :class:`ImageSet` of the task gives beside the pixels of a batch."""

    task_type: str
    #: How images become squares: ``stretch``, or ``letterbox`` (whole, with a grey border on the right or below).
    fit = "letterbox"
    #: Whether a loss that is not a number is found after each batch instead of after each epoch.
    checks_each_batch = True

    @abstractmethod
    def image_set(
        self, entries: Sequence[ImageEntry], preprocessing: Preprocessing, threads: int, memory_limit: int,
        check: Callable[[], None],
    ) -> ImageSet:  # fmt: skip
        """The images of a split with their answers."""

    @abstractmethod
    def check_training_set(self, images: ImageSet) -> None:
        """Raises ``DATASET_INVALID`` when nothing can be learned from the images."""

    def augment(
        self, pixels: torch.Tensor, answers: Any, config: dict[str, Any], numbers: torch.Generator, outputs: Outputs
    ) -> tuple[torch.Tensor, Any]:
        """Changes the normalised images of a batch at random, and their answers with them."""
        return pixels, answers

    def to_device(self, answers: Any, device: torch.device) -> Any:
        return answers.to(device, non_blocking=True)

    def class_weights(self, images: ImageSet, outputs: Outputs) -> torch.Tensor | None:
        """Weights of the classes in the loss that balance their numbers, with a mean of 1 over the images or pixels."""
        return None

    @abstractmethod
    def loss(
        self, model: nn.Module, pixels: torch.Tensor, answers: Any, config: dict[str, Any], weights: torch.Tensor | None
    ) -> Loss:
        """Runs the model in training mode on normalised images."""

    @abstractmethod
    def evaluate(
        self, model: nn.Module, images: ImageSet, preprocessing: Preprocessing, outputs: Outputs, device: torch.device,
        check: Callable[[], None],
    ) -> Evaluation:  # fmt: skip
        """Measures the model in evaluation mode."""


def balanced(counts: torch.Tensor) -> torch.Tensor:
    """Weights inversely proportional to the counts, 0 for a class that does not occur; their mean over what was counted
    is 1."""
    present = counts > 0
    weights = torch.where(present, counts.sum() / counts.clamp(min=1), torch.zeros_like(counts))
    return weights / present.sum().clamp(min=1)
