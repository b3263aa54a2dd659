"""Checkpoint files. They hold everything for resuming, exporting and evaluating, and loading one runs no code of it."""

from __future__ import annotations

import json
import pickle
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from trainer_sdk import TrainerError
from trainer_sdk.annotations import KeypointList

from . import models
from .catalogue import MODELS
from .images import Preprocessing
from .tasks.base import Outputs

FORMAT = 1


@dataclass(frozen=True)
class Checkpoint:
    """A loaded checkpoint. ``state`` is the dictionary as it was saved."""

    state: dict[str, Any]

    @property
    def epoch(self) -> int:
        """The last finished epoch."""
        return int(self.state["epoch"])

    @property
    def model_name(self) -> str:
        return str(self.state["modelName"])

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.state["classes"])

    @property
    def preprocessing(self) -> Preprocessing:
        saved = self.state["preprocessing"]
        height, width = saved["resize"]
        fit = saved.get("fit", "stretch")
        return Preprocessing((height, width), tuple(saved["mean"]), tuple(saved["std"]), fit=fit)

    @property
    def task_type(self) -> str:
        return MODELS[self.model_name].task_type

    @property
    def outputs(self) -> Outputs:
        saved = self.state.get("keypoints")
        return Outputs(self.classes, KeypointList.parse(saved) if saved is not None else None)

    def build_model(self) -> nn.Module:
        """The model with the checkpoint's weights, on the CPU, in evaluation mode."""
        model = models.build(
            self.model_name, len(self.classes), self.outputs.keypoint_count, self.preprocessing.size[0]
        )
        load_weights(model, self.state["model"])
        return model.eval()


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint: tensors by name, and everything else as JSON that refers to them.

    Without running code of the file, torch 1.13 reads only tensors, integers and text.
    """
    tensors: dict[str, torch.Tensor] = {}
    text = json.dumps(_without_tensors(state, "", tensors))
    torch.save({"format": FORMAT, "state": text, "tensors": tensors}, path)


def load(path: Path) -> Checkpoint:
    """Reads a checkpoint without running any code of it; raises ``CHECKPOINT_INVALID``."""
    try:
        file = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(file, dict) or file.get("format") != FORMAT:
            raise TrainerError("CHECKPOINT_INVALID", "The checkpoint has an unknown layout.")
        state = _with_tensors(json.loads(file["state"]), file["tensors"])
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError, TypeError, OSError) as error:
        raise TrainerError(
            "CHECKPOINT_INVALID", "The file is not a checkpoint of this trainer.", detail=type(error).__name__
        ) from error
    if state.get("modelName") not in MODELS:
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint belongs to a model that this trainer does not know.")
    return Checkpoint(state)


def load_weights(model: nn.Module, weights: dict[str, torch.Tensor]) -> None:
    """Raises ``CHECKPOINT_INVALID`` when the weights belong to another model."""
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint's weights do not fit the model.") from error


def random_state() -> dict[str, Any]:
    """The state of every random generator that a job uses."""
    version, keys, gauss = random.getstate()
    name, numbers, index, has_gauss, cached = np.random.get_state()
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "python": [version, list(keys), gauss],
        "numpy": [str(name), [int(number) for number in numbers], int(index), int(has_gauss), float(cached)],
    }


def restore_random_state(saved: dict[str, Any]) -> None:
    """Restores the state that :func:`random_state` returned."""
    torch.set_rng_state(saved["torch"])
    if saved["cuda"] and len(saved["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(saved["cuda"])
    version, keys, position = saved["python"]
    random.setstate((version, tuple(keys), position))
    name, numbers, index, has_gauss, cached = saved["numpy"]
    np.random.set_state((name, np.array(numbers, dtype=np.uint32), index, has_gauss, cached))


def _without_tensors(value: Any, name: str, tensors: dict[str, torch.Tensor]) -> Any:
    """The value with each tensor moved to ``tensors`` under its path, as a CPU copy."""
    if isinstance(value, torch.Tensor):
        tensors[name] = value.detach().to("cpu", copy=True)
        return {"$tensor": name}
    if isinstance(value, dict):
        # JSON keys are text, but the keys of an optimizer's state are numbers.
        return {"$items": [[key, _without_tensors(item, f"{name}/{key}", tensors)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_without_tensors(item, f"{name}/{index}", tensors) for index, item in enumerate(value)]
    return value


def _with_tensors(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, list):
        return [_with_tensors(item, tensors) for item in value]
    if isinstance(value, dict):
        if "$tensor" in value:
            return tensors[value["$tensor"]]
        return {key: _with_tensors(item, tensors) for key, item in value["$items"]}
    return value
