"""An image file as its structure describes it. ``image_files.py`` reads it."""

from __future__ import annotations

from dataclasses import dataclass


class UnreadableImage(Exception):
    """The bytes are not an image that the platform accepts. The message completes the sentence "The image …"."""


class ImageTooLarge(UnreadableImage):
    """The image is larger than allowed; found before it is decoded."""


@dataclass(frozen=True)
class ImageFile:
    """An image file as its structure describes it.

    ``width`` and ``height`` are those of the stored pixels, before ``orientation`` (1 to 8, as EXIF numbers them).
    ``content`` is the file without metadata. Its pixels are ``coded`` (width, height) and lie at ``offset`` on a white
    ground of the stored size. ``samples`` are decoded bytes for each pixel. ``palette`` holds 256 RGB entries and
    ``alpha`` the opacity of each; ``key`` is the transparent colour in stored values.
    """

    format: str
    width: int
    height: int
    content: bytes
    samples: int
    orientation: int = 1
    coded: tuple[int, int] = (0, 0)
    offset: tuple[int, int] = (0, 0)
    depth: int = 8
    palette: bytes | None = None
    alpha: bytes | None = None
    key: tuple[int, ...] | None = None
    white_is_zero: bool = False
    bitmap: Bitmap | None = None

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height of the upright image."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


@dataclass(frozen=True)
class Bitmap:
    """Where the rows of a BMP are and what their bits mean; ``masks`` are those of red, green, blue, alpha."""

    bits: int
    data_offset: int
    top_down: bool
    masks: tuple[int, int, int, int]
