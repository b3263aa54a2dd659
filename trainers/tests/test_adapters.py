"""The adapters of other frameworks, without those frameworks: what they ask of them, and the protocol with stand-ins.

``trainers/check-frameworks`` runs them with the real packages.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from composed_data import composed
from platform_double import Platform
from schema import check
from trainer_folders import FOLDERS, TRAINERS, start_process

torch = pytest.importorskip("torch")

from trainer_sdk import JobContext, JobRequest, RequestProblem, TrainerError
from trainer_sdk.contract import CHECKS, Lab, NotOffered, TrainerClient
from trainer_sdk.settings import Settings

ADAPTERS = ("timm", "huggingface", "ultralytics")


def framework_of(name: str) -> Any:
    if name == "timm":
        from timm_trainer.framework import TimmFramework

        return TimmFramework()
    if name == "huggingface":
        from huggingface_trainer.framework import HuggingFaceFramework

        return HuggingFaceFramework()
    from ultralytics_trainer.framework import UltralyticsFramework

    return UltralyticsFramework()


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_offers_what_its_trainer_conf_says(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import metadata

    monkeypatch.setattr(metadata, "version", lambda package: "1.2.3")
    folder = FOLDERS[name]
    body = framework_of(name).capabilities()
    check("Capabilities", {**body, "protocol": "2", "slots": 1})
    assert body["taskTypes"] == folder.words("tasks")
    assert "1.2.3" in body["version"]
    models = {model["name"]: model["taskTypes"] for model in body["models"]}
    assert [model for model in folder.words("models") if model not in models] == []
    for task in folder.words("tasks"):
        assert any(task in models[model] for model in folder.words("models")), task
    pins = [line for line in (folder.path / "requirements.txt").read_text().splitlines() if "==" in line]
    assert any(line.startswith({"huggingface": "transformers"}.get(name, name) + "==") for line in pins)


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_refuses_the_models_of_the_others(name: str, platform: Platform) -> None:
    framework = framework_of(name)
    body = platform.job(platform.attempt(), model="small_cnn")
    with pytest.raises(RequestProblem) as refused:
        framework.validate(JobRequest.parse(body))
    assert refused.value.code == "UNKNOWN_MODEL"


class Calls(list[Any]):
    """What a stand-in was called with."""

    def network(self, classes: int) -> Any:
        return torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, classes))


@pytest.fixture()
def calls() -> Calls:
    return Calls()


@pytest.mark.parametrize(
    ("model", "size", "expected"),
    [
        ("resnet34", 96, {"pretrained": False, "num_classes": 5}),
        ("vit_tiny_patch16_224", 96, {"pretrained": False, "num_classes": 5, "img_size": 96}),
    ],
)
def test_timm_builds_networks_without_weights_for_the_classes_and_the_size(
    calls: Calls, monkeypatch: pytest.MonkeyPatch, model: str, size: int, expected: dict[str, Any]
) -> None:
    import sys

    framework_of("timm")
    from torchvision_trainer import models

    def create_model(name: str, **options: Any) -> Any:
        calls.append((name, options))
        return calls.network(options["num_classes"])

    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(create_model=create_model))
    network = models.build(model, 5, 0, size)
    assert calls == [(model, expected)]
    assert network(torch.zeros(2, 3, size, size)).shape == (2, 5)


class Transformers(SimpleNamespace):
    """A stand-in for the module ``transformers``: configurations are dictionaries, networks linear maps."""

    def __init__(self, calls: Calls) -> None:
        super().__init__()

        def build(kind: str) -> Any:
            def from_config(config: dict[str, Any]) -> Any:
                calls.append((kind, config))
                return Network(kind, config["num_labels"])

            return SimpleNamespace(from_config=from_config)

        self.AutoConfig = SimpleNamespace(for_model=lambda kind, **settings: {"model_type": kind, **settings})
        self.AutoModelForImageClassification = build("classify")
        self.AutoModelForSemanticSegmentation = build("segment")
        self.AutoModelForObjectDetection = build("detect")


class Network(torch.nn.Module):
    def __init__(self, kind: str, outputs: int) -> None:
        super().__init__()
        self.kind, self.outputs = kind, outputs
        self.layer = torch.nn.Conv2d(3, outputs, 4, 4)
        self.labels: Any = None

    def forward(self, pixel_values: Any, labels: Any = None) -> Any:
        found = self.layer(pixel_values)
        if self.kind == "classify":
            return SimpleNamespace(logits=found.mean((2, 3)))
        if self.kind == "segment":
            return SimpleNamespace(logits=found)
        self.labels = labels
        if labels is not None:
            return SimpleNamespace(loss=found.pow(2).mean())
        # One sure object of class 1 in the middle, and one query without an object.
        logits = torch.full((len(pixel_values), 2, self.outputs + 1), -10.0)
        logits[:, 0, 1] = 10
        logits[:, 1, -1] = 10
        boxes = torch.tensor([[0.5, 0.5, 0.5, 0.25], [0.5, 0.5, 1.0, 1.0]]).expand(len(pixel_values), 2, 4)
        return SimpleNamespace(logits=logits, pred_boxes=boxes)


@pytest.fixture()
def transformers(calls: Calls, monkeypatch: pytest.MonkeyPatch) -> Calls:
    import sys

    framework_of("huggingface")
    monkeypatch.setitem(sys.modules, "transformers", Transformers(calls))
    return calls


def test_every_network_of_transformers_is_built_from_a_configuration(transformers: Calls) -> None:
    from torchvision_trainer import models
    from torchvision_trainer.catalogue import models_of

    kinds = {"image_classification": "classify", "semantic_segmentation": "segment", "object_detection": "detect"}
    for info in models_of("huggingface"):
        models.build(info.name, 5, 0, 96)
        kind, config = transformers.pop()
        assert kind == kinds[info.task_type]
        assert config["num_labels"] == (6 if kind == "segment" else 5)
        if config["model_type"] in ("vit", "deit", "beit", "swin"):
            assert config["image_size"] == 96
        if config["model_type"] == "yolos":
            assert config["image_size"] == [96, 96]


def test_a_segmentation_of_transformers_has_the_size_of_the_image(transformers: Calls) -> None:
    from torchvision_trainer import models

    assert models.build("segformer-b0", 2)(torch.zeros(1, 3, 64, 64)).shape == (1, 3, 64, 64)


def test_a_detector_of_transformers_takes_shares_and_gives_corners(transformers: Calls) -> None:
    from torchvision_trainer import models

    detector = models.build("yolos-tiny", 3, 0, 64)
    images = [torch.zeros(3, 40, 80)]
    targets = [{"boxes": torch.tensor([[20.0, 10, 60, 30]]), "labels": torch.tensor([3])}]
    assert set(detector.train()(images, targets)) == {"loss"}
    (labels,) = detector.backbone.labels
    assert labels["class_labels"].tolist() == [2]
    assert labels["boxes"].tolist() == [[0.5, 0.5, 0.5, 0.5]]
    (found,) = detector.eval()(images)
    assert found["boxes"][0].tolist() == [20, 15, 60, 25]
    assert found["labels"][0] == 2
    assert found["scores"].tolist() == pytest.approx([1, 0], abs=1e-3)


@pytest.fixture(scope="module")
def timm_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The timm trainer as a running service, with a stand-in for the package."""
    folder = tmp_path_factory.mktemp("stand-in")
    (folder / "timm").mkdir()
    (folder / "timm" / "__init__.py").write_text(
        "from torchvision_trainer.tasks.classification import SmallCnn\n"
        "def create_model(name, pretrained, num_classes, **options):\n"
        "    assert not pretrained\n"
        "    return SmallCnn(num_classes)\n"
    )
    about = folder / "timm-9.9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: timm\nVersion: 9.9\n")
    path = os.pathsep.join(map(str, (folder, TRAINERS / "sdk", TRAINERS / "torchvision", TRAINERS / "timm")))
    process, client = start_process(
        ["-m", "timm_trainer", "--host", "127.0.0.1"], PYTHONPATH=path, TRAINER_RETRY_BASE_SECONDS="0.02",
        TRAINER_CACHE_DIR=str(folder / "cache"),
    )  # fmt: skip
    yield client
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def timm_lab(timm_service: Any, shared_platform: Platform) -> Lab:
    return Lab(TrainerClient(timm_service.url), shared_platform, None, None, {"imageSize": 16, "batchSize": 8})


