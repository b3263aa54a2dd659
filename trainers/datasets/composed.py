"""Composes small labelled pictures for every task: drawn shapes on a noisy ground.

    python3 composed.py OUT_DIR [--task object_detection] [--count 60] [--size 96] [--seed 1]

writes ``images/<split>/…png`` and COCO files ``annotations/<split>.json``. The same arguments give the same bytes.
Demo and tests share this module; an image takes a millisecond or two.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

CLASSES = ("disc", "square", "triangle")
#: Keypoints of a triangle. Mirrored, the left corner becomes the right one.
KEYPOINTS = {"names": ["tip", "left", "right"], "skeleton": [[0, 1], [1, 2], [2, 0]], "flip": [0, 2, 1]}
TASKS = (
    "image_classification", "object_detection", "instance_segmentation", "semantic_segmentation", "keypoint_detection",
    "oriented_detection",
)  # fmt: skip
SPLITS = ("train", "train", "train", "train", "val", "test")
COLOURS = {"disc": (235, 70, 60), "square": (70, 210, 90), "triangle": (80, 110, 245)}
_DETAIL = 4


@dataclass(frozen=True)
class ComposedImage:
    """A PNG with its objects in the neutral form; ``label`` is its class in a classification."""

    path: str
    split: str
    data: bytes
    label: str
    annotations: list[dict[str, Any]]


def classes_of(task: str) -> tuple[str, ...]:
    """The classes of a task's pictures. Only triangles have keypoints; only squares have a direction."""
    return {"keypoint_detection": ("triangle",), "oriented_detection": ("square",)}.get(task, CLASSES)


def compose(task: str, count: int, size: int = 96, seed: int = 1, objects: int = 3) -> list[ComposedImage]:
    """``count`` pictures of ``size`` × ``size`` pixels, four of six for training, with up to ``objects`` objects each;
    every ninth has none. A picture of a classification has one object."""
    numbers = random.Random(f"{task} {seed}")
    return [_picture(task, index, size, objects, numbers) for index in range(count)]


