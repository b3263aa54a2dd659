"""Masks: outlines and runs as pixels, and back. Needs numpy.

A pixel belongs to a polygon when its centre does (by the even-odd rule), so the area of a mask is the area of its
outline but for rounding, and a mirrored outline gives the mirrored mask. COCO's own rasteriser (``rleFrPoly`` in
maskApi.c) also takes pixels at the edge of which only a part lies inside; the two differ in single pixels there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .annotations import Annotation, Polygon, Rle


def polygon_mask(rings: Sequence[Polygon], height: int, width: int) -> np.ndarray:
    """The union of the rings as bool ``[height, width]``."""
    mask = np.zeros((height, width), dtype=bool)
    for ring in rings:
        mask |= _ring_mask(np.asarray(ring, dtype=np.float64).reshape(-1, 2), height, width)
    return mask


def annotation_mask(annotation: Annotation, height: int, width: int) -> np.ndarray:
    """The mask of an object as bool ``[height, width]``; the pixels of its box when it has no outline.

    Raises ValueError when its RLE is of another size or is malformed.
    """
    if annotation.rle is not None:
        if (annotation.rle.height, annotation.rle.width) != (height, width):
            raise ValueError("an rle has another size than its image")
        return decode_rle(annotation.rle)
    if annotation.polygons:
        return polygon_mask(annotation.polygons, height, width)
    left, top, right, bottom = annotation.corners
    return polygon_mask([(left, top, right, top, right, bottom, left, bottom)], height, width)


def class_map(annotations: Sequence[Annotation], height: int, width: int) -> np.ndarray:
    """The classes of a semantic segmentation as int64 ``[height, width]``: 0 is the background, and class ``i`` of the
    version is ``i + 1``. Later annotations cover earlier ones. Pixels of crowds are 255, which means: not measured."""
    classes = np.zeros((height, width), dtype=np.int64)
    for annotation in annotations:
        classes[annotation_mask(annotation, height, width)] = 255 if annotation.crowd else annotation.label + 1
    return classes


def encode_rle(mask: np.ndarray) -> Rle:
    """A mask ``[height, width]`` as COCO's compressed RLE (``rleEncode`` and ``rleToString`` of maskApi.c)."""
    height, width = mask.shape
    pixels = np.concatenate(([False], np.asarray(mask, dtype=bool).ravel(order="F")))
    changes = np.flatnonzero(pixels[1:] != pixels[:-1])
    runs = np.diff(np.concatenate(([0], changes, [height * width])))
    return Rle(height, width, _write_counts([int(run) for run in runs]))


def decode_rle(rle: Rle) -> np.ndarray:
    """The mask as bool ``[height, width]``; raises ValueError when the runs do not fill the image."""
    runs = _read_counts(rle.counts)
    if sum(runs) != rle.height * rle.width or min(runs, default=0) < 0:
        raise ValueError("the runs of an rle do not fill its image")
    values = np.zeros(len(runs), dtype=bool)
    values[1::2] = True
    return np.repeat(values, runs).reshape((rle.height, rle.width), order="F")


