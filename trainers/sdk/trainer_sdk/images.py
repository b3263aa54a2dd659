"""What a pixel is: the one way in which a trainer turns the bytes of an image into RGB.

Training, validation, export checks and predictions all read images here, so that a model sees the same pixels
everywhere. The rule is that of ``docs/images.md``: upright, the first frame, 8 bits, RGB, on white. Needs Pillow and
numpy, which the rest of the SDK does not.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from .image_files import Bitmap, ImageFile, ImageTooLarge, UnreadableImage, png_is_whole, read_file

__all__ = [
    "MAX_PIXELS", "ImageTooLarge", "UnreadableImage", "decoded_pixels", "measure", "open_rgb", "resized_rgb",
]  # fmt: skip

#: Width × height that the platform accepts by default.
MAX_PIXELS = 100_000_000
#: Decoded bytes for each allowed pixel, at most: four channels of 8 bits, or two of 16.
BYTES_PER_PIXEL = 4
#: Decoded bytes that the images being decoded at one time may take in a process. A larger image is decoded alone.
DECODE_MEMORY = 512 * 2**20
#: An image is first reduced by whole steps, but never to less than this many times the wanted size.
_REDUCING_GAP = 3
_STRIP_BYTES = 4 * 2**20
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF")
# The limits here are checked before Pillow sees a file.
Image.MAX_IMAGE_PIXELS = None


class _Memory:
    """Admits decodes as long as their bytes together fit, in the order in which they came."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0
        self._changed = threading.Condition()
        self._turn = threading.Lock()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        size = min(size, self._limit)
        with self._turn, self._changed:
            self._changed.wait_for(lambda: self._used + size <= self._limit)
            self._used += size
        try:
            yield
        finally:
            with self._changed:
                self._used -= size
                self._changed.notify_all()


_memory = _Memory(DECODE_MEMORY)


def measure(data: bytes, max_pixels: int = MAX_PIXELS) -> ImageFile:
    """The structure of an image within the limits. Raises :class:`ImageTooLarge` or :class:`UnreadableImage`."""
    file = read_file(data)
    if file.width * file.height > max_pixels:
        raise ImageTooLarge(
            f"has {file.width} × {file.height} pixels; at most {max_pixels / 1e6:g} million are allowed"
        )
    size = file.width * file.height * file.samples
    if size > BYTES_PER_PIXEL * max_pixels:
        raise ImageTooLarge(
            f"takes {size / 1e6:.0f} MB decoded; at most {BYTES_PER_PIXEL * max_pixels / 1e6:g} MB are allowed"
        )
    return file


