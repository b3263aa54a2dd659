"""The torchvision trainer as a running service: train, resume, evaluate, export, predict."""

from __future__ import annotations

import base64
import io
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from client import TrainerClient
from digits import write_digits
from PIL import Image
from platform_double import Platform
from schema import check

from torchvision_trainer import checkpoints
from torchvision_trainer.images import decode_batch

CLASSES = [str(digit) for digit in range(10)]
Rows = list[tuple[str, bytes, str, str]]


@pytest.fixture(scope="session")
def trainer(running: Callable[[str], TrainerClient]) -> TrainerClient:
    return running("torchvision")


@pytest.fixture(scope="session")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """All digits, shuffled, 80 % train, 10 % val, 10 % test."""
    folder = tmp_path_factory.mktemp("digits")
    assert write_digits(folder, None, 32) == (1797, 1797)
    files = sorted(folder.glob("*/*.png"))
    random.Random(7).shuffle(files)
    splits = ["train"] * 8 + ["val", "test"]
    return [
        (f"{path.parent.name}/{path.name}", path.read_bytes(), path.parent.name, splits[number % 10])
        for number, path in enumerate(files)
    ]


def run(trainer: TrainerClient, platform: Platform, kind: str, **fields: Any) -> tuple[Any, dict[str, Any]]:
    attempt = platform.attempt()
    trainer.accepted(platform.job(attempt, kind, **fields))
    return attempt, platform.wait_end(attempt)


def reference(platform: Platform, event: dict[str, Any]) -> dict[str, Any]:
    return {"url": platform.url_of(event["key"]), "sha256": event["sha256"], "epoch": event["epoch"]}


class Trained:
    """A model trained once, for all tests of this module."""

    def __init__(self, trainer: TrainerClient, platform: Platform, rows: Rows, tmp: Path) -> None:
        self.platform = platform
        self.dataset = platform.dataset(rows, CLASSES)
        self.attempt, self.end = run(
            trainer, platform, "train", dataset=self.dataset,
            config={"epochs": 5, "batchSize": 32, "learningRate": 0.004, "scheduler": "one_cycle", "seed": 1},
        )  # fmt: skip
        assert self.end["type"] == "completed", self.end
        self.best = [event for event in self.attempt.of_type("checkpoint") if event["best"]][-1]
        self.checkpoint = reference(platform, self.best)
        path = tmp / "best.pt"
        path.write_bytes(platform.stored(self.best["key"]))
        self.loaded = checkpoints.load(path)
        self.images = [data for _, data, _, split in rows if split == "test"]
        self.logits = self.run_reference(self.images)

    def run_reference(self, images: list[bytes]) -> np.ndarray:
        pixels = decode_batch(images, self.loaded.preprocessing)
        with torch.inference_mode():
            return self.loaded.build_model()(self.loaded.preprocessing.normalize(pixels)).numpy()