@pytest.mark.parametrize("holds", CHECKS, ids=lambda holds: holds.__name__)
def test_the_timm_trainer_keeps_the_protocol(timm_lab: Lab, holds: Callable[[Lab], None]) -> None:
    try:
        holds(timm_lab)
    except NotOffered:
        assert holds.__name__ == "routes_need_the_key", "this service was started without a key"


ENTERED = {
    "epochs": 7, "batchSize": 5, "learningRate": 0.0123, "imageSize": 96, "optimizer": "SGD", "scheduler": "cosine",
    "finalLearningRate": 0.2, "weightDecay": 0.003, "momentum": 0.8, "warmupEpochs": 1.5, "warmupBiasRate": 0.04,
    "fliplr": 0.25, "flipud": 0.15, "mosaic": 0.35, "mixup": 0.45, "copyPaste": 0.55, "hsvH": 0.11, "hsvS": 0.12,
    "hsvV": 0.13, "translate": 0.14, "scale": 0.6, "degrees": 33.0, "shear": 4.0, "perspective": 0.0005, "closeMosaic": 3,
    "frozenLayers": 4, "seed": 99,
}  # fmt: skip


def test_every_entered_value_reaches_ultralytics() -> None:
    from ultralytics_trainer.settings import FIELDS, arguments

    config = {field.name: field.default for field in FIELDS} | ENTERED
    given = arguments(config, "instance_segmentation", Path("data.yaml"), Path("out"), "cpu")
    names = {
        "epochs": "epochs", "batchSize": "batch", "learningRate": "lr0", "imageSize": "imgsz", "optimizer": "optimizer",
        "finalLearningRate": "lrf", "weightDecay": "weight_decay", "momentum": "momentum",
        "warmupEpochs": "warmup_epochs", "warmupBiasRate": "warmup_bias_lr", "fliplr": "fliplr", "flipud": "flipud",
        "mosaic": "mosaic", "mixup": "mixup", "copyPaste": "copy_paste", "hsvH": "hsv_h", "hsvS": "hsv_s", "hsvV": "hsv_v",
        "translate": "translate", "scale": "scale", "degrees": "degrees", "shear": "shear", "perspective": "perspective",
        "closeMosaic": "close_mosaic", "frozenLayers": "freeze", "seed": "seed",
    }  # fmt: skip
    assert {name: given[names[name]] for name in names} == {name: ENTERED[name] for name in names}
    assert given["cos_lr"] is True
    assert (given["nbs"], given["pretrained"], given["amp"], given["patience"]) == (5, False, False, 0)
    assert given["optimizer"] != "auto"
    assert "mosaic" not in arguments(config, "image_classification", Path("d"), Path("o"), "cpu")


