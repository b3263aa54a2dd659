"""A trainer without a real framework: each job does what its config says."""

from __future__ import annotations

import logging
import os
import signal
from typing import Any

from trainer_sdk import ConfigField, Framework, JobContext, JobRequest, JobResult
from trainer_sdk.config import resolve

BEHAVIOURS = ("finish", "abort", "sigkill", "raise", "memory", "hang", "deaf", "logs", "download", "upload")
FIELDS = (
    ConfigField("behaviour", "select", "finish", "What the job does.", options=BEHAVIOURS),
    ConfigField("count", "int", 1, "How often.", min=0, max=10_000_000),
)


class FakeFramework(Framework):
    name = "fake"

    def capabilities(self) -> dict[str, Any]:
        return {
            "framework": self.name, "version": "1", "taskTypes": ["image_classification"],
            "models": [], "configSchema": {"fields": [item.to_json() for item in FIELDS], "presets": {}},
            "exportFormats": [], "devices": [],
        }  # fmt: skip

    def validate(self, request: JobRequest) -> None:
        resolve(FIELDS, request.config)

    def train(self, context: JobContext) -> JobResult:
        config = resolve(FIELDS, context.request.config)
        context.started("cpu", {"train": os.getpid(), "val": os.getppid(), "test": 0})
        getattr(self, "_" + config["behaviour"])(context, config["count"])
        return JobResult(final_metrics={"loss": 1.0})

    def _finish(self, context: JobContext, count: int) -> None:
        for epoch in range(1, count + 1):
            context.metrics(epoch, count, {"loss": 1.0}, epoch_seconds=0.1, eta_seconds=0.0)

    def _abort(self, context: JobContext, count: int) -> None:
        self._finish(context, count)
        os.abort()

    def _sigkill(self, context: JobContext, count: int) -> None:
        self._finish(context, count)
        os.kill(os.getpid(), signal.SIGKILL)

    def _raise(self, context: JobContext, count: int) -> None:
        raise ValueError("this framework has a bug")

    def _memory(self, context: JobContext, count: int) -> None:
        raise MemoryError

    def _hang(self, context: JobContext, count: int) -> None:
        while not context._cancelled.wait(10):
            pass
        context.check_cancelled()

    def _deaf(self, context: JobContext, count: int) -> None:
        while True:
            signal.pause()

    def _logs(self, context: JobContext, count: int) -> None:
        for number in range(count):
            logging.getLogger("fake").info("line %d", number)

    def _download(self, context: JobContext, count: int) -> None:
        dataset = context.dataset()
        for image in dataset.images:
            assert image.file.stat().st_size == image.size
        context.metrics(1, 1, {"loss": len(dataset.images)}, epoch_seconds=0, eta_seconds=0)

    def _upload(self, context: JobContext, count: int) -> None:
        path = context.workdir / "epoch-0001.pt"
        path.write_bytes(bytes(range(256)) * (count // 256) + bytes(count % 256))
        context.upload_checkpoint(path, path.name, 1, True, {"accuracy": 0.5})
