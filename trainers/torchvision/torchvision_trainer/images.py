"""Turns encoded images into uint8 tensors, for training, validation and prediction alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from trainer_sdk import ImageEntry
from trainer_sdk.images import MAX_PIXELS, UnreadableImage, measure, resized_rgb
from trainer_sdk.unreadable import Unreadable

#: Grey beside or below a letterboxed image.
BORDER = 114
MEMORY_SHARE = 0.35
PREFETCH = 2


@dataclass(frozen=True)
class Preprocessing:
    """Resizes to ``size`` (height, width), then computes ``(value * scale - mean) / std`` for each RGB channel.

    With ``fit`` = ``letterbox`` the image keeps its proportions: it is resized to fit into ``size`` and lies in the top
    left corner, with grey (114) beside or below it. With ``stretch`` it fills ``size``.
    """

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1 / 255
    interpolation: str = "bilinear"
    fit: str = "stretch"

    def to_json(self) -> dict[str, object]:
        body: dict[str, object] = {
            "resize": list(self.size), "interpolation": self.interpolation, "antialias": True,
            "colorMode": "RGB", "scale": self.scale, "mean": list(self.mean), "std": list(self.std),
            "layout": "NCHW",
        }  # fmt: skip
        return body if self.fit == "stretch" else {**body, "fit": self.fit, "pad": BORDER}

    def placed(self, width: int, height: int) -> Placed:
        """Where an upright image of ``width`` × ``height`` pixels lies in the model's input."""
        wide, high = self.size[1], self.size[0]
        if self.fit == "letterbox":
            share = min(self.size[1] / width, self.size[0] / height)
            wide, high = max(1, round(width * share)), max(1, round(height * share))
        return Placed(wide, high, wide / width, high / height)

    def normalize(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 ``[N,3,H,W]`` to the float32 input of the model, on the same device."""
        factor = torch.tensor([self.scale / value for value in self.std], device=images.device).view(1, 3, 1, 1)
        offset = torch.tensor(
            [mean / std for mean, std in zip(self.mean, self.std, strict=True)], device=images.device
        ).view(1, 3, 1, 1)
        return images.to(torch.float32).mul_(factor).sub_(offset)


@dataclass(frozen=True)
class Placed:
    """The size of an image in the model's input, and the factors on its coordinates."""

    width: int
    height: int
    scale_x: float
    scale_y: float


_INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
INTERPOLATIONS = tuple(_INTERPOLATIONS)


def decode(data: bytes, preprocessing: Preprocessing, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """An encoded image as uint8 ``[H,W,3]`` of the wanted size; raises :class:`UnreadableImage`."""
    height, width = preprocessing.size
    resample = _INTERPOLATIONS[preprocessing.interpolation]
    if preprocessing.fit == "stretch":
        return np.asarray(resized_rgb(data, (width, height), resample, max_pixels))
    place = preprocessing.placed(*measure(data, max_pixels).upright)
    image = np.full((height, width, 3), BORDER, dtype=np.uint8)
    image[: place.height, : place.width] = resized_rgb(data, (place.width, place.height), resample, max_pixels)
    return image


def decode_batch(images: Sequence[bytes], preprocessing: Preprocessing) -> torch.Tensor:
    """Encoded images as one uint8 tensor ``[N,3,H,W]``."""
    stacked = np.stack([decode(data, preprocessing) for data in images])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous()


class ImageSet:
    """Images of a split with their answers: the labels of a classification. Other tasks override :meth:`answers`.

    When all of them fit into ``memory_limit`` bytes, they are decoded once into one uint8 tensor. Otherwise
    ``threads`` threads decode each batch when it is needed. An image that cannot be read is left out of its batches,
    with a warning that names it. Too many of them, or no other image, end the job with ``DATASET_INVALID``.
    """

    #: Bytes, preprocessing and the most pixels to uint8 ``[H,W,3]``.
    decoder: Callable[[bytes, Preprocessing, int], np.ndarray] = staticmethod(decode)

    def __init__(
        self, entries: Sequence[ImageEntry], preprocessing: Preprocessing, threads: int,
        memory_limit: int, check: Callable[[], None],
    ) -> None:  # fmt: skip
        self.entries = list(entries)
        self.preprocessing = preprocessing
        self._threads = max(1, threads)
        self._check = check
        self._unreadable = Unreadable(self.entries)
        self._used = torch.zeros(len(entries), dtype=torch.bool)
        self.labels = torch.tensor([entry.label for entry in entries], dtype=torch.int64)
        height, width = preprocessing.size
        self.bytes_needed = len(entries) * 3 * height * width
        self._pixels: torch.Tensor | None = None
        if entries and self.bytes_needed <= memory_limit:
            self._pixels = self._decode_all()

    def __len__(self) -> int:
        """The images of the split, those that cannot be read included."""
        return len(self.entries)

    @property
    def in_memory(self) -> bool:
        """Whether the decoded pixels are in memory."""
        return self._pixels is not None

    @property
    def readable(self) -> int:
        """The images that are not known to be unreadable."""
        return len(self.entries) - len(self._unreadable)

    @property
    def used(self) -> int:
        """The images that have been in a batch so far."""
        return int(self._used.sum())

    @property
    def unreadable(self) -> list[str]:
        """Paths of the images that could not be read."""
        return self._unreadable.paths

    def readable_labels(self) -> set[int]:
        """The classes of the images that are not known to be unreadable."""
        return {entry.label for index, entry in enumerate(self.entries) if index not in self._unreadable}

    def move_to(self, device: torch.device) -> None:
        """Moves the labels to ``device``, and the pixels if they are in memory."""
        self.labels = self.labels.to(device)
        if self._pixels is not None:
            self._pixels = self._pixels.to(device)

    def batches(self, order: Sequence[torch.Tensor]) -> Iterator[tuple[torch.Tensor, Any]]:
        """The batches in order, without those that hold no readable image. Batches that must be decoded are prepared
        two ahead."""
        if self._pixels is not None:
            yield from (batch for batch in map(self.batch, order) if len(batch[0]))
            return
        with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as ahead:
            waiting = [ahead.submit(self.batch, indices) for indices in order[:PREFETCH]]
            try:
                for position in range(len(order)):
                    if position + PREFETCH < len(order):
                        waiting.append(ahead.submit(self.batch, order[position + PREFETCH]))
                    batch = waiting.pop(0).result()
                    if len(batch[0]):
                        yield batch
            finally:
                ahead.shutdown(wait=True, cancel_futures=True)

    def batch(self, indices: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """uint8 ``[N,3,H,W]`` and answers of the readable ones of the given images, on the set's device."""
        pixels = None
        if self._pixels is None:
            height, width = self.preprocessing.size
            pixels = torch.empty((len(indices), 3, height, width), dtype=torch.uint8)
            self._decode_into(pixels, indices.tolist())
        if self._unreadable:
            kept = torch.tensor([index not in self._unreadable for index in indices.tolist()], dtype=torch.bool)
            indices = indices[kept]
            pixels = pixels[kept] if pixels is not None else None
        self._used[indices] = True
        where = indices.to(self.labels.device)
        chosen = self._pixels[where] if self._pixels is not None else pixels.to(self.labels.device)  # type: ignore[union-attr]
        return chosen, self.answers(indices)

    def answers(self, indices: torch.Tensor) -> Any:
        """What a model should answer for these images."""
        return self.labels[indices.to(self.labels.device)]

    def _decode_all(self) -> torch.Tensor:
        height, width = self.preprocessing.size
        pixels = torch.empty((len(self.entries), 3, height, width), dtype=torch.uint8)
        self._decode_into(pixels, range(len(self.entries)))
        return pixels

    def _decode_into(self, pixels: torch.Tensor, indices: Sequence[int]) -> None:
        """Decodes the images of these indices; what is left of an unreadable one in ``pixels`` means nothing."""
        target = pixels.numpy()
        share = max(1, min(64, -(-len(indices) // self._threads)))

        def run(position: int) -> None:
            for place in range(position, min(position + share, len(indices))):
                image = self._decode_entry(indices[place])
                if image is not None:
                    target[place] = image.transpose(2, 0, 1)

        starts = range(0, len(indices), share)
        if self._threads == 1 or len(starts) == 1:
            for start in starts:
                self._check()
                run(start)
            return
        with ThreadPoolExecutor(self._threads, thread_name_prefix="decode") as pool:
            for _ in pool.map(run, starts):
                self._check()

    def _decode_entry(self, index: int) -> np.ndarray | None:
        entry = self.entries[index]
        if index in self._unreadable:
            return None
        try:
            return self.decoder(entry.file.read_bytes(), self.preprocessing, entry.max_pixels)
        except UnreadableImage as error:
            self._unreadable.note(index, error)
            return None


def available_memory() -> int:
    """How many bytes of pixels a job may keep: a share of the free memory of the machine or the container."""
    free = 2 * 2**30
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit, open(
            "/sys/fs/cgroup/memory.current", encoding="ascii"
        ) as used:
            text = limit.read().strip()
            if text != "max":
                free = min(free, max(0, int(text) - int(used.read())))
    except (OSError, StopIteration, ValueError):
        pass  # Not Linux, or there is no such limit: use the value found so far.
    return int(free * MEMORY_SHARE)