@pytest.mark.parametrize(
    ("task", "config", "field"),
    [
        ("object_detection", {"imageSize": 100}, "config.imageSize"),
        ("object_detection", {"copyPaste": 0.5}, "config.copyPaste"),
        ("image_classification", {"mosaic": 0.5}, "config.mosaic"),
        ("object_detection", {"optimizer": "auto"}, "config.optimizer"),
        ("object_detection", {"mixedPrecision": True}, "config.mixedPrecision"),
    ],
)
def test_what_ultralytics_would_ignore_is_refused(platform: Platform, task: str, config: dict[str, Any], field: str) -> None:
    from ultralytics_trainer.settings import check_request

    model = "yolo11n-cls" if task == "image_classification" else "yolo11n"
    body = platform.job(platform.attempt(), taskType=task, model=model, config=config)
    with pytest.raises(RequestProblem) as refused:
        check_request(JobRequest.parse(body), False)
    assert refused.value.field == field


class FakeYolo:
    """Runs epochs and callbacks in the order of Ultralytics' trainer. ``script`` changes what happens in an epoch."""

    script: Callable[[Any], None] = staticmethod(lambda trainer: None)

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.model = torch.nn.Linear(2, 2)
        self.callbacks: dict[str, list[Any]] = {}
        self.arguments: dict[str, Any] = {}

    def add_callback(self, name: str, call: Any) -> None:
        self.callbacks.setdefault(name, []).append(call)

    def train(self, **arguments: Any) -> None:
        self.arguments = arguments
        trainer = SimpleNamespace(
            model=self.model, ema=SimpleNamespace(ema=copy.deepcopy(self.model), updates=0), epochs=arguments["epochs"],
            start_epoch=0, batch_size=arguments["batch"], args=SimpleNamespace(close_mosaic=0), tloss={}, stop=False,
            scaler=torch.cuda.amp.GradScaler(enabled=False), epoch=0,
            optimizer=torch.optim.SGD(self.model.parameters(), lr=arguments["lr0"], momentum=arguments["momentum"]),
        )  # fmt: skip
        trainer.scheduler = SimpleNamespace(last_epoch=-1)

        def run(name: str) -> None:
            for call in self.callbacks.get(name, []):
                call(trainer)

        run("on_pretrain_routine_end")
        run("on_train_start")
        for epoch in range(trainer.start_epoch, trainer.epochs):
            trainer.epoch = epoch
            run("on_train_epoch_start")
            run("on_train_batch_start")
            trainer.optimizer.zero_grad()
            loss = trainer.model(torch.rand(4, 2)).pow(2).mean()
            loss.backward()
            trainer.optimizer.step()
            trainer.ema.updates += 1
            trainer.ema.ema.load_state_dict(trainer.model.state_dict())
            trainer.tloss = {"box_loss": float(loss), "cls_loss": 0.5}
            type(self).script(trainer)
            run("on_train_epoch_end")
            run("on_model_save")
            if trainer.stop:
                break


