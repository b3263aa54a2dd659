"""Annotations in the neutral form of the protocol: what a line of the manifest says about the objects in an image.

Coordinates are pixels of the upright image, from its top left corner to the right and down. A pixel covers the square
from ``(column, row)`` to ``(column + 1, row + 1)``. :mod:`trainer_sdk.masks` turns outlines into pixels, and
:mod:`trainer_sdk.converters` writes the formats that frameworks read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

#: Task types of the protocol.
CLASSIFICATION = "image_classification"
DETECTION = "object_detection"
INSTANCES = "instance_segmentation"
SEMANTIC = "semantic_segmentation"
KEYPOINTS = "keypoint_detection"
ORIENTED = "oriented_detection"

#: The class of the pixels that no annotation of a semantic segmentation covers; its index is 0.
BACKGROUND = "background"

#: The metric that decides which epoch is the best, by task type. More is better.
PRIMARY_METRIC = {
    CLASSIFICATION: "accuracy", DETECTION: "mAP50-95", ORIENTED: "mAP50-95", INSTANCES: "mAP_mask50-95",
    SEMANTIC: "mIoU", KEYPOINTS: "mAP_keypoints50-95",
}  # fmt: skip

Box = tuple[float, float, float, float]
Polygon = tuple[float, ...]


@dataclass(frozen=True)
class Rle:
    """A mask as COCO's compressed RLE: ``counts`` runs column by column, beginning with pixels outside."""

    height: int
    width: int
    counts: str


@dataclass(frozen=True)
class Keypoint:
    """``visibility`` is 0 (not labelled: x and y are 0), 1 (hidden) or 2 (visible)."""

    x: float
    y: float
    visibility: int


@dataclass(frozen=True)
class KeypointList:
    """The keypoints of a dataset. ``flip[i]`` is the keypoint that keypoint ``i`` becomes in a mirrored image;
    ``skeleton`` holds pairs of positions that are drawn as lines."""

    names: tuple[str, ...]
    skeleton: tuple[tuple[int, int], ...]
    flip: tuple[int, ...]

    @staticmethod
    def parse(value: object) -> KeypointList:
        """Raises ValueError with the reason."""
        if not isinstance(value, Mapping):
            raise ValueError("must be an object")
        names = value.get("names")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
            raise ValueError("names must be a list of names")
        if len(set(names)) != len(names):
            raise ValueError("names must not repeat a name")
        flip = value.get("flip", list(range(len(names))))
        if not isinstance(flip, list) or sorted(flip, key=str) != sorted(range(len(names)), key=str):
            raise ValueError("flip must hold each position once")
        if any(flip[flip[index]] != index for index in range(len(names))):
            raise ValueError("flip must lead back: mirrored twice, a keypoint is itself")
        skeleton = value.get("skeleton", [])
        if not isinstance(skeleton, list) or not all(_is_pair(pair, len(names)) for pair in skeleton):
            raise ValueError("skeleton must hold pairs of positions")
        return KeypointList(tuple(names), tuple((pair[0], pair[1]) for pair in skeleton), tuple(flip))

    def to_json(self) -> dict[str, Any]:
        return {"names": list(self.names), "skeleton": [list(pair) for pair in self.skeleton], "flip": list(self.flip)}


