"""Instance segmentation: boxes with masks."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torchvision.models import detection
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNN, MaskRCNNHeads, MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from trainer_sdk.annotations import INSTANCES

from ..annotated import Targets
from .detection import FRESH, SMALL_PROPOSALS
from .regions import LEAST_CONFIDENCE, RegionTask, SmallBackbone, small_anchors, square


def _small(classes: int, _keypoints: int, size: int) -> nn.Module:
    return MaskRCNN(
        SmallBackbone(), rpn_anchor_generator=small_anchors(size), box_roi_pool=MultiScaleRoIAlign(["0"], 5, 2),
        box_head=TwoMLPHead(64 * 5 * 5, 128), box_predictor=FastRCNNPredictor(128, classes + 1),
        mask_roi_pool=MultiScaleRoIAlign(["0"], 10, 2), mask_head=MaskRCNNHeads(64, (48, 48), 1),
        mask_predictor=MaskRCNNPredictor(48, 48, classes + 1),
        box_score_thresh=LEAST_CONFIDENCE, **SMALL_PROPOSALS, **square(size),
    )  # fmt: skip


def _mask_rcnn(classes: int, _keypoints: int, size: int) -> nn.Module:
    return detection.maskrcnn_resnet50_fpn(
        num_classes=classes + 1, box_score_thresh=LEAST_CONFIDENCE, **FRESH, **square(size)
    )


BUILDERS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "small_mask_detector": _small,
    "maskrcnn_resnet50_fpn": _mask_rcnn,
}


class InstanceSegmentation(RegionTask):
    task_type = INSTANCES
    kinds = ("mask", "box")

    def target(self, targets: Targets) -> dict[str, torch.Tensor]:
        assert targets.masks is not None
        return {**super().target(targets), "masks": targets.masks}