def labels_as_results(_yolo: Any, files: list[Path], *_: Any) -> Iterator[Any]:
    """The objects of the label files that the converter wrote, as if they had been found."""
    from PIL import Image

    for file in files:
        text = Path(str(file).replace("/images/", "/labels/")).with_suffix(".txt").read_text()
        rows = torch.tensor([[float(word) for word in line.split()] for line in text.splitlines()]).reshape(-1, 5)
        with Image.open(file) as image:
            size = torch.tensor([*image.size, *image.size])
        middle, half = rows[:, 1:3], rows[:, 3:] / 2
        boxes = torch.cat((middle - half, middle + half), 1) * size
        yield SimpleNamespace(boxes=SimpleNamespace(cls=rows[:, 0], xyxy=boxes, conf=torch.full((len(rows),), 0.9)))


@pytest.fixture()
def ultralytics(
    platform: Platform, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Runs a detection with the stand-in; returns the events, or raises what ends the job."""
    framework = framework_of("ultralytics")
    from ultralytics_trainer import library

    made: list[FakeYolo] = []

    def network(*_: Any) -> FakeYolo:
        made.append(FakeYolo())
        return made[-1]

    monkeypatch.setattr(library, "network", network)
    monkeypatch.setattr(library, "with_model", lambda yolo, model: yolo)
    monkeypatch.setattr(library, "predictions", labels_as_results)
    monkeypatch.setattr(FakeYolo, "script", staticmethod(lambda trainer: None))
    dataset = composed(platform, "object_detection", 18, 64)
    numbers = iter(range(20))

    def run(kind: str = "train", checkpoint: dict[str, Any] | None = None, cancelled: bool = False, **config: Any) -> Any:
        body = platform.job(
            platform.attempt(), kind, taskType="object_detection", model="yolo11n", dataset=dataset, checkpoint=checkpoint,
            config={"imageSize": 64, "epochs": 3, "device": "cpu", **config} if kind == "train" else config,
        )  # fmt: skip
        events: list[dict[str, Any]] = []
        stop = threading.Event()
        if cancelled:
            stop.set()
        folder = tmp_path / f"work-{next(numbers)}"
        folder.mkdir()
        request = JobRequest.parse(body)
        framework.validate(request)
        context = JobContext(request, settings, folder, "ultralytics", events.append, stop)
        try:
            context.completed(framework.train(context) if kind == "train" else framework.evaluate(context))
        finally:
            context.close()
        check("EventBatch", {"events": [{"seq": n, "time": "2026-01-01T00:00:00Z", **e} for n, e in enumerate(events, 1)]})
        return events

    run.made = made  # type: ignore[attr-defined]
    return run


def of_type(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["type"] == kind]


def test_an_ultralytics_run_reports_its_whole_course(ultralytics: Callable[..., Any], platform: Platform) -> None:
    events = ultralytics()
    assert [event["epoch"] for event in of_type(events, "metrics")] == [1, 2, 3]
    assert of_type(events, "started")[0]["images"] == {"train": 12, "val": 3, "test": 3}
    assert events[-1]["bestMetrics"]["test_mAP50-95"] == pytest.approx(1)
    assert [event["split"] for event in of_type(events, "validation")] == ["val", "val", "val", "test"]
    assert [event["epoch"] for event in of_type(events, "checkpoint")] == [1, 2, 3]
    assert of_type(events, "metrics")[0]["metrics"]["loss"] > 0.5


def test_an_ultralytics_run_goes_on_with_the_same_state(ultralytics: Callable[..., Any], platform: Platform) -> None:
    whole = ultralytics()
    first = of_type(whole, "checkpoint")[0]
    checkpoint = {"url": platform.url_of(first["key"]), "sha256": first["sha256"], "epoch": 1}
    events = ultralytics(checkpoint=checkpoint)
    assert [event["epoch"] for event in of_type(events, "metrics")] == [2, 3]
    losses = [[event["metrics"]["loss"] for event in of_type(run, "metrics")][-2:] for run in (whole, events)]
    assert losses[0] == losses[1]
    measured = ultralytics("evaluate", checkpoint=checkpoint)
    assert of_type(measured, "validation")[0]["split"] == "test"


def test_an_ultralytics_run_stops_early(ultralytics: Callable[..., Any]) -> None:
    # Every epoch finds everything, so that none is better than the first.
    events = ultralytics(epochs=9, earlyStoppingPatience=2)
    assert [event["epoch"] for event in of_type(events, "metrics")] == [1, 2, 3]
    assert events[-1]["result"]["stoppedEarly"] is True


def test_a_cancelled_ultralytics_run_ends(ultralytics: Callable[..., Any]) -> None:
    with pytest.raises(TrainerError) as ended:
        ultralytics(cancelled=True)
    assert ended.value.code == "CANCELLED"


def test_a_loss_of_ultralytics_that_is_not_a_number_ends_the_job(
    ultralytics: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeYolo, "script", staticmethod(lambda trainer: trainer.tloss.update(box_loss=float("nan"))))
    with pytest.raises(TrainerError, match="not a number in epoch 1"):
        ultralytics()


def test_a_batch_that_ultralytics_made_smaller_ends_the_job(
    ultralytics: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeYolo, "script", staticmethod(lambda trainer: setattr(trainer, "batch_size", 8)))
    with pytest.raises(TrainerError, match="Try batchSize 8") as ended:
        ultralytics(batchSize=16)
    assert ended.value.code == "OUT_OF_MEMORY"
