"""The platform as a job sees it: the request, the data, and the events to report."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .cache import ChecksumMismatch, ContentCache
from .dataset import Dataset, download_images, read_manifest, select
from .errors import Cancelled, TrainerError
from .gpu import GpuUse
from .protocol import JobRequest
from .settings import Settings
from .transfer import Transfer

if TYPE_CHECKING:
    from .metrics import Evaluation  # It needs numpy, which the rest of the SDK does not.

#: A validation event with more classes has no PR points, so that it stays small.
MAX_PR_CURVES = 200


@dataclass(frozen=True)
class JobResult:
    """Fields of the ``completed`` event; metrics map a name to a number."""

    best_epoch: int | None = None
    final_metrics: Mapping[str, float] = field(default_factory=dict)
    best_metrics: Mapping[str, float] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)


class JobContext:
    """Handed to ``Framework.train``, ``evaluate`` and ``export``.

    Every method that does I/O raises :class:`Cancelled` soon after a cancel; call :meth:`check_cancelled` in long
    computations. ``workdir`` is an empty folder, deleted when the job ends.
    """

    def __init__(
        self, request: JobRequest, settings: Settings, workdir: Path, framework: str,
        emit: Callable[[dict[str, Any]], None], cancelled: threading.Event,
    ) -> None:  # fmt: skip
        self.request = request
        self.settings = settings
        self.workdir = workdir
        self.log = logging.getLogger("trainer")
        self._framework = framework
        self._emit = emit
        self._cancelled = cancelled
        self._started = time.monotonic()
        self._leases = contextlib.ExitStack()
        self._gpu = GpuUse()
        self._manifest: Dataset | None = None
        self._cache = ContentCache(settings.cache_dir, settings.cache_max_bytes)
        self._transfer = Transfer(
            request.callback, settings.storage_retry, settings.callback_retry, self.check_cancelled
        )

    def check_cancelled(self) -> None:
        """Raises :class:`Cancelled` when the job must stop. It is cheap: call it for every batch."""
        if self._cancelled.is_set():
            raise Cancelled

    def dataset(self, splits: Collection[str] = ("train", "val", "test"), limit: int | None = None) -> Dataset:
        """The request's dataset version, with the images of ``splits`` downloaded and verified.

        With ``limit``, at most that many images, evenly spread over the manifest.
        """
        if self.request.dataset is None:
            raise TrainerError("DATASET_INVALID", "The job has no dataset.")
        if self._manifest is None:
            self._manifest = read_manifest(self.request.dataset, self._transfer, self._cache)
        dataset = select(self._manifest, splits, limit)
        self._leases.enter_context(self._cache.lease(image.sha256 for image in dataset.images))
        download_images(dataset, self._transfer, self._cache)
        self._cache.evict()
        return dataset

    def checkpoint(self) -> Path:
        """The request's checkpoint as a verified local file; raises ``CHECKPOINT_INVALID``."""
        reference = self.request.checkpoint
        if reference is None:
            raise TrainerError("CHECKPOINT_INVALID", "The job has no checkpoint.")
        return self._file(reference.url, reference.sha256, "The checkpoint", "CHECKPOINT_INVALID")

    def weights(self) -> Path:
        """The request's pretrained weights as a verified local file; raises ``WEIGHTS_INVALID``."""
        reference = self.request.weights
        if reference is None:
            raise TrainerError("WEIGHTS_INVALID", "The job has no pretrained weights.")
        return self._file(reference.url, reference.sha256, "The file of weights", "WEIGHTS_INVALID")

    def _file(self, url: str, sha256: str, what: str, code: str) -> Path:
        self._leases.enter_context(self._cache.lease([sha256]))
        try:
            path, _ = self._transfer.fetch_into(self._cache, url, sha256, what)
        except ChecksumMismatch as error:
            raise TrainerError(code, f"{what} has not the bytes of its SHA-256.", detail=str(error)) from error
        return path

    def started(self, device: str, images: Mapping[str, int], total_epochs: int | None = None) -> None:
        """Reports that work begins. Call it once, before the other reports. On a device that begins with ``cuda`` the
        use of the GPU is measured from now on."""
        if device.startswith("cuda"):
            self._gpu.start()
        event: dict[str, Any] = {"device": device, "framework": self._framework, "images": dict(images)}
        if total_epochs is not None:
            event["totalEpochs"] = total_epochs
        self._send("started", event)

    def metrics(
        self, epoch: int, total_epochs: int, metrics: Mapping[str, float], *, epoch_seconds: float, eta_seconds: float
    ) -> None:
        """Reports an epoch. ``loss`` is measured on the training images, ``val_loss`` and the measures of the task on the
        validation images. The use of the GPU since the last epoch is added."""
        self._send(
            "metrics",
            {
                "epoch": epoch, "totalEpochs": total_epochs, "metrics": as_json({**self._gpu.taken(), **metrics}),
                "epochSeconds": round(epoch_seconds, 4), "etaSeconds": round(eta_seconds, 2),
            },  # fmt: skip
        )

    def validation(
        self, epoch: int, split: str, metrics: Mapping[str, float], classes: Collection[str],
        confusion_matrix: list[list[int]] | None, per_class: list[dict[str, Any]],
        pr_points: list[dict[str, Any]] | None = None,
    ) -> None:  # fmt: skip
        """Reports the measures on a split; :class:`trainer_sdk.metrics.Evaluation` says what they are."""
        event: dict[str, Any] = {
            "epoch": epoch, "split": split, "metrics": finite(metrics), "classes": list(classes), "perClass": per_class,
        }  # fmt: skip
        if confusion_matrix is not None:
            event["confusionMatrix"] = confusion_matrix
        if pr_points is not None and len(pr_points) <= MAX_PR_CURVES:
            event["prPoints"] = pr_points
        self._send("validation", event)

    def evaluation(self, epoch: int, split: str, measured: Evaluation) -> None:
        """Reports an evaluation as a ``validation`` event."""
        self.validation(
            epoch, split, measured.metrics, measured.classes, measured.confusion, measured.per_class, measured.pr_points
        )

    def upload_checkpoint(self, path: Path, name: str, epoch: int, best: bool, metrics: Mapping[str, float]) -> None:
        """Stores a checkpoint and reports it. ``name`` must be new within the attempt."""
        stored = self._transfer.upload(path, name, "checkpoint", "application/octet-stream")
        self._send("checkpoint", {**stored, "epoch": epoch, "best": best, "metrics": finite(metrics)})

    def upload_model(self, path: Path, name: str, content_type: str = "application/octet-stream") -> dict[str, Any]:
        """Stores an exported model, reports it and returns ``{name, key, size, sha256}``."""
        stored = self._transfer.upload(path, name, "model", content_type)
        self._send("artifact", {**stored, "kind": "model", "contentType": content_type})
        return stored

    def upload_package(self, path: Path, name: str) -> dict[str, Any]:
        """Stores the package of an export, a zip with the model and what is needed to run it. Call it before
        :meth:`upload_model`: a platform that knows no packages keeps the last artifact."""
        stored = self._transfer.upload(path, name, "package", "application/zip")
        self._send("artifact", {**stored, "kind": "package", "contentType": "application/zip"})
        return stored

    def completed(self, result: JobResult) -> None:
        """Reports the end. The SDK calls it with the result of the framework."""
        event: dict[str, Any] = {
            "finalMetrics": finite(result.final_metrics),
            "bestMetrics": finite(result.best_metrics),
            "durationSeconds": round(time.monotonic() - self._started, 3),
            "result": dict(result.result),
        }
        if result.best_epoch is not None:
            event["bestEpoch"] = result.best_epoch
        self._send("completed", event)

    def close(self) -> None:
        """Ends the leases of the cached files, and the look at the GPU."""
        self._gpu.stop()
        self._leases.close()
        self._transfer.close()

    def _send(self, kind: str, fields: dict[str, Any]) -> None:
        self._emit({"type": kind, **fields})


def finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics that JSON can hold: those that are neither infinite nor NaN."""
    return {name: float(value) for name, value in metrics.items() if math.isfinite(value)}


def as_json(metrics: Mapping[str, float]) -> dict[str, float | str]:
    """All metrics; JSON has no NaN and infinity, so these are texts: ``NaN``, ``Infinity``, ``-Infinity``."""
    return {name: float(value) if math.isfinite(value) else _named(value) for name, value in metrics.items()}


def _named(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
