"""The models of this trainer, and of those that use its training loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trainer_sdk.annotations import CLASSIFICATION, DETECTION, INSTANCES, KEYPOINTS, SEMANTIC

HALF = (0.5, 0.5, 0.5)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ModelInfo:
    """One entry of ``capabilities.models``. ``mean`` and ``std`` normalise RGB values from 0 to 1. ``parameters`` are those
    of ten classes, and of 17 keypoints; None when they are not known. ``framework`` is the trainer that offers the model."""

    name: str
    display_name: str
    task_type: str
    description: str
    parameters: int | None
    image_size: int
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    framework: str = "torchvision"

    def to_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": self.name,
            "displayName": self.display_name,
            "taskTypes": [self.task_type],
            "description": self.description,
            "defaultImageSize": self.image_size,
        }
        return body if self.parameters is None else {**body, "parameters": self.parameters}


MODELS = {
    model.name: model
    for model in (
        ModelInfo(
            "small_cnn", "Small CNN", CLASSIFICATION,
            "Four convolutions for small images (8 to 64 pixels); trains in seconds on a CPU.",
            94_882, 32, HALF, HALF,
        ),
        ModelInfo(
            "resnet18", "ResNet-18", CLASSIFICATION,
            "Residual network with 18 layers (He et al., 2015), trained from random weights.",
            11_181_642, 224,
        ),
        ModelInfo(
            "small_detector", "Small Faster R-CNN", DETECTION,
            "Faster R-CNN on five convolutions for small pictures (64 to 256 pixels); trains in minutes on a CPU.",
            352_212, 96, HALF, HALF,
        ),
        ModelInfo(
            "fasterrcnn_mobilenet_v3_large_320_fpn", "Faster R-CNN, MobileNetV3-Large 320", DETECTION,
            "Two-stage detector (Ren et al., 2015) for low resolutions.", 19_000_754, 320,
        ),
        ModelInfo(
            "fasterrcnn_mobilenet_v3_large_fpn", "Faster R-CNN, MobileNetV3-Large", DETECTION,
            "Two-stage detector with a mobile backbone.", 19_000_754, 800,
        ),
        ModelInfo(
            "fasterrcnn_resnet50_fpn", "Faster R-CNN, ResNet-50", DETECTION,
            "Two-stage detector with a feature pyramid.", 41_398_406, 800,
        ),
        ModelInfo(
            "retinanet_resnet50_fpn", "RetinaNet, ResNet-50", DETECTION,
            "One-stage detector with focal loss (Lin et al., 2017).", 32_408_519, 800,
        ),
        ModelInfo(
            "ssdlite320_mobilenet_v3_large", "SSDLite, MobileNetV3-Large", DETECTION,
            "Light one-stage detector (Sandler et al., 2018).", 2_331_260, 320, HALF, HALF,
        ),
        ModelInfo(
            "fcos_resnet50_fpn", "FCOS, ResNet-50", DETECTION,
            "One-stage detector without anchors (Tian et al., 2019).", 32_138_320, 800,
        ),
        ModelInfo(
            "small_mask_detector", "Small Mask R-CNN", INSTANCES,
            "Mask R-CNN on five convolutions for small pictures (64 to 256 pixels); trains in minutes on a CPU.",
            410_495, 96, HALF, HALF,
        ),
        ModelInfo(
            "maskrcnn_resnet50_fpn", "Mask R-CNN, ResNet-50", INSTANCES,
            "Faster R-CNN with a branch for masks (He et al., 2017).", 44_023_953, 800,
        ),
        ModelInfo(
            "small_segmenter", "Small U-Net", SEMANTIC,
            "U-Net (Ronneberger et al., 2015) with three levels for small pictures; trains in seconds on a CPU.",
            118_763, 96, HALF, HALF,
        ),
        ModelInfo(
            "lraspp_mobilenet_v3_large", "LR-ASPP, MobileNetV3-Large", SEMANTIC,
            "Light segmentation (Howard et al., 2019).", 3_219_838, 520,
        ),
        ModelInfo(
            "deeplabv3_mobilenet_v3_large", "DeepLabV3, MobileNetV3-Large", SEMANTIC,
            "Segmentation with atrous convolutions (Chen et al., 2017).", 11_022_907, 520,
        ),
        ModelInfo(
            "deeplabv3_resnet50", "DeepLabV3, ResNet-50", SEMANTIC,
            "Segmentation with atrous convolutions (Chen et al., 2017).", 39_636_299, 520,
        ),
        ModelInfo(
            "fcn_resnet50", "FCN, ResNet-50", SEMANTIC,
            "Fully convolutional network (Long et al., 2015).", 32_951_883, 520,
        ),
        ModelInfo(
            "small_keypoint_detector", "Small Keypoint R-CNN", KEYPOINTS,
            "Keypoint R-CNN on five convolutions for small pictures (64 to 256 pixels); trains in minutes on a CPU.",
            413_765, 96, HALF, HALF,
        ),
        ModelInfo(
            "keypointrcnn_resnet50_fpn", "Keypoint R-CNN, ResNet-50", KEYPOINTS,
            "Faster R-CNN with a branch for keypoints (He et al., 2017).", 59_236_503, 800,
        ),
    )
}  # fmt: skip


def models_of(framework: str) -> list[ModelInfo]:
    """The models that a trainer offers."""
    return [model for model in MODELS.values() if model.framework == framework]
