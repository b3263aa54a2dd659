"""Object detection: boxes."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn
from torchvision.models import detection
from torchvision.models.detection.faster_rcnn import FasterRCNN, FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.transform import GeneralizedRCNNTransform
from torchvision.ops import MultiScaleRoIAlign

from trainer_sdk.annotations import DETECTION

from .regions import LEAST_CONFIDENCE, PLAIN, RegionTask, SmallBackbone, small_anchors, square

#: Without these, torchvision would download weights for the backbone.
FRESH = {"weights": None, "weights_backbone": None}


def _small(classes: int, _keypoints: int, size: int) -> nn.Module:
    return FasterRCNN(
        SmallBackbone(), rpn_anchor_generator=small_anchors(size), box_roi_pool=MultiScaleRoIAlign(["0"], 5, 2),
        box_head=TwoMLPHead(64 * 5 * 5, 128), box_predictor=FastRCNNPredictor(128, classes + 1),
        box_score_thresh=LEAST_CONFIDENCE, **SMALL_PROPOSALS, **square(size),
    )  # fmt: skip


#: Fewer proposals than for large pictures.
SMALL_PROPOSALS = {
    "rpn_pre_nms_top_n_train": 200, "rpn_pre_nms_top_n_test": 200, "rpn_post_nms_top_n_train": 100,
    "rpn_post_nms_top_n_test": 100, "rpn_batch_size_per_image": 64, "box_batch_size_per_image": 32,
}  # fmt: skip


def _faster_rcnn(build: Callable[..., nn.Module]) -> Callable[[int, int, int], nn.Module]:
    return lambda classes, _, size: build(
        num_classes=classes + 1, box_score_thresh=LEAST_CONFIDENCE, **FRESH, **square(size)
    )


def _one_stage(build: Callable[..., nn.Module]) -> Callable[[int, int, int], nn.Module]:
    return lambda classes, _, size: build(
        num_classes=classes + 1, score_thresh=LEAST_CONFIDENCE, **FRESH, **square(size)
    )


def _ssdlite(classes: int, _keypoints: int, size: int) -> nn.Module:
    model = detection.ssdlite320_mobilenet_v3_large(
        num_classes=classes + 1, score_thresh=LEAST_CONFIDENCE, **FRESH, **PLAIN
    )
    # Its own transform resizes every image to 320 pixels; its anchors are shares of the image and fit any size.
    model.transform = GeneralizedRCNNTransform(
        size, size, list(PLAIN["image_mean"]), list(PLAIN["image_std"]), size_divisible=1, fixed_size=(size, size)
    )
    return model


BUILDERS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "small_detector": _small,
    "fasterrcnn_mobilenet_v3_large_320_fpn": _faster_rcnn(detection.fasterrcnn_mobilenet_v3_large_320_fpn),
    "fasterrcnn_mobilenet_v3_large_fpn": _faster_rcnn(detection.fasterrcnn_mobilenet_v3_large_fpn),
    "fasterrcnn_resnet50_fpn": _faster_rcnn(detection.fasterrcnn_resnet50_fpn),
    "retinanet_resnet50_fpn": _one_stage(detection.retinanet_resnet50_fpn),
    "ssdlite320_mobilenet_v3_large": _ssdlite,
    "fcos_resnet50_fpn": _one_stage(detection.fcos_resnet50_fpn),
}


class Detection(RegionTask):
    task_type = DETECTION
