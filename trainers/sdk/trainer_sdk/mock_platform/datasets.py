"""Datasets of a mock platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..annotations import CLASSIFICATION, KEYPOINTS
from . import Platform
from .pictures import CLASSES, KEYPOINT_LIST, Picture, pictures

SIDE = 64
SUFFIXES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff")


def drawn_dataset(platform: Platform, task: str, extra: list[Picture] | None = None) -> dict[str, Any]:
    """Drawn pictures as the ``dataset`` of a job; ``extra`` come after them."""
    rows = [*pictures(task, SIDE), *(extra or [])]
    if task == CLASSIFICATION:
        return platform.dataset([(row.path, row.data, row.label, row.split) for row in rows], list(CLASSES))
    keypoints = KEYPOINT_LIST if task == KEYPOINTS else None
    return platform.annotated(
        [(row.path, row.data, row.annotations, row.split) for row in rows], list(CLASSES), (SIDE, SIDE), keypoints
    )


def folder_dataset(platform: Platform, folder: Path) -> dict[str, Any]:
    """Images of ``folder/<class>/``: eight of ten for training, one for validation, one for the test."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    splits = ["train"] * 8 + ["val", "test"]
    rows = []
    for name in classes:
        files = sorted(path for path in (folder / name).iterdir() if path.suffix.lower() in SUFFIXES)
        rows += [
            (f"{name}/{path.name}", path.read_bytes(), name, splits[number % 10]) for number, path in enumerate(files)
        ]
    return platform.dataset(rows, classes)