@pytest.fixture(scope="module")
def trained(
    trainer: TrainerClient, shared_platform: Platform, rows: Rows, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    return Trained(trainer, shared_platform, rows, tmp_path_factory.mktemp("trained"))


@pytest.mark.usefixtures("shapes_only")
def test_announced_parameter_counts_are_true() -> None:
    from torchvision_trainer import catalogue, models

    for info in catalogue.models_of("torchvision"):
        assert models.parameter_count(models.build(info.name, 10, 17)) == info.parameters


def test_digits_reach_97_percent_on_held_out_images(trained: Trained) -> None:
    assert trained.end["bestMetrics"]["test_accuracy"] >= 0.97
    assert trained.end["bestMetrics"]["accuracy"] >= 0.97


def test_events_report_the_whole_course(trained: Trained) -> None:
    attempt = trained.attempt
    started = attempt.of_type("started")[0]
    assert started["images"] == {"train": 1439, "val": 179, "test": 179}
    assert started["totalEpochs"] == 5
    assert [event["epoch"] for event in attempt.of_type("metrics")] == [1, 2, 3, 4, 5]
    assert [event["name"] for event in attempt.of_type("checkpoint")] == [f"epoch-000{n}.pt" for n in range(1, 6)]
    validations = [(event["epoch"], event["split"]) for event in attempt.of_type("validation")]
    assert validations == [*((n, "val") for n in range(1, 6)), (trained.end["bestEpoch"], "test")]
    assert trained.best["epoch"] == trained.end["bestEpoch"]
    best = attempt.of_type("metrics")[trained.best["epoch"] - 1]["metrics"]
    assert best["accuracy"] == max(event["metrics"]["accuracy"] for event in attempt.of_type("metrics"))


def test_the_confusion_matrix_agrees_with_the_measures(trained: Trained) -> None:
    event = trained.attempt.of_type("validation")[-1]
    matrix = np.array(event["confusionMatrix"])
    assert matrix.sum() == 179
    assert event["metrics"]["accuracy"] == pytest.approx(np.trace(matrix) / matrix.sum())
    for index, row in enumerate(event["perClass"]):
        assert row["support"] == matrix[index].sum()
        assert row["recall"] == pytest.approx(matrix[index, index] / max(1, matrix[index].sum()))
        assert row["precision"] == pytest.approx(matrix[index, index] / max(1, matrix[:, index].sum()))


def weights_of(platform: Platform, event: dict[str, Any], tmp_path: Path) -> dict[str, torch.Tensor]:
    path = tmp_path / event["sha256"]
    path.write_bytes(platform.stored(event["key"]))
    return checkpoints.load(path).state["model"]


@pytest.mark.parametrize(
    "config",
    [
        {"optimizer": "adam", "scheduler": "one_cycle", "augment": "basic"},
        {"optimizer": "sgd", "momentum": 0.8, "scheduler": "cosine", "learningRate": 0.02, "weightDecay": 0.001},
    ],
    ids=["adam", "sgd"],
)
def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(
    trainer: TrainerClient, platform: Platform, rows: Rows, tmp_path: Path, config: dict[str, Any]
) -> None:
    dataset = platform.dataset(rows[:300], CLASSES)
    config = {"epochs": 4, "batchSize": 32, "imageSize": 16, "seed": 3, **config}
    whole, end = run(trainer, platform, "train", dataset=dataset, config=config)
    checkpoint = reference(platform, whole.of_type("checkpoint")[1])
    resumed, resumed_end = run(
        trainer, platform, "train", dataset=dataset, config=config, checkpoint=checkpoint
    )
    assert [event["epoch"] for event in resumed.of_type("metrics")] == [3, 4]
    expected = weights_of(platform, whole.of_type("checkpoint")[-1], tmp_path)
    got = weights_of(platform, resumed.of_type("checkpoint")[-1], tmp_path)
    assert all(torch.equal(expected[name], got[name]) for name in expected)
    assert resumed_end["bestEpoch"] == end["bestEpoch"]
    assert resumed_end["bestMetrics"]["test_loss"] == end["bestMetrics"]["test_loss"]


def test_the_seed_decides_the_weights(
    trainer: TrainerClient, platform: Platform, rows: Rows, tmp_path: Path
) -> None:
    dataset = platform.dataset(rows[:100], CLASSES)
    config = {"epochs": 1, "imageSize": 16, "augment": "basic"}
    last = []
    for seed in (5, 5, 6):
        attempt, _ = run(trainer, platform, "train", dataset=dataset, config={**config, "seed": seed})
        last.append(weights_of(platform, attempt.of_type("checkpoint")[-1], tmp_path))
    same = [all(torch.equal(last[0][name], other[name]) for name in last[0]) for other in last[1:]]
    assert same == [True, False]


def test_resnet18_trains(trainer: TrainerClient, platform: Platform, rows: Rows) -> None:
    _, end = run(
        trainer, platform, "train", model="resnet18", dataset=platform.dataset(rows[:40], CLASSES),
        config={"epochs": 1, "imageSize": 32, "batchSize": 16, "optimizer": "sgd", "momentum": 0.0},
    )  # fmt: skip
    assert end["type"] == "completed", end


def test_checkpoints_follow_checkpoint_every_and_keep_the_best_and_the_last(
    trainer: TrainerClient, platform: Platform, rows: Rows
) -> None:
    attempt, end = run(
        trainer, platform, "train", dataset=platform.dataset(rows[:200], CLASSES),
        config={"epochs": 5, "imageSize": 16, "checkpointEvery": 3, "learningRate": 0.003},
    )  # fmt: skip
    epochs = [event["epoch"] for event in attempt.of_type("checkpoint")]
    assert epochs[:2] == [3, 5]
    assert set(epochs) == {3, 5, end["bestEpoch"]}
    assert [event["epoch"] for event in attempt.of_type("checkpoint") if event["best"]][-1] == end["bestEpoch"]


def test_without_validation_images_a_warning_says_that_training_images_are_used(
    trainer: TrainerClient, platform: Platform, rows: Rows
) -> None:
    only_train = [row for row in rows[:100] if row[3] == "train"]
    attempt, end = run(
        trainer, platform, "train", dataset=platform.dataset(only_train, CLASSES),
        config={"epochs": 1, "imageSize": 16},
    )  # fmt: skip
    assert end["type"] == "completed"
    warnings = [event["message"] for event in attempt.of_type("log") if event["level"] == "warning"]
    assert warnings == ["There are no validation images: the training images are used for validation."]
    assert sum(map(sum, attempt.of_type("validation")[0]["confusionMatrix"])) == len(only_train)


@pytest.mark.parametrize("case", ["no train images", "one class"])
def test_a_dataset_that_teaches_nothing_is_the_users_failure(
    trainer: TrainerClient, platform: Platform, rows: Rows, case: str
) -> None:
    chosen = {
        "no train images": [row for row in rows[:50] if row[3] != "train"],
        "one class": [row for row in rows if row[2] == "3"][:10],
    }[case]
    _, end = run(trainer, platform, "train", dataset=platform.dataset(chosen, CLASSES), config={"epochs": 1})
    assert (end["code"], end["category"]) == ("DATASET_INVALID", "user")


def test_a_loss_that_is_not_a_number_fails_with_advice(
    trainer: TrainerClient, platform: Platform, rows: Rows, tmp_path: Path
) -> None:
    dataset = platform.dataset(rows[:60], CLASSES)
    config = {"epochs": 2, "imageSize": 8}
    attempt, _ = run(trainer, platform, "train", dataset=dataset, config=config)
    path = tmp_path / "diverged.pt"
    path.write_bytes(platform.stored(attempt.of_type("checkpoint")[0]["key"]))
    state = checkpoints.load(path).state
    state["model"]["head.bias"][:] = float("nan")
    checkpoints.save(path, state)
    stored = platform.put(path.read_bytes())
    checkpoint = {"url": stored["url"], "sha256": stored["sha256"], "epoch": 1}
    _, end = run(trainer, platform, "train", dataset=dataset, config=config, checkpoint=checkpoint)
    assert (end["type"], end["category"]) == ("failed", "user")
    assert "learningRate" in end["message"]


@pytest.mark.parametrize("data", [b"", b"no checkpoint", b"PK\x03\x04 broken zip"])
def test_a_file_that_is_not_a_checkpoint_is_refused(
    trainer: TrainerClient, platform: Platform, rows: Rows, data: bytes
) -> None:
    _, end = run(
        trainer, platform, "evaluate", dataset=platform.dataset(rows[:20], CLASSES),
        checkpoint={**{k: v for k, v in platform.put(data).items() if k != "size"}, "epoch": 1},
    )  # fmt: skip
    assert (end["code"], end["category"]) == ("CHECKPOINT_INVALID", "permanent")


def test_a_pickle_in_place_of_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, tuple[str]]:
            return (Path.touch, (Path(tmp_path / "harmed"),))  # type: ignore[return-value]

    torch.save({"format": 1, "state": Harm(), "tensors": {}}, tmp_path / "evil.pt")
    with pytest.raises(Exception, match="not a checkpoint of this trainer"):
        checkpoints.load(tmp_path / "evil.pt")
    assert not (tmp_path / "harmed").exists()


