"""Reads the structure of image files: type, size, orientation, layout of the samples. Decodes no pixel.

Every reader returns the file with nothing but what its pixels need, so that no decoder ever sees a colour profile, an
EXIF block, a comment or a second frame. ``src/Images/Files`` does the same in the platform: a change
here is a change there. ``docs/images.md`` has the rule in words.
"""

from __future__ import annotations

import re
import struct
import zlib
from dataclasses import dataclass, replace


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


def read_file(data: bytes) -> ImageFile:
    """Recognises the type by the first bytes and reads the structure; raises :class:`UnreadableImage`."""
    readers = (
        (data[:3] == b"\xff\xd8\xff", _jpeg),
        (data[:8] == b"\x89PNG\r\n\x1a\n", _png),
        (data[:6] in (b"GIF87a", b"GIF89a"), _gif),
        (data[:4] == b"RIFF" and data[8:12] == b"WEBP", _webp),
        (data[:4] in _TIFF_HEADERS, _tiff),
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


def _jpeg(data: bytes) -> ImageFile:
    kept = [b"\xff\xd8"]
    orientation = 1
    frame: tuple[int, int, int] | None = None
    position = 2
    while True:
        if data[position] != 0xFF:
            raise UnreadableImage("has a damaged header")
        while data[position] == 0xFF:
            position += 1
        marker = data[position]
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:
            position += 1
            continue
        length = int.from_bytes(data[position + 1 : position + 3], "big")
        if marker in (0xD8, 0xD9) or length < 2 or position + 1 + length > len(data):
            raise UnreadableImage("has a damaged header")
        body = data[position + 3 : position + 1 + length]
        if marker == 0xDA:
            kept.append(b"\xff" + data[position:])
            _require_markers(data, position)
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            if frame is not None:
                raise UnreadableImage("has a damaged header")
            if marker > 0xC2 or body[0] != 8 or body[5] not in (1, 3, 4):
                raise UnreadableImage("is a JPEG of a rare kind; only 8 bits, Huffman coded, baseline or progressive, are read")
            frame = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"), body[5]
        if marker == 0xE1 and body[:6] == b"Exif\0\0" and orientation == 1:
            orientation = exif_orientation(body[6:])
        if (
            marker in (0xC4, 0xDB, 0xDD) or 0xC0 <= marker <= 0xC2
            or (marker == 0xE0 and body[:5] == b"JFIF\0" and len(body) >= 14)
            or (marker == 0xEE and body[:5] == b"Adobe" and len(body) >= 12)
        ):  # fmt: skip
            kept.append(b"\xff" + data[position : position + 1 + length])
        position += 1 + length
    if frame is None:
        raise UnreadableImage("has a damaged header")
    return ImageFile("JPEG", frame[0], frame[1], b"".join(kept), frame[2], orientation)


#: In a scan 0 stands for the byte FF, and restart markers have no length. FF fills up to a marker.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def _require_markers(data: bytes, position: int) -> None:
    """Walks over the scans up to the end of the image or of the file. A marker that cannot be there was made by damage:
    one decoder ends at it, another fails. ``position`` is that of the first scan's marker."""
    while True:
        marker = data[position]
        if marker == 0xD9 or position + 3 > len(data):
            return
        length = int.from_bytes(data[position + 1 : position + 3], "big")
        body = data[position + 3 : position + 1 + length]
        if length < 2 or position + 1 + length > len(data) or not _is_jpeg_segment(marker, body):
            raise UnreadableImage("is damaged")
        position += 1 + length
        found = _JPEG_MARKER.search(data, position)
        if marker != 0xDA and data[position : found.start() if found else len(data)].strip(b"\xff"):
            raise UnreadableImage("is damaged")
        if found is None:
            return
        position = found.start() + 1


def _is_jpeg_segment(marker: int, body: bytes) -> bool:
    """Whether a segment may be between scans and has the length that its content says."""
    if marker == 0xDA:
        return bool(body) and 1 <= body[0] <= 4 and len(body) == 4 + 2 * body[0]
    if marker == 0xC4:
        while len(body) >= 17:
            codes = sum(body[1:17])
            if codes > 256 or len(body) < 17 + codes:
                return False
            body = body[17 + codes :]
        return not body
    if marker == 0xDB:
        while body:
            table = {0: 65, 1: 129}.get(body[0] >> 4)
            if table is None or len(body) < table:
                return False
            body = body[table:]
        return True
    return len(body) == 2 if marker == 0xDD else marker == 0xFE or 0xE0 <= marker <= 0xEF


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


_TIFF_HEADERS = (b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b")
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_ORIENTATION, _SAMPLES, _PLANAR, _COLOUR_MAP, _EXTRA, _SAMPLE_FORMAT = 274, 277, 284, 320, 338, 339
# Sizes, strips, tiles, CCITT options, predictor, JPEG tables, YCbCr layout.
_TIFF_KEPT = {
    _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER, 273, _SAMPLES, 278, 279, _PLANAR, 292, 293, 317,
    _COLOUR_MAP, 322, 323, 324, 325, _EXTRA, _SAMPLE_FORMAT, 347, 530, 531, 532,
}  # fmt: skip
_TIFF_SIZES = {3: 2, 4: 4, 16: 8}


class _Directory:
    """The first directory of a TIFF file or an EXIF block: where its entries are, and their whole numbers."""

    def __init__(self, data: bytes) -> None:
        self.order = "<" if data[:2] == b"II" else ">"
        self.big = 0x2B in data[2:4]
        self._data = data
        self._number = "Q" if self.big else "I"
        (self.start,) = self.unpack(self._number, 8 if self.big else 4)
        (self.count,) = self.unpack("Q" if self.big else "H", self.start)
        self.first = self.start + (8 if self.big else 2)
        self.entry = 20 if self.big else 12
        if self.count > 4096:
            raise UnreadableImage("has a damaged header")
        self.positions: dict[int, int] = {}
        for index in range(self.count):
            (tag,) = self.unpack("H", self.first + index * self.entry)
            self.positions.setdefault(tag, self.first + index * self.entry)

    def unpack(self, layout: str, position: int) -> tuple[int, ...]:
        return struct.unpack_from(self.order + layout, self._data, position)

    def numbers(self, tag: int, default: tuple[int, ...] = (), limit: int = 8) -> tuple[int, ...]:
        """The values of a tag of type SHORT, LONG or LONG8, at most ``limit``."""
        position = self.positions.get(tag)
        if position is None:
            return default
        kind, count = self.unpack("H" + self._number, position + 2)
        if kind not in _TIFF_SIZES or not 1 <= count <= limit:
            raise UnreadableImage("has a damaged header")
        value = position + (12 if self.big else 8)
        if count * _TIFF_SIZES[kind] > (8 if self.big else 4):
            (value,) = self.unpack(self._number, value)
        return self.unpack(f"{count}{ {3: 'H', 4: 'I', 16: 'Q'}[kind] }", value)

    def number(self, tag: int, default: int) -> int:
        """The first value of a tag."""
        return self.numbers(tag, (default,))[0]

    def trimmed(self) -> bytes:
        """The file with only the tags in ``_TIFF_KEPT``, and no directory after this one."""
        end = self.first + self.count * self.entry
        entries = b"".join(
            self._data[position : position + self.entry]
            for tag, position in sorted(self.positions.items()) if tag in _TIFF_KEPT
        )  # fmt: skip
        count = struct.pack(self.order + ("Q" if self.big else "H"), len(entries) // self.entry)
        body = count + entries + bytes(8 if self.big else 4)
        end = max(end, self.start + len(body))
        return self._data[: self.start] + body.ljust(end - self.start, b"\0") + self._data[end:]


def _tiff(data: bytes) -> ImageFile:
    directory = _Directory(data)
    bits = directory.numbers(_BITS, (1,))
    compression, photometric = directory.number(_COMPRESSION, 1), directory.number(_PHOTOMETRIC, -1)
    samples, planar = directory.number(_SAMPLES, 1), directory.number(_PLANAR, 1)
    extra = directory.numbers(_EXTRA)
    fill_order = directory.number(_FILL_ORDER, 1)
    if set(directory.numbers(_SAMPLE_FORMAT, (1,))) != {1}:
        raise UnreadableImage("is a TIFF with signed or floating-point samples, whose brightness is not defined; save it with 8 or 16 bits")
    depth = bits[0]
    if len(set(bits)) != 1 or len(bits) not in (1, samples) or depth not in (1, 2, 4, 8, 16):
        raise UnreadableImage(f"is a TIFF with {depth} bits for each sample; save it with 8 or 16 bits")
    if (
        (photometric, samples, extra) not in _TIFF_LAYOUTS
        or depth not in _TIFF_LAYOUTS[photometric, samples, extra]
        or compression not in (1, 2, 3, 4, 5, 7, 8, 32773, 32946)
        or (photometric == 6) != (compression == 7 and samples == 3 and photometric == 6)
        or (compression in (2, 3, 4)) > (depth == 1 and samples == 1 and photometric < 2)
        or (compression == 7) > (depth == 8 and photometric in (0, 1, 2, 6) and not extra)
        or (planar != 1 and samples > 1)
        or not (fill_order == 1 or (fill_order == 2 and depth == 1))
    ):
        raise UnreadableImage("is a TIFF of a rare layout; save it as grey, RGB, palette or CMYK with interleaved samples")
    _require_data(data, directory, samples * depth if compression == 1 else 0)
    orientation = 1
    if _ORIENTATION in directory.positions:
        orientation = exif_orientation(data)
    file = ImageFile(
        "TIFF", directory.number(_WIDTH, 0), directory.number(_HEIGHT, 0), directory.trimmed(),
        samples * (2 if depth == 16 else 1), orientation, depth=depth, white_is_zero=photometric == 0,
    )  # fmt: skip
    if photometric != 3:
        return file
    colours = directory.numbers(_COLOUR_MAP, limit=768)
    if len(colours) != 3 << depth:
        raise UnreadableImage("has a damaged palette")
    planes = [[value >> 8 for value in colours[part << depth : part + 1 << depth]] for part in range(3)]
    palette = bytes(value for entry in zip(*planes, strict=True) for value in entry)
    return replace(file, palette=palette.ljust(768, b"\0"), alpha=b"\xff" * 256)


_MAX_PARTS = 2**20


def _require_data(data: bytes, directory: _Directory, bits: int) -> None:
    """Requires all strips, or all tiles, with all their bytes. Decoders differ in what they make of a file that lacks
    some. ``bits`` are those of a pixel that is not compressed; 0 when it is."""
    width, height = directory.number(_WIDTH, 0), directory.number(_HEIGHT, 0)
    tiles = directory.numbers(324, limit=_MAX_PARTS)
    if tiles:
        wide, high = directory.number(322, 0), directory.number(323, 0)
    else:
        wide, high = width, min(directory.number(278, 2**32 - 1), height)
    if not 1 <= wide <= 0x7FFFFFFF or not 1 <= high <= 0x7FFFFFFF:
        raise UnreadableImage("has a damaged header")
    offsets = tiles or directory.numbers(273, limit=_MAX_PARTS)
    sizes = directory.numbers(325 if tiles else 279, limit=_MAX_PARTS)
    if len(offsets) < -(-width // wide) * -(-height // high) or (sizes and len(sizes) != len(offsets)):
        raise UnreadableImage("has a damaged header")
    for index, (offset, size) in enumerate(zip(offsets, sizes, strict=False)):
        rows = high if tiles else min(high, height - index * high)
        if offset + size > len(data) or size < (wide * bits + 7) // 8 * rows:
            raise UnreadableImage("ends early")


#: (photometric, samples, extra samples) → bits of a sample.
_TIFF_LAYOUTS: dict[tuple[int, int, tuple[int, ...]], tuple[int, ...]] = {
    (0, 1, ()): (1, 2, 4, 8, 16),
    (1, 1, ()): (1, 2, 4, 8, 16),
    (1, 2, (2,)): (8,),
    (2, 3, ()): (8, 16),
    (2, 4, (1,)): (8,),
    (2, 4, (2,)): (8, 16),
    (3, 1, ()): (1, 2, 4, 8),
    (5, 4, ()): (8,),
    (6, 3, ()): (8,),
}


def exif_orientation(block: bytes) -> int:
    """The orientation in an EXIF block, which is a TIFF directory; 1 when there is none or the block is broken."""
    try:
        if block[:4] not in _TIFF_HEADERS:
            return 1
        value = _Directory(block).number(_ORIENTATION, 1)
    except (UnreadableImage, IndexError, struct.error):
        return 1
    return value if 1 <= value <= 8 else 1


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