def _picture(task: str, index: int, size: int, objects: int, numbers: random.Random) -> ComposedImage:
    classes = classes_of(task)
    split = SPLITS[index % len(SPLITS)]
    wanted = 1 if task == "image_classification" else 0 if index % 9 == 8 else numbers.randint(1, objects)
    noise = np.random.default_rng(numbers.getrandbits(32)).integers(20, 90, (size // 4 + 1, size // 4 + 1, 3))
    ground = Image.fromarray(noise.astype(np.uint8)).resize((size, size), Image.Resampling.BILINEAR)
    canvas = ground.resize((size * _DETAIL, size * _DETAIL), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(canvas)
    taken: list[tuple[float, float, float]] = []
    annotations = []
    label = classes[0]
    for _ in range(wanted):
        place = _free_place(size, taken, numbers)
        if place is None:
            break
        taken.append(place)
        label = classes[index % len(classes)] if wanted == 1 else numbers.choice(classes)
        ring, points = _OUTLINES[label](*place, numbers, task == "oriented_detection")
        shade = tuple(min(255, max(0, value + numbers.randint(-20, 20))) for value in COLOURS[label])
        draw.polygon([(x * _DETAIL, y * _DETAIL) for x, y in ring], fill=shade)
        annotations.append(_annotation(task, label, ring, points))
    buffer = io.BytesIO()
    canvas.resize((size, size), Image.Resampling.BOX).save(buffer, "PNG")
    path = f"{split}/{label if task == 'image_classification' else 'scene'}_{index:04d}.png"
    return ComposedImage(path, split, buffer.getvalue(), label, annotations)


def _free_place(
    size: int, taken: list[tuple[float, float, float]], numbers: random.Random
) -> tuple[float, float, float] | None:
    """Centre and radius of a new object that touches no other one; None when none was found."""
    for _ in range(40):
        radius = numbers.uniform(0.14, 0.24) * size
        x, y = (numbers.uniform(radius + 1, size - radius - 1) for _ in range(2))
        if all(math.hypot(x - a, y - b) > radius + other + 2 for a, b, other in taken):
            return x, y, radius
    return None


Ring = list[tuple[float, float]]


def _disc(x: float, y: float, radius: float, numbers: random.Random, turned: bool) -> tuple[Ring, Ring]:
    steps = [2 * math.pi * step / 24 for step in range(24)]
    return [(x + 0.85 * radius * math.cos(step), y + 0.85 * radius * math.sin(step)) for step in steps], []


def _square(x: float, y: float, radius: float, numbers: random.Random, turned: bool) -> tuple[Ring, Ring]:
    """A square, or a rotated rectangle twice as wide as high."""
    angle = numbers.uniform(0, math.pi) if turned else 0.0
    wide, high = (0.89 * radius, 0.45 * radius) if turned else (0.7 * radius, 0.7 * radius)
    cosine, sine = math.cos(angle), math.sin(angle)
    corners = ((-wide, -high), (wide, -high), (wide, high), (-wide, high))
    return [(x + a * cosine - b * sine, y + a * sine + b * cosine) for a, b in corners], []


def _triangle(x: float, y: float, radius: float, numbers: random.Random, turned: bool) -> tuple[Ring, Ring]:
    """Tip up, with the tip left or right of the middle."""
    lean = numbers.uniform(-0.3, 0.3) * radius
    points = [(x + lean, y - radius), (x - 0.8 * radius, y + 0.6 * radius), (x + 0.8 * radius, y + 0.6 * radius)]
    return [points[0], points[2], points[1]], points


_OUTLINES: dict[str, Callable[..., tuple[Ring, Ring]]] = {"disc": _disc, "square": _square, "triangle": _triangle}


def _annotation(task: str, label: str, ring: Ring, points: Ring) -> dict[str, Any]:
    left, top = (round(min(point[axis] for point in ring), 2) for axis in (0, 1))
    right, bottom = (round(max(point[axis] for point in ring), 2) for axis in (0, 1))
    body: dict[str, Any] = {"class": label, "box": [left, top, round(right - left, 2), round(bottom - top, 2)]}
    if task in ("instance_segmentation", "semantic_segmentation", "oriented_detection"):
        body["polygons"] = [[round(value, 2) for point in ring for value in point]]
    if task == "keypoint_detection":
        body["keypoints"] = [[round(x, 2), round(y, 2), 2] for x, y in points]
    return body


def coco_file(task: str, images: list[ComposedImage], size: int) -> dict[str, Any]:
    """The pictures of one split as COCO's JSON; category ``i + 1`` is class ``i``."""
    classes = classes_of(task)
    annotations: list[dict[str, Any]] = []
    for number, image in enumerate(images, 1):
        for item in image.annotations:
            body = {
                "id": len(annotations) + 1, "image_id": number, "category_id": classes.index(item["class"]) + 1,
                "bbox": item["box"], "area": item["box"][2] * item["box"][3], "iscrowd": 0,
                "segmentation": item.get("polygons", []),
            }  # fmt: skip
            if "keypoints" in item:
                body["keypoints"] = [value for point in item["keypoints"] for value in point]
                body["num_keypoints"] = len(item["keypoints"])
            annotations.append(body)
    categories: list[dict[str, Any]] = [{"id": index + 1, "name": name} for index, name in enumerate(classes)]
    if task == "keypoint_detection":
        skeleton = [[first + 1, second + 1] for first, second in KEYPOINTS["skeleton"]]
        categories[0] |= {"keypoints": KEYPOINTS["names"], "skeleton": skeleton}
    files = [
        {"id": number, "file_name": Path(image.path).name, "width": size, "height": size}
        for number, image in enumerate(images, 1)
    ]
    return {"images": files, "annotations": annotations, "categories": categories}


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes composed pictures with COCO annotations.")
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--task", choices=TASKS[1:], default="object_detection")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.count < 1 or options.size < 32:
        parser.error("--count must be at least 1 and --size at least 32")
    images = compose(options.task, options.count, options.size, options.seed)
    (options.out_dir / "annotations").mkdir(parents=True, exist_ok=True)
    for split in ("train", "val", "test"):
        part = [image for image in images if image.split == split]
        for image in part:
            path = options.out_dir / "images" / image.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(image.data)
        text = json.dumps(coco_file(options.task, part, options.size))
        (options.out_dir / "annotations" / f"{split}.json").write_text(text)
    print(f"{len(images)} pictures for {options.task} in {options.out_dir}")


if __name__ == "__main__":
    main()
