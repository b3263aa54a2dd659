"""The Ultralytics trainer: connects its parts to the SDK."""

from __future__ import annotations

from importlib import metadata
from typing import Any

import torch

from torchvision_trainer import memory
from torchvision_trainer.catalogue import ModelInfo
from torchvision_trainer.framework import devices
from torchvision_trainer.models import register
from trainer_sdk import Framework, JobContext, JobRequest, JobResult, TrainerError
from trainer_sdk.errors import classify

from . import training
from .settings import FIELDS, MODELS, PRESETS, TASKS, check_request


def _no_builder(*_: int) -> Any:
    raise NotImplementedError("networks of Ultralytics are built in library.network")


for _model in MODELS.values():
    register(
        ModelInfo(
            _model["name"], _model["displayName"], _model["taskTypes"][0], _model["description"], None,
            _model["defaultImageSize"], framework="ultralytics",
        ),
        _no_builder,
    )  # fmt: skip


class UltralyticsFramework(Framework):
    """YOLO for five tasks."""

    name = "ultralytics"

    def capabilities(self) -> dict[str, Any]:
        return {
            "framework": self.name,
            "version": f"ultralytics {metadata.version('ultralytics')}, torch {torch.__version__}",
            "taskTypes": list(TASKS),
            "models": list(MODELS.values()),
            "configSchema": {"fields": [field.to_json() for field in FIELDS], "presets": PRESETS},
            "exportFormats": [],
            "devices": devices(),
        }

    def validate(self, request: JobRequest) -> None:
        check_request(request, torch.cuda.is_available())

    def train(self, context: JobContext) -> JobResult:
        return training.train(context)

    def evaluate(self, context: JobContext) -> JobResult:
        return training.evaluate(context)

    def classify(self, error: BaseException) -> TrainerError:
        return classify(MemoryError() if memory.ran_out(error) else error)
