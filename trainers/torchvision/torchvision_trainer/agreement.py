"""How far the outputs of an exported file are from those of its checkpoint for the same pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trainer_sdk.metrics.overlap import box_overlaps, mask_overlaps

#: Objects of both are the same when they have one class and their boxes overlap by this IoU.
SAME_IOU, SAME_MASK_IOU = 0.9, 0.9
#: Two keypoints are the same when they are no further apart than this share of the image's side.
SAME_POINT = 0.02
#: An object that only one of the two gives does not count when its score is this close to the threshold.
NEAR_THRESHOLD = 0.005

Outputs = Mapping[str, np.ndarray]


@dataclass
class Agreement:
    """Sums over images. ``largest`` is the largest difference of any number: of logits, or of scores and of coordinates in
    shares of the image's side. ``same`` of ``all`` decisions agree: images, pixels or objects."""

    largest: float = 0.0
    same: int = 0
    all: int = 0
    finite: bool = True
    scale: float = 1.0

    @property
    def share(self) -> float:
        return self.same / self.all if self.all else 1.0

    def add(self, got: Outputs, wanted: Outputs, threshold: float | None) -> None:
        """The outputs for a batch; of one image with a detector's score ``threshold``. Raises ValueError when the file
        has other outputs or shapes."""
        for name, value in wanted.items():
            if name not in got or got[name].shape[1:] != value.shape[1:] or got[name].dtype.kind != value.dtype.kind:
                raise ValueError(f"The exported file gives {_described(got.get(name))} as {name} instead of {_described(value)}.")
            self.finite = self.finite and bool(np.isfinite(got[name]).all())
        if "logits" in wanted:
            if got["logits"].shape != wanted["logits"].shape:
                raise ValueError(f"The exported file returns {got['logits'].shape} instead of {wanted['logits'].shape}.")
            self._logits(got["logits"], wanted["logits"])
        else:
            assert threshold is not None
            self._objects(got, wanted, threshold)

    def _logits(self, got: np.ndarray, wanted: np.ndarray) -> None:
        if wanted.size:
            self.largest = max(self.largest, float(np.nan_to_num(np.abs(got - wanted), nan=np.inf).max()))
            self.scale = max(self.scale, float(np.abs(wanted).max()))
        same = got.argmax(1) == wanted.argmax(1)
        self.same += int(same.sum())
        self.all += same.size

    def _objects(self, got: Outputs, wanted: Outputs, threshold: float) -> None:
        overlaps = box_overlaps(got["boxes"], wanted["boxes"], np.zeros(len(wanted["boxes"]), dtype=bool))
        overlaps[got["labels"][:, None] != wanted["labels"][None, :]] = 0
        left = set(range(len(got["boxes"])))
        for index in range(len(wanted["boxes"])):
            nearest = min(
                (mine for mine in left if overlaps[mine, index] >= SAME_IOU),
                key=lambda mine: abs(float(got["scores"][mine]) - float(wanted["scores"][index])), default=None,
            )  # fmt: skip
            if nearest is None:
                self.all += int(wanted["scores"][index] > threshold + NEAR_THRESHOLD)
                continue
            left.discard(nearest)
            self.all += 1
            self.same += int(self._same(got, wanted, nearest, index))
        self.all += sum(1 for mine in left if got["scores"][mine] > threshold + NEAR_THRESHOLD)

    def _same(self, got: Outputs, wanted: Outputs, mine: int, theirs: int) -> bool:
        side = float(max(1.0, np.abs(wanted["boxes"]).max()))
        self.largest = max(
            self.largest, abs(float(got["scores"][mine]) - float(wanted["scores"][theirs])),
            float(np.abs(got["boxes"][mine] - wanted["boxes"][theirs]).max()) / side,
        )  # fmt: skip
        if "masks" in wanted:
            first, second = got["masks"][mine] >= 0.5, wanted["masks"][theirs] >= 0.5
            if (first | second).any() and mask_overlaps(first, second, np.zeros(1, dtype=bool))[0, 0] < SAME_MASK_IOU:
                return False
        if "keypoints" in wanted:
            apart = np.abs(got["keypoints"][mine] - wanted["keypoints"][theirs])
            return bool((apart[:, :2].max() <= SAME_POINT * side) and apart[:, 2].max() <= SAME_POINT)
        return True


def _described(value: np.ndarray | None) -> str:
    return "nothing" if value is None else f"{value.dtype}{list(value.shape)}"
