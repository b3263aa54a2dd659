"""Measures the predictions of a YOLO by the definitions of the SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from trainer_sdk import Dataset
from trainer_sdk.annotations import CLASSIFICATION, INSTANCES, KEYPOINTS, ORIENTED
from trainer_sdk.converters import PlacedImage
from trainer_sdk.masks import annotation_mask
from trainer_sdk.metrics import ClassificationMeasure, DetectionMeasure, Evaluation, Objects, sigmas_of

#: COCO's ratio of an object's area to that of its box.
AREA_OF_BOX = 0.53
KINDS = {INSTANCES: ("mask", "box"), KEYPOINTS: ("keypoints", "box"), ORIENTED: ("rotated",)}


def measure(
    dataset: Dataset, images: Sequence[PlacedImage], results: Iterable[Any], check: Callable[[], None]
) -> Evaluation:
    """``results`` are those of ``images``, in their order."""
    if dataset.task_type == CLASSIFICATION:
        counted = ClassificationMeasure(dataset.classes)
        for image, result in zip(images, results, strict=True):
            check()
            scores = _numbers(result.probs.data)[None]
            loss = -float(np.log(max(float(scores[0, image.entry.label]), 1e-12)))
            counted.add(scores, np.array([image.entry.label]), loss)
        return counted.result()
    sigmas = sigmas_of(dataset.keypoints.names) if dataset.keypoints is not None else None
    found = DetectionMeasure(dataset.classes, KINDS.get(dataset.task_type, ("box",)), dataset.task_type, sigmas)
    for image, result in zip(images, results, strict=True):
        check()
        found.add(predicted(dataset.task_type, result, image), true(dataset, image))
    return found.result()


def predicted(task_type: str, result: Any, image: PlacedImage) -> Objects:
    """The objects of a ``Results``, in pixels of its image."""
    if task_type == ORIENTED:
        corners = _numbers(result.obb.xyxyxyxy).reshape(-1, 4, 2)
        return Objects(
            _numbers(result.obb.cls).astype(np.int64), _around(corners), _numbers(result.obb.conf), polygons=corners
        )
    boxes = result.boxes
    labels = _numbers(boxes.cls).astype(np.int64)
    masks = keypoints = None
    if task_type == INSTANCES:
        drawn = result.masks is not None and len(labels) > 0
        masks = _numbers(result.masks.data) > 0.5 if drawn else np.zeros((len(labels), image.height, image.width), dtype=bool)
    if task_type == KEYPOINTS:
        keypoints = _numbers(result.keypoints.data) if len(labels) else np.zeros((0, 1, 2))
    return Objects(labels, _numbers(boxes.xyxy).reshape(-1, 4), _numbers(boxes.conf), masks=masks, keypoints=keypoints)


def true(dataset: Dataset, image: PlacedImage) -> Objects:
    """The annotations of an image."""
    items = image.entry.annotations
    boxes = np.array([item.corners for item in items], dtype=np.float64).reshape(-1, 4)
    masks = keypoints = polygons = areas = None
    if dataset.task_type == INSTANCES:
        drawn = [annotation_mask(item, image.height, image.width) for item in items]
        masks = np.stack(drawn) if drawn else np.zeros((0, image.height, image.width), dtype=bool)
    if dataset.task_type == KEYPOINTS and dataset.keypoints is not None:
        keypoints = np.zeros((len(items), len(dataset.keypoints.names), 3))
        for index, item in enumerate(items):
            for number, point in enumerate(item.keypoints):
                keypoints[index, number] = point.x, point.y, point.visibility
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) * AREA_OF_BOX
    if dataset.task_type == ORIENTED:
        polygons = np.array([item.rotated_box for item in items], dtype=np.float64).reshape(-1, 4, 2)
    return Objects(
        np.array([item.label for item in items], dtype=np.int64), boxes,
        crowd=np.array([item.crowd for item in items], dtype=bool), masks=masks, keypoints=keypoints, areas=areas,
        polygons=polygons,
    )  # fmt: skip


def _around(corners: np.ndarray) -> np.ndarray:
    if not len(corners):
        return np.zeros((0, 4))
    return np.concatenate((corners.min(axis=1), corners.max(axis=1)), axis=1)


def _numbers(tensor: Any) -> np.ndarray:
    return np.asarray(tensor.cpu() if hasattr(tensor, "cpu") else tensor, dtype=np.float64)
