"""The networks. Each takes RGB images ``[N,3,H,W]`` and returns logits ``[N,classes]``."""

from __future__ import annotations

import torch
import torchvision
from torch import nn


class SmallCnn(nn.Module):
    """Four 3×3 convolutions with batch norm, two of them followed by pooling, then a global average.

    About 95,000 parameters and 9 million multiplications for a 32×32 image.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_block(3, 24), nn.MaxPool2d(2),
            *_block(24, 48), nn.MaxPool2d(2),
            *_block(48, 96),
            *_block(96, 48),
            nn.AdaptiveAvgPool2d(1),
        )  # fmt: skip
        self.head = nn.Linear(48, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.head(torch.flatten(self.features(images), 1))


def build(name: str, classes: int) -> nn.Module:
    """A model of ``configuration.MODELS`` with random weights."""
    if name == "small_cnn":
        return SmallCnn(classes)
    if name == "resnet18":
        return torchvision.models.resnet18(weights=None, num_classes=classes)
    raise ValueError(f"unknown model {name}")


def parameter_count(model: nn.Module) -> int:
    """The number of trainable parameters of a model."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def _block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
