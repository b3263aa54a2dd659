"""Builds the networks of :mod:`catalogue`. None of them downloads weights."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from trainer_sdk import TrainerError

from .catalogue import MODELS, ModelInfo
from .tasks import classification, detection, instance_segmentation, keypoints, semantic_segmentation

#: Each takes the number of classes, the number of keypoints, and the side of the images in pixels.
_BUILDERS: dict[str, Callable[[int, int, int], nn.Module]] = {
    **classification.BUILDERS, **detection.BUILDERS, **instance_segmentation.BUILDERS,
    **semantic_segmentation.BUILDERS, **keypoints.BUILDERS,
}  # fmt: skip


def build(name: str, classes: int, keypoints: int = 0, image_size: int | None = None) -> nn.Module:
    """A model with random weights. ``classes`` are without the background."""
    if name not in _BUILDERS:
        raise ValueError(f"unknown model {name}")
    return _BUILDERS[name](classes, keypoints, image_size or MODELS[name].image_size)


def register(info: ModelInfo, builder: Callable[[int, int, int], nn.Module]) -> None:
    """Adds a model of another framework. Raises ValueError when there is one with this name."""
    if info.name in MODELS:
        raise ValueError(f"there is a model {info.name} already")
    MODELS[info.name] = info
    _BUILDERS[info.name] = builder


def parameter_count(model: nn.Module) -> int:
    """The number of parameters of a model."""
    return sum(parameter.numel() for parameter in model.parameters())


def stages(model: nn.Module) -> list[nn.Module]:
    """The parts of a model's backbone that can be frozen, from the input on: those of its first level with weights."""
    part: nn.Module = model
    for name in ("backbone", "body", "features"):
        inner = getattr(part, name, None)
        if isinstance(inner, nn.Module):
            part = inner
    children = [child for child in part.children() if any(True for _ in child.parameters())]
    return children if part is not model else children[:-1]


def freeze(model: nn.Module, count: int) -> None:
    """Stops the first ``count`` stages from learning; raises ``INVALID_CONFIG`` when the backbone has fewer."""
    parts = stages(model)
    if count > len(parts):
        raise TrainerError(
            "INVALID_CONFIG", f"frozenLayers is {count}, but the backbone of this model has {len(parts)} stages."
        )
    for part in parts[:count]:
        part.requires_grad_(False)
