"""Images decoded a second time, by OpenCV and with a resize of its own: it shares no code with :mod:`images`.

A certificate compares the two, so that a mistake in one of them shows as a difference.
"""

from __future__ import annotations

import numpy as np

from trainer_sdk.images import UnreadableImage

from .images import BORDER, Preprocessing


def decode(data: bytes, preprocessing: Preprocessing, max_pixels: int = 0) -> np.ndarray:
    """An encoded image as uint8 ``[H,W,3]`` in RGB; raises :class:`UnreadableImage` for what OpenCV reads otherwise
    than docs/images.md says: transparency, CMYK, more than 8 bits, several frames."""
    import cv2

    stored = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if stored is None or stored.dtype != np.uint8 or (stored.ndim == 3 and stored.shape[2] != 3) or _is_cmyk(data):
        raise UnreadableImage("is of a kind that OpenCV reads in another way")
    # Unlike IMREAD_UNCHANGED, this turns the image upright.
    pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    height, width = preprocessing.size
    if preprocessing.fit == "stretch":
        return resize(pixels, height, width)
    share = min(width / pixels.shape[1], height / pixels.shape[0])
    placed = resize(pixels, max(1, round(pixels.shape[0] * share)), max(1, round(pixels.shape[1] * share)))
    canvas = np.full((height, width, 3), BORDER, dtype=np.uint8)
    canvas[: placed.shape[0], : placed.shape[1]] = placed
    return canvas


def resize(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear with antialiasing: each new pixel is the mean of the old ones under a triangle, which is as wide as two
    pixels of the coarser image."""
    values = np.einsum("oi,iwc->owc", _weights(pixels.shape[0], height), pixels.astype(np.float32))
    values = np.einsum("oi,hic->hoc", _weights(pixels.shape[1], width), np.rint(values))
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _weights(old: int, new: int) -> np.ndarray:
    """``[new, old]``; each row has the sum 1."""
    scale = old / new
    reach = max(1.0, scale)
    centres = (np.arange(new)[:, None] + 0.5) * scale
    weights = np.clip(1 - np.abs(np.arange(old)[None, :] + 0.5 - centres) / reach, 0, None).astype(np.float32)
    return weights / weights.sum(axis=1, keepdims=True)


def _is_cmyk(data: bytes) -> bool:
    """Whether a JPEG has four components: the sixth byte of its frame header (ITU T.81, B.2.2) counts them."""
    if data[:2] != b"\xff\xd8":
        return False
    place = 2
    while place + 9 < len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return data[place + 9] == 4
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return False
