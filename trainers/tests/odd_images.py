"""Odd image files, each with what it shows or that it is refused: ``python3 odd_images.py FOLDER``.

Every file shows the same small picture, in colour or grey, some with a transparent part whose hidden colour must not be
seen. What a file shows is known from how it was made, not from a decoder. The trainer's tests and those of the platform
(``tests/Infrastructure.Tests/Images``) compare their own reading with the ``expected.json`` that this script writes:
``{name: {"width", "height", "cells"}}``, with the mean RGB of 4 × 4 cells row by row, or ``{name: {"refused": true}}``.
"""

from __future__ import annotations

import io
import json
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WIDTH, HEIGHT, CELLS = 64, 48, 4
#: Mean and largest difference of the cells that two right decoders may have; JPEG and the roundings need this much.
MEAN_BOUND, CELL_BOUND = 3.0, 10.0


@dataclass(frozen=True)
class Odd:
    """A file, and the upright picture that it shows; None when it must be refused."""

    data: bytes
    shows: np.ndarray | None


def picture() -> np.ndarray:
    """Colours change slowly, and no turn or reflection leaves the picture as it is."""
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    return np.stack((40 + 200 * x, 30 + 180 * y, 220 - 150 * x * (1 - y)), axis=2).astype(np.uint8)


def grey_picture() -> np.ndarray:
    x, y = np.meshgrid(np.linspace(0, 1, WIDTH), np.linspace(0, 1, HEIGHT))
    return (20 + 150 * x + 70 * y).astype(np.uint8)


