"""Uploads of checkpoints beside the training."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from trainer_sdk import JobContext

from . import checkpoints


class CheckpointUploads:
    """Uploads checkpoints one by one while training goes on; at most one waits."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._running: Future[None] | None = None

    def __enter__(self) -> CheckpointUploads:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._await()
        finally:
            self._pool.shutdown(wait=kind is None)

    def store(self, state: dict[str, Any], epoch: int, best: bool, metrics: dict[str, float]) -> None:
        """Writes ``epoch-0001.pt`` and starts its upload. Raises the exception of the upload before."""
        self._await()
        path = self._context.workdir / f"epoch-{epoch:04d}.pt"
        checkpoints.save(path, state)
        self._running = self._pool.submit(self._upload, path, epoch, best, dict(metrics))

    def _upload(self, path: Path, epoch: int, best: bool, metrics: dict[str, float]) -> None:
        self._context.upload_checkpoint(path, path.name, epoch, best, metrics)
        path.unlink()

    def _await(self) -> None:
        if self._running is not None:
            self._running.result()
            self._running = None
