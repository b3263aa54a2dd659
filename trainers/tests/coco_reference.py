"""Average precision, written a second time in plain loops from the description of COCO's evaluation, to compare with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def average_precision(images: list[dict[str, Any]], label: int, level: float, overlap: Callable[..., float], limit: int) -> float | None:
    """``images`` have ``true`` (label, shape, crowd) and ``found`` (label, score, shape). None without objects."""
    outcomes: list[tuple[float, bool]] = []
    total = 0
    for image in images:
        targets = [[shape, crowd, False] for name, shape, crowd in image["true"] if name == label]
        total += sum(not crowd for _, crowd, _ in targets)
        found = sorted((item for item in image["found"] if item[0] == label), key=lambda item: -item[1])[:limit]
        for _, score, shape in found:
            best = None
            for wanted_crowd in (False, True):
                for target in targets:
                    if target[1] != wanted_crowd or (target[2] and not wanted_crowd):
                        continue
                    value = overlap(shape, target[0], wanted_crowd)
                    if value >= level and (best is None or value >= best[0]):
                        best = (value, target)
                if best is not None:
                    break
            if best is None:
                outcomes.append((score, False))
            elif not best[1][1]:
                best[1][2] = True
                outcomes.append((score, True))
    if total == 0:
        return None
    outcomes.sort(key=lambda item: -item[0])
    points = []
    right = 0
    for position, (_, hit) in enumerate(outcomes, 1):
        right += hit
        points.append((right / total, right / position))
    recalls = np.linspace(0, 1, 101)
    reached = []
    for step in range(101):
        reached.append(max((precision for recall, precision in points if recall >= recalls[step]), default=0.0))
    return sum(reached) / 101


def box_iou(left: tuple[float, ...], right: tuple[float, ...], crowd: bool = False) -> float:
    width = min(left[2], right[2]) - max(left[0], right[0])
    height = min(left[3], right[3]) - max(left[1], right[1])
    common = max(0.0, width) * max(0.0, height)
    own, other = ((box[2] - box[0]) * (box[3] - box[1]) for box in (left, right))
    whole = own if crowd else own + other - common
    return common / whole if whole > 0 else 0.0
