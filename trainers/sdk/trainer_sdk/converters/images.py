"""Places the images of a split into a folder."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..dataset import ImageEntry
from ..image_files import ImageFile, UnreadableImage
from ..images import measure, open_rgb
from ..unreadable import Unreadable


@dataclass(frozen=True)
class PlacedImage:
    """An image as a converter wrote it: ``file`` shows ``entry`` upright, in ``width`` × ``height`` pixels."""

    entry: ImageEntry
    file: Path
    width: int
    height: int


def place_images(
    entries: Sequence[ImageEntry], folder_of: Callable[[ImageEntry], Path], check: Callable[[], None] = lambda: None
) -> Iterator[PlacedImage]:
    """Writes each readable image as ``000001.jpg`` or ``.png`` into its folder, numbered by its position in ``entries``.

    Images that cannot be read are left out and named in the log; too many of them raise ``DATASET_INVALID``. ``check``
    is called for every image and may end the work by an exception.
    """
    unreadable = Unreadable(entries)
    for index, entry in enumerate(entries):
        check()
        data = entry.file.read_bytes()
        try:
            file = measure(data, entry.max_pixels)
            image = open_rgb(data, entry.max_pixels)
        except UnreadableImage as error:
            unreadable.note(index, error)
            continue
        folder = folder_of(entry)
        folder.mkdir(parents=True, exist_ok=True)
        if _is_plain(file):
            path = folder / f"{index + 1:06d}{'.jpg' if file.format == 'JPEG' else '.png'}"
            content = file.content
        else:
            path = folder / f"{index + 1:06d}.png"
            buffer = io.BytesIO()
            image.save(buffer, "PNG", compress_level=1)
            content = buffer.getvalue()
        # A copy, never a link to the cached file: some frameworks repair images in place.
        path.write_bytes(content)
        yield PlacedImage(entry, path, *image.size)


def _is_plain(file: ImageFile) -> bool:
    """Whether every decoder shows this file as :func:`open_rgb` does."""
    if file.orientation != 1 or file.offset != (0, 0) or file.coded not in ((0, 0), (file.width, file.height)):
        return False
    if file.format == "JPEG":
        return file.samples in (1, 3)
    return file.format == "PNG" and file.depth == 8 and file.palette is None and file.key is None and file.samples in (1, 3)
