"""Composed pictures as the dataset of a job."""

from __future__ import annotations

import functools
from typing import Any

from composed import KEYPOINTS, ComposedImage, classes_of, compose
from platform_double import Platform


@functools.cache
def pictures(task: str, count: int, size: int) -> tuple[ComposedImage, ...]:
    return tuple(compose(task, count, size))


def composed(platform: Platform, task: str, count: int = 60, size: int = 64) -> dict[str, Any]:
    """The ``dataset`` of a job for this task."""
    images, classes = pictures(task, count, size), list(classes_of(task))
    if task == "image_classification":
        return platform.dataset([(image.path, image.data, image.label, image.split) for image in images], classes)
    rows = [(image.path, image.data, image.annotations, image.split) for image in images]
    keypoints = KEYPOINTS if task == "keypoint_detection" else None
    return platform.annotated(rows, classes, (size, size), keypoints)
