"""Reads the structure of image files: type, size, orientation, layout of the samples. Decodes no pixel.

Every reader returns the file with nothing but what its pixels need, so that no decoder ever sees a colour profile, an
EXIF block, a comment or a second frame. ``src/Images/Files`` does the same in the platform: a change
here is a change there. ``docs/images.md`` has the rule in words.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import replace

from .image_file import Bitmap, ImageFile, ImageTooLarge, UnreadableImage
from .image_file_jpeg import read_jpeg
from .image_file_tiff import TIFF_HEADERS, exif_orientation, read_tiff

__all__ = ["Bitmap", "ImageFile", "ImageTooLarge", "UnreadableImage", "png_is_whole", "read_file"]


def read_file(data: bytes) -> ImageFile:
    """Recognises the type by the first bytes and reads the structure; raises :class:`UnreadableImage`."""
    readers = (
        (data[:3] == b"\xff\xd8\xff", read_jpeg),
        (data[:8] == b"\x89PNG\r\n\x1a\n", _png),
        (data[:6] in (b"GIF87a", b"GIF89a"), _gif),
        (data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
        (data[:4] in TIFF_HEADERS, read_tiff),
        (data[:2] == b"BM" and data[6:10] == bytes(4), _bmp),
    )
    reader = next((read for matches, read in readers if matches), None)
    if reader is None:
        raise UnreadableImage("is no JPEG, PNG, GIF, BMP, WebP or TIFF file")
    try:
        file = reader(data)
    except (IndexError, struct.error) as error:
        raise UnreadableImage("has a damaged header") from error
    if file.width < 1 or file.height < 1:
        raise UnreadableImage("has no pixels")
    return file if file.coded != (0, 0) else replace(file, coded=(file.width, file.height))


_PNG_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def _png(data: bytes) -> ImageFile:
    kept = [data[:8]]
    header = table = transparent = b""
    has_data = False
    orientation = 1
    position = 8
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise UnreadableImage("ends early")
        body = data[position + 8 : end - 4]
        sound = zlib.crc32(memoryview(data)[position + 4 : end - 4]) == int.from_bytes(data[end - 4 : end], "big")
        if not kind[0] & 0x20 or kind == b"tRNS":
            if not sound or kind not in (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"):
                raise UnreadableImage("is damaged")
            is_late = (kind in (b"PLTE", b"tRNS") and (has_data or transparent)) or (kind == b"PLTE" and table)
            if (kind == b"IHDR") != (position == 8) or is_late:
                raise UnreadableImage("is damaged")
            if kind == b"IHDR":
                header = body
            elif kind == b"PLTE":
                table = body
            elif kind == b"tRNS":
                transparent = body
            has_data |= kind == b"IDAT"
            if not _is_useless(kind, header):
                kept.append(data[position:end])
        elif kind == b"eXIf" and sound:
            orientation = exif_orientation(body)
        position = end
    width, height, depth, colour = struct.unpack_from(">IIBB", header)
    if depth not in _PNG_DEPTHS.get(colour, ()) or not has_data or header[10:] not in (b"\0\0\0", b"\0\0\1"):
        raise UnreadableImage("has a damaged header")
    if width > 0x7FFFFFFF or height > 0x7FFFFFFF:
        raise UnreadableImage("has a damaged header")
    file = ImageFile("PNG", width, height, b"".join(kept), _PNG_CHANNELS[colour] * (2 if depth == 16 else 1), orientation, depth=depth)
    if colour == 3:
        if not table or len(table) % 3 or len(table) > 3 << depth or len(transparent) > len(table) // 3:
            raise UnreadableImage("has a damaged palette")
        return replace(file, palette=table.ljust(768, b"\0"), alpha=transparent.ljust(256, b"\xff"))
    if colour in (0, 2) and transparent:
        if depth == 16:
            raise UnreadableImage("is a 16-bit PNG with a transparent colour, which is not supported")
        if len(transparent) != (2 if colour == 0 else 6):
            raise UnreadableImage("is damaged")
        return replace(file, key=struct.unpack(f">{len(transparent) // 2}H", transparent))
    return file


def _is_useless(kind: bytes, header: bytes) -> bool:
    """A palette is only for indexes, and transparent entries are not for images with an alpha channel."""
    return (kind == b"PLTE" and header[9] != 3) or (kind == b"tRNS" and header[9] >= 4)


_PNG_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png_is_whole(content: bytes) -> bool:
    """Whether the data of a PNG that was read here makes all rows. Pillow takes missing rows for black ones."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", content, 16)
    bits = _PNG_CHANNELS[colour] * depth
    passes = _PNG_PASSES if interlaced else ((0, 0, 1, 1),)
    sizes = [(-((left - width) // right), -((top - height) // down)) for left, top, right, down in passes]
    missing = sum(high * (1 + (wide * bits + 7) // 8) for wide, high in sizes if wide > 0 and high > 0)
    unpacker = zlib.decompressobj()
    position = 8
    try:
        while missing > 0 and position < len(content):
            length, kind = struct.unpack_from(">I4s", content, position)
            packed = content[position + 8 : position + 8 + length] if kind == b"IDAT" else b""
            position += 12 + length
            while packed and missing > 0 and not unpacker.eof:
                missing -= len(unpacker.decompress(packed, 2**20))
                packed = unpacker.unconsumed_tail
        return missing <= 0
    except zlib.error:
        return False


def _gif(data: bytes) -> ImageFile:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    position = 13
    table = b""
    if flags & 0x80:
        table = data[13 : 13 + (6 << (flags & 7))]
        position += 6 << (flags & 7)
    transparent: int | None = None
    while data[position] == 0x21:
        if data[position + 1] == 0xF9 and data[position + 2] >= 4:
            transparent = data[position + 6] if data[position + 3] & 1 else None
        position = _after_blocks(data, position + 2)
    if data[position] != 0x2C:
        raise UnreadableImage("has no pixels")
    left, top, wide, high, flags = struct.unpack_from("<HHHHB", data, position + 1)
    position += 10
    if flags & 0x80:
        table = data[position : position + (6 << (flags & 7))]
        position += 6 << (flags & 7)
    if not table or not 2 <= data[position] <= 8 or not wide or not high:
        raise UnreadableImage("has a damaged header")
    end = _after_blocks(data, position + 1)
    palette = table.ljust(768, b"\0")
    content = b"".join(
        (
            b"GIF89a", struct.pack("<HHBBB", wide, high, 0xF7, 0, 0), palette,
            b"" if transparent is None else bytes((0x21, 0xF9, 4, 1, 0, 0, transparent, 0)),
            b"\x2c", struct.pack("<HHHHB", 0, 0, wide, high, flags & 0x40), data[position:end], b"\x3b",
        )
    )  # fmt: skip
    alpha = bytes(0 if index == transparent else 255 for index in range(256))
    return ImageFile(
        "GIF", max(width, left + wide), max(height, top + high), content, 4,
        coded=(wide, high), offset=(left, top), palette=palette, alpha=alpha,
    )  # fmt: skip


def _after_blocks(data: bytes, position: int) -> int:
    while data[position]:
        position += data[position] + 1
    return position + 1


def _webp(data: bytes) -> ImageFile:
    size = 8 + int.from_bytes(data[4:8], "little")
    if size > len(data):
        raise UnreadableImage("ends early")
    chunks = _webp_chunks(data, 12, size)
    names = [name for name, _ in chunks]
    orientation = 1
    for name, body in chunks:
        if name == b"EXIF":
            orientation = exif_orientation(body[6:] if body[:6] == b"Exif\0\0" else body)
    canvas: tuple[int, int] | None = None
    offset = (0, 0)
    frame = chunks
    if names and names[0] == b"VP8X":
        canvas = _uint24(chunks[0][1], 4) + 1, _uint24(chunks[0][1], 7) + 1
    if b"ANMF" in names:
        body = chunks[names.index(b"ANMF")][1]
        offset = 2 * _uint24(body, 0), 2 * _uint24(body, 3)
        frame = _webp_chunks(body, 16, len(body))
    alpha = next((body for name, body in frame if name == b"ALPH"), None)
    pixels = next(((name, body) for name, body in frame if name in (b"VP8 ", b"VP8L")), None)
    if pixels is None:
        raise UnreadableImage("has no pixels")
    name, body = pixels
    if name == b"VP8 ":
        wide, high = (value & 0x3FFF for value in struct.unpack_from("<HH", body, 6))
    else:
        bits = int.from_bytes(body[1:5], "little")
        if len(body) < 5:
            raise UnreadableImage("has a damaged header")
        wide, high, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, None
    width, height = canvas or (wide, high)
    if offset[0] + wide > width or offset[1] + high > height:
        raise UnreadableImage("has a damaged header")
    parts = [_webp_chunk(name, body)]
    if alpha is not None:
        extended = bytes((0x10, 0, 0, 0)) + (wide - 1).to_bytes(3, "little") + (high - 1).to_bytes(3, "little")
        parts = [_webp_chunk(b"VP8X", extended), _webp_chunk(b"ALPH", alpha), *parts]
    content = b"WEBP" + b"".join(parts)
    return ImageFile(
        "WEBP", width, height, b"RIFF" + len(content).to_bytes(4, "little") + content, 4, orientation,
        coded=(wide, high), offset=offset,
    )  # fmt: skip


def _webp_chunks(data: bytes, position: int, end: int) -> list[tuple[bytes, bytes]]:
    chunks = []
    while position + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, position)
        if position + 8 + length > end:
            raise UnreadableImage("ends early")
        chunks.append((name, data[position + 8 : position + 8 + length]))
        position += 8 + length + length % 2
    return chunks


def _webp_chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def _uint24(data: bytes, position: int) -> int:
    if len(data) < position + 3:
        raise UnreadableImage("has a damaged header")
    return int.from_bytes(data[position : position + 3], "little")


_NO_COMPRESSION, _BIT_FIELDS, _ALPHA_BIT_FIELDS = 0, 3, 6


def _bmp(data: bytes) -> ImageFile:
    data_offset, info = struct.unpack_from("<II", data, 10)
    if len(data) < 14 + info:
        raise UnreadableImage("has a damaged header")
    compression = _NO_COMPRESSION
    used = 0
    if info == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    elif 40 <= info <= 256:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        (used,) = struct.unpack_from("<I", data, 46)
    else:
        raise UnreadableImage("has a damaged header")
    is_plain = compression == _NO_COMPRESSION and bits in (1, 4, 8, 16, 24, 32)
    if not is_plain and (compression not in (_BIT_FIELDS, _ALPHA_BIT_FIELDS) or bits not in (16, 32)):
        raise UnreadableImage("is a BMP of a rare kind; compressed bitmaps are not read")
    top_down, height = height < 0, abs(height)
    if width < 1 or height < 1 or height > 0x7FFFFFFF:
        raise UnreadableImage("has no pixels")
    if data_offset + (width * bits + 31) // 32 * 4 * height > len(data):
        raise UnreadableImage("ends early")
    masks = (0x7C00, 0x03E0, 0x001F, 0) if bits == 16 else (0xFF0000, 0xFF00, 0xFF, 0)
    if not is_plain:
        masks = struct.unpack_from("<IIII", data, 54)
        if info < 56 and compression != _ALPHA_BIT_FIELDS:
            masks = (*masks[:3], 0)
    file = ImageFile("BMP", width, height, data, 3, bitmap=Bitmap(bits, data_offset, top_down, masks))
    if bits > 8:
        return file
    size = 3 if info == 12 else 4
    count = used if 0 < used <= 256 else 1 << bits
    start = 14 + info
    if start + count * size > len(data):
        raise UnreadableImage("ends early")
    palette = b"".join(data[at : at + 3][::-1] for at in range(start, start + count * size, size))
    return replace(file, palette=palette.ljust(768, b"\0"), alpha=b"\xff" * 256)
