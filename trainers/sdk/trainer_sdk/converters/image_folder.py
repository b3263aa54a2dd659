"""A classification as folders: ``train/0000-cat/000001.jpg``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from ..dataset import SPLITS, Dataset
from .images import PlacedImage, place_images


def write_image_folder(
    dataset: Dataset, root: Path, check: Callable[[], None] = lambda: None
) -> dict[str, list[PlacedImage]]:
    """Writes ``root/<split>/<class folder>/<image>`` and returns the images of each split.

    Readers of this format number the classes by the alphabetical order of their folders. A folder is named
    ``<index>-<class>``, so that this order is that of the dataset, and every split has the folders of all classes.
    """
    digits = max(4, len(str(len(dataset.classes))))
    names = [f"{index:0{digits}d}-{_plain_name(name)}" for index, name in enumerate(dataset.classes)]
    placed: dict[str, list[PlacedImage]] = {}
    for split in SPLITS:
        entries = dataset.split(split)
        for name in names if entries else ():
            (root / split / name).mkdir(parents=True, exist_ok=True)
        placed[split] = list(
            place_images(entries, lambda entry: root / entry.split / names[entry.label], check)
        )
    return placed


def _plain_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60]
