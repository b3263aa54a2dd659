"""The text files of YOLO: a line for each object, in shares of the image's width and height.

Format: Ultralytics, "Datasets overview" (detect, segment, pose and obb formats), https://docs.ultralytics.com/datasets/.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from ..annotations import DETECTION, INSTANCES, KEYPOINTS, ORIENTED, Annotation, Polygon, trainable
from ..dataset import SPLITS, Dataset
from ..masks import decode_rle, mask_outlines
from .images import PlacedImage, place_images


def write_yolo(
    dataset: Dataset, root: Path, check: Callable[[], None] = lambda: None
) -> dict[str, list[PlacedImage]]:
    """Writes ``images/<split>/000001.jpg``, ``labels/<split>/000001.txt`` and ``data.yaml``; returns the images of each
    split.

    The task of the dataset decides what a line holds. An image without objects has an empty label file. Crowds are left
    out, because the format cannot say that they are to be ignored. Without validation images, ``val`` in ``data.yaml``
    names the training images, because Ultralytics requires it.
    """
    line_of = {DETECTION: _box, INSTANCES: _segment, KEYPOINTS: _pose, ORIENTED: _oriented}[dataset.task_type]
    placed: dict[str, list[PlacedImage]] = {}
    for split in SPLITS:
        labels = root / "labels" / split
        labels.mkdir(parents=True, exist_ok=True)
        (root / "images" / split).mkdir(parents=True, exist_ok=True)
        placed[split] = list(
            place_images(dataset.split(split), lambda entry: root / "images" / entry.split, check)
        )
        for image in placed[split]:
            objects = trainable(image.entry.annotations)
            lines = [line for item in objects if (line := line_of(item, image.width, image.height))]
            (labels / f"{image.file.stem}.txt").write_text("".join(line + "\n" for line in lines))
    (root / "data.yaml").write_text(_data_yaml(dataset, root, {split for split in SPLITS if placed[split]}), "utf-8")
    return placed


def joined(rings: Sequence[Polygon]) -> Polygon:
    """Several rings as one that covers the same pixels, for formats with one ring for each object.

    It walks from the start of each ring to the start of the next one and back by the same way, which encloses nothing.
    """
    ring: list[float] = []
    for item in rings:
        ring += [*item, *item[:2]] if len(rings) > 1 else item
    for item in reversed(rings[1:-1]):
        ring += item[:2]
    if len(rings) > 1:
        ring += rings[0][:2]
    return tuple(ring)


def _data_yaml(dataset: Dataset, root: Path, splits: set[str]) -> str:
    # A JSON string is a YAML string.
    lines = [f"path: {json.dumps(str(root.absolute()), ensure_ascii=False)}", "train: images/train"]
    lines.append(f"val: images/{'val' if 'val' in splits else 'train'}")
    if "test" in splits:
        lines.append("test: images/test")
    if dataset.task_type == KEYPOINTS and dataset.keypoints is not None:
        lines.append(f"kpt_shape: [{len(dataset.keypoints.names)}, 3]")
        lines.append(f"flip_idx: {list(dataset.keypoints.flip)}")
    lines.append("names:")
    lines += [f"  {index}: {json.dumps(name, ensure_ascii=False)}" for index, name in enumerate(dataset.classes)]
    return "\n".join(lines) + "\n"


def _share(value: float, whole: int) -> str:
    return f"{min(1.0, max(0.0, value / whole)):.6g}"


def _box(item: Annotation, width: int, height: int) -> str:
    left, top, right, bottom = item.corners
    left, right = max(0.0, left), min(float(width), right)
    top, bottom = max(0.0, top), min(float(height), bottom)
    middle = _share((left + right) / 2, width), _share((top + bottom) / 2, height)
    return " ".join((str(item.label), *middle, _share(right - left, width), _share(bottom - top, height)))


def _ring(item: Annotation, ring: Polygon, width: int, height: int) -> str:
    shares = (_share(value, height if index % 2 else width) for index, value in enumerate(ring))
    return " ".join((str(item.label), *shares))


def _segment(item: Annotation, width: int, height: int) -> str:
    rings: Sequence[Polygon] = item.polygons
    if item.rle is not None:
        rings = mask_outlines(decode_rle(item.rle))
        if not rings:
            return ""
    if not rings:
        rings = (item.rotated_box,)
    return _ring(item, joined(rings), width, height)


def _pose(item: Annotation, width: int, height: int) -> str:
    points = [
        f"{_share(point.x, width)} {_share(point.y, height)} {point.visibility}" for point in item.keypoints
    ]
    return " ".join((_box(item, width, height), *points))


def _oriented(item: Annotation, width: int, height: int) -> str:
    return _ring(item, item.rotated_box, width, height)
