"""Measures of a semantic segmentation, from counts of pixels over the whole split.

mIoU: mean over the classes of TP / (TP + FP + FN), as in the PASCAL VOC segmentation challenge (Everingham et al., 2010,
section 4.2). Dice: mean over the classes of 2 TP / (2 TP + FP + FN). Both take the background as a class and leave out
classes that occur neither in the truth nor in the predictions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..annotations import BACKGROUND, SEMANTIC
from .evaluation import Evaluation, f1_of, mean, ratio

#: Value of a pixel in a class map that is not measured.
IGNORED = 255


class SemanticMeasure:
    """Counts pixels by true and predicted class; index 0 is the background, ``i + 1`` is class ``i``."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = tuple(classes)
        self._size = len(classes) + 1
        self._counts = np.zeros(self._size * self._size, dtype=np.int64)
        self._losses: list[float] = []

    def add(self, predicted: np.ndarray, truth: np.ndarray, loss: float = math.inf) -> None:
        """Two class maps of one shape, and the mean loss of their pixels."""
        measured = truth != IGNORED
        pairs = truth[measured].astype(np.int64) * self._size + predicted[measured]
        self._counts += np.bincount(pairs, minlength=self._size * self._size)
        self._losses.append(loss)

    def result(self) -> Evaluation:
        """``support`` of a row counts pixels. The last row of the confusion matrix is the background."""
        counts = self._counts.reshape(self._size, self._size)
        order = [*range(1, self._size), 0]
        counts = counts[np.ix_(order, order)]
        hits, true, predicted = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
        rows = []
        for index, name in enumerate((*self._classes, BACKGROUND)):
            precision, recall = ratio(hits[index], predicted[index]), ratio(hits[index], true[index])
            union = true[index] + predicted[index] - hits[index]
            rows.append({
                "class": name, "support": int(true[index]), "precision": precision, "recall": recall,
                "f1": f1_of(precision, recall),
                "metrics": {"IoU": ratio(hits[index], union), "dice": ratio(2 * hits[index], true[index] + predicted[index])},
            })  # fmt: skip
        occurring = [row for row, total in zip(rows, true + predicted, strict=True) if total]
        loss = mean(self._losses)
        metrics = {
            "mIoU": mean([row["metrics"]["IoU"] for row in occurring]),
            "pixel_accuracy": ratio(hits.sum(), counts.sum()),
            "dice": mean([row["metrics"]["dice"] for row in occurring]),
        }
        if math.isfinite(loss) and self._losses:
            metrics["loss"] = loss
        return Evaluation(SEMANTIC, self._classes, metrics, rows, counts.tolist(), loss=metrics.get("loss", math.inf))