def test_an_evaluation_repeats_the_result_of_training(trainer: TrainerClient, trained: Trained) -> None:
    attempt, end = run(
        trainer, trained.platform, "evaluate", dataset=trained.dataset, checkpoint=trained.checkpoint
    )
    assert end["result"]["split"] == "test"
    assert end["finalMetrics"]["accuracy"] == trained.end["bestMetrics"]["test_accuracy"]
    assert attempt.of_type("validation")[0]["confusionMatrix"] == (
        trained.attempt.of_type("validation")[-1]["confusionMatrix"]
    )
    _, end = run(
        trainer, trained.platform, "evaluate", dataset=trained.dataset, checkpoint=trained.checkpoint,
        config={"split": "val"},
    )  # fmt: skip
    assert end["finalMetrics"]["accuracy"] == trained.end["bestMetrics"]["accuracy"]


@pytest.fixture(scope="module", params=["onnx", "onnx-11", "onnx-16", "torchscript"])
def exported(request: pytest.FixtureRequest, trainer: TrainerClient, trained: Trained) -> dict[str, Any]:
    """An export as ``{end, artifact, model}``; ``model`` is that of a predict request."""
    format, _, opset = request.param.partition("-")
    attempt, end = run(
        trainer, trained.platform, "export", dataset=trained.dataset, checkpoint=trained.checkpoint,
        export={
            "format": format, "options": {"opset": int(opset)} if opset else {}, "validation": {"tolerance": 0.001}
        },
    )  # fmt: skip
    assert end["type"] == "completed", end
    artifact = attempt.of_type("artifact")[-1]
    model = {
        "id": request.param, "format": format, "url": trained.platform.url_of(artifact["key"]),
        "sha256": artifact["sha256"], "metadata": end["result"]["metadata"],
    }  # fmt: skip
    return {"end": end, "artifact": artifact, "model": model, "opset": int(opset or 13)}


