"""Average precision of detected objects, as COCO defines it.

Source: cocoeval.py of https://github.com/cocodataset/cocoapi ("AP" of https://cocodataset.org/#detection-eval): area range
"all", at most 100 detections an image (20 for keypoints), precision made monotone and read at 101 recalls, mean over the
classes that have objects; ``mAP50`` at IoU 0.50, ``mAP50-95`` the mean over IoU 0.50, 0.55 … 0.95. Crowds are neither
found nor missed.

``precision`` and ``recall`` are means over the classes at IoU 0.5 and the confidence for which the mean F1 is highest, as
in ``ap_per_class`` of Ultralytics. The confusion matrix takes detections with a confidence of at least 0.25 that overlap
an object by IoU 0.45 or more, as in ``ConfusionMatrix`` there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..annotations import DETECTION
from .evaluation import Evaluation, f1_of, mean
from .overlap import box_overlaps, keypoint_similarities, mask_overlaps, polygon_overlaps

IOU_LEVELS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0.0, 1.0, 101)
MAX_DETECTIONS = 100
MAX_KEYPOINT_DETECTIONS = 20
CONFUSION_CONFIDENCE, CONFUSION_IOU = 0.25, 0.45
PR_POINTS = 21

#: Suffix of the names of the metrics by what is compared.
NAMES = {"box": "", "rotated": "", "mask": "_mask", "keypoints": "_keypoints"}


@dataclass(frozen=True)
class Objects:
    """Objects of one image: the true ones, or the predicted ones with their ``scores``.

    ``boxes`` ``[N, 4]`` are left, top, right, bottom; ``masks`` bool ``[N, H, W]``; ``keypoints`` ``[N, K, 3]`` with the
    visibility of a true point last; ``areas`` of true objects default to those of their masks or boxes; ``polygons``
    ``[N, 4, 2]`` are the corners of rotated boxes.
    """

    labels: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray | None = None
    crowd: np.ndarray | None = None
    masks: np.ndarray | None = None
    keypoints: np.ndarray | None = None
    areas: np.ndarray | None = None
    polygons: np.ndarray | None = None

    def crowds(self) -> np.ndarray:
        return np.zeros(len(self.labels), dtype=bool) if self.crowd is None else np.asarray(self.crowd, dtype=bool)

    def sizes(self) -> np.ndarray:
        """The areas that OKS refers to."""
        if self.areas is not None:
            return np.asarray(self.areas, dtype=np.float64)
        if self.masks is not None:
            return self.masks.reshape(len(self.labels), -1).sum(axis=1).astype(np.float64)
        return (self.boxes[:, 2] - self.boxes[:, 0]) * (self.boxes[:, 3] - self.boxes[:, 1])


@dataclass
class _Matches:
    """What became of the detections of one class, image after image. ``hits`` and ``ignored`` are ``[levels, D]``."""

    scores: list[np.ndarray] = field(default_factory=list)
    hits: list[np.ndarray] = field(default_factory=list)
    ignored: list[np.ndarray] = field(default_factory=list)
    objects: int = 0


class DetectionMeasure:
    """Compares predicted with true objects. ``kinds`` are what is compared: ``box``, ``rotated`` (box),
    ``mask``, ``keypoints``."""

    def __init__(
        self, classes: Sequence[str], kinds: Sequence[str] = ("box",), task_type: str = DETECTION,
        sigmas: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        self._classes = tuple(classes)
        self._kinds = tuple(kinds)
        self._task_type = task_type
        self._sigmas = sigmas
        self._matches: dict[str, list[_Matches]] = {kind: [_Matches() for _ in classes] for kind in kinds}
        self._confusion = np.zeros((len(classes) + 1, len(classes) + 1), dtype=np.int64)

    def add(self, predicted: Objects, true: Objects) -> None:
        """The predicted and the true objects of one image."""
        assert predicted.scores is not None
        for kind in self._kinds:
            ignored = true.crowds()
            if kind == "keypoints" and true.keypoints is not None:
                ignored = ignored | ~(true.keypoints[:, :, 2] > 0).any(axis=1)
            limit = MAX_KEYPOINT_DETECTIONS if kind == "keypoints" else MAX_DETECTIONS
            for label in range(len(self._classes)):
                mine, theirs = np.flatnonzero(predicted.labels == label), np.flatnonzero(true.labels == label)
                if not len(mine) and not len(theirs):
                    continue
                mine = mine[np.argsort(-predicted.scores[mine], kind="stable")][:limit]
                overlaps = self._overlaps(kind, predicted, true, mine, theirs)
                hits, dropped = match(overlaps, ignored[theirs], true.crowds()[theirs])
                found = self._matches[kind][label]
                found.scores.append(predicted.scores[mine])
                found.hits.append(hits)
                found.ignored.append(dropped)
                found.objects += int((~ignored[theirs]).sum())
        self._confuse(predicted, true)

    def result(self) -> Evaluation:
        """All measures. A class without objects has no average precision and is left out of the means."""
        metrics: dict[str, float] = {}
        tables: dict[str, list[dict[str, float]]] = defaultdict(list)
        curves: list[np.ndarray | None] = []
        for kind in self._kinds:
            for found in self._matches[kind]:
                precision = precisions(found)
                if kind == self._kinds[0]:
                    curves.append(precision)
                row = {} if precision is None else {
                    f"mAP{NAMES[kind]}50": float(precision[0].mean()), f"mAP{NAMES[kind]}50-95": float(precision.mean()),
                }  # fmt: skip
                tables[kind].append(row)
            for name in (f"mAP{NAMES[kind]}50", f"mAP{NAMES[kind]}50-95"):
                metrics[name] = mean([row[name] for row in tables[kind] if row])
        rates = best_rates(self._matches[self._kinds[0]])
        present = [index for index, found in enumerate(self._matches[self._kinds[0]]) if found.objects]
        metrics["precision"] = mean([rates[index][0] for index in present])
        metrics["recall"] = mean([rates[index][1] for index in present])
        rows: list[dict[str, Any]] = []
        for index, name in enumerate(self._classes):
            precision_here, recall_here = rates[index]
            rows.append({
                "class": name, "support": self._matches[self._kinds[0]][index].objects, "precision": precision_here,
                "recall": recall_here, "f1": f1_of(precision_here, recall_here),
                "metrics": {key: value for kind in self._kinds for key, value in tables[kind][index].items()},
            })  # fmt: skip
        points = [
            {"class": name, "precision": [round(float(value), 5) for value in curve[0][:: 100 // (PR_POINTS - 1)]]}
            for name, curve in zip(self._classes, curves, strict=True) if curve is not None
        ]  # fmt: skip
        return Evaluation(self._task_type, self._classes, metrics, rows, self._confusion.tolist(), points)

    def _overlaps(
        self, kind: str, predicted: Objects, true: Objects, mine: np.ndarray, theirs: np.ndarray
    ) -> np.ndarray:
        if not len(mine) or not len(theirs):
            return np.zeros((len(mine), len(theirs)))
        crowd = true.crowds()[theirs]
        if kind == "mask":
            assert predicted.masks is not None
            assert true.masks is not None
            return mask_overlaps(predicted.masks[mine], true.masks[theirs], crowd)
        if kind == "keypoints":
            assert predicted.keypoints is not None
            assert true.keypoints is not None
            assert self._sigmas is not None
            return keypoint_similarities(
                predicted.keypoints[mine], true.keypoints[theirs], true.boxes[theirs], true.sizes()[theirs], self._sigmas
            )
        if kind == "rotated":
            assert predicted.polygons is not None
            assert true.polygons is not None
            return polygon_overlaps(predicted.polygons[mine], true.polygons[theirs], crowd)
        return box_overlaps(predicted.boxes[mine], true.boxes[theirs], crowd)

    def _confuse(self, predicted: Objects, true: Objects) -> None:
        """Pairs detections and objects of any class, the best overlaps first, each once."""
        assert predicted.scores is not None
        background = len(self._classes)
        kept = np.flatnonzero(predicted.scores >= CONFUSION_CONFIDENCE)
        kept = kept[np.argsort(-predicted.scores[kept], kind="stable")][:MAX_DETECTIONS]
        usual = ~true.crowds()
        overlaps = box_overlaps(predicted.boxes[kept], true.boxes, true.crowds())
        in_crowd = (overlaps[:, ~usual] >= CONFUSION_IOU).any(axis=1)
        pairs = overlaps * usual[None, :]
        free_detections, free_objects = set(range(len(kept))), set(np.flatnonzero(usual).tolist())
        for place in np.argsort(-pairs, axis=None, kind="stable"):
            detection, target = (int(value) for value in np.unravel_index(place, pairs.shape))
            if pairs[detection, target] < CONFUSION_IOU:
                break
            if detection in free_detections and target in free_objects:
                free_detections.remove(detection)
                free_objects.remove(target)
                self._confusion[true.labels[target], predicted.labels[kept[detection]]] += 1
        for target in free_objects:
            self._confusion[true.labels[target], background] += 1
        for detection in free_detections:
            if not in_crowd[detection]:
                self._confusion[background, predicted.labels[kept[detection]]] += 1


def match(overlaps: np.ndarray, ignored: np.ndarray, crowd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs detections, the most confident first, with true objects of one class and image.

    ``overlaps`` is ``[detections, objects]``. A detection takes the free object that it overlaps most, an ignored one only
    when it can have no other; a crowd is always free. Returns, as bool ``[levels, detections]``, which detections took an
    object at each IoU level, and which of those took an ignored one.
    """
    detections = len(overlaps)
    hits = np.zeros((len(IOU_LEVELS), detections), dtype=bool)
    dropped = np.zeros((len(IOU_LEVELS), detections), dtype=bool)
    # Most detections overlap no object enough: they cannot take one at any level.
    able = np.flatnonzero((overlaps >= IOU_LEVELS[0]).any(axis=1))
    for level, least in enumerate(IOU_LEVELS):
        free = np.ones(len(ignored), dtype=bool)
        for index in able:
            fitting = (free | crowd) & (overlaps[index] >= least)
            candidates = np.flatnonzero(fitting & ~ignored)
            if not len(candidates):
                candidates = np.flatnonzero(fitting)
            if not len(candidates):
                continue
            # Of equal overlaps the last one, as in cocoeval.py.
            chosen = candidates[::-1][np.argmax(overlaps[index, candidates[::-1]])]
            free[chosen] = False
            hits[level, index] = True
            dropped[level, index] = ignored[chosen]
    return hits, dropped


