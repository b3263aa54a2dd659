"""Image classification with the networks of timm (https://github.com/huggingface/pytorch-image-models).

The loop, the settings, checkpoints, exports and predictions are those of ``torchvision_trainer``; timm gives the networks.
``timm.create_model(…, pretrained=False)`` builds them with random weights and downloads nothing.
"""

from __future__ import annotations

from importlib import metadata

from torch import nn

from torchvision_trainer.catalogue import ModelInfo
from torchvision_trainer.framework import TorchFramework
from torchvision_trainer.models import register
from trainer_sdk.annotations import CLASSIFICATION

#: Name in timm, name for people, size of the images, and whether the network is built for one size.
NETWORKS = (
    ("resnet18d", "ResNet-18-D", 224, False),
    ("resnet34", "ResNet-34", 224, False),
    ("resnet50", "ResNet-50", 224, False),
    ("resnet101", "ResNet-101", 224, False),
    ("efficientnet_b0", "EfficientNet-B0", 224, False),
    ("efficientnet_b1", "EfficientNet-B1", 240, False),
    ("efficientnet_b2", "EfficientNet-B2", 260, False),
    ("efficientnet_b3", "EfficientNet-B3", 300, False),
    ("vit_tiny_patch16_224", "ViT-Tiny/16", 224, True),
    ("vit_small_patch16_224", "ViT-Small/16", 224, True),
    ("vit_base_patch16_224", "ViT-Base/16", 224, True),
    ("convnext_tiny", "ConvNeXt-Tiny", 224, False),
    ("convnext_small", "ConvNeXt-Small", 224, False),
    ("convnext_base", "ConvNeXt-Base", 224, False),
    ("mobilenetv3_small_100", "MobileNetV3-Small", 224, False),
    ("mobilenetv3_large_100", "MobileNetV3-Large", 224, False),
)


def build(name: str, classes: int, size: int, fixed_size: bool) -> nn.Module:
    """A network of timm with random weights for square images of ``size`` pixels; it returns logits."""
    import timm

    options = {"img_size": size} if fixed_size else {}
    return timm.create_model(name, pretrained=False, num_classes=classes, **options)


for _name, _title, _size, _fixed in NETWORKS:
    register(
        ModelInfo(_name, _title, CLASSIFICATION, "Network of timm, trained from random weights.", None, _size, framework="timm"),
        lambda classes, _keypoints, size, name=_name, fixed=_fixed: build(name, classes, size, fixed),
    )


class TimmFramework(TorchFramework):
    name = "timm"

    def version(self) -> str:
        return f"timm {metadata.version('timm')}, {super().version()}"