def test_an_export_is_proved_against_its_checkpoint(exported: dict[str, Any], trained: Trained) -> None:
    check("ExportResult", exported["end"]["result"])
    validation = exported["end"]["result"]["validation"]
    assert validation["passed"] is True
    assert validation["samples"] == 179
    assert validation["maxAbsDiff"] <= 1e-3
    assert validation["top1Agreement"] == 1.0
    assert validation["accuracy"] == validation["referenceAccuracy"] == trained.end["bestMetrics"]["test_accuracy"]
    names = {"onnx": "model.onnx", "torchscript": "model.pt"}
    assert exported["artifact"]["name"] == names[exported["model"]["format"]]


def test_an_export_carries_its_metadata(exported: dict[str, Any], trained: Trained) -> None:
    metadata = exported["model"]["metadata"]
    assert metadata["classes"] == CLASSES
    data = trained.platform.stored(exported["artifact"]["key"])
    if exported["model"]["format"] == "onnx":
        model = onnx.load_from_string(data)
        inside = {entry.key: entry.value for entry in model.metadata_props}
        assert inside["inputName"] == "input"
        assert inside["classes"] == str(CLASSES).replace("'", '"')
        assert model.opset_import[0].version == metadata["opset"] == exported["opset"]
    else:
        files = {"metadata.json": ""}
        torch.jit.load(io.BytesIO(data), _extra_files=files)
        assert b'"inputName": "input"' in files["metadata.json"]  # type: ignore[operator]


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("count", [1, 7, 64])
def test_predictions_are_those_of_the_checkpoint(
    trainer: TrainerClient, exported: dict[str, Any], trained: Trained, count: int
) -> None:
    images = [base64.b64encode(data).decode() for data in trained.images[:count]]
    request = {"model": exported["model"], "images": images, "topK": 3}
    check("PredictRequest", request)
    status, body = trainer.post("/v1/predict", request)
    assert status == 200, body
    expected = softmax(trained.logits[:count])
    assert len(body["predictions"]) == count
    for row, prediction in zip(expected, body["predictions"], strict=True):
        assert prediction["index"] == row.argmax()
        assert prediction["class"] == CLASSES[row.argmax()]
        assert prediction["confidence"] == pytest.approx(row.max(), abs=1e-4)
        assert [entry["class"] for entry in prediction["top"]] == [CLASSES[n] for n in np.argsort(-row)[:3]]


