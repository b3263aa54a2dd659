"""Turns encoded images into uint8 tensors, for training, validation and prediction alike."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageOps

from trainer_sdk import ImageEntry, TrainerError

MAX_PIXELS = 100_000_000
MEMORY_SHARE = 0.35
PREFETCH = 2
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class UnreadableImage(Exception):
    """This trainer cannot decode the bytes as an image."""


@dataclass(frozen=True)
class Preprocessing:
    """Resizes to ``size`` (height, width), then computes ``(value * scale - mean) / std`` for each RGB channel."""

    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    scale: float = 1 / 255
    interpolation: str = "bilinear"

    def to_json(self) -> dict[str, object]:
        return {
            "resize": list(self.size), "interpolation": self.interpolation, "antialias": True,
            "colorMode": "RGB", "scale": self.scale, "mean": list(self.mean), "std": list(self.std),
            "layout": "NCHW",
        }  # fmt: skip

    def normalize(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 ``[N,3,H,W]`` to the float32 input of the model, on the same device."""
        factor = torch.tensor([self.scale / value for value in self.std], device=images.device).view(1, 3, 1, 1)
        offset = torch.tensor(
            [mean / std for mean, std in zip(self.mean, self.std, strict=True)], device=images.device
        ).view(1, 3, 1, 1)
        return images.to(torch.float32).mul_(factor).sub_(offset)


_INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
INTERPOLATIONS = tuple(_INTERPOLATIONS)


def decode(data: bytes, preprocessing: Preprocessing) -> np.ndarray:
    """An encoded image as uint8 ``[H,W,3]`` of the wanted size; raises :class:`UnreadableImage`."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImage(f"has more than {MAX_PIXELS // 1_000_000} million pixels")
            upright = _as_rgb(ImageOps.exif_transpose(image))
            height, width = preprocessing.size
            if upright.size != (width, height):
                upright = upright.resize((width, height), _INTERPOLATIONS[preprocessing.interpolation])
            return np.asarray(upright)
    except UnreadableImage:
        raise
    except Exception as error:
        # PIL's decoders raise exceptions of nearly any type on damaged input.
        raise UnreadableImage(f"cannot be decoded ({type(error).__name__})") from error


def decode_batch(images: Sequence[bytes], preprocessing: Preprocessing) -> torch.Tensor:
    """Encoded images as one uint8 tensor ``[N,3,H,W]``."""
    stacked = np.stack([decode(data, preprocessing) for data in images])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).contiguous()


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I"):
        # convert() would clip 16-bit grey values at 255 instead of scaling them.
        image = Image.fromarray((np.asarray(image, dtype=np.int64) >> 8).clip(0, 255).astype(np.uint8))
    return image.convert("RGB")


class ImageSet:
    """Images of a split with their labels.

    When all of them fit into ``memory_limit`` bytes, they are decoded once into one uint8 tensor. Otherwise
    ``threads`` threads decode each batch when it is needed.
    """

    def __init__(
        self, entries: Sequence[ImageEntry], preprocessing: Preprocessing, threads: int,
        memory_limit: int, check: Callable[[], None],
    ) -> None:  # fmt: skip
        self._entries = list(entries)
        self._preprocessing = preprocessing
        self._threads = max(1, threads)
        self._check = check
        self.labels = torch.tensor([entry.label for entry in entries], dtype=torch.int64)
        height, width = preprocessing.size
        self.bytes_needed = len(entries) * 3 * height * width
        self._pixels: torch.Tensor | None = None
        if entries and self.bytes_needed <= memory_limit:
            self._pixels = self._decode_all()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def in_memory(self) -> bool:
        """Whether the decoded pixels are in memory."""
        return self._pixels is not None

    def move_to(self, device: torch.device) -> None:
        """Moves the labels to ``device``, and the pixels if they are in memory."""
        self.labels = self.labels.to(device)
        if self._pixels is not None:
            self._pixels = self._pixels.to(device)

    def batches(self, order: Sequence[torch.Tensor]) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """The batches in order. Batches that must be decoded are prepared two ahead."""
        if self._pixels is not None:
            yield from map(self.batch, order)
            return
        with ThreadPoolExecutor(1, thread_name_prefix="prefetch") as ahead:
            waiting = [ahead.submit(self.batch, indices) for indices in order[:PREFETCH]]
            try:
                for position in range(len(order)):
                    if position + PREFETCH < len(order):
                        waiting.append(ahead.submit(self.batch, order[position + PREFETCH]))
                    yield waiting.pop(0).result()
            finally:
                ahead.shutdown(wait=True, cancel_futures=True)

    def batch(self, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """uint8 ``[N,3,H,W]`` and labels ``[N]`` of the given images, on the set's device."""
        where = indices.to(self.labels.device)
        labels = self.labels[where]
        if self._pixels is not None:
            return self._pixels[where], labels
        height, width = self._preprocessing.size
        pixels = torch.empty((len(indices), 3, height, width), dtype=torch.uint8)
        self._decode_into(pixels, [self._entries[index] for index in indices.tolist()])
        return pixels.to(labels.device), labels

    def _decode_all(self) -> torch.Tensor:
        height, width = self._preprocessing.size
        pixels = torch.empty((len(self._entries), 3, height, width), dtype=torch.uint8)
        self._decode_into(pixels, self._entries)
        return pixels

    def _decode_into(self, pixels: torch.Tensor, entries: Sequence[ImageEntry]) -> None:
        target = pixels.numpy()
        share = max(1, min(64, -(-len(entries) // self._threads)))

        def run(position: int) -> None:
            for index in range(position, min(position + share, len(entries))):
                target[index] = self._decode_entry(entries[index]).transpose(2, 0, 1)

        starts = range(0, len(entries), share)
        if self._threads == 1 or len(starts) == 1:
            for start in starts:
                self._check()
                run(start)
            return
        with ThreadPoolExecutor(self._threads, thread_name_prefix="decode") as pool:
            for _ in pool.map(run, starts):
                self._check()

    def _decode_entry(self, entry: ImageEntry) -> np.ndarray:
        try:
            return decode(entry.file.read_bytes(), self._preprocessing)
        except UnreadableImage as error:
            raise TrainerError("DATASET_INVALID", f"Image {entry.path} {error}.") from error


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
