"""Small datasets in the neutral form, made by hand for tests."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from trainer_sdk import Dataset, ImageEntry
from trainer_sdk.annotations import CLASSIFICATION, Annotation, KeypointList


def picture(width: int, height: int, colour: tuple[int, int, int] = (90, 120, 30), **options: Any) -> bytes:
    """A PNG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG", **options)
    return buffer.getvalue()


def dataset_of(
    folder: Path, task: str, classes: Sequence[str], images: Sequence[tuple[str, str, bytes, Any]],
    keypoints: KeypointList | None = None,
) -> Dataset:  # fmt: skip
    """``images`` are (path, split, bytes, class name or list of annotations as in a manifest line)."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {name: index for index, name in enumerate(classes)}
    entries = []
    for path, split, data, content in images:
        sha256 = hashlib.sha256(data).hexdigest()
        file = folder / sha256
        file.write_bytes(data)
        try:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
        except OSError:
            width = height = 1
        label, annotations = -1, ()
        if task == CLASSIFICATION:
            label = labels[content]
        else:
            annotations = tuple(Annotation.parse(item, labels, keypoints) for item in content)
        entries.append(
            ImageEntry(path, sha256, len(data), 10**8, label, split, file, width, height, annotations)
        )
    return Dataset(tuple(classes), tuple(entries), task, keypoints)