def test_an_empty_predict_request_loads_the_model(trainer: TrainerClient, exported: dict[str, Any]) -> None:
    status, body = trainer.post("/v1/predict", {"model": exported["model"], "images": []})
    assert (status, body["predictions"]) == (200, [])


def test_concurrent_predictions_do_not_mix(
    trainer: TrainerClient, exported: dict[str, Any], trained: Trained
) -> None:
    def ask(start: int) -> bool:
        images = [base64.b64encode(data).decode() for data in trained.images[start : start + 1 + start % 5]]
        body = trainer.post("/v1/predict", {"model": exported["model"], "images": images})[1]
        got = [prediction["index"] for prediction in body["predictions"]]
        return got == trained.logits[start : start + len(images)].argmax(1).tolist()

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(ask, range(40)))


def test_an_image_that_cannot_be_read_is_named_by_its_index(
    trainer: TrainerClient, exported: dict[str, Any], trained: Trained
) -> None:
    good = base64.b64encode(trained.images[0]).decode()
    cut = base64.b64encode(trained.images[0][:60]).decode()
    for bad in ("AAAA", "not base64!", "", cut):
        status, body = trainer.post("/v1/predict", {"model": exported["model"], "images": [good, bad]})
        assert (status, body["code"], body.get("index")) == (422, "INVALID_IMAGE", 1)


def test_any_size_and_colour_mode_is_accepted(
    trainer: TrainerClient, exported: dict[str, Any], trained: Trained
) -> None:
    digit = Image.open(io.BytesIO(trained.images[0]))
    wanted = int(trained.logits[0].argmax())
    images = []
    for mode, kind in (("RGB", "JPEG"), ("RGBA", "PNG"), ("P", "PNG"), ("L", "WEBP"), ("I;16", "PNG")):
        large = digit.resize((131, 131), Image.Resampling.BICUBIC)
        if mode == "I;16":
            large = Image.fromarray(np.asarray(large, dtype=np.uint16) * 257)
        else:
            large = large.convert(mode)
        buffer = io.BytesIO()
        large.save(buffer, kind)
        images.append(base64.b64encode(buffer.getvalue()).decode())
    body = trainer.post("/v1/predict", {"model": exported["model"], "images": images})[1]
    assert [prediction["index"] for prediction in body["predictions"]] == [wanted] * len(images)


