"""Labelled pictures for every task, drawn without any library: coloured rectangles on a noisy ground."""

from __future__ import annotations

import random
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from ..annotations import CLASSIFICATION, INSTANCES, KEYPOINTS, ORIENTED, SEMANTIC

#: Not in alphabetical order: the order of the classes is the dataset's.
CLASSES = ("red", "green", "blue")
COLOURS = {"red": (230, 40, 40), "green": (40, 220, 40), "blue": (40, 40, 230)}
KEYPOINT_LIST = {"names": ["left", "right"], "skeleton": [[0, 1]], "flip": [1, 0]}
COUNTS = {"train": 24, "val": 9, "test": 9}


@dataclass(frozen=True)
class Picture:
    """A PNG with its class (of a classification) and its objects in the neutral form."""

    path: str
    split: str
    data: bytes
    label: str
    annotations: list[dict[str, Any]]


def pictures(task: str, size: int = 64, seed: int = 1) -> list[Picture]:
    """As many pictures of ``size`` × ``size`` pixels for each split as :data:`COUNTS` says; of other tasks than
    classification, every fifth has no object."""
    numbers = random.Random(f"{task} {seed}")
    made = []
    for split, count in COUNTS.items():
        for number in range(count):
            label = CLASSES[number % len(CLASSES)]
            empty = task != CLASSIFICATION and number % 5 == 4
            made.append(_picture(task, split, number, label, empty, size, numbers))
    return made


def png(width: int, height: int, rows: list[bytes]) -> bytes:
    """An RGB PNG of rows of ``3 × width`` bytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _picture(
    task: str, split: str, number: int, label: str, empty: bool, size: int, numbers: random.Random
) -> Picture:
    wide, high = (numbers.randrange(size // 3, size // 2) for _ in range(2))
    left, top = numbers.randrange(1, size - wide), numbers.randrange(1, size - high)
    if task == CLASSIFICATION:
        left, top, wide, high = 2, 2, size - 4, size - 4
    rows = []
    for y in range(size):
        row = bytearray(numbers.randrange(20, 90) for _ in range(3 * size))
        if not empty and top <= y < top + high:
            row[3 * left : 3 * (left + wide)] = bytes(COLOURS[label]) * wide
        rows.append(bytes(row))
    right, bottom = left + wide, top + high
    body: dict[str, Any] = {"class": label, "box": [left, top, wide, high]}
    if task in (INSTANCES, SEMANTIC, ORIENTED):
        body["polygons"] = [[left, top, right, top, right, bottom, left, bottom]]
    if task == KEYPOINTS:
        middle = top + high / 2
        body["keypoints"] = [[left + 0.5, middle, 2], [right - 0.5, middle, 2]]
    annotations = [] if empty or task == CLASSIFICATION else [body]
    return Picture(f"{label}/{split}_{number}.png", split, png(size, size, rows), label, annotations)
