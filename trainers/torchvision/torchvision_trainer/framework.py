"""The torchvision trainer: connects its parts to the SDK."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torchvision

from trainer_sdk import Framework, JobContext, JobRequest, JobResult, Predictor, TrainerError
from trainer_sdk.errors import classify
from trainer_sdk.settings import Settings

from . import batch_prediction, evaluation, exporting, memory, prediction, training
from .catalogue import models_of
from .configuration import FIELDS, PRESETS, check_request, task_types
from .formats import export_formats, matrix


class TorchFramework(Framework):
    """The models of ``catalogue.MODELS`` that are of this framework."""

    def version(self) -> str:
        return f"torch {torch.__version__}, torchvision {torchvision.__version__}"

    def capabilities(self) -> dict[str, Any]:
        return {
            "framework": self.name,
            "version": self.version(),
            "taskTypes": task_types(self.name),
            "models": [model.to_json() for model in models_of(self.name)],
            "configSchema": {"fields": [field.to_json() for field in FIELDS], "presets": PRESETS},
            "exportFormats": export_formats(task_types(self.name), self.name),
            "exportMatrix": matrix(task_types(self.name), self.name),
            "devices": devices(),
        }

    def validate(self, request: JobRequest) -> None:
        check_request(request, torch.cuda.is_available(), self.name)

    def train(self, context: JobContext) -> JobResult:
        return training.train(context)

    def evaluate(self, context: JobContext) -> JobResult:
        return evaluation.evaluate_checkpoint(context)

    def predict(self, context: JobContext) -> JobResult:
        return batch_prediction.predict(context)

    def export(self, context: JobContext) -> JobResult:
        return exporting.export(context)

    def load_predictor(self, path: Path, format: str, metadata: Mapping[str, Any]) -> Predictor:
        settings = Settings.from_environment()
        torch.set_num_threads(settings.threads)
        return prediction.load(path, format, metadata, settings.threads, settings.predict_max_pixels)

    def classify(self, error: BaseException) -> TrainerError:
        if memory.ran_out(error):
            return classify(MemoryError())
        if isinstance(error, ValueError) and "more than 1 value per channel" in str(error):
            return TrainerError(
                "INVALID_CONFIG", "With images this small a batch needs two images: raise batchSize or imageSize."
            )
        return classify(error)


class TorchvisionFramework(TorchFramework):
    """The models of torchvision, and small ones of its parts."""

    name = "torchvision"


def devices() -> list[dict[str, Any]]:
    """The CPU with its memory, then every CUDA device; memory in bytes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    found: list[dict[str, Any]] = [{"type": "cpu", "name": _cpu_name(), "memoryBytes": memory}]
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        found.append({"type": "cuda", "name": properties.name, "memoryBytes": properties.total_memory})
    return found


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            name = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.machine()
    return f"{name} ({len(os.sched_getaffinity(0))} cores)"
