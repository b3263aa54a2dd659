"""Images with the objects or the class map that belong to them, at the size of the model's input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from trainer_sdk import ImageEntry
from trainer_sdk.annotations import Annotation, Polygon
from trainer_sdk.masks import annotation_mask, class_map, encode_rle
from trainer_sdk.metrics.semantic import IGNORED

from .images import ImageSet, Placed, Preprocessing

#: COCO's ratio of an object's area to that of its box, for OKS where no mask says more (as in Ultralytics).
AREA_OF_BOX = 0.53


@dataclass(frozen=True)
class Targets:
    """Objects of one image in pixels of the model's input. ``labels`` are indexes of classes.

    ``boxes`` ``[N,4]`` are left, top, right, bottom; ``masks`` uint8 ``[N,H,W]``; ``keypoints`` ``[N,K,3]`` with visibility.
    """

    boxes: torch.Tensor
    labels: torch.Tensor
    crowd: torch.Tensor
    areas: torch.Tensor
    masks: torch.Tensor | None = None
    keypoints: torch.Tensor | None = None

    def usual(self) -> Targets:
        """The objects to learn from: those with an extent that are no crowd."""
        sized = (self.boxes[:, 2] - self.boxes[:, 0] > 0.5) & (self.boxes[:, 3] - self.boxes[:, 1] > 0.5)
        return self.where(sized & ~self.crowd)

    def where(self, kept: torch.Tensor) -> Targets:
        return self._each(lambda tensor: tensor[kept])

    def to(self, device: torch.device) -> Targets:
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def _each(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Targets:
        return replace(self, **{name: change(value) for name, value in vars(self).items() if value is not None})


class AnnotatedSet(ImageSet):
    """Answers are lists of :class:`Targets`. ``masks`` says whether they have masks."""

    def __init__(
        self, entries: Sequence[ImageEntry], preprocessing: Preprocessing, threads: int, memory_limit: int,
        check: Callable[[], None], masks: bool,
    ) -> None:  # fmt: skip
        self._masks = masks
        self._points = max((len(item.keypoints) for entry in entries for item in entry.annotations), default=0)
        super().__init__(entries, preprocessing, threads, memory_limit, check)

    def answers(self, indices: torch.Tensor) -> Any:
        return [self._targets(self.entries[index]) for index in indices.tolist()]

    def _targets(self, entry: ImageEntry) -> Targets:
        place = self.preprocessing.placed(entry.width, entry.height)
        items = entry.annotations
        scale = torch.tensor([place.scale_x, place.scale_y, place.scale_x, place.scale_y])
        boxes = torch.tensor([item.corners for item in items], dtype=torch.float32).reshape(-1, 4) * scale
        masks = keypoints = None
        areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]) * AREA_OF_BOX
        if self._masks:
            height, width = self.preprocessing.size
            drawn = [_scaled_mask(item, entry, place, height, width) for item in items]
            stacked = np.stack(drawn) if drawn else np.zeros((0, height, width), dtype=np.uint8)
            masks = torch.from_numpy(stacked)
            areas = masks.sum(dim=(1, 2)).float()
        if self._points:
            keypoints = torch.zeros((len(items), self._points, 3))
            for index, item in enumerate(items):
                for number, point in enumerate(item.keypoints):
                    keypoints[index, number] = torch.tensor(
                        [point.x * place.scale_x, point.y * place.scale_y, float(point.visibility)]
                    )
        return Targets(
            boxes, torch.tensor([item.label for item in items], dtype=torch.int64),
            torch.tensor([item.crowd for item in items], dtype=torch.bool), areas, masks, keypoints,
        )  # fmt: skip


class MapSet(ImageSet):
    """Answers are class maps, int64 ``[N,H,W]``; the border of a letterboxed image is not measured."""

    def answers(self, indices: torch.Tensor) -> Any:
        height, width = self.preprocessing.size
        maps = np.full((len(indices), height, width), IGNORED, dtype=np.int64)
        for position, index in enumerate(indices.tolist()):
            entry = self.entries[index]
            place = self.preprocessing.placed(entry.width, entry.height)
            items = [_scaled(item, entry, place) for item in entry.annotations]
            maps[position, : place.height, : place.width] = class_map(items, place.height, place.width)
        return torch.from_numpy(maps)


def _scaled_mask(item: Annotation, entry: ImageEntry, place: Placed, height: int, width: int) -> np.ndarray:
    mask = np.zeros((height, width), dtype=np.uint8)
    scaled = _scaled(item, entry, place)
    mask[: place.height, : place.width] = annotation_mask(scaled, place.height, place.width)
    return mask


def _scaled(item: Annotation, entry: ImageEntry, place: Placed) -> Annotation:
    """The annotation with its outline in pixels of the placed image.."""
    if item.rle is None:
        rings = item.polygons or (item.rotated_box,)
        return replace(item, polygons=tuple(_scaled_ring(ring, place) for ring in rings))
    mask = Image.fromarray(annotation_mask(item, entry.height, entry.width))
    resized = np.asarray(mask.resize((place.width, place.height), Image.Resampling.NEAREST))
    return replace(item, rle=encode_rle(resized))


def _scaled_ring(ring: Polygon, place: Placed) -> Polygon:
    return tuple(value * (place.scale_y if index % 2 else place.scale_x) for index, value in enumerate(ring))
