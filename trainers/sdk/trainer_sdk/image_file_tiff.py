"""TIFF 6.0 and BigTIFF, of the layouts that platform and trainers read alike; and EXIF, which has the same form."""

from __future__ import annotations

import struct
from dataclasses import replace

from .image_file import ImageFile, UnreadableImage

TIFF_HEADERS = (b"II\x2a\0", b"MM\0\x2a", b"II\x2b\0", b"MM\0\x2b")
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


def read_tiff(data: bytes) -> ImageFile:
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
        if block[:4] not in TIFF_HEADERS:
            return 1
        value = _Directory(block).number(_ORIENTATION, 1)
    except (UnreadableImage, IndexError, struct.error):
        return 1
    return value if 1 <= value <= 8 else 1
