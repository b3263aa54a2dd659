"""Exports of every task: trained for a moment, written, measured, packed."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
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
    "device": "cpu", "epochs": 2, "batchSize": 8, "learningRate": 0.004, "scheduler": "one_cycle", "imageSize": SIZE,
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
            self._made["dataset", task] = composed(self.platform, task, 36, SIZE)
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
        if task in formats.ONE_AT_A_TIME:
            # A model that learned so little is sure of nothing.
            options = {"scoreThreshold": 0.002, **options}
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


@pytest.mark.parametrize(
    ("task", "format"),
    [*((task, "onnx") for task in MODELS), ("instance_segmentation", "torchscript"), ("keypoint_detection", "torchscript")],
)
@needs_onnx_runtime
def test_a_file_answers_as_its_metadata_says(trained: Trained, tmp_path: Path, task: str, format: str) -> None:
    made = trained.export(task, format)
    metadata, measured = made["result"]["metadata"], made["result"]["certificate"]
    assert (metadata["taskType"], metadata["format"], metadata["classes"]) == (task, format, list(classes_of(task)))
    assert measured["metric"] == PRIMARY_METRIC[task]
    assert measured["before"] == pytest.approx(measured["after"], abs=0.02)
    assert measured["agreement"] >= 0.99
    assert not any("no object" in text for text in measured["notMeasured"])
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


@pytest.mark.parametrize("task", ["image_classification", "semantic_segmentation"])
def test_a_file_that_takes_any_number_of_images_is_measured_with_three_numbers(trained: Trained, task: str) -> None:
    measured = trained.export(task)["result"]["certificate"]
    assert [row["size"] for row in measured["batches"]] == [1, 3, 64]
    assert max(row["maxAbsDiff"] for row in measured["batches"]) < 1e-3
    assert measured["notSquare"]["files"] == 2 * certificate.CUT_FILES
    assert measured["notMeasured"] == []


@needs_onnx_runtime
def test_a_detector_says_which_numbers_of_images_were_not_measured(trained: Trained) -> None:
    measured = trained.export("object_detection")["result"]["certificate"]
    assert [row["size"] for row in measured["batches"]] == [1]
    assert measured["notMeasured"] == ["Batches of 3 and 64: the graph takes one image at a time."]


def test_the_preprocessing_can_be_in_the_file(trained: Trained, tmp_path: Path) -> None:
    plain, embedded = trained.export("image_classification"), trained.export("image_classification", embedPreprocessing=True)
    rules = embedded["result"]["metadata"]["preprocessing"]
    assert (rules["scale"], rules["mean"], rules["std"]) == (1.0, [0.0] * 3, [1.0] * 3)
    answers = []
    for made in (plain, embedded):
        path = tmp_path / "file"
        path.write_bytes(made["files"]["model.onnx"])
        pixels = np.random.default_rng(3).integers(0, 256, (1, 3, SIZE, SIZE)).astype(np.float32)
        rules = made["result"]["metadata"]["preprocessing"]
        inputs = (pixels * np.float32(rules["scale"]) - np.float32(rules["mean"][0])) / np.float32(rules["std"][0])
        answers.append(open_model(path, "onnx", 1).run(inputs))
    assert np.abs(answers[0] - answers[1]).max() < 1e-4


def test_one_image_at_a_time_can_be_asked_for(trained: Trained) -> None:
    made = trained.export("image_classification", dynamicBatch=False)
    assert made["result"]["metadata"]["inputShape"][0] == 1
    first = onnx.load_from_string(made["files"]["model.onnx"]).graph.input[0].type.tensor_type.shape.dim[0]
    assert first.dim_value == 1


@needs_onnx_runtime
@pytest.mark.parametrize("task", ["image_classification", "semantic_segmentation"])
def test_half_precision_is_given_where_it_was_asked_for(trained: Trained, task: str) -> None:
    half, full = trained.export(task, precision="fp16"), trained.export(task)
    assert half["result"]["metadata"]["precision"] == half["result"]["certificate"]["precision"] == "fp16"
    assert len(half["files"]["model.onnx"]) < 0.65 * len(full["files"]["model.onnx"])
    assert half["result"]["certificate"]["before"] == pytest.approx(half["result"]["certificate"]["after"], abs=0.02)


@needs_onnx_runtime
def test_a_file_in_another_precision_than_asked_for_is_a_failure(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "to_half", lambda model: None)
    with pytest.raises(TrainerError, match="fp32 instead of fp16") as raised:
        trained.export("image_classification", precision="fp16", opset=15)
    assert raised.value.code == "EXPORT_VALIDATION_FAILED"


def test_a_drift_of_the_preprocessing_is_a_failure(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second decoder stands for somebody who runs the file: here it takes BGR for RGB."""
    right = certificate.second_decoder.decode
    monkeypatch.setattr(certificate.second_decoder, "decode", lambda *arguments: right(*arguments)[:, :, ::-1].copy())
    with pytest.raises(TrainerError, match="described preprocessing"):
        trained.export("image_classification", opset=12)


