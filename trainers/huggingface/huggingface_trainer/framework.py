"""Classification, semantic segmentation and detection with the networks of transformers.

The loop, the settings, checkpoints and exports are those of ``torchvision_trainer``.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any

from torch import nn

from torchvision_trainer.catalogue import HALF, ModelInfo
from torchvision_trainer.framework import TorchFramework
from torchvision_trainer.models import register
from trainer_sdk.annotations import CLASSIFICATION, DETECTION, SEMANTIC

from .networks import Classifier, Detector, Segmenter, configuration

Builder = Callable[[int, int, int], nn.Module]


def _vit(width: int, layers: int, heads: int, kind: str = "vit") -> Builder:
    settings = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads, "intermediate_size": 4 * width}
    return lambda classes, _, size: Classifier(kind, classes, {**settings, "image_size": size})


def _swin(width: int, depths: list[int], heads: list[int]) -> Builder:
    settings = {"embed_dim": width, "depths": depths, "num_heads": heads}
    return lambda classes, _, size: Classifier("swin", classes, {**settings, "image_size": size})


def _convnext(depths: list[int], widths: list[int]) -> Builder:
    return lambda classes, _, __: Classifier("convnext", classes, {"depths": depths, "hidden_sizes": widths})


def _segformer(depths: list[int], widths: list[int], decoder: int) -> Builder:
    settings = {"depths": depths, "hidden_sizes": widths, "decoder_hidden_size": decoder}
    return lambda classes, _, __: Segmenter("segformer", classes, settings)


def _yolos(width: int, layers: int, heads: int) -> Builder:
    def build(classes: int, _: int, size: int) -> nn.Module:
        return Detector("yolos", classes, {
            "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads,
            "intermediate_size": 4 * width, "image_size": [size, size], "num_detection_tokens": 100,
            "use_mid_position_embeddings": False,
        })  # fmt: skip

    return build


def _detr(classes: int, _: int, __: int) -> nn.Module:
    backbone: Any = configuration("resnet", out_features=["stage4"])
    return Detector("detr", classes, {
        "use_timm_backbone": False, "use_pretrained_backbone": False, "backbone": None, "backbone_config": backbone,
        "num_queries": 100,
    })  # fmt: skip


#: Name, name for people, task, size of the images, builder.
NETWORKS: tuple[tuple[str, str, str, int, Builder], ...] = (
    ("vit-base-patch16", "ViT-Base/16", CLASSIFICATION, 224, _vit(768, 12, 12)),
    ("vit-large-patch16", "ViT-Large/16", CLASSIFICATION, 224, _vit(1024, 24, 16)),
    ("deit-small-patch16", "DeiT-Small/16", CLASSIFICATION, 224, _vit(384, 12, 6, "deit")),
    ("deit-base-patch16", "DeiT-Base/16", CLASSIFICATION, 224, _vit(768, 12, 12, "deit")),
    ("beit-base-patch16", "BEiT-Base/16", CLASSIFICATION, 224, _vit(768, 12, 12, "beit")),
    ("swin-tiny", "Swin-Tiny", CLASSIFICATION, 224, _swin(96, [2, 2, 6, 2], [3, 6, 12, 24])),
    ("swin-small", "Swin-Small", CLASSIFICATION, 224, _swin(96, [2, 2, 18, 2], [3, 6, 12, 24])),
    ("swin-base", "Swin-Base", CLASSIFICATION, 224, _swin(128, [2, 2, 18, 2], [4, 8, 16, 32])),
    ("convnext-tiny", "ConvNeXt-Tiny", CLASSIFICATION, 224, _convnext([3, 3, 9, 3], [96, 192, 384, 768])),
    ("convnext-small", "ConvNeXt-Small", CLASSIFICATION, 224, _convnext([3, 3, 27, 3], [96, 192, 384, 768])),
    ("segformer-b0", "SegFormer-B0", SEMANTIC, 512, _segformer([2, 2, 2, 2], [32, 64, 160, 256], 256)),
    ("segformer-b1", "SegFormer-B1", SEMANTIC, 512, _segformer([2, 2, 2, 2], [64, 128, 320, 512], 256)),
    ("yolos-tiny", "YOLOS-Tiny", DETECTION, 512, _yolos(192, 12, 3)),
    ("yolos-small", "YOLOS-Small", DETECTION, 512, _yolos(384, 12, 6)),
    ("detr-resnet-50", "DETR, ResNet-50", DETECTION, 800, _detr),
)

for _name, _title, _task, _size, _build in NETWORKS:
    _normal = {"mean": HALF, "std": HALF} if _name.startswith(("vit", "beit")) else {}
    register(
        ModelInfo(
            _name, _title, _task, "Network of transformers, trained from random weights.", None, _size,
            framework="huggingface", **_normal,
        ),
        _build,
    )  # fmt: skip


class HuggingFaceFramework(TorchFramework):
    name = "huggingface"

    def version(self) -> str:
        return f"transformers {metadata.version('transformers')}, {super().version()}"