@dataclass(frozen=True)
class Annotation:
    """One object of an image. ``label`` is the index of its class in the version's classes.

    ``box`` is (x, y, width, height) and encloses the rest. ``polygons`` are outer rings ``(x1, y1, x2, y2, …)`` of
    which the mask is the union; at most one of ``polygons`` and ``rle`` is there. In an oriented detection, one polygon
    of four points is the rotated box. A ``crowd`` is not trained on and is ignored when measured.
    """

    label: int
    box: Box
    polygons: tuple[Polygon, ...] = ()
    rle: Rle | None = None
    keypoints: tuple[Keypoint, ...] = ()
    crowd: bool = False

    @property
    def corners(self) -> Box:
        """The box as (left, top, right, bottom)."""
        x, y, width, height = self.box
        return x, y, x + width, y + height

    @property
    def has_mask(self) -> bool:
        return bool(self.polygons) or self.rle is not None

    @property
    def rotated_box(self) -> Polygon:
        """The four corners of an oriented detection; those of the plain box when there is no polygon of four points."""
        if len(self.polygons) == 1 and len(self.polygons[0]) == 8:
            return self.polygons[0]
        left, top, right, bottom = self.corners
        return left, top, right, top, right, bottom, left, bottom

    @staticmethod
    def parse(value: object, labels: Mapping[str, int], keypoints: KeypointList | None = None) -> Annotation:
        """Reads one annotation of a manifest line; ``labels`` gives the index of each class. Raises ValueError."""
        if not isinstance(value, Mapping):
            raise ValueError("an annotation must be an object")
        name = value.get("class")
        if name not in labels:
            raise ValueError(f"an annotation has the class '{name}', which the dataset does not list")
        box = _numbers(value.get("box"), "box")
        if len(box) != 4 or min(box) < 0:
            raise ValueError("box must be four numbers of at least 0")
        polygons = tuple(_polygon(ring) for ring in _list(value.get("polygons", []), "polygons"))
        rle = _rle(value["rle"]) if value.get("rle") is not None else None
        if polygons and rle is not None:
            raise ValueError("an annotation has polygons or rle, not both")
        points = tuple(_keypoint(point) for point in _list(value.get("keypoints", []), "keypoints"))
        if points and (keypoints is None or len(points) != len(keypoints.names)):
            expected = len(keypoints.names) if keypoints is not None else 0
            raise ValueError(f"an annotation has {len(points)} keypoints instead of {expected}")
        return Annotation(labels[name], (box[0], box[1], box[2], box[3]), polygons, rle, points, value.get("crowd") is True)

    def to_json(self, classes: Sequence[str]) -> dict[str, Any]:
        """The annotation as a member of a manifest line."""
        body: dict[str, Any] = {"class": classes[self.label], "box": list(self.box)}
        if self.polygons:
            body["polygons"] = [list(ring) for ring in self.polygons]
        if self.rle is not None:
            body["rle"] = {"size": [self.rle.height, self.rle.width], "counts": self.rle.counts}
        if self.keypoints:
            body["keypoints"] = [[point.x, point.y, point.visibility] for point in self.keypoints]
        if self.crowd:
            body["crowd"] = True
        return body

    def without_mask(self) -> Annotation:
        return replace(self, polygons=(), rle=None)


def points_of(ring: Polygon) -> Iterator[tuple[float, float]]:
    """The points of a ring ``(x1, y1, x2, y2, …)``."""
    return zip(ring[::2], ring[1::2], strict=True)


def trainable(annotations: Sequence[Annotation]) -> list[Annotation]:
    """The objects that a model may learn from: no crowds, and none without any extent."""
    return [item for item in annotations if not item.crowd and item.box[2] > 0 and item.box[3] > 0]


def _list(value: object, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    return value


def _numbers(value: object, name: str) -> tuple[float, ...]:
    numbers = _list(value, name)
    if not all(isinstance(item, (int, float)) and not isinstance(item, bool) and math.isfinite(item) for item in numbers):
        raise ValueError(f"{name} must hold numbers")
    return tuple(float(item) for item in numbers)


def _polygon(value: object) -> Polygon:
    ring = _numbers(value, "a polygon")
    if len(ring) < 6 or len(ring) % 2:
        raise ValueError("a polygon must have at least three points, each with x and y")
    return ring


def _keypoint(value: object) -> Keypoint:
    point = _numbers(value, "a keypoint")
    if len(point) != 3 or point[2] not in (0, 1, 2):
        raise ValueError("a keypoint must be x, y and a visibility of 0, 1 or 2")
    return Keypoint(point[0], point[1], int(point[2]))


def _rle(value: object) -> Rle:
    size = value.get("size") if isinstance(value, Mapping) else None
    counts = value.get("counts") if isinstance(value, Mapping) else None
    if not isinstance(size, list) or len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        raise ValueError("rle.size must be height and width")
    if not isinstance(counts, str) or not counts:
        raise ValueError("rle.counts must be text")
    return Rle(size[0], size[1], counts)


def _is_pair(value: object, count: int) -> bool:
    return (
        isinstance(value, list) and len(value) == 2
        and all(isinstance(item, int) and not isinstance(item, bool) and 0 <= item < count for item in value)
    )  # fmt: skip