@pytest.mark.parametrize("task", MODELS)
def test_the_matrix_has_a_reason_for_everything_that_is_not_possible(task: str) -> None:
    rows = [row for row in formats.matrix(list(MODELS), "torchvision") if row["taskType"] == task]
    assert {(row["format"], row["precision"]) for row in rows} == {
        (format, precision) for format in formats.FORMATS for precision in formats.PRECISIONS
    }
    assert all(("reason" in row) != row["available"] for row in rows)
    for row in rows:
        options = {} if row["precision"] == "fp32" else {"precision": row["precision"]}
        if row["available"]:
            formats.check_export(task, "torchvision", row["format"], options)
        else:
            with pytest.raises(RequestProblem) as refused:
                formats.check_export(task, "torchvision", row["format"], options)
            assert row["reason"] in refused.value.message or "has no option" in refused.value.message


def test_what_opencv_cannot_run_is_not_exported_without_onnx_runtime(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONNXRUNTIME_LIBRARY", "/nowhere")
    assert trained.export("image_classification", opset=14)["result"]["certificate"]["engine"].startswith("cv2.dnn")
    offered = {entry["format"]: entry["taskTypes"] for entry in formats.export_formats(list(MODELS), "torchvision")}
    assert offered["onnx"] == ["image_classification"]
    assert offered["torchscript"] == list(formats.TASKS)
    with pytest.raises(RequestProblem, match="needs onnxruntime"):
        formats.check_export("object_detection", "torchvision", "onnx", {})


#: The part of onnxruntime that the example of a package uses, over the C library: Debian 12 has no package of it.
ONNX_RUNTIME = """
from torchvision_trainer import onnxruntime_library as library
class InferenceSession:
    def __init__(self, path, providers):
        self.session = library.Session(open(path, "rb").read(), 1, library.find())
    def run(self, names, feeds):
        found = self.session.run(feeds)
        return [found[name] for name in names]
"""


def unpacked(data: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        package.extractall(folder)
    return folder


def run_example(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    standins = folder.parent / "standins"
    standins.mkdir(exist_ok=True)
    (standins / "onnxruntime.py").write_text(ONNX_RUNTIME)
    path = os.pathsep.join([str(standins), str(Path(formats.__file__).parents[1])])
    return subprocess.run(
        [sys.executable, "example.py", *arguments], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@needs_onnx_runtime
@pytest.mark.parametrize("task", MODELS)
def test_a_package_is_unpacked_and_its_example_checks_the_model(trained: Trained, tmp_path: Path, task: str) -> None:
    folder = unpacked(trained.export(task)["files"]["package.zip"], tmp_path / "package")
    assert json.loads((folder / "metadata.json").read_text())["frameworkLicence"] == "BSD-3-Clause"
    assert "BSD-3-Clause" in (folder / "LICENCE.txt").read_text()
    assert (folder / "model.onnx").read_bytes() == trained.export(task)["files"]["model.onnx"]
    ran = run_example(folder)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "all golden images agree"), ran.stderr
    said = run_example(folder, "golden/0.image")
    assert list(json.loads(said.stdout)) == ["golden/0.image"], said.stderr


@needs_onnx_runtime
def test_the_example_notices_another_preprocessing(trained: Trained, tmp_path: Path) -> None:
    folder = unpacked(trained.export("semantic_segmentation")["files"]["package.zip"], tmp_path / "package")
    metadata = json.loads((folder / "metadata.json").read_text())
    rules = {**metadata["preprocessing"], "scale": 1.0}
    (folder / "metadata.json").write_text(json.dumps({**metadata, "preprocessing": rules}))
    assert run_example(folder).stdout.endswith("3 golden images differ\n")
    (folder / "metadata.json").write_text(json.dumps(metadata))
    # A program that sees other pixels than the trainer.
    shutil.copy(folder / "golden" / "1.image", folder / "golden" / "0.image")
    assert run_example(folder).stdout.endswith("1 golden images differ\n")


def test_a_torchscript_package_runs_without_the_trainer(trained: Trained, tmp_path: Path) -> None:
    folder = unpacked(trained.export("keypoint_detection", "torchscript")["files"]["package.zip"], tmp_path / "package")
    ran = run_example(folder)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "all golden images agree"), ran.stderr
