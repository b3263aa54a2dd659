"""Networks of transformers with the inputs and outputs that the tasks of ``torchvision_trainer`` expect.

They are built from configurations (``AutoConfig.for_model``, ``from_config``): that gives random weights and asks no hub.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


def configuration(kind: str, **settings: Any) -> Any:
    """A configuration of a model type of transformers, with its defaults for what is not set."""
    from transformers import AutoConfig

    return AutoConfig.for_model(kind, **settings)


class Classifier(nn.Module):
    """``[N,3,H,W]`` to logits ``[N,classes]``."""

    def __init__(self, kind: str, classes: int, settings: dict[str, Any]) -> None:
        super().__init__()
        from transformers import AutoModelForImageClassification

        self.backbone = AutoModelForImageClassification.from_config(configuration(kind, num_labels=classes, **settings))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.backbone(pixel_values=images).logits


class Segmenter(nn.Module):
    """``[N,3,H,W]`` to logits ``[N,classes + 1,H,W]``; SegFormer gives a quarter of the size."""

    def __init__(self, kind: str, classes: int, settings: dict[str, Any]) -> None:
        super().__init__()
        from transformers import AutoModelForSemanticSegmentation

        config = configuration(kind, num_labels=classes + 1, **settings)
        self.backbone = AutoModelForSemanticSegmentation.from_config(config)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        logits = self.backbone(pixel_values=images).logits
        return functional.interpolate(logits, size=images.shape[2:], mode="bilinear", align_corners=False)


class Detector(nn.Module):
    """A DETR or YOLOS with the interface of a torchvision detector (label 0 is the background there).

    The networks take boxes as centre and size in shares of the image, count classes from 0, and give one logit more for
    "no object", the last.
    """

    def __init__(self, kind: str, classes: int, settings: dict[str, Any]) -> None:
        super().__init__()
        from transformers import AutoModelForObjectDetection

        self.backbone = AutoModelForObjectDetection.from_config(configuration(kind, num_labels=classes, **settings))

    def forward(
        self, images: list[torch.Tensor], targets: list[dict[str, torch.Tensor]] | None = None
    ) -> dict[str, torch.Tensor] | list[dict[str, torch.Tensor]]:
        pixels = torch.stack(images)
        height, width = pixels.shape[2:]
        if targets is not None:
            labels = [
                {"class_labels": target["labels"] - 1, "boxes": to_shares(target["boxes"], width, height)}
                for target in targets
            ]
            return {"loss": self.backbone(pixel_values=pixels, labels=labels).loss}
        found = self.backbone(pixel_values=pixels)
        scores, classes = found.logits.softmax(-1)[..., :-1].max(-1)
        return [
            {"boxes": to_corners(boxes, width, height), "scores": score, "labels": label + 1}
            for boxes, score, label in zip(found.pred_boxes, scores, classes, strict=True)
        ]


def to_shares(boxes: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Left, top, right, bottom in pixels as centre and size in shares."""
    left, top, right, bottom = boxes.unbind(-1)
    size = boxes.new_tensor([width, height, width, height])
    return torch.stack(((left + right) / 2, (top + bottom) / 2, right - left, bottom - top), -1) / size


def to_corners(boxes: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """The inverse of :func:`to_shares`."""
    x, y, wide, high = boxes.unbind(-1)
    size = boxes.new_tensor([width, height, width, height])
    return torch.stack((x - wide / 2, y - high / 2, x + wide / 2, y + high / 2), -1) * size
