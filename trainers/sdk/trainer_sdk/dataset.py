"""A dataset version on local disk: the checked manifest and the images, downloaded in parallel."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import logging
import time
import zlib
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from .annotations import CLASSIFICATION, Annotation, KeypointList
from .cache import ChecksumMismatch, ContentCache
from .errors import TrainerError
from .protocol import DatasetRef, is_sha256
from .transfer import IMAGES_PER_REQUEST, Transfer

SPLITS = ("train", "val", "test")
DOWNLOAD_THREADS = 8
MAX_MANIFEST_BYTES = 4 * 2**30

_log = logging.getLogger("trainer.dataset")


@dataclass(frozen=True)
class ImageEntry:
    """One image of the manifest. ``path`` is a name for people, not a path on this disk; ``file`` has the bytes; a reader
    has to accept ``max_pixels`` (width × height). ``width`` and ``height`` are those of the upright image.

    In a classification, ``label`` is the index of the image's class. In every other task it is -1, and
    ``annotations`` are the objects in the image; an image without objects stays in the dataset.
    """

    path: str
    sha256: str
    size: int
    max_pixels: int
    label: int
    split: str
    file: Path
    width: int = 0
    height: int = 0
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """The downloaded images of the wanted splits, in the order of the manifest. The order of ``classes`` is that of the
    dataset version; labels refer to it."""

    classes: tuple[str, ...]
    images: tuple[ImageEntry, ...]
    task_type: str = CLASSIFICATION
    keypoints: KeypointList | None = None

    def split(self, name: str) -> list[ImageEntry]:
        """The images of one split."""
        return [image for image in self.images if image.split == name]

    def counts(self) -> dict[str, int]:
        """Images in each of train, val and test."""
        return {name: len(self.split(name)) for name in SPLITS}


def read_manifest(reference: DatasetRef, transfer: Transfer, cache: ContentCache) -> Dataset:
    """The manifest as a dataset; its files may be missing.

    Raises ``DATASET_CHECKSUM_MISMATCH``, or ``DATASET_INVALID`` with the wrong line.
    """
    packed = transfer.fetch(reference.manifest_url, "The dataset manifest")
    found = canonical_hash(_lines(packed))
    if found != reference.manifest_sha256:
        raise TrainerError(
            "DATASET_CHECKSUM_MISMATCH",
            "The dataset manifest is not the announced one.",
            detail=f"expected {reference.manifest_sha256}, received {found}",
        )
    index = {name: position for position, name in enumerate(reference.classes)}
    images = [_entry(line, number, index, reference, cache) for number, line in enumerate(_lines(packed), 1)]
    return Dataset(reference.classes, tuple(images), reference.task_type, reference.keypoints)


def canonical_hash(lines: Iterable[bytes]) -> str:
    """SHA-256 of manifest lines without the member ``key``, which is the last one of a line that has it.

    It is the hash of the dataset version: where the images lie is no part of what they are.
    """
    digest = hashlib.sha256()
    for line in lines:
        # The mark cannot be inside a string, where JSON writes a quotation mark as \".
        head, mark, _ = line.rpartition(b',"key":"')
        digest.update(head + b"}\n" if mark else line)
    return digest.hexdigest()


def download_images(dataset: Dataset, transfer: Transfer, cache: ContentCache) -> None:
    """Downloads the images of ``dataset`` that the cache lacks, eight at a time; stops at the first failure.

    Asks the platform for the URLs of a batch just before it downloads that batch, so that they are fresh.
    """
    started = time.monotonic()
    unique = list({image.sha256: image for image in dataset.images}.values())
    missing = [image for image in unique if cache.find(image.sha256) is None]
    downloaded = size = 0
    with ThreadPoolExecutor(DOWNLOAD_THREADS, thread_name_prefix="download") as pool:
        try:
            for first in range(0, len(missing), IMAGES_PER_REQUEST):
                batch = missing[first : first + IMAGES_PER_REQUEST]
                urls = transfer.image_urls([image.path for image in batch])
                pending = {pool.submit(_fetch, image, urls[image.path], transfer, cache) for image in batch}
                done, _ = wait(pending, return_when=FIRST_EXCEPTION)
                for future in done:
                    fresh, length = future.result()
                    downloaded += fresh
                    size += length
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    _log.info(
        "dataset ready: %d images, %d downloaded (%.1f MB), %d from the cache, %.1f s",
        len(dataset.images), downloaded, size / 1e6, len(unique) - downloaded, time.monotonic() - started,
    )  # fmt: skip


def select(dataset: Dataset, splits: Collection[str], limit: int | None = None) -> Dataset:
    """The part of a dataset in the given splits; at most ``limit`` images, evenly spread."""
    images = [image for image in dataset.images if image.split in splits]
    if limit is not None and len(images) > limit:
        images = [images[position * len(images) // limit] for position in range(limit)]
    return replace(dataset, images=tuple(images))


def _lines(packed: bytes) -> Iterator[bytes]:
    """The lines of a manifest, each with its line feed."""
    read = 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as unpacked:
            for line in unpacked:
                read += len(line)
                if read > MAX_MANIFEST_BYTES:
                    raise TrainerError("DATASET_INVALID", "The dataset manifest is too large.")
                yield line
    except (OSError, EOFError, zlib.error) as error:
        raise TrainerError("DATASET_INVALID", "The dataset manifest is not a gzip file of JSON lines.") from error


def _fetch(image: ImageEntry, url: str, transfer: Transfer, cache: ContentCache) -> tuple[bool, int]:
    try:
        _, fresh = transfer.fetch_image(cache, image.path, url, image.sha256, image.size)
    except ChecksumMismatch as error:
        raise TrainerError(
            "DATASET_CHECKSUM_MISMATCH",
            f"Image {image.path} is not the one that the dataset version pins.",
            detail=str(error),
        ) from error
    return fresh, image.size if fresh else 0


def _entry(
    line: bytes, number: int, index: dict[str, int], reference: DatasetRef, cache: ContentCache
) -> ImageEntry:
    try:
        data = json.loads(line)
        path, sha256 = str(data["path"]), data["sha256"]
        size, split = int(data["size"]), data["split"]
        width, height = int(data["width"]), int(data["height"])
        name = data["class"] if reference.task_type == CLASSIFICATION else None
        objects = data["annotations"] if reference.task_type != CLASSIFICATION else []
    except (ValueError, KeyError, TypeError) as error:
        raise TrainerError("DATASET_INVALID", f"Line {number} of the dataset manifest is malformed.") from error
    if not is_sha256(sha256) or split not in SPLITS or not isinstance(objects, list):
        raise TrainerError("DATASET_INVALID", f"Line {number} of the dataset manifest ({path}) is malformed.")
    if name is not None and name not in index:
        raise TrainerError("DATASET_INVALID", f"Image {path} has class '{name}', which the dataset does not list.")
    try:
        annotations = tuple(Annotation.parse(item, index, reference.keypoints) for item in objects)
    except ValueError as error:
        raise TrainerError("DATASET_INVALID", f"Image {path}: {error}.") from error
    # The version may have images from a time when the limit of the platform was higher.
    pixels = max(width * height, reference.max_image_pixels)
    label = index[name] if name is not None else -1
    return ImageEntry(
        path, sha256.lower(), size, pixels, label, split, cache.path(sha256), width, height, annotations
    )
