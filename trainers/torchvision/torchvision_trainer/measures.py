"""Measures a classifier on a set of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .images import ImageSet, Preprocessing

FORWARD_BATCH = 256


@dataclass(frozen=True)
class Evaluation:
    """Counts and loss on a set; rows of ``confusion`` are true classes, columns predicted ones."""

    confusion: torch.Tensor
    loss: float
    classes: tuple[str, ...]

    @property
    def accuracy(self) -> float:
        """Share of images with the right prediction."""
        return int(self.confusion.diagonal().sum()) / max(1, int(self.confusion.sum()))

    def per_class(self) -> list[dict[str, Any]]:
        """Precision, recall, F1 (0 where undefined) and support of each class."""
        rows = []
        for index, name in enumerate(self.classes):
            hits = int(self.confusion[index, index])
            support, predicted = int(self.confusion[index].sum()), int(self.confusion[:, index].sum())
            precision, recall = _ratio(hits, predicted), _ratio(hits, support)
            rows.append(
                {
                    "class": name, "precision": precision, "recall": recall,
                    "f1": _ratio(2 * precision * recall, precision + recall), "support": support,
                }  # fmt: skip
            )
        return rows

    def metrics(self) -> dict[str, float]:
        """Accuracy, loss, and macro averages over the classes that occur in the set."""
        present = [row for row in self.per_class() if row["support"]]
        averages = {
            name: _ratio(sum(row[name] for row in present), len(present)) for name in ("precision", "recall", "f1")
        }
        return {"accuracy": self.accuracy, "loss": self.loss, **averages}


def evaluate(
    model: nn.Module, images: ImageSet, preprocessing: Preprocessing, classes: Sequence[str],
    device: torch.device, check: Callable[[], None],
) -> Evaluation:  # fmt: skip
    """Runs the model in evaluation mode over a set. The loss is the mean cross entropy."""
    model.eval()
    confusion = torch.zeros(len(classes) ** 2, dtype=torch.int64)
    loss = 0.0
    with torch.inference_mode():
        for pixels, labels in images.batches(torch.arange(len(images)).split(FORWARD_BATCH)):
            check()
            logits = model(preprocessing.normalize(pixels.to(device))).float()
            labels = labels.to(device)
            loss += float(functional.cross_entropy(logits, labels, reduction="sum"))
            pairs = labels * len(classes) + logits.argmax(1)
            confusion += torch.bincount(pairs, minlength=len(classes) ** 2).cpu()
    return Evaluation(
        confusion.view(len(classes), len(classes)), loss / max(1, int(confusion.sum())), tuple(classes)
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