def open_rgb(data: bytes, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """The upright RGB image. Raises :class:`ImageTooLarge` or :class:`UnreadableImage`."""
    file = measure(data, max_pixels)
    return _upright(_decode(file, 1, 1)[0], file.orientation)


def resized_rgb(
    data: bytes, size: tuple[int, int], resample: Image.Resampling, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """The upright RGB image, resized to ``size`` (width, height), whatever its proportions.

    An image much larger than ``size`` is first reduced by a whole factor (JPEG while decoding), to no less than three
    times ``size``. It takes far less memory than :func:`open_rgb` and differs from resizing in one step by no more than
    rounding shows.
    """
    file = measure(data, max_pixels)
    width, height = size if file.orientation < 5 else size[::-1]
    image, box = _decode(file, *(_factors(file, size) if resample != Image.Resampling.NEAREST else (1, 1)))
    if image.size != (width, height) or box != (0, 0, width, height):
        image = image.resize((width, height), resample, box)
    return _upright(image, file.orientation)


def decoded_pixels(file: ImageFile, size: tuple[int, int]) -> int:
    """How many pixels are decoded to make an image of ``size``: those of the file, but fewer of a large JPEG."""
    scale = _jpeg_scale(file, *_factors(file, size))
    return file.width * file.height // (scale * scale)


def _factors(file: ImageFile, size: tuple[int, int]) -> tuple[int, int]:
    """By how much the stored image may be reduced before it is resized."""
    width, height = size if file.orientation < 5 else size[::-1]
    return max(1, file.width // (_REDUCING_GAP * width)), max(1, file.height // (_REDUCING_GAP * height))


def _jpeg_scale(file: ImageFile, factor_x: int, factor_y: int) -> int:
    """The part of the reduction that the JPEG decoder does; 1 for other types."""
    if file.format != "JPEG":
        return 1
    return next(step for step in (8, 4, 2, 1) if step <= min(factor_x, factor_y))


_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TRANSPOSITIONS[orientation]) if orientation in _TRANSPOSITIONS else image


def _decode(file: ImageFile, factor_x: int, factor_y: int) -> tuple[Image.Image, tuple[float, float, float, float]]:
    """The stored image as RGB, reduced by at most these factors, and the part of it that shows the whole image."""
    scale = _jpeg_scale(file, factor_x, factor_y)
    factor_x, factor_y = max(1, factor_x // scale), max(1, factor_y // scale)
    # Pillow keeps one byte for each pixel of one channel and four otherwise.
    held = file.width * file.height * (1 if file.samples == 1 else 4) // (scale * scale)
    with _memory.take(held + file.width * file.height * 3 // (scale * scale * factor_x * factor_y)):
        try:
            return _decode_admitted(file, scale, factor_x, factor_y)
        except UnreadableImage:
            raise
        except MemoryError:
            raise
        except Exception as error:
            # Pillow's decoders raise exceptions of nearly any type on damaged data.
            raise UnreadableImage(f"is damaged ({type(error).__name__})") from error


def _decode_admitted(
    file: ImageFile, scale: int, factor_x: int, factor_y: int
) -> tuple[Image.Image, tuple[float, float, float, float]]:
    is_whole = file.coded == (file.width, file.height)
    source: Image.Image | None = None
    if file.bitmap is not None:
        size = file.width, file.height
    else:
        source = Image.open(io.BytesIO(file.content), formats=_FORMATS)
        if source.size != file.coded or (file.format == "PNG" and not png_is_whole(file.content)):
            raise UnreadableImage("is damaged")
        if scale > 1:
            source.draft(None, (file.width // scale, file.height // scale))
        source.load()
        size = source.size if is_whole else (file.width, file.height)
    box = 0.0, 0.0, file.width / (scale * factor_x), file.height / (scale * factor_y)
    if source is not None and source.mode == "RGB" and file.key is None and is_whole and factor_x == factor_y == 1:
        return source, box
    width, height = size
    target = Image.new("RGB", (-(-width // factor_x), -(-height // factor_y)))
    rows = max(1, _STRIP_BYTES // (width * 4) // factor_y) * factor_y
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        if source is None:
            strip = _bitmap_rows(file, file.bitmap, top, bottom)  # type: ignore[arg-type]
        else:
            strip = _rows(source, file, top, bottom, width)
        part = Image.fromarray(strip)
        if factor_x > 1 or factor_y > 1:
            part = part.reduce((factor_x, factor_y))
        target.paste(part.convert("RGB"), (0, top // factor_y))
    return target, box


def _rows(source: Image.Image, file: ImageFile, top: int, bottom: int, width: int) -> np.ndarray:
    """Rows of the image as RGB; white where the frame does not cover it."""
    left, above = file.offset
    if file.coded == (file.width, file.height):
        return _as_rgb(source.crop((0, top, width, bottom)), file)
    ground = np.full((bottom - top, width, 3), 255, dtype=np.uint8)
    first, last = max(top, above), min(bottom, above + source.height)
    if first < last:
        part = _as_rgb(source.crop((0, first - above, source.width, last - above)), file)
        ground[first - top : last - top, left : left + source.width] = part if part.ndim == 3 else part[..., None]
    return ground


def _as_rgb(image: Image.Image, file: ImageFile) -> np.ndarray:
    """Decoded samples as uint8 ``[H,W,3]``, or ``[H,W]`` when they are grey."""
    if image.mode == "1":
        image = image.convert("L")
    samples = np.asarray(image)
    if file.palette is not None:
        return _looked_up(samples, file)
    if image.mode.startswith("I"):
        # In place: strips of 32-bit integers are the largest there are.
        scaled = samples.astype(np.float32)
        scaled *= np.float32(1 / 257)
        scaled += np.float32(0.5)
        samples = scaled.clip(0, 255).astype(np.uint8)
        if file.white_is_zero:
            samples = 255 - samples
    if image.mode == "CMYK":
        return _from_cmyk(samples)
    if samples.ndim == 3 and samples.shape[2] in (2, 4):
        return _on_white(np.broadcast_to(samples[..., :-1], (*samples.shape[:2], 3)), samples[..., -1])
    if file.key is not None:
        key = [value * 255 // ((1 << file.depth) - 1) for value in file.key]
        hit = (samples == key[0]) if samples.ndim == 2 else (samples == key).all(axis=2, keepdims=True)
        samples = np.where(hit, np.uint8(255), samples)
    return np.ascontiguousarray(samples)


def _looked_up(indexes: np.ndarray, file: ImageFile) -> np.ndarray:
    assert file.palette is not None
    assert file.alpha is not None
    colours = np.frombuffer(file.palette, dtype=np.uint8).reshape(256, 3)
    return _on_white(colours, np.frombuffer(file.alpha, dtype=np.uint8))[indexes]


def _on_white(colours: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    opacity = alpha[..., None].astype(np.uint32)
    mixed = colours * opacity + 255 * (255 - opacity)
    return ((mixed + 127) // 255).astype(np.uint8)


def _from_cmyk(inks: np.ndarray) -> np.ndarray:
    """What is left of white after each ink and black: ``(255 - ink) × (255 - black) / 255``."""
    paper = 255 - inks.astype(np.uint32)
    return ((paper[..., :3] * paper[..., 3:] + 127) // 255).astype(np.uint8)


def _bitmap_rows(file: ImageFile, bitmap: Bitmap, top: int, bottom: int) -> np.ndarray:
    """Rows of a BMP. Pillow reads fewer kinds than the platform does."""
    stride = (file.width * bitmap.bits + 31) // 32 * 4
    first = top if bitmap.top_down else file.height - bottom
    start = bitmap.data_offset + stride * first
    raw = np.frombuffer(file.content, dtype=np.uint8, count=stride * (bottom - top), offset=start)
    rows = raw.reshape(bottom - top, stride)
    if not bitmap.top_down:
        rows = rows[::-1]
    if bitmap.bits <= 8:
        bits = np.unpackbits(rows, axis=1).reshape(bottom - top, -1, bitmap.bits)[:, : file.width]
        weights = 1 << np.arange(bitmap.bits - 1, -1, -1)
        return _looked_up((bits * weights).sum(axis=2), file)
    if bitmap.bits == 24:
        return np.ascontiguousarray(rows[:, : file.width * 3].reshape(bottom - top, file.width, 3)[..., ::-1])
    words = np.ascontiguousarray(rows).view("<u2" if bitmap.bits == 16 else "<u4")[:, : file.width]
    channels = [_masked(words, mask) for mask in bitmap.masks]
    colours = np.stack(channels[:3], axis=2)
    return _on_white(colours, channels[3]) if bitmap.masks[3] else colours


def _masked(words: np.ndarray, mask: int) -> np.ndarray:
    if mask == 0:
        return np.zeros(words.shape, dtype=np.uint8)
    shift = (mask & -mask).bit_length() - 1
    values = ((words & mask) >> shift).astype(np.uint64)
    return (values * 255 // (mask >> shift)).astype(np.uint8)
