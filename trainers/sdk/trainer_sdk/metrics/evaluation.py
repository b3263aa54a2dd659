"""What was measured on a split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..annotations import PRIMARY_METRIC


@dataclass(frozen=True)
class Evaluation:
    """Measures on a split, as a ``validation`` event has them.

    ``per_class`` has a row ``{class, support, precision?, recall?, f1?, metrics?}`` for each class. Rows of
    ``confusion`` are true classes, columns predicted ones; it may have one row and column more, the last, for the
    background. ``pr_points`` gives, for each class, the precision at 21 recalls from 0 to 1 in steps of 0.05.
    ``loss`` is infinite when it was not measured.
    """

    task_type: str
    classes: tuple[str, ...]
    metrics: dict[str, float]
    per_class: list[dict[str, Any]]
    confusion: list[list[int]] | None = None
    pr_points: list[dict[str, Any]] | None = field(default=None)
    loss: float = math.inf

    @property
    def primary(self) -> float:
        """The metric that decides which epoch is the best; more is better."""
        return self.metrics.get(PRIMARY_METRIC[self.task_type], 0.0)

    @property
    def rank(self) -> tuple[float, float]:
        """Orders evaluations: by the primary metric, then by the loss."""
        return self.primary, -self.loss


def ratio(part: float, whole: float) -> float:
    """``part / whole``; 0 when there is no whole."""
    return float(part) / float(whole) if whole else 0.0


def f1_of(precision: float, recall: float) -> float:
    """The harmonic mean of precision and recall; 0 when both are."""
    return ratio(2 * precision * recall, precision + recall)


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return ratio(sum(values), len(values))