def precisions(found: _Matches) -> np.ndarray | None:
    """The precision at each of :data:`RECALLS`, ``[levels, 101]``; None for a class without objects."""
    if not found.objects:
        return None
    result = np.zeros((len(IOU_LEVELS), len(RECALLS)))
    scores = np.concatenate([np.zeros(0), *found.scores])
    order = np.argsort(-scores, kind="stable")
    hits = np.concatenate([np.zeros((len(IOU_LEVELS), 0), dtype=bool), *found.hits], axis=1)[:, order]
    ignored = np.concatenate([np.zeros((len(IOU_LEVELS), 0), dtype=bool), *found.ignored], axis=1)[:, order]
    for level in range(len(IOU_LEVELS)):
        right = np.cumsum(hits[level] & ~ignored[level])
        wrong = np.cumsum(~hits[level] & ~ignored[level])
        recall = right / found.objects
        precision = right / (right + wrong + np.spacing(1))
        precision = np.maximum.accumulate(precision[::-1])[::-1]
        places = np.searchsorted(recall, RECALLS, side="left")
        reached = places < len(precision)
        result[level, reached] = precision[places[reached]]
    return result


def best_rates(classes: Sequence[_Matches]) -> list[tuple[float, float]]:
    """Precision and recall of each class at IoU 0.5, at the one confidence for which the mean F1 is highest."""
    levels = np.linspace(0, 1, 1000)
    rates = np.zeros((len(classes), 2, len(levels)))
    for index, found in enumerate(classes):
        if not found.scores or not found.objects:
            continue
        scores = np.concatenate(found.scores)
        counted = ~np.concatenate([item[0] for item in found.ignored])
        right = np.concatenate([item[0] for item in found.hits]) & counted
        order = np.argsort(scores[counted], kind="stable")
        ascending, hits = scores[counted][order], right[counted][order]
        # How many detections, and how many right ones, have at least each confidence.
        first = np.searchsorted(ascending, levels, side="left")
        taken = len(ascending) - first
        of_them = np.concatenate((np.cumsum(hits[::-1])[::-1], [0]))[first]
        rates[index, 0] = np.divide(of_them, taken, out=np.zeros(len(levels)), where=taken > 0)
        rates[index, 1] = of_them / found.objects
    present = [index for index, found in enumerate(classes) if found.objects]
    if not present:
        return [(0.0, 0.0)] * len(classes)
    precision, recall = rates[present, 0], rates[present, 1]
    whole = precision + recall
    f1 = np.divide(2 * precision * recall, whole, out=np.zeros(whole.shape), where=whole > 0).mean(axis=0)
    best = int(f1.argmax())
    return [(float(rates[index, 0, best]), float(rates[index, 1, best])) for index in range(len(classes))]
