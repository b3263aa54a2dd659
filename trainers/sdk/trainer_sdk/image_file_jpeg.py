"""JPEG (ITU-T T.81): baseline and progressive, Huffman coded, 8 bits, with 1, 3 or 4 components."""

from __future__ import annotations

import re

from .image_file import ImageFile, UnreadableImage
from .image_file_tiff import exif_orientation


def read_jpeg(data: bytes) -> ImageFile:
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
        if marker == 0xD9:
            return
        length = int.from_bytes(data[position + 1 : position + 3], "big") if position + 3 <= len(data) else 0
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
