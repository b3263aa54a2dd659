"""Devices, optimizers, schedules and batches, as the configuration says."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from trainer_sdk import TrainerError


def pick_device(name: str) -> torch.device:
    """``auto``, ``cpu`` or ``cuda`` as a device."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def make_optimizer(config: dict[str, Any], model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer that the configuration names."""
    common = {"lr": config["learningRate"], "weight_decay": config["weightDecay"]}
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if not parameters:
        raise TrainerError("INVALID_CONFIG", "frozenLayers leaves nothing to train.")
    if config["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, momentum=config["momentum"], **common)
    if config["optimizer"] == "rmsprop":
        return torch.optim.RMSprop(parameters, momentum=config["momentum"], **common)
    kind = torch.optim.AdamW if config["optimizer"] == "adamw" else torch.optim.Adam
    return kind(parameters, **common)


def make_scaler(enabled: bool) -> Any:
    """The loss scaler for mixed precision. torch 2.3 moved it, and the old name warns."""
    if hasattr(torch.amp, "GradScaler"):
        return torch.amp.GradScaler("cuda", enabled=enabled)
    return torch.cuda.amp.GradScaler(enabled=enabled)


def learning_rate_factor(schedule: str, epochs: int, steps: int, warmup: float = 0.0) -> Callable[[int], float]:
    """Gives the factor on the learning rate before step ``n`` (from 0), with ``steps`` steps in an epoch.

    In the first ``warmup`` epochs, the factor of the schedule is multiplied by a share that rises to 1.
    """
    total = max(1, epochs * steps)
    rising = warmup * steps
    third = max(1, math.ceil(epochs / 3)) * steps

    def one_cycle(step: int) -> float:
        rise = max(1, int(total * 0.3))
        if step < rise:
            return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / rise)) / 2
        return max(1e-4, (1 + math.cos(math.pi * min(1.0, (step - rise) / max(1, total - rise)))) / 2)

    course = {
        "none": lambda step: 1.0,
        "cosine": lambda step: (1 + math.cos(math.pi * min(1.0, step / total))) / 2,
        "step": lambda step: 0.1 ** (step // third),
        "one_cycle": one_cycle,
    }[schedule]
    return lambda step: course(step) * min(1.0, (step + 1) / rising if rising else 1.0)


def batches_of(count: int, size: int, seed: int, epoch: int) -> list[torch.Tensor]:
    """The indices of an epoch's batches: a permutation that depends only on seed and epoch.

    A last batch of one image is left out, because batch norm cannot learn from it.
    """
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch + 500_000))
    batches = list(order.split(size))
    if len(batches) > 1 and len(batches[-1]) == 1 and size > 1:
        batches.pop()
    return batches
