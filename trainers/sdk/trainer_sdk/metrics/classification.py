"""Measures of a classification."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..annotations import CLASSIFICATION
from .evaluation import Evaluation, f1_of, mean, ratio


class ClassificationMeasure:
    """Counts the answers of a classifier."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
        self._in_top5 = 0
        self._loss = 0.0

    def add(self, scores: np.ndarray, labels: np.ndarray, loss: float = math.nan) -> None:
        """``scores`` ``[N, classes]`` (logits or probabilities), true ``labels`` ``[N]``, and the sum of their losses."""
        labels = np.asarray(labels, dtype=np.int64)
        scores = np.asarray(scores)
        np.add.at(self._confusion, (labels, scores.argmax(axis=1)), 1)
        own = scores[np.arange(len(labels)), labels]
        self._in_top5 += int(((scores > own[:, None]).sum(axis=1) < 5).sum())
        self._loss += loss

    def result(self) -> Evaluation:
        count = int(self._confusion.sum())
        top5 = ratio(self._in_top5, count) if len(self._classes) > 5 else None
        loss = self._loss / max(1, count)
        return classification(self._confusion, self._classes, math.inf if math.isnan(loss) else loss, top5)


def classification(
    confusion: Any, classes: Sequence[str], loss: float = math.inf, top5: float | None = None
) -> Evaluation:
    """The measures that follow from a confusion matrix ``[true, predicted]``.

    ``precision``, ``recall`` and ``f1`` are macro averages over the classes that occur. ``top5_accuracy`` is left out for
    five classes and fewer, where it would always be 1.
    """
    counts = np.asarray(confusion)
    rows = []
    for index, name in enumerate(classes):
        hits = int(counts[index, index])
        support, predicted = int(counts[index].sum()), int(counts[:, index].sum())
        precision, recall = ratio(hits, predicted), ratio(hits, support)
        rows.append(
            {"class": name, "precision": precision, "recall": recall, "f1": f1_of(precision, recall), "support": support}
        )
    present = [row for row in rows if row["support"]]
    metrics = {"accuracy": ratio(int(np.trace(counts)), int(counts.sum())), "loss": float(loss)}
    metrics |= {name: mean([row[name] for row in present]) for name in ("precision", "recall", "f1")}
    if top5 is not None:
        metrics["top5_accuracy"] = top5
    return Evaluation(CLASSIFICATION, tuple(classes), metrics, rows, counts.tolist(), loss=float(loss))
