"""How well a predicted object fits a true one: IoU of boxes, rotated boxes and masks, and OKS of keypoints.

As in COCO's evaluation (``bbIou`` and ``rleIou`` of maskApi.c, ``computeOks`` of cocoeval.py): the overlap with a crowd
is the share of the predicted object that lies in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Spread of people's marks of each COCO keypoint in shares of the object's size (cocoeval.py, ``kpt_oks_sigmas``).
COCO_SIGMAS = (
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089,
)  # fmt: skip
COCO_KEYPOINTS = (
    "nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
    "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
    "right_ankle",
)  # fmt: skip


def sigmas_of(names: Sequence[str]) -> np.ndarray:
    """The spread of each keypoint: COCO's own for its 17 names, else the mean of those."""
    plain = tuple(name.lower().replace(" ", "_") for name in names)
    if plain == COCO_KEYPOINTS:
        return np.array(COCO_SIGMAS)
    return np.full(len(names), float(np.mean(COCO_SIGMAS)))


def box_overlaps(predicted: np.ndarray, true: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """IoU ``[predicted, true]`` of boxes ``[N, 4]`` (left, top, right, bottom)."""
    low = np.maximum(predicted[:, None, :2], true[None, :, :2])
    high = np.minimum(predicted[:, None, 2:], true[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    own, others = _areas(predicted)[:, None], _areas(true)[None, :]
    return _shares(common, own, others, crowd)


def mask_overlaps(predicted: np.ndarray, true: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """IoU ``[predicted, true]`` of masks ``[N, H, W]`` of one size."""
    left = predicted.reshape(len(predicted), -1).astype(np.float32)
    right = true.reshape(len(true), -1).astype(np.float32)
    # float64 sums: the pixels of a large mask are more than float32 counts exactly.
    common = (left @ right.T).astype(np.float64)
    return _shares(common, left.sum(axis=1, dtype=np.float64)[:, None], right.sum(axis=1, dtype=np.float64)[None], crowd)


def polygon_overlaps(predicted: np.ndarray, true: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """IoU ``[predicted, true]`` of convex polygons ``[N, corners, 2]``, such as rotated boxes."""
    common = np.zeros((len(predicted), len(true)))
    for row, left in enumerate(predicted):
        for column, right in enumerate(true):
            if (left.min(0) < right.max(0)).all() and (right.min(0) < left.max(0)).all():
                common[row, column] = abs(_signed_area(_clipped(left, right)))
    own = np.array([abs(_signed_area(ring)) for ring in predicted]).reshape(-1, 1)
    others = np.array([abs(_signed_area(ring)) for ring in true]).reshape(1, -1)
    return _shares(common, own, others, crowd)


def _signed_area(ring: np.ndarray) -> float:
    following = np.roll(ring, -1, axis=0)
    return float((ring[:, 0] * following[:, 1] - following[:, 0] * ring[:, 1]).sum() / 2) if len(ring) else 0.0


def _clipped(ring: np.ndarray, window: np.ndarray) -> np.ndarray:
    """The part of a convex ring inside a convex window (Sutherland and Hodgman, 1974)."""
    window = window if _signed_area(window) > 0 else window[::-1]
    points = [tuple(point) for point in ring]
    for start, end in zip(window, np.roll(window, -1, axis=0), strict=True):
        kept = []
        sides = [(end[0] - start[0]) * (y - start[1]) - (end[1] - start[1]) * (x - start[0]) for x, y in points]
        for index, (point, side) in enumerate(zip(points, sides, strict=True)):
            before, side_before = points[index - 1], sides[index - 1]
            if (side >= 0) != (side_before >= 0):
                share = side_before / (side_before - side)
                kept.append((before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])))
            if side >= 0:
                kept.append(point)
        points = kept
    return np.array(points).reshape(-1, 2)


def keypoint_similarities(
    predicted: np.ndarray, true: np.ndarray, boxes: np.ndarray, areas: np.ndarray, sigmas: np.ndarray
) -> np.ndarray:
    """OKS ``[predicted, true]`` of keypoints ``[N, K, ≥2]`` and ``[N, K, 3]``; ``boxes`` and ``areas`` are those of the true
    objects.

    The mean over the labelled keypoints of exp(-d² / (2 · area · (2σ)²)). For an object without labelled keypoints, d is
    the distance from its box enlarged by its own size on each side.
    """
    result = np.zeros((len(predicted), len(true)))
    variances = (2 * sigmas) ** 2
    for index, points in enumerate(true):
        labelled = points[:, 2] > 0
        if labelled.any():
            offset = predicted[:, :, :2] - points[None, :, :2]
        else:
            left, top, right, bottom = boxes[index]
            size = np.array([right - left, bottom - top])
            low, high = np.array([left, top]) - size, np.array([right, bottom]) + size
            offset = np.clip(low - predicted[:, :, :2], 0, None) + np.clip(predicted[:, :, :2] - high, 0, None)
        error = (offset**2).sum(axis=2) / variances / (areas[index] + np.spacing(1)) / 2
        result[:, index] = np.exp(-error[:, labelled] if labelled.any() else -error).mean(axis=1)
    return result


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def _shares(common: np.ndarray, own: np.ndarray, others: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    whole = np.where(np.asarray(crowd, dtype=bool)[None, :], own, own + others - common)
    return np.divide(common, whole, out=np.zeros(common.shape), where=whole > 0)
