"""COCO's JSON files, one for each split.

Format: "Data format", https://cocodataset.org/#format-data.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..annotations import KEYPOINTS, Annotation
from ..dataset import SPLITS, Dataset
from ..masks import annotation_mask, encode_rle
from .images import PlacedImage, place_images

#: The category of the class with index 0. COCO numbers categories from 1.
COCO_FIRST_CATEGORY = 1


def write_coco(
    dataset: Dataset, root: Path, check: Callable[[], None] = lambda: None
) -> dict[str, list[PlacedImage]]:
    """Writes ``images/<split>/000001.jpg`` and ``annotations/<split>.json``; returns the images of each split.

    A category has the id ``index of the class + COCO_FIRST_CATEGORY``, an image the number in its file's name.
    """
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    placed: dict[str, list[PlacedImage]] = {}
    for split in SPLITS:
        (root / "images" / split).mkdir(parents=True, exist_ok=True)
        placed[split] = list(
            place_images(dataset.split(split), lambda entry: root / "images" / entry.split, check)
        )
        text = json.dumps(_split_json(dataset, placed[split]), ensure_ascii=False, allow_nan=False)
        (root / "annotations" / f"{split}.json").write_text(text, "utf-8")
    return placed


def coco_annotation(item: Annotation, height: int, width: int) -> dict[str, Any]:
    """An annotation without ids. ``area`` is that of the mask, or of the box when there is none."""
    body: dict[str, Any] = {
        "category_id": item.label + COCO_FIRST_CATEGORY, "bbox": list(item.box), "iscrowd": int(item.crowd),
        "area": item.box[2] * item.box[3],
    }  # fmt: skip
    if item.has_mask:
        mask = annotation_mask(item, height, width)
        body["area"] = float(mask.sum())
        if item.rle is not None or item.crowd:
            rle = item.rle or encode_rle(mask)
            body["segmentation"] = {"size": [rle.height, rle.width], "counts": rle.counts}
        else:
            body["segmentation"] = [list(ring) for ring in item.polygons]
    if item.keypoints:
        body["keypoints"] = [value for point in item.keypoints for value in (point.x, point.y, point.visibility)]
        body["num_keypoints"] = sum(point.visibility > 0 for point in item.keypoints)
    return body


def _split_json(dataset: Dataset, images: list[PlacedImage]) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for image in images:
        for item in image.entry.annotations:
            body = coco_annotation(item, image.height, image.width)
            annotations.append({"id": len(annotations) + 1, "image_id": int(image.file.stem), **body})
    return {
        "info": {"description": "dataset version"},
        "images": [
            {"id": int(image.file.stem), "file_name": image.file.name, "width": image.width, "height": image.height}
            for image in images
        ],
        "annotations": annotations,
        "categories": [_category(dataset, index) for index in range(len(dataset.classes))],
    }


def _category(dataset: Dataset, index: int) -> dict[str, Any]:
    body: dict[str, Any] = {"id": index + COCO_FIRST_CATEGORY, "name": dataset.classes[index]}
    if dataset.task_type == KEYPOINTS and dataset.keypoints is not None:
        body["keypoints"] = list(dataset.keypoints.names)
        body["skeleton"] = [[first + 1, second + 1] for first, second in dataset.keypoints.skeleton]
    return body
