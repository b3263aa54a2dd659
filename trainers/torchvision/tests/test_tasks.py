"""Every task and model: trained on composed pictures, measured, resumed, evaluated."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from client import TrainerClient
from composed import KEYPOINTS, classes_of
from composed_data import composed, pictures
from neutral import dataset_of, picture
from PIL import Image
from platform_double import Platform
from schema import check
from torchvision.models.detection.rpn import RegionProposalNetwork

from torchvision_trainer import batch_prediction, checkpoints, evaluation, models, training
from torchvision_trainer.annotated import AnnotatedSet, MapSet
from torchvision_trainer.catalogue import MODELS
from torchvision_trainer.configuration import check_request
from torchvision_trainer.images import Preprocessing
from torchvision_trainer.registry import TASKS
from torchvision_trainer.tasks.base import Outputs
from torchvision_trainer.tasks.detection import Detection
from trainer_sdk import JobContext, JobRequest, RequestProblem, TrainerError
from trainer_sdk.annotations import PRIMARY_METRIC, Annotation, KeypointList
from trainer_sdk.settings import Settings

SIZE = 64
#: For each task: its small model, how it learns quickly, and what it must reach on test pictures.
LEARNS = {
    "object_detection": ("small_detector", {"epochs": 8}, {"test_mAP50": 0.5, "test_mAP50-95": 0.15, "test_recall": 0.5}),
    "instance_segmentation": ("small_mask_detector", {"epochs": 8}, {"test_mAP_mask50": 0.4, "test_mAP50": 0.5}),
    "semantic_segmentation": ("small_segmenter", {"epochs": 8}, {"test_mIoU": 0.5, "test_pixel_accuracy": 0.93}),
    "keypoint_detection": ("small_keypoint_detector", {"epochs": 8}, {"test_mAP50": 0.5, "test_mAP_keypoints50": 0.1}),
}
FAST = {"batchSize": 8, "learningRate": 0.004, "scheduler": "one_cycle", "gradientClip": 5.0, "imageSize": SIZE}
LARGE = [
    name for name, info in MODELS.items()
    if info.framework == "torchvision" and not name.startswith("small") and info.task_type != "image_classification"
]  # fmt: skip


class Run:
    """A job in this process."""

    def __init__(self, platform: Platform, settings: Settings, folder: Path, kind: str = "train", **fields: Any) -> None:
        body = platform.job(platform.attempt(), kind, **fields)
        check("JobRequest", body)
        self.platform = platform
        self.events: list[dict[str, Any]] = []
        self.folder = folder
        folder.mkdir(parents=True)
        self.context = JobContext(
            JobRequest.parse(body), settings, folder, "torchvision", self.events.append, threading.Event()
        )

    def run(self) -> dict[str, Any]:
        jobs = {"train": training.train, "evaluate": evaluation.evaluate_checkpoint, "predict": batch_prediction.predict}
        job = jobs[self.context.request.kind]
        try:
            self.context.completed(job(self.context))
        finally:
            self.context.close()
        check("EventBatch", {"events": [{"seq": n, "time": "2026-01-01T00:00:00Z", **e} for n, e in enumerate(self.events, 1)]})
        return self.events[-1]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["type"] == kind]

    def checkpoint(self, epoch: int) -> dict[str, Any]:
        event = next(event for event in self.of_type("checkpoint") if event["epoch"] == epoch)
        return {"url": self.platform.url_of(event["key"]), "sha256": event["sha256"], "epoch": epoch}

    def weights(self, epoch: int) -> dict[str, torch.Tensor]:
        event = next(event for event in self.of_type("checkpoint") if event["epoch"] == epoch)
        path = self.folder.parent / f"read-{epoch}.pt"
        path.write_bytes(self.platform.stored(event["key"]))
        return checkpoints.load(path).state["model"]


@pytest.fixture()
def job(platform: Platform, settings: Settings, tmp_path: Path) -> Callable[..., Run]:
    numbers = iter(range(100))

    def make(task: str, model: str, dataset: dict[str, Any], kind: str = "train", **fields: Any) -> Run:
        folder = tmp_path / f"run-{next(numbers)}" / "work"
        fields["config"] = {"device": "cpu", **fields.get("config", {})}
        return Run(platform, settings, folder, kind, taskType=task, model=model, dataset=dataset, **fields)

    return make


@pytest.mark.parametrize("task", LEARNS)
def test_a_small_model_learns_its_task(job: Callable[..., Run], platform: Platform, task: str) -> None:
    model, config, reached = LEARNS[task]
    dataset = composed(platform, task, 96, SIZE)
    run = job(task, model, dataset, config={**FAST, **config})
    end = run.run()
    found = {name: end["bestMetrics"][name] for name in reached}
    assert all(found[name] >= least for name, least in reached.items()), found
    metrics = [event["metrics"] for event in run.of_type("metrics")]
    primary = PRIMARY_METRIC[task]
    assert metrics[-1]["loss"] < 0.7 * metrics[0]["loss"]
    assert end["bestMetrics"][primary] == max(values[primary] for values in metrics)
    assert end["bestEpoch"] == max(range(len(metrics)), key=lambda index: metrics[index][primary]) + 1
    for event in run.of_type("validation"):
        assert event["classes"] == dataset["classes"]
        assert primary in event["metrics"]
        assert [row["class"] for row in event["perClass"]][: len(event["classes"])] == event["classes"]

    # The stored checkpoint gives the same measures again.
    again = job(task, model, dataset, "evaluate", checkpoint=run.checkpoint(end["bestEpoch"])).run()
    for name, value in again["finalMetrics"].items():
        assert value == pytest.approx(end["bestMetrics"][f"test_{name}"], abs=1e-6), name

    # A prediction measures the images that it is asked for.
    measuring = job(task, model, dataset, "predict", checkpoint=run.checkpoint(end["bestEpoch"]), config={"split": "test", "measure": True})
    measuring.run()
    (measured,) = measuring.of_type("validation")
    assert (measured["split"], measured["metrics"]) == ("test", pytest.approx(again["finalMetrics"], abs=1e-6))
    assert len(predictions_of(measuring)) == again["result"]["samples"]

    # It predicts every image in pixels of that image, and finds most of the objects.
    predicted = job(task, model, dataset, "predict", checkpoint=run.checkpoint(end["bestEpoch"]), config={"minConfidence": 0.3})
    result = predicted.run()["result"]
    lines = predictions_of(predicted)
    assert result["images"] == len(lines) == 96 and result["annotations"] == sum(len(line["annotations"]) for line in lines)
    assert len({line["path"] for line in lines}) == 96
    labels = {name: index for index, name in enumerate(dataset["classes"])}
    keypoints = KeypointList.parse(dataset["keypoints"]) if "keypoints" in dataset else None
    for line in lines:
        for one in line["annotations"]:
            left, top, right, bottom = Annotation.parse(one, labels, keypoints).corners
            assert 0 <= left < right <= SIZE + 0.01 and 0 <= top < bottom <= SIZE + 0.01
    found_in = sum(bool(line["annotations"]) for line in lines)
    assert found_in > 48, "most pictures have objects that are found"


def predictions_of(run: Run) -> list[dict[str, Any]]:
    (artifact,) = run.of_type("artifact")
    data = gzip.decompress(run.platform.stored(artifact["key"]))
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize("task", LEARNS)
def test_a_resumed_run_gives_the_same_weights(job: Callable[..., Run], platform: Platform, task: str) -> None:
    model = LEARNS[task][0]
    dataset = composed(platform, task, 24, SIZE)
    config = {**FAST, "epochs": 2, "augment": "basic", "flipProbability": 0.5, "colorJitter": 0.1}
    whole = job(task, model, dataset, config=config)
    whole.run()
    resumed = job(task, model, dataset, config=config, checkpoint=whole.checkpoint(1))
    resumed.run()
    assert [event["epoch"] for event in resumed.of_type("metrics")] == [2]
    left, right = whole.weights(2), resumed.weights(2)
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []


@pytest.mark.parametrize("model", LARGE)
def test_a_large_model_takes_a_step_at_the_image_size_that_was_entered_and_is_measured(tmp_path: Path, model: str) -> None:
    """The backbone sees images of this size, whatever size the model was made for."""
    info = MODELS[model]
    task = TASKS[info.task_type]
    images = [(image.path, image.split, image.data, image.annotations) for image in pictures(info.task_type, 2, SIZE)]
    keypoints = KeypointList.parse(KEYPOINTS) if info.task_type == "keypoint_detection" else None
    classes = classes_of(info.task_type)
    entries = dataset_of(tmp_path, info.task_type, classes, images, keypoints).images
    preprocessing = Preprocessing((SIZE, SIZE), info.mean, info.std, fit=task.fit)
    part = task.image_set(entries, preprocessing, 2, 2**30, lambda: None)
    network = with_few_regions(models.build(model, len(classes), 3, SIZE)).train()
    seen: list[tuple[int, ...]] = []
    network.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[1:])))
    pixels, answers = part.batch(torch.arange(2))
    loss = task.loss(network, preprocessing.normalize(pixels), answers, {"labelSmoothing": 0.0}, None)
    loss.value.backward()
    assert 0 < float(loss.value) < 100
    assert all(parameter.grad is None or parameter.grad.isfinite().all() for parameter in network.parameters())
    measured = task.evaluate(network, part, preprocessing, Outputs(classes, keypoints), torch.device("cpu"), lambda: None)
    assert PRIMARY_METRIC[info.task_type] in measured.metrics
    assert set(seen) == {(3, SIZE, SIZE)}


def with_few_regions(network: torch.nn.Module) -> torch.nn.Module:
    """Lets a detector propose and find few regions: an untrained one takes each of thousands for an object."""
    for part in network.modules():
        for name, few in {"topk_candidates": 50, "detections_per_img": 4}.items():
            if hasattr(part, name):
                setattr(part, name, few)
        if isinstance(part, RegionProposalNetwork):
            part._pre_nms_top_n = part._post_nms_top_n = {"training": 50, "testing": 50}
    return network


def test_objects_lie_where_they_are_in_a_letterboxed_image(tmp_path: Path) -> None:
    image = Image.new("RGB", (80, 40), (0, 0, 0))
    image.paste((255, 255, 255), (20, 10, 60, 30))
    path = tmp_path / "wide.png"
    image.save(path)
    body = {"class": "a", "box": [20, 10, 40, 20], "polygons": [[20, 10, 60, 10, 60, 30, 20, 30]]}
    entries = dataset_of(tmp_path / "in", "instance_segmentation", ["a"], [("w", "train", path.read_bytes(), [body]), ("e", "train", picture(40, 80), [])]).images
    preprocessing = Preprocessing((64, 64), (0.5,) * 3, (0.5,) * 3, fit="letterbox")
    pixels, (targets, empty) = AnnotatedSet(entries, preprocessing, 1, 2**30, lambda: None, masks=True).batch(torch.arange(2))
    assert targets.boxes.tolist() == [[16, 8, 48, 24]]
    bright = pixels[0, 0, :32] > 127
    assert torch.equal(bright, targets.masks[0, :32].bool())
    assert not targets.masks[0, 32:].any()
    assert set(pixels[0, 0, 32:].unique().tolist()) == {114}
    assert (len(empty.boxes), empty.masks.shape) == (0, (0, 64, 64))
    _, maps = MapSet(entries, preprocessing, 1, 2**30, lambda: None).batch(torch.arange(2))
    assert torch.equal(maps[0, :32] == 1, bright)
    assert set(maps[0, 32:].unique().tolist()) == {255}
    assert set(maps[1, :, :32].unique().tolist()) == {0}


def test_crowds_are_measured_around_but_not_learned(
    job: Callable[..., Run], platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned: list[int] = []
    target = Detection.target

    def watched(self: Any, targets: Any) -> Any:
        learned.append(len(targets.labels))
        return target(self, targets)

    monkeypatch.setattr(Detection, "target", watched)
    dataset = composed(platform, "object_detection", 6, SIZE)
    crowded = [
        (image.path, image.data, [{**item, "crowd": True} for item in image.annotations] if image.split == "val" or number == 0 else image.annotations, image.split)
        for number, image in enumerate(pictures("object_detection", 6, SIZE))
    ]
    dataset = platform.annotated(crowded, dataset["classes"], (SIZE, SIZE))
    run = job("object_detection", "small_detector", dataset, config={**FAST, "epochs": 1, "batchSize": 2})
    run.run()
    assert sorted(learned)[0] == 0
    assert run.of_type("validation")[0]["metrics"]["mAP50"] == 0
    assert sum(row["support"] for row in run.of_type("validation")[0]["perClass"]) == 0


def test_a_dataset_without_any_object_cannot_be_learned(job: Callable[..., Run], platform: Platform) -> None:
    rows = [(path, data, [], split) for path, data, _, split in _rows("object_detection")]
    dataset = platform.annotated(rows, ["disc"], (SIZE, SIZE))
    with pytest.raises(TrainerError, match="No training image has an object") as failure:
        job("object_detection", "small_detector", dataset, config={"imageSize": SIZE}).run()
    assert (failure.value.code, failure.value.category) == ("DATASET_INVALID", "user")


def test_a_detector_whose_loss_is_not_a_number_ends_at_once(job: Callable[..., Run], platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    loss = Detection.loss
    steps: list[int] = []

    def broken(self: Any, *arguments: Any) -> Any:
        steps.append(1)
        found = loss(self, *arguments)
        return type(found)(found.value * float("inf"))

    monkeypatch.setattr(Detection, "loss", broken)
    dataset = composed(platform, "object_detection", 24, SIZE)
    with pytest.raises(TrainerError, match="not a number"):
        job("object_detection", "small_detector", dataset, config={**FAST, "batchSize": 2}).run()
    assert len(steps) == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"model": "small_cnn"}, "UNKNOWN_MODEL", "model"),
        ({"taskType": "oriented_detection"}, "UNKNOWN_TASK_TYPE", "taskType"),
        ({"config": {"labelSmoothing": 0.1}}, "INVALID_CONFIG", "config.labelSmoothing"),
        ({"config": {"classWeights": "balanced"}}, "INVALID_CONFIG", "config.classWeights"),
        ({"config": {"imageSize": 16}}, "INVALID_CONFIG", "config.imageSize"),
        ({"config": {"flipProbability": 1.5}}, "INVALID_CONFIG", "config.flipProbability"),
    ],
)
def test_what_a_task_cannot_do_is_refused_with_the_field(platform: Platform, change: dict[str, Any], code: str, field: str) -> None:
    body = platform.job(platform.attempt(), **{"taskType": "object_detection", "model": "small_detector", **change})
    with pytest.raises(RequestProblem) as refused:
        check_request(JobRequest.parse(body), False)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.usefixtures("shapes_only")
def test_no_model_downloads_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a download")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    for name in ("fasterrcnn_mobilenet_v3_large_320_fpn", "lraspp_mobilenet_v3_large", "keypointrcnn_resnet50_fpn"):
        models.build(name, 2, 3)


def test_a_detection_runs_through_the_service(running: Callable[[str], TrainerClient], platform: Platform) -> None:
    trainer = running("torchvision")
    attempt = platform.attempt()
    trainer.accepted(platform.job(
        attempt, taskType="object_detection", model="small_detector", dataset=composed(platform, "object_detection", 12, SIZE),
        config={**FAST, "epochs": 1},
    ))  # fmt: skip
    assert platform.wait_end(attempt)["type"] == "completed"
    assert {event["split"] for event in attempt.of_type("validation")} == {"val", "test"}


def _rows(task: str) -> list[tuple[str, bytes, list[dict[str, Any]], str]]:
    return [(image.path, image.data, image.annotations, image.split) for image in pictures(task, 6, SIZE)]