def as_rgb(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def on_white(colour: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    share = alpha[..., None] / 255
    return (colour * share + 255 * (1 - share)).round().astype(np.uint8)


def cells(image: np.ndarray) -> list[list[float]]:
    """The mean RGB of each cell, row by row."""
    height, width = image.shape[:2]
    rows = [height * index // CELLS for index in range(CELLS + 1)]
    columns = [width * index // CELLS for index in range(CELLS + 1)]
    return [
        [round(float(value), 2) for value in image[top:bottom, left:right].reshape(-1, 3).mean(axis=0)]
        for top, bottom in zip(rows, rows[1:], strict=False)
        for left, right in zip(columns, columns[1:], strict=False)
    ]


def expected(odd: Odd) -> dict[str, Any]:
    if odd.shows is None:
        return {"refused": True}
    return {"width": odd.shows.shape[1], "height": odd.shows.shape[0], "cells": cells(odd.shows)}


# PNG


def chunk(kind: bytes, body: bytes, *, sound: bool = True) -> bytes:
    crc = zlib.crc32(kind + body) ^ (0 if sound else 1)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def png(
    samples: np.ndarray, depth: int, colour: int, before: bytes = b"", after: bytes = b"", interlaced: bool = False,
    wrong_adler: bool = False, leave_out: int = 0,
) -> bytes:  # fmt: skip
    """``samples`` are ``[H,W,channels]`` in stored values; ``before`` and ``after`` are chunks around the data."""
    height, width = samples.shape[:2]
    passes = _ADAM7 if interlaced else ((0, 0, 1, 1),)
    raw = b"".join(_png_rows(samples[top::down, left::right], depth) for left, top, right, down in passes)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
    packed = zlib.compress(raw[: len(raw) - leave_out * (len(raw) // height)])
    if wrong_adler:
        packed = packed[:-1] + bytes((packed[-1] ^ 1,))
    return start + chunk(b"IDAT", packed) + after + chunk(b"IEND", b"")


#: Left, top, and the steps to the right and down of each pass.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _png_rows(samples: np.ndarray, depth: int) -> bytes:
    height = samples.shape[0]
    flat = samples.reshape(height, -1)
    if depth == 16:
        rows = flat.astype(">u2").view(np.uint8).reshape(height, -1)
    elif depth == 8:
        rows = flat.astype(np.uint8)
    else:
        bits = (flat[..., None].astype(np.uint8) >> np.arange(depth - 1, -1, -1)) & 1
        rows = np.packbits(bits.reshape(height, -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


def with_alpha(colour: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Samples whose left third is transparent red that nobody may see; and what they show."""
    alpha = np.full(colour.shape[:2], 255, dtype=np.uint8)
    alpha[:, : WIDTH // 3] = 0
    alpha[: HEIGHT // 2, WIDTH // 2 :] = 128
    hidden = colour.copy()
    hidden[:, : WIDTH // 3] = 255 if colour.ndim == 2 else (255, 0, 0)
    if colour.ndim == 2:
        hidden[:, : WIDTH // 3] = 0
        return np.dstack((hidden, alpha)), on_white(as_rgb(colour), alpha)
    return np.dstack((hidden, alpha)), on_white(colour, alpha)


def quantised(grey: np.ndarray, depth: int) -> tuple[np.ndarray, np.ndarray]:
    """Stored values of few bits and what they show."""
    most = (1 << depth) - 1
    stored = (grey.astype(int) * most + 127) // 255
    return stored[..., None], as_rgb((stored * 255 // most).astype(np.uint8))


def indexed() -> tuple[np.ndarray, bytes, np.ndarray]:
    """Indexes, a palette of 64 colours, and what they show."""
    image = Image.fromarray(picture()).quantize(64, dither=Image.Dither.NONE)
    table = bytes(image.getpalette()[:192])  # type: ignore[index]
    indexes = np.asarray(image)
    return indexes[..., None], table, np.frombuffer(table, dtype=np.uint8).reshape(-1, 3)[indexes]


def keyed() -> tuple[np.ndarray, np.ndarray]:
    """A colour picture with a corner of one colour that is to be transparent."""
    samples = picture()
    samples[:20, :30] = (1, 2, 3)
    shown = samples.copy()
    shown[:20, :30] = 255
    return samples, shown


def png_files() -> dict[str, Odd]:
    colour, grey = picture(), grey_picture()
    rgba, rgba_shows = with_alpha(colour)
    grey_alpha, grey_alpha_shows = with_alpha(grey)
    indexes, table, indexed_shows = indexed()
    some_clear = indexed_shows.copy()
    some_clear[indexes[..., 0] < 8] = 255
    keyed_samples, keyed_shows = keyed()
    two_bits, two_bits_show = quantised(grey, 2)
    two_clear = two_bits_show.copy()
    two_clear[two_bits[..., 0] == 2] = 255
    beyond = indexed_shows.copy()
    beyond[indexes[..., 0] >= 32] = 0
    profile = zlib.compress(b"no colour profile at all")
    frame = struct.pack(">IIIIIHHBB", 0, WIDTH, HEIGHT, 0, 0, 1, 10, 0, 0)
    damaged = [
        ("text", chunk(b"zTXt", b"Comment\0\0not compressed")), ("profile", chunk(b"iCCP", b"x\0\0" + profile)),
        ("checksum", chunk(b"tEXt", b"Comment\0hello", sound=False)), ("gamma", chunk(b"gAMA", b"\0")),
        ("animation", chunk(b"acTL", struct.pack(">II", 2, 0)) + chunk(b"fcTL", frame)),
        ("exif", chunk(b"eXIf", b"II*\0\xff\xff\xff\xff")), ("unit", chunk(b"pHYs", b"\0\0")),
    ]  # fmt: skip
    files = {
        **{f"png-damaged-{name}": Odd(png(colour, 8, 2, before=extra), colour) for name, extra in damaged},
        "png-grey-1": Odd(png(quantised(grey, 1)[0], 1, 0), quantised(grey, 1)[1]),
        "png-grey-2-transparent": Odd(png(two_bits, 2, 0, before=chunk(b"tRNS", b"\0\2")), two_clear),
        "png-grey-4": Odd(png(quantised(grey, 4)[0], 4, 0), quantised(grey, 4)[1]),
        "png-grey-16": Odd(png(grey[..., None].astype(int) * 257, 16, 0), as_rgb(grey)),
        "png-grey-16-dark": Odd(png(grey[..., None].astype(int), 16, 0), np.zeros((HEIGHT, WIDTH, 3), np.uint8)),
        "png-grey-alpha": Odd(png(grey_alpha, 8, 4), grey_alpha_shows),
        "png-grey-alpha-16": Odd(png(grey_alpha.astype(int) * 257, 16, 4), grey_alpha_shows),
        "png-rgb-16": Odd(png(colour.astype(int) * 257, 16, 2), colour),
        "png-rgba": Odd(png(rgba, 8, 6), rgba_shows),
        "png-rgba-16": Odd(png(rgba.astype(int) * 257, 16, 6), rgba_shows),
        "png-palette": Odd(png(indexes, 8, 3, before=chunk(b"PLTE", table)), indexed_shows),
        "png-palette-transparent": Odd(
            png(indexes, 8, 3, before=chunk(b"PLTE", table) + chunk(b"tRNS", bytes(8))), some_clear
        ),
        "png-index-beyond-the-palette": Odd(png(indexes, 8, 3, before=chunk(b"PLTE", table[:96])), beyond),
        "png-rgb-transparent": Odd(
            png(keyed_samples, 8, 2, before=chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3))), keyed_shows
        ),
        "png-rgb-16-transparent": Odd(
            png(keyed_samples.astype(int) * 257, 16, 2, before=chunk(b"tRNS", struct.pack(">HHH", 257, 514, 771))), None
        ),
        "png-cut": Odd(png(colour, 8, 2)[:-200], None),
        "png-damaged-data": Odd(png(colour, 8, 2).replace(b"IDAT\x78\x9c", b"IDAT\x78\x9d"), None),
        "png-unknown-critical": Odd(png(colour, 8, 2, before=chunk(b"ABCD", b"")), None),
        "png-without-data": Odd(png(colour, 8, 2)[:33] + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""), None),
    }
    grey_clear = as_rgb(grey).copy()
    grey_clear[grey == 100] = 255
    files["png-grey-transparent"] = Odd(png(grey[..., None], 8, 0, before=chunk(b"tRNS", b"\0\x64")), grey_clear)
    one_bit = quantised(grey, 1)[0]
    files["png-grey-1-transparent"] = Odd(
        png(one_bit, 1, 0, before=chunk(b"tRNS", b"\0\0")), np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    )
    for depth in (1, 2, 4):
        few = quantised(grey, depth)[0]
        colours = np.arange(3 << depth, dtype=np.uint8) * 5
        table = chunk(b"PLTE", colours.tobytes())
        files[f"png-palette-{depth}"] = Odd(png(few, depth, 3, before=table), colours.reshape(-1, 3)[few[..., 0]])
    files["png-interlaced"] = Odd(png(colour, 8, 2, interlaced=True), colour)
    files["png-wrong-adler"] = Odd(png(colour, 8, 2, wrong_adler=True), None)
    files["png-rows-missing"] = Odd(png(colour, 8, 2, leave_out=9), None)
    for orientation in (6, 3):
        stored = stored_as(colour, orientation)
        exif = chunk(b"eXIf", exif_block(orientation))
        files[f"png-exif-{orientation}"] = Odd(png(stored, 8, 2, after=exif), colour)
    return files


# EXIF and JPEG


def exif_block(orientation: int, order: str = "<", kind: int = 3, extra: bytes = b"", count: int = 1) -> bytes:
    """A directory with the orientation; ``extra`` are whole entries before it."""
    value = struct.pack(order + "HH", orientation, 0)
    entry = struct.pack(order + "HHI", 0x0112, kind, count) + value
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + struct.pack(order + "H", 1 + len(extra) // 12) + extra + entry + bytes(4)


def stored_as(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels that an image with this orientation stores to show ``upright``."""
    undo: dict[int, Callable[[np.ndarray], np.ndarray]] = {
        1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
        5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).swapaxes(0, 1), 8: lambda a: np.rot90(a, 3),
    }  # fmt: skip
    return np.ascontiguousarray(undo[orientation](upright))


def saved(image: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    (Image.fromarray(image) if isinstance(image, np.ndarray) else image).save(buffer, kind, **options)
    return buffer.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(image: np.ndarray, *segments: bytes, **options: Any) -> bytes:
    data = saved(image, "JPEG", quality=95, subsampling=0, **options)
    return data[:2] + b"".join(segments) + data[2:]


def jpeg_files() -> dict[str, Odd]:
    colour, grey = picture(), grey_picture()
    inks = 255 - colour
    black = np.full((HEIGHT, WIDTH, 1), 64, dtype=np.uint8)
    cmyk = np.dstack((inks, black))
    cmyk_shows = (colour.astype(int) * (255 - 64) // 255).astype(np.uint8)
    adobe = saved(Image.frombytes("CMYK", (WIDTH, HEIGHT), cmyk.tobytes()), "JPEG", quality=98, subsampling=0)
    at = adobe.index(b"\xff\xee")
    plain = adobe[:at] + adobe[at + 16 :]
    broken_width = struct.pack("<HHI4s", 0x0100, 2, 4, b"abc\0")
    blocks = {
        "exif-width-as-text": exif_block(6, extra=broken_width),
        "exif-big-endian": exif_block(6, ">"),
        "exif-offset-outside": exif_block(6, extra=struct.pack("<HHII", 0x010F, 2, 999, 0xFFFFFF00)),
        "exif-many-values": exif_block(6, extra=struct.pack("<HHII", 0x0111, 4, 0xFFFFFFFF, 8)),
    }
    turned = stored_as(colour, 6)
    files = {f"jpeg-{name}": Odd(jpeg(turned, segment(0xE1, b"Exif\0\0" + block)), colour) for name, block in blocks.items()}
    broken = {
        "exif-as-text": exif_block(6, kind=2), "exif-nine": exif_block(9), "exif-cut": exif_block(6)[:12],
        "exif-junk": b"\xff" * 40, "exif-empty": b"", "exif-no-directory": b"II*\0\xff\xff\xff\x7f",
    }  # fmt: skip
    files |= {
        f"jpeg-{name}": Odd(jpeg(colour, segment(0xE1, b"Exif\0\0" + block)), colour) for name, block in broken.items()
    }
    for orientation in range(1, 9):
        block = segment(0xE1, b"Exif\0\0" + exif_block(orientation))
        files[f"jpeg-orientation-{orientation}"] = Odd(jpeg(stored_as(colour, orientation), block), colour)
    as_ycc = saved(Image.frombytes("YCbCr", (WIDTH, HEIGHT), colour.tobytes()), "JPEG", quality=97, subsampling=0)
    adobe_rgb = as_ycc[:2] + segment(0xEE, b"Adobe\0\x64\0\0\0\0\0") + as_ycc[20:]
    data = jpeg(colour)
    mpf = b"MPF\0II*\0\x08\0\0\0\x01\0\x01\xb0\x04\0\x01\0\0\0\x02\0\0\0\0\0\0\0"
    return files | {
        "jpeg-grey": Odd(jpeg(grey), as_rgb(grey)),
        "jpeg-progressive": Odd(jpeg(colour, progressive=True), colour),
        "jpeg-cmyk-adobe": Odd(adobe, cmyk_shows),
        "jpeg-cmyk-plain": Odd(plain, cmyk_shows),
        "jpeg-several-pictures": Odd(jpeg(colour, segment(0xE2, mpf)), colour),
        "jpeg-broken-profile": Odd(jpeg(colour, segment(0xE2, b"ICC_PROFILE\0\1\1junk")), colour),
        "jpeg-fill-bytes": Odd(jpeg(colour, b"\xff\xff", segment(0xFE, b"hello")), colour),
        "jpeg-rgb": Odd(adobe_rgb, colour),
        "jpeg-subsampled": Odd(saved(colour, "JPEG", quality=95, subsampling=2), colour),
        "jpeg-trailing-bytes": Odd(data + b"trailing" * 50, colour),
        "jpeg-cut": Odd(jpeg(colour)[:-300], None),
        "jpeg-arithmetic": Odd(jpeg(colour).replace(b"\xff\xc0", b"\xff\xc9", 1), None),
        "jpeg-twelve-bits": Odd(jpeg(colour).replace(b"\xff\xc0\0\x11\x08", b"\xff\xc0\0\x11\x0c", 1), None),
    }


# TIFF


def tiff(
    samples: np.ndarray, photometric: int, *, bits: int, order: str = "<", kind: int = 1, extra: int | None = None,
    orientation: int | None = None, tags: tuple[tuple[int, int, list[int]], ...] = (), big: bool = False,
) -> bytes:  # fmt: skip
    """An uncompressed TIFF of one strip. ``samples`` are ``[H,W,channels]``, already of the stored type."""
    height, width, channels = samples.shape
    if bits < 8:
        spread = (samples.reshape(height, -1, 1) >> np.arange(bits - 1, -1, -1)) & 1
        pixels = np.packbits(spread.reshape(height, -1).astype(np.uint8), axis=1).tobytes()
    else:
        pixels = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    codes = {3: "H", 4: "I", 16: "Q"}
    entries: list[tuple[int, int, list[int]]] = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * channels), (259, 3, [1]), (262, 3, [photometric]),
        (273, 4, [-1]), (277, 3, [channels]), (278, 4, [height]), (279, 4, [len(pixels)]), (339, 3, [kind] * channels),
        *tags,
    ]  # fmt: skip
    entries += [(338, 3, [extra])] if extra is not None else []
    entries += [(274, 3, [orientation])] if orientation is not None else []
    size, word = (20, "Q") if big else (12, "I")
    start = 16 if big else 8
    after = start + (8 if big else 2) + len(entries) * size + (8 if big else 4)
    outside = b""
    directory = struct.pack(order + ("Q" if big else "H"), len(entries))
    place = after + sum(len(values) * 4 for _, _, values in entries)
    for tag, code, values in sorted(entries):
        values = [place] if values == [-1] else values
        packed = struct.pack(f"{order}{len(values)}{codes[code]}", *values)
        inline = 8 if big else 4
        if len(packed) > inline:
            packed, outside = struct.pack(order + word, after + len(outside)), outside + packed
        directory += struct.pack(order + "HH" + word, tag, code, len(values)) + packed.ljust(inline, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = mark + (struct.pack(order + "HHHQ", 43, 8, 0, 16) if big else struct.pack(order + "HI", 42, 8))
    body = head + directory + bytes(8 if big else 4) + outside
    return body.ljust(place, b"\0") + pixels


def tiled_tiff(image: np.ndarray, side: int = 32) -> bytes:
    """An uncompressed TIFF of tiles that reach over the edges."""
    height, width = image.shape[:2]
    across, down = -(-width // side), -(-height // side)
    padded = np.zeros((down * side, across * side, 3), dtype=np.uint8)
    padded[:height, :width] = image
    tiles = [
        padded[y * side : (y + 1) * side, x * side : (x + 1) * side].tobytes() for y in range(down) for x in range(across)
    ]  # fmt: skip
    size, count = side * side * 3, len(tiles)
    entries = [
        (256, 4, [width]), (257, 4, [height]), (258, 3, [8, 8, 8]), (259, 3, [1]), (262, 3, [2]), (277, 3, [3]),
        (322, 3, [side]), (323, 3, [side]), (324, 4, [-1] * count), (325, 4, [size] * count),
    ]  # fmt: skip
    after = 8 + 2 + 12 * len(entries) + 4
    start = after + 6 + 8 * count
    directory, outside = struct.pack("<H", len(entries)), b""
    for tag, code, values in entries:
        values = [start + number * size for number in range(count)] if values[0] == -1 else values
        packed = struct.pack(f"<{len(values)}{'H' if code == 3 else 'I'}", *values)
        if len(packed) > 4:
            packed, outside = struct.pack("<I", after + len(outside)), outside + packed
        directory += struct.pack("<HHI", tag, code, len(values)) + packed.ljust(4, b"\0")
    return b"II*\0\x08\0\0\0" + directory + bytes(4) + outside + b"".join(tiles)


def tiff_files() -> dict[str, Odd]:
    colour, grey = picture(), grey_picture()
    rgba, rgba_shows = with_alpha(colour)
    premultiplied = rgba.copy()
    premultiplied[..., :3] = (rgba[..., :3].astype(int) * rgba[..., 3:] // 255).astype(np.uint8)
    grey_alpha, grey_alpha_shows = with_alpha(grey)
    indexes, table, indexed_shows = indexed()
    planes = np.zeros((3, 256), dtype=int)
    planes[:, :64] = np.frombuffer(table, dtype=np.uint8).reshape(-1, 3).T.astype(int) * 257
    cmyk = np.dstack((255 - colour, np.full((HEIGHT, WIDTH), 64, dtype=np.uint8)))
    wide, wide_rgb = grey[..., None].astype(np.uint16) * 257, colour.astype(np.uint16) * 257
    share = (grey / 255).astype(np.float32)[..., None]
    files = {
        "tiff-grey": Odd(tiff(grey[..., None], 1, bits=8), as_rgb(grey)),
        "tiff-white-is-zero": Odd(tiff(255 - grey[..., None], 0, bits=8), as_rgb(grey)),
        "tiff-grey-16": Odd(tiff(wide, 1, bits=16), as_rgb(grey)),
        "tiff-grey-16-big-endian": Odd(tiff(wide, 1, bits=16, order=">"), as_rgb(grey)),
        "tiff-white-is-zero-16": Odd(tiff(65535 - wide, 0, bits=16), as_rgb(grey)),
        "tiff-white-is-zero-1": Odd(tiff(1 - quantised(grey, 1)[0], 0, bits=1), quantised(grey, 1)[1]),
        "tiff-grey-1": Odd(tiff(quantised(grey, 1)[0], 1, bits=1), quantised(grey, 1)[1]),
        "tiff-grey-4": Odd(tiff(quantised(grey, 4)[0], 1, bits=4), quantised(grey, 4)[1]),
        "tiff-white-is-zero-4": Odd(tiff(15 - quantised(grey, 4)[0], 0, bits=4), quantised(grey, 4)[1]),
        "tiff-rgb-16": Odd(tiff(wide_rgb, 2, bits=16), colour),
        "tiff-rgba": Odd(tiff(rgba, 2, bits=8, extra=2), rgba_shows),
        "tiff-rgba-16": Odd(tiff(rgba.astype(np.uint16) * 257, 2, bits=16, extra=2), rgba_shows),
        "tiff-rgba-premultiplied": Odd(tiff(premultiplied, 2, bits=8, extra=1), rgba_shows),
        "tiff-grey-alpha": Odd(tiff(grey_alpha, 1, bits=8, extra=2), grey_alpha_shows),
        "tiff-palette": Odd(tiff(indexes, 3, bits=8, tags=((320, 3, planes.flatten().tolist()),)), indexed_shows),
        "tiff-cmyk": Odd(tiff(cmyk, 5, bits=8), (colour.astype(int) * (255 - 64) // 255).astype(np.uint8)),
        "tiff-big": Odd(tiff(colour, 2, bits=8, big=True), colour),
        "tiff-tiled": Odd(tiled_tiff(colour), colour),
        "tiff-tiled-cut": Odd(tiled_tiff(colour)[:-5000], None),
        "tiff-packbits": Odd(saved(colour, "TIFF", compression="packbits"), colour),
        "tiff-predictor": Odd(saved(colour, "TIFF", compression="tiff_lzw", tiffinfo={317: 2}), colour),
        "tiff-grey-2": Odd(tiff(quantised(grey, 2)[0], 1, bits=2), quantised(grey, 2)[1]),
        "tiff-palette-4": Odd(
            tiff(quantised(grey, 4)[0], 3, bits=4, tags=((320, 3, [v * 4096 for v in range(16)] * 3),)),
            as_rgb((quantised(grey, 4)[0][..., 0] * 16).astype(np.uint8)),
        ),
        "tiff-lzw": Odd(saved(colour, "TIFF", compression="tiff_lzw"), colour),
        "tiff-deflate": Odd(saved(colour, "TIFF", compression="tiff_adobe_deflate"), colour),
        "tiff-jpeg": Odd(saved(colour, "TIFF", compression="jpeg"), colour),
        "tiff-group4": Odd(
            saved(Image.fromarray(grey > 127), "TIFF", compression="group4"), as_rgb(((grey > 127) * 255).astype(np.uint8))
        ),
        "tiff-two-pages": Odd(
            saved(colour, "TIFF", save_all=True, append_images=[Image.new("RGB", (9, 9))]), colour
        ),
        "tiff-broken-exif-pointer": Odd(tiff(colour, 2, bits=8, tags=((34665, 4, [0x7FFFFFFF]),)), colour),
        "tiff-float": Odd(tiff(share, 1, bits=32, kind=3), None),
        "tiff-float-rgb": Odd(tiff(np.repeat(share, 3, axis=2), 2, bits=32, kind=3), None),
        "tiff-grey-32": Odd(tiff(grey[..., None].astype(np.uint32) << 24, 1, bits=32), None),
        "tiff-signed-16": Odd(tiff(wide.astype(np.int16), 1, bits=16, kind=2), None),
        "tiff-lab": Odd(tiff(colour, 8, bits=8), None),
        "tiff-cut": Odd(tiff(colour, 2, bits=8)[:-500], None),
    }
    for orientation in (2, 5, 6, 7, 8):
        stored = stored_as(colour, orientation)
        files[f"tiff-orientation-{orientation}"] = Odd(tiff(stored, 2, bits=8, orientation=orientation), colour)
        if orientation == 6:
            packed = saved(stored, "TIFF", compression="tiff_lzw", tiffinfo={274: orientation})
            files["tiff-orientation-6-lzw"] = Odd(packed, colour)
    return files


# GIF, WebP, BMP


def damaged(data: bytes, position: int) -> bytes:
    return data[:position] + b"\xff\xff\xff\xff" + data[position + 4 :]


def gif_files() -> dict[str, Odd]:
    indexes, table, shows = indexed()
    still = Image.fromarray(indexes[..., 0], "P")
    still.putpalette(table)
    some_clear = shows.copy()
    some_clear[indexes[..., 0] == 3] = 255
    data = saved(still, "GIF")
    other = Image.new("P", (WIDTH, HEIGHT), 0)
    other.putpalette(table)
    at = data.index(b"\x2c")
    small = np.full((HEIGHT + 20, WIDTH + 10, 3), 255, dtype=np.uint8)
    small[12 : 12 + HEIGHT, 6 : 6 + WIDTH] = shows
    placed = (
        data[:6] + struct.pack("<HH", WIDTH + 10, HEIGHT + 20) + data[10 : at + 1]
        + struct.pack("<HH", 6, 12) + data[at + 5 :]
    )  # fmt: skip
    return {
        "gif": Odd(data, shows),
        "gif-transparent": Odd(saved(still, "GIF", transparency=3), some_clear),
        "gif-interlaced": Odd(saved(still, "GIF", interlace=1), shows),
        "gif-animation": Odd(saved(still, "GIF", save_all=True, append_images=[other], duration=50), shows),
        "gif-frame-smaller-than-screen": Odd(placed, small),
        "gif-screen-smaller-than-frame": Odd(data[:6] + struct.pack("<HH", 8, 8) + data[10:], shows),
        "gif-cut": Odd(data[:-200], None),
        "gif-data-ends-early": Odd(data[: at + 11 + 1] + b"\x02\x44\x01\0\x3b", None),
        "gif-damaged-data": Odd(damaged(data, data.index(b"\x2c") + 60), None),
    }


def riff(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def webp_files() -> dict[str, Odd]:
    colour = picture()
    rgba, shows = with_alpha(colour)
    exif = b"Exif\0\0" + exif_block(6)
    other = Image.new("RGB", (WIDTH, HEIGHT), "red")
    turned = Image.fromarray(stored_as(colour, 6))
    frame = saved(colour, "WEBP", lossless=True)[12:]
    placed = np.full((HEIGHT + 20, WIDTH + 10, 3), 255, dtype=np.uint8)
    placed[12 : 12 + HEIGHT, 6 : 6 + WIDTH] = colour
    three = [value.to_bytes(3, "little") for value in (WIDTH + 9, HEIGHT + 19, 3, 6, WIDTH - 1, HEIGHT - 1)]
    body = (
        riff(b"VP8X", bytes((2, 0, 0, 0)) + three[0] + three[1]) + riff(b"ANIM", bytes(6))
        + riff(b"ANMF", three[2] + three[3] + three[4] + three[5] + bytes(4) + frame)
    )  # fmt: skip
    return {
        "webp-frame-smaller-than-canvas": Odd(riff(b"RIFF", b"WEBP" + body), placed),
        "webp": Odd(saved(colour, "WEBP", quality=95), colour),
        "webp-lossless-alpha": Odd(saved(rgba, "WEBP", lossless=True, exact=True), shows),
        "webp-alpha": Odd(saved(rgba, "WEBP", quality=98), shows),
        "webp-exif": Odd(saved(turned, "WEBP", lossless=True, exif=exif), colour),
        "webp-broken-exif": Odd(saved(colour, "WEBP", lossless=True, exif=b"II*\0\xff\xff\xff\xff"), colour),
        "webp-broken-profile": Odd(saved(colour, "WEBP", lossless=True, icc_profile=b"junk"), colour),
        "webp-animation": Odd(
            saved(Image.fromarray(colour), "WEBP", lossless=True, save_all=True, append_images=[other]), colour
        ),
        "webp-cut": Odd(saved(colour, "WEBP", quality=95)[:-100], None),
    }


def bmp(width: int, height: int, bits: int, rows: bytes, *, compression: int = 0, info: int = 40, table: bytes = b"",
        masks: bytes = b"") -> bytes:  # fmt: skip
    """A bitmap whose ``rows`` come as they are stored; a negative height means from the top down."""
    header = struct.pack("<IiiHHIIiiII", info, width, height, 1, bits, compression, len(rows), 0, 0, len(table) // 4, 0)
    header = (header + masks).ljust(info, b"\0") if info > 40 else header + masks
    offset = 14 + len(header) + len(table)
    return b"BM" + struct.pack("<IHHI", offset + len(rows), 0, 0, offset) + header + table + rows


def bmp_rows(samples: np.ndarray, bits: int) -> bytes:
    spread = (np.flipud(samples).reshape(samples.shape[0], -1, 1) >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(spread.reshape(samples.shape[0], -1).astype(np.uint8), axis=1).tobytes()


def greys(bits: int) -> bytes:
    return b"".join(bytes((value * 255 // ((1 << bits) - 1),)) * 3 + b"\0" for value in range(1 << bits))


def bmp_files() -> dict[str, Odd]:
    colour = picture()
    rgba, rgba_shows = with_alpha(colour)
    bgra = rgba[..., [2, 1, 0, 3]]
    red, green, blue = (colour[..., part].astype(np.uint16) for part in range(3))
    short = (red >> 3 << 11 | green >> 2 << 5 | blue >> 3).astype("<u2")
    indexes, table, shows = indexed()
    entries = b"".join(table[at : at + 3][::-1] + b"\0" for at in range(0, 192, 3))
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    upside_down = np.flipud
    return {
        "bmp-24": Odd(bmp(WIDTH, HEIGHT, 24, upside_down(colour[..., ::-1]).tobytes()), colour),
        "bmp-top-down": Odd(bmp(WIDTH, -HEIGHT, 24, colour[..., ::-1].tobytes()), colour),
        "bmp-32-ignores-the-fourth-byte": Odd(
            bmp(WIDTH, HEIGHT, 32, upside_down(np.dstack((colour[..., ::-1], rgba[..., 3]))).tobytes()), colour
        ),
        "bmp-32-alpha": Odd(
            bmp(WIDTH, HEIGHT, 32, upside_down(bgra).tobytes(), compression=3, info=108, masks=masks), rgba_shows
        ),
        "bmp-16": Odd(
            bmp(WIDTH, HEIGHT, 16, upside_down(short).tobytes(), compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F)),
            colour,
        ),
        "bmp-palette": Odd(bmp(WIDTH, HEIGHT, 8, upside_down(indexes[..., 0]).tobytes(), table=entries), shows),
        "bmp-4": Odd(
            bmp(WIDTH, HEIGHT, 4, bmp_rows(quantised(grey_picture(), 4)[0], 4), table=greys(4)), quantised(grey_picture(), 4)[1]
        ),
        "bmp-1": Odd(
            bmp(WIDTH, HEIGHT, 1, bmp_rows(quantised(grey_picture(), 1)[0], 1), table=greys(1)), quantised(grey_picture(), 1)[1]
        ),
        "bmp-run-length": Odd(bmp(WIDTH, HEIGHT, 8, bytes(64), compression=1, table=entries), None),
        "bmp-cut": Odd(bmp(WIDTH, HEIGHT, 24, upside_down(colour).tobytes()[:-100]), None),
    }


def other_files() -> dict[str, Odd]:
    colour = picture()
    return {
        "eps": Odd(saved(colour, "EPS"), None),
        "ppm": Odd(saved(colour, "PPM"), None),
        "ico": Odd(saved(colour, "ICO"), None),
        "pdf": Odd(saved(colour, "PDF"), None),
        "tga": Odd(saved(colour, "TGA"), None),
        "empty": Odd(b"", None),
    }


def odd_images() -> dict[str, Odd]:
    """Every file by its name."""
    return {
        **png_files(), **jpeg_files(), **tiff_files(), **gif_files(), **webp_files(), **bmp_files(), **other_files(),
    }  # fmt: skip


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = odd_images()
    for name, odd in files.items():
        (folder / name).write_bytes(odd.data)
    answers = {
        "meanBound": MEAN_BOUND, "cellBound": CELL_BOUND, "files": {name: expected(odd) for name, odd in files.items()}
    }  # fmt: skip
    (folder / "expected.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