def mask_box(mask: np.ndarray) -> tuple[float, float, float, float]:
    """The box (x, y, width, height) around the pixels of a mask; zeros when it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0.0, 0.0, 0.0, 0.0
    return (
        float(columns[0]), float(rows[0]), float(columns[-1] - columns[0] + 1), float(rows[-1] - rows[0] + 1),
    )  # fmt: skip


def mask_outlines(mask: np.ndarray) -> list[Polygon]:
    """Rings along the edges of the pixels of a mask, one for each part whose pixels share an edge; holes are left out.

    For formats that know polygons only. The rings of a mask without holes give the same mask again.
    """
    edges = _pixel_edges(np.asarray(mask, dtype=bool))
    rings: list[Polygon] = []
    while edges:
        corner = next(iter(edges))
        ring = _walk(edges, corner)
        points = np.asarray(ring).reshape(-1, 2)
        following = np.roll(points, -1, axis=0)
        if (points[:, 0] * following[:, 1] - following[:, 0] * points[:, 1]).sum() > 0:  # A hole runs the other way.
            rings.append(ring)
    return rings


def _ring_mask(points: np.ndarray, height: int, width: int) -> np.ndarray:
    """Counts, for each row of pixel centres, the edges to the left of each pixel: inside where the number is odd."""
    following = np.roll(points, -1, axis=0)
    crossings = np.zeros((height, width + 1), dtype=np.int32)
    for (x1, y1), (x2, y2) in zip(points, following, strict=True):
        if y1 == y2:
            continue
        low, high = min(y1, y2), max(y1, y2)
        rows = np.arange(max(0, int(np.ceil(low - 0.5))), min(height, int(np.ceil(high - 0.5))))
        if not len(rows):
            continue
        x = x1 + (rows + 0.5 - y1) * (x2 - x1) / (y2 - y1)
        np.add.at(crossings, (rows, np.clip(np.ceil(x - 0.5), 0, width).astype(np.int64)), 1)
    return np.cumsum(crossings[:, :width], axis=1) % 2 == 1


def _write_counts(runs: Sequence[int]) -> str:
    """Five bits a character, lowest first; from the fourth run on, the difference to the run two before."""
    text = []
    for index, run in enumerate(runs):
        value = run - runs[index - 2] if index > 2 else run
        more = True
        while more:
            bits = value & 0x1F
            value >>= 5
            more = value != -1 if bits & 0x10 else value != 0
            text.append(chr((bits | 0x20 if more else bits) + 48))
    return "".join(text)


def _read_counts(text: str) -> list[int]:
    runs: list[int] = []
    position = 0
    while position < len(text):
        value, shift, more = 0, 0, True
        while more:
            if position == len(text):
                raise ValueError("the counts of an rle end early")
            bits = ord(text[position]) - 48
            if not 0 <= bits < 64 or shift > 60:
                raise ValueError("the counts of an rle hold a wrong character")
            value |= (bits & 0x1F) << shift
            shift += 5
            more = bool(bits & 0x20)
            if not more and bits & 0x10:
                value -= 1 << shift
            position += 1
        runs.append(value + runs[-2] if len(runs) > 2 else value)
    return runs


#: Directions of an edge in clockwise order: right, down, left, up; as steps in x and y.
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def _pixel_edges(mask: np.ndarray) -> dict[tuple[int, int], list[int]]:
    """The edges between inside and outside, with the inside on their right: directions by the corner (x, y) where they
    begin."""
    framed = np.pad(mask, 1)
    inside = framed[1:-1, 1:-1]
    outside = (~framed[:-2, 1:-1], ~framed[1:-1, 2:], ~framed[2:, 1:-1], ~framed[1:-1, :-2])
    begins = ((0, 0), (1, 0), (1, 1), (0, 1))
    edges: dict[tuple[int, int], list[int]] = {}
    for direction, (beyond, (right, down)) in enumerate(zip(outside, begins, strict=True)):
        rows, columns = np.nonzero(inside & beyond)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            edges.setdefault((column + right, row + down), []).append(direction)
    return edges


def _walk(edges: dict[tuple[int, int], list[int]], corner: tuple[int, int]) -> Polygon:
    """Takes the edges of one ring out of ``edges``. Turns right where it can, so that parts that touch at a corner
    get rings of their own."""
    x, y = corner
    direction = edges[corner][0]
    came = None
    ring: list[float] = []
    while True:
        if came != direction:
            ring += [float(x), float(y)]
        leaving = edges[(x, y)]
        leaving.remove(direction)
        if not leaving:
            del edges[(x, y)]
        x, y, came = x + _STEPS[direction][0], y + _STEPS[direction][1], direction
        choices = edges.get((x, y), ())
        turns = [turn for turn in ((came + 1) % 4, came, (came + 3) % 4) if turn in choices]
        if not turns:
            return tuple(ring)
        direction = turns[0]