def test_a_model_that_does_not_match_its_description_is_refused(
    trainer: TrainerClient, exported: dict[str, Any], trained: Trained
) -> None:
    image = [base64.b64encode(trained.images[0]).decode()]

    def refused(**change: Any) -> tuple[int, str, str]:
        status, body = trainer.post("/v1/predict", {"model": {**exported["model"], **change}, "images": image})
        return status, body["code"], body["field"]

    metadata = exported["model"]["metadata"]
    assert refused(sha256="0" * 64) == (422, "MODEL_INVALID", "model.sha256")
    assert refused(metadata={}) == (422, "MODEL_INVALID", "model.metadata")
    assert refused(metadata={**metadata, "classes": ["a"]}) == (422, "MODEL_INVALID", "model.metadata.classes")
    assert refused(format="coreml") == (422, "UNKNOWN_MODEL_FORMAT", "model.format")
    junk = trained.platform.put(b"junk")
    assert refused(url=junk["url"], sha256=junk["sha256"]) == (422, "MODEL_INVALID", "model")
    gone = trained.platform.url_of("nowhere")
    assert refused(url=gone, sha256="1" * 64) == (422, "STORAGE_ERROR", "model.url")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"model": "vgg99"}, "UNKNOWN_MODEL", "model"),
        ({"taskType": "oriented_detection"}, "UNKNOWN_TASK_TYPE", "taskType"),
        ({"taskType": "object_detection"}, "UNKNOWN_MODEL", "model"),
        ({"config": {"epochs": 0}}, "INVALID_CONFIG", "config.epochs"),
        ({"config": {"epochs": 1001}}, "INVALID_CONFIG", "config.epochs"),
        ({"config": {"epochs": "8"}}, "INVALID_CONFIG", "config.epochs"),
        ({"config": {"batchSize": 513}}, "INVALID_CONFIG", "config.batchSize"),
        ({"config": {"learningRate": 0}}, "INVALID_CONFIG", "config.learningRate"),
        ({"config": {"learningRate": 1}}, "INVALID_CONFIG", "config.learningRate"),
        ({"config": {"imageSize": 4}}, "INVALID_CONFIG", "config.imageSize"),
        ({"config": {"optimizer": "lion"}}, "INVALID_CONFIG", "config.optimizer"),
        ({"config": {"momentum": 0.5}}, "INVALID_CONFIG", "config.momentum"),
        ({"config": {"epoch": 8}}, "INVALID_CONFIG", "config.epoch"),
        ({"config": {"device": "cuda"}}, "INVALID_CONFIG", "config.device"),
        ({"config": {"mixedPrecision": True}}, "INVALID_CONFIG", "config.mixedPrecision"),
    ],
)
def test_a_request_that_this_trainer_cannot_fulfil_is_422(
    trainer: TrainerClient, platform: Platform, change: dict[str, Any], code: str, field: str
) -> None:
    if torch.cuda.is_available() and field in ("config.device", "config.mixedPrecision"):
        pytest.skip("there is a CUDA device")
    status, body = trainer.submit({**platform.job(platform.attempt()), **change})
    assert (status, body["code"], body["field"]) == (422, code, field)


@pytest.mark.parametrize(
    ("export", "code", "field"),
    [
        ({"format": "coreml"}, "UNKNOWN_EXPORT_FORMAT", "export.format"),
        ({"format": "onnx", "options": {"opset": 7}}, "INVALID_CONFIG", "export.options.opset"),
        ({"format": "onnx", "options": {"fp16": True}}, "INVALID_CONFIG", "export.options.fp16"),
        ({"format": "torchscript", "options": {"opset": 13}}, "INVALID_CONFIG", "export.options.opset"),
    ],
)
def test_an_export_it_cannot_make_is_422(
    trainer: TrainerClient, platform: Platform, export: dict[str, Any], code: str, field: str
) -> None:
    checkpoint = {"url": platform.url_of("x"), "sha256": "0" * 64, "epoch": 1}
    status, body = trainer.submit(platform.job(platform.attempt(), "export", checkpoint=checkpoint, export=export))
    assert (status, body["code"], body["field"]) == (422, code, field)


def test_an_export_beyond_its_tolerance_is_refused(trainer: TrainerClient, trained: Trained) -> None:
    attempt, end = run(
        trainer, trained.platform, "export", dataset=trained.dataset, checkpoint=trained.checkpoint,
        export={"format": "onnx", "validation": {"tolerance": 0}},
    )  # fmt: skip
    assert (end["code"], end["category"]) == ("EXPORT_VALIDATION_FAILED", "permanent")
    assert attempt.uploads == []
