"""A job of the torchvision trainer in the process of the test."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from platform_double import Platform
from schema import check

from torchvision_trainer import checkpoints, models, training
from trainer_sdk import JobContext, JobRequest
from trainer_sdk.settings import Settings

CLASSES = ["dark", "light"]
Rows = list[tuple[str, bytes, str, str]]


def solid(level: int) -> bytes:
    """An image of one colour, by which it is recognised in a batch."""
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (level, level, level)).save(buffer, "PNG")
    return buffer.getvalue()


LEVELS = {"train": range(0, 48, 2), "val": range(100, 116, 2), "test": range(200, 210, 2)}


def rows_of(**extra: bytes) -> Rows:
    """Images of one colour each; ``extra`` are training images by name."""
    rows = [
        (f"{split}/{level}.png", solid(level), CLASSES[level // 2 % 2], split)
        for split, levels in LEVELS.items() for level in levels
    ]  # fmt: skip
    return rows + [(f"train/{name}", data, "dark", "train") for name, data in extra.items()]


class Run:
    """A job in this process, with the images that its model saw while it learned and while it was measured."""

    def __init__(self, platform: Platform, settings: Settings, tmp: Path, rows: Rows, config: dict[str, Any], **request: Any) -> None:
        body = platform.job(
            platform.attempt(), dataset=platform.dataset(rows, CLASSES),
            config={"imageSize": 8, "batchSize": 8, "epochs": 4, "device": "cpu", **config}, **request,
        )  # fmt: skip
        self.platform = platform
        self.events: list[dict[str, Any]] = []
        self.learned: set[int] = set()
        self.measured: set[int] = set()
        self.rates: list[float] = []
        tmp.mkdir(exist_ok=True)
        self.context = JobContext(
            JobRequest.parse(body), settings, tmp, "torchvision", self.events.append, threading.Event()
        )

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Reads images from the model's inputs, and learning rates from the optimizer's steps."""
        build = models.build

        def watched(*arguments: Any) -> torch.nn.Module:
            model = build(*arguments)
            model.register_forward_pre_hook(self._see)
            return model

        def step(optimizer: Any, *_: Any) -> None:
            self.rates += [group["lr"] for group in optimizer.param_groups]

        patch.setattr(models, "build", watched)
        for kind in (torch.optim.Adam, torch.optim.AdamW, torch.optim.SGD, torch.optim.RMSprop):
            patch.setattr(kind, "step", before(kind.step, step))

    def _see(self, model: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        levels = ((inputs[0].mean(dim=(1, 2, 3)) * 0.5 + 0.5) * 255).round().int().tolist()
        (self.learned if model.training else self.measured).update(levels)

    def train(self) -> dict[str, Any]:
        """Runs to the end and returns the ``completed`` event."""
        try:
            self.context.completed(training.train(self.context))
        finally:
            self.context.close()
        check("EventBatch", {"events": [{"seq": n, "time": "2026-01-01T00:00:00Z", **e} for n, e in enumerate(self.events, 1)]})
        return self.events[-1]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]


def before(method: Callable[..., Any], call: Callable[..., None]) -> Callable[..., Any]:
    def both(self: Any, *args: Any, **kwargs: Any) -> Any:
        call(self)
        return method(self, *args, **kwargs)

    return both


def stored(job: Run, event: dict[str, Any], tmp_path: Path) -> checkpoints.Checkpoint:
    path = tmp_path / event["name"]
    path.write_bytes(job.platform.stored(event["key"]))
    return checkpoints.load(path)
