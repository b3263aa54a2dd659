"""Keypoint detection: boxes with named points."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.keypoint_rcnn import KeypointRCNN, KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from trainer_sdk import TrainerError
from trainer_sdk.annotations import KEYPOINTS, trainable

from ..annotated import Targets
from ..images import ImageSet
from .detection import FRESH, SMALL_PROPOSALS
from .regions import LEAST_CONFIDENCE, RegionTask, SmallBackbone, small_anchors, square


def _small(classes: int, keypoints: int, size: int) -> nn.Module:
    return KeypointRCNN(
        SmallBackbone(), rpn_anchor_generator=small_anchors(size), box_roi_pool=MultiScaleRoIAlign(["0"], 5, 2),
        box_head=TwoMLPHead(64 * 5 * 5, 128), box_predictor=FastRCNNPredictor(128, classes + 1),
        keypoint_roi_pool=MultiScaleRoIAlign(["0"], 10, 2), keypoint_head=KeypointRCNNHeads(64, (48, 48)),
        keypoint_predictor=KeypointRCNNPredictor(48, keypoints or 17),
        box_score_thresh=LEAST_CONFIDENCE, **SMALL_PROPOSALS, **square(size),
    )  # fmt: skip


def _keypoint_rcnn(classes: int, keypoints: int, size: int) -> nn.Module:
    return detection.keypointrcnn_resnet50_fpn(
        num_classes=classes + 1, num_keypoints=keypoints or 17, box_score_thresh=LEAST_CONFIDENCE, **FRESH, **square(size)
    )


BUILDERS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "small_keypoint_detector": _small,
    "keypointrcnn_resnet50_fpn": _keypoint_rcnn,
}


class Keypoints(RegionTask):
    task_type = KEYPOINTS
    kinds = ("keypoints", "box")

    def check_training_set(self, images: ImageSet) -> None:
        super().check_training_set(images)
        if not any(item.keypoints for entry in images.entries for item in trainable(entry.annotations)):
            raise TrainerError("DATASET_INVALID", "No object of a training image has keypoints.")

    def target(self, targets: Targets) -> dict[str, torch.Tensor]:
        assert targets.keypoints is not None
        points = targets.keypoints.clone()
        points[..., 2] = (points[..., 2] > 0).to(points.dtype)
        return {**super().target(targets), "keypoints": points}
