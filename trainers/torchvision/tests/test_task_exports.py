"""Exports of every task: trained for a moment, written, measured, packed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from composed import classes_of
from composed_data import composed
from platform_double import Platform
from schema import check

from torchvision_trainer import certificate, exporting, formats, onnxruntime_library, training, writing
from torchvision_trainer.configuration import check_request
from torchvision_trainer.runtimes import open_model
from trainer_sdk import JobContext, JobRequest, RequestProblem, TrainerError
from trainer_sdk.annotations import PRIMARY_METRIC
from trainer_sdk.settings import Settings
from trainer_sdk.wire import RetryPolicy

SIZE = 64
MODELS = {
    "image_classification": "small_cnn", "object_detection": "small_detector",
    "instance_segmentation": "small_mask_detector", "semantic_segmentation": "small_segmenter",
    "keypoint_detection": "small_keypoint_detector",
}  # fmt: skip
CONFIG = {
    "device": "cpu", "epochs": 3, "batchSize": 8, "learningRate": 0.004, "scheduler": "one_cycle", "imageSize": SIZE,
    "gradientClip": 5.0,
}  # fmt: skip
OUTPUTS = {
    "image_classification": {"logits"}, "semantic_segmentation": {"logits"},
    "object_detection": {"boxes", "labels", "scores"},
    "instance_segmentation": {"boxes", "labels", "scores", "masks"},
    "keypoint_detection": {"boxes", "labels", "scores", "keypoints"},
}  # fmt: skip
needs_onnx_runtime = pytest.mark.skipif(
    onnxruntime_library.find() is None, reason="ONNX Runtime is on no path that the trainer looks at"
)


class Trained:
    """One training of each task for all tests of this file."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.platform, self.folder = platform, folder
        self.settings = Settings(
            slots=2, cache_dir=folder / "cache", cache_max_bytes=2**30, api_key=None, threads=1, predictor_models=2,
            predict_requests=4, predict_max_pixels=50_000_000,
            callback_retry=RetryPolicy(base=0.01, cap=0.05, give_up=20, timeout=10),
            storage_retry=RetryPolicy(base=0.01, cap=0.05, give_up=5, timeout=10), cancel_grace_seconds=10,
        )  # fmt: skip
        self._made: dict[Any, Any] = {}
        self._number = 0

    def _run(self, task: str, kind: str, job: Callable[[JobContext], Any], **fields: Any) -> list[dict[str, Any]]:
        dataset = self._dataset(task)
        body = self.platform.job(
            self.platform.attempt(), kind, taskType=task, model=MODELS[task], dataset=dataset, **fields
        )
        check("JobRequest", body)
        self._number += 1
        work = self.folder / f"work-{self._number}"
        work.mkdir()
        events: list[dict[str, Any]] = []
        request = JobRequest.parse(body)
        check_request(request, has_cuda=False)
        context = JobContext(request, self.settings, work, "torchvision", events.append, threading.Event())
        try:
            context.completed(job(context))
        finally:
            context.close()
        return events

    def _dataset(self, task: str) -> dict[str, Any]:
        if ("dataset", task) not in self._made:
            self._made["dataset", task] = composed(self.platform, task, 48, SIZE)
        return self._made["dataset", task]

    def checkpoint(self, task: str) -> dict[str, Any]:
        if task not in self._made:
            events = self._run(task, "train", training.train, config=CONFIG)
            event = [event for event in events if event["type"] == "checkpoint"][-1]
            self._made[task] = {
                "url": self.platform.url_of(event["key"]), "sha256": event["sha256"], "epoch": event["epoch"]
            }
        return self._made[task]

    def export(self, task: str, format: str = "onnx", **options: Any) -> dict[str, Any]:
        """``{result, files}``: the result of the job, and what it stored by name."""
        key = (task, format, json.dumps(options))
        if key not in self._made:
            events = self._run(
                task, "export", exporting.export, config=CONFIG, checkpoint=self.checkpoint(task),
                export={"format": format, "options": options, "validation": {"tolerance": 1e-3}},
            )  # fmt: skip
            check("EventBatch", {"events": [{"seq": n, "time": "2026-01-01T00:00:00Z", **e} for n, e in enumerate(events, 1)]})
            check("ExportResult", events[-1]["result"])
            files = {event["name"]: self.platform.stored(event["key"]) for event in events if event["type"] == "artifact"}
            self._made[key] = {"result": events[-1]["result"], "files": files}
        return self._made[key]


@pytest.fixture(scope="module")
def trained(shared_platform: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    yield Trained(shared_platform, tmp_path_factory.mktemp("exports"))


@pytest.mark.parametrize("format", ["onnx", "torchscript"])
@pytest.mark.parametrize("task", MODELS)
@needs_onnx_runtime
def test_a_file_answers_as_its_metadata_says(trained: Trained, tmp_path: Path, task: str, format: str) -> None:
    made = trained.export(task, format)
    metadata, measured = made["result"]["metadata"], made["result"]["certificate"]
    assert (metadata["taskType"], metadata["format"], metadata["classes"]) == (task, format, list(classes_of(task)))
    assert measured["metric"] == PRIMARY_METRIC[task]
    assert measured["before"] == pytest.approx(measured["after"], abs=0.02)
    assert measured["agreement"] >= 0.99
    assert measured["decoders"]["files"] == measured["samples"] > 0
    path = tmp_path / "file"
    path.write_bytes(made["files"][writing.FILE_NAMES[format]])
    shape = [1 if side == "N" else side for side in metadata["inputShape"]]
    found = open_model(path, format, 1).outputs(np.zeros(shape, dtype=np.float32))
    assert set(found) == set(metadata.get("outputs", {"logits": "logits"}).values()) == OUTPUTS[task]
    if "boxes" in found:
        count = len(found["boxes"])
        assert (found["boxes"].shape, found["scores"].shape, found["labels"].dtype) == ((count, 4), (count,), np.int64)
        assert set(metadata["thresholds"]) == {"score", "iou", "mask"}
    if "masks" in found:
        assert found["masks"].shape[1:] == (1, SIZE, SIZE)
    if task == "keypoint_detection":
        assert found["keypoints"].shape[1:] == (3, 3)
        assert metadata["keypoints"]["names"] == ["tip", "left", "right"]
    if task == "semantic_segmentation":
        assert found["logits"].shape == (1, 1 + len(classes_of(task)), SIZE, SIZE)
