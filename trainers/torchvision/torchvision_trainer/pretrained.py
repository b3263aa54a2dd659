"""Pretrained weights: a state dict, or a checkpoint of this trainer, that an operator imported for a model."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from trainer_sdk import TrainerError

from .checkpoints import FORMAT

#: Layers that a message names, at most.
MAX_NAMED = 10
#: Batch norm counts batches only since torch 0.4.1; older files lack the counters.
COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Beginning:
    """What a model took over: how many tensors, and the names of those that keep their random values."""

    loaded: int
    random: tuple[str, ...]


def load(path: Path) -> dict[str, torch.Tensor]:
    """Reads tensors by name without running any code of the file; raises ``WEIGHTS_INVALID``."""
    try:
        file = torch.load(path, map_location="cpu", weights_only=True)
        tensors = _of_checkpoint(file) if isinstance(file, dict) and file.get("format") == FORMAT else file
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError, IndexError, OSError) as error:
        raise _invalid("the file cannot be read as weights", type(error).__name__) from error
    if not isinstance(tensors, dict) or not tensors:
        raise _invalid("the file is no state dict, which has tensors by name")
    odd = [str(name) for name, value in tensors.items() if not isinstance(name, str) or not isinstance(value, torch.Tensor)]
    if odd:
        raise _invalid(f"the file is no state dict: {_named(odd)} {_are(odd)} no tensor")
    return tensors


def begin(model: nn.Module, tensors: dict[str, torch.Tensor], build_other: Callable[[], nn.Module]) -> Beginning:
    """Gives the model the weights of a file; raises ``WEIGHTS_INVALID`` with the layers that do not fit.

    ``build_other`` builds the model for other classes and keypoints: the tensors whose shape it changes are the head.
    They may be absent or of another shape, and then keep their random values. Everything else must fit exactly.
    """
    own = model.state_dict()
    head = _head(own, build_other)
    missing = [name for name in own if name not in tensors and name not in head and not name.endswith(COUNTER)]
    unknown = [name for name in tensors if name not in own]
    shapes = [name for name in own if name in tensors and tensors[name].shape != own[name].shape]
    other = [name for name in shapes if name not in head]
    problems = []
    if missing:
        problems.append(f"the file lacks {_named(missing)}")
    if unknown:
        problems.append(f"the model has no {_named(unknown)}")
    if other:
        first = other[0]
        problems.append(f"{_named(other)} {_are(other)} of another shape ({first}: {_shape(tensors[first])} instead of {_shape(own[first])})")
    if problems:
        raise _invalid("; ".join(problems))
    infinite = [name for name in own if name in tensors and name not in shapes and not bool(torch.isfinite(tensors[name]).all())]
    if infinite:
        raise _invalid(f"{_named(infinite)} {_are(infinite)} not finite")
    fitting = {name: value for name, value in tensors.items() if name not in shapes}
    model.load_state_dict(fitting, strict=False)
    return Beginning(len(fitting), tuple(name for name in own if name not in fitting and not name.endswith(COUNTER)))


def _head(own: dict[str, torch.Tensor], build_other: Callable[[], nn.Module]) -> set[str]:
    """Building the other model must not change the random numbers that the job draws."""
    with torch.random.fork_rng(devices=[]):
        other = build_other().state_dict()
    return {name for name, value in own.items() if name not in other or other[name].shape != value.shape}


def _of_checkpoint(file: dict[str, object]) -> object:
    """The tensors of the model in a checkpoint of this trainer, whose text says where they are."""
    state = dict(json.loads(file["state"])["$items"])  # type: ignore[arg-type]
    tensors = file["tensors"]
    return {name: tensors[value["$tensor"]] for name, value in state["model"]["$items"]}  # type: ignore[index]


def _invalid(reason: str, detail: str | None = None) -> TrainerError:
    return TrainerError("WEIGHTS_INVALID", f"The pretrained weights do not fit: {reason}.", detail=detail)


def _named(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMED
    return ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _shape(tensor: torch.Tensor) -> str:
    return "x".join(str(size) for size in tensor.shape) or "a number"
