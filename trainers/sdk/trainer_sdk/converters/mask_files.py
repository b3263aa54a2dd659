"""A semantic segmentation as PNG files whose pixel values are class indexes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from ..dataset import SPLITS, Dataset
from ..errors import TrainerError
from ..masks import class_map
from .images import PlacedImage, place_images

MAX_CLASSES = 254


def write_masks(
    dataset: Dataset, root: Path, check: Callable[[], None] = lambda: None
) -> dict[str, list[PlacedImage]]:
    """Writes ``images/<split>/000001.jpg`` and ``masks/<split>/000001.png``; returns the images of each split.

    A mask has 8 bits for each pixel: 0 is the background, ``i + 1`` is class ``i``, 255 is not measured (crowds).
    """
    if len(dataset.classes) > MAX_CLASSES:
        raise TrainerError("DATASET_INVALID", f"A mask file has at most {MAX_CLASSES} classes.")
    placed: dict[str, list[PlacedImage]] = {}
    for split in SPLITS:
        (root / "images" / split).mkdir(parents=True, exist_ok=True)
        masks = root / "masks" / split
        masks.mkdir(parents=True, exist_ok=True)
        placed[split] = list(
            place_images(dataset.split(split), lambda entry: root / "images" / entry.split, check)
        )
        for image in placed[split]:
            pixels = class_map(image.entry.annotations, image.height, image.width)
            Image.fromarray(pixels.astype(np.uint8), mode="L").save(masks / f"{image.file.stem}.png")
    return placed
