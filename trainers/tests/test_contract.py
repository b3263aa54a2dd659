"""What every trainer must do, tested on each trainer of this checkout that can run here, new ones included."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from client import TrainerClient
from PIL import Image
from platform_double import Attempt, Platform
from schema import check
from trainer_folders import FOLDERS, TrainerFolder

KEYS = ("title", "module", "modules", "slots", "health", "dockerfile", "port", "tasks", "kinds", "models", "trial")
CLASSES = ["blue", "green", "red"]
COUNTS = {"train": 24, "val": 9, "test": 9}


def colours() -> list[tuple[str, bytes, str, str]]:
    """Small noisy pictures, each mostly of the colour that is its class."""
    numbers = random.Random(1)
    rows = []
    for split, count in COUNTS.items():
        for number in range(count):
            name = CLASSES[number % len(CLASSES)]
            strong = ("red", "green", "blue").index(name)
            values = [numbers.randrange(96) + (160 if n % 3 == strong else 0) for n in range(3 * 32 * 32)]
            picture = io.BytesIO()
            Image.frombytes("RGB", (32, 32), bytes(values)).save(picture, "PNG")
            rows.append((f"{name}/{split}_{number}.png", picture.getvalue(), name, split))
    return rows


#: Rows for ``Platform.dataset`` by task type. A trainer of another task adds its own here.
DATASETS: dict[str, Callable[[], list[tuple[str, bytes, str, str]]]] = {"image_classification": colours}


#: The trainers whose modules are there. The adapters of the others are tested with stand-ins (test_adapters.py).
RUNNABLE = [folder for folder in FOLDERS.values() if not folder.missing()]


@pytest.fixture(scope="module", params=RUNNABLE, ids=[folder.name for folder in RUNNABLE])
def folder(request: pytest.FixtureRequest) -> TrainerFolder:
    return request.param


@pytest.fixture(scope="module")
def trainer(folder: TrainerFolder, running: Callable[[str], TrainerClient]) -> TrainerClient:
    return running(folder.name)


class Lab:
    """A trainer with a small dataset; ``run`` does a whole job of its first model and task."""

    def __init__(self, folder: TrainerFolder, trainer: TrainerClient, platform: Platform) -> None:
        self.folder, self.trainer, self.platform = folder, trainer, platform
        self.task, self.model = folder.words("tasks")[0], folder.words("models")[0]
        self.rows = DATASETS[self.task]()
        self.dataset = platform.dataset(self.rows, CLASSES)

    def job(self, attempt: Attempt, kind: str, **fields: Any) -> dict[str, Any]:
        common = {"taskType": self.task, "model": self.model, "dataset": self.dataset}
        return self.platform.job(attempt, kind, **{**common, **fields})

    def run(self, kind: str, **fields: Any) -> tuple[Attempt, dict[str, Any], dict[str, Any]]:
        """The attempt, the request and the event that ended it."""
        attempt = self.platform.attempt()
        request = self.job(attempt, kind, **fields)
        self.trainer.accepted(request)
        return attempt, request, self.platform.wait_end(attempt, timeout=300)

    def checkpoint(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.platform.url_of(event["key"]), "sha256": event["sha256"], "epoch": event["epoch"]}


class Trained(Lab):
    """A model trained once, for all tests of this trainer."""

    def __init__(self, folder: TrainerFolder, trainer: TrainerClient, platform: Platform) -> None:
        super().__init__(folder, trainer, platform)
        self.config = {**folder.trial, "epochs": 2}
        self.attempt, self.request, self.end = self.run("train", config=self.config)
        assert self.end["type"] == "completed", self.end
        self.checkpoints = self.attempt.of_type("checkpoint")
        self.best = self.checkpoint([event for event in self.checkpoints if event["best"]][-1])


@pytest.fixture(scope="module")
def trained(folder: TrainerFolder, trainer: TrainerClient, shared_platform: Platform) -> Trained:
    return Trained(folder, trainer, shared_platform)


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=list(FOLDERS))
def test_trainer_conf_is_complete(folder: TrainerFolder) -> None:
    assert [key for key in KEYS if not folder.values.get(key)] == []
    assert (folder.path / folder.values["dockerfile"]).is_file()
    assert (folder.path / "requirements.txt").is_file()
    assert "epochs" in folder.trial
    assert [other.name for other in FOLDERS.values() if other.values["port"] == folder.values["port"]] == [folder.name]


def test_health_names_the_trainer(folder: TrainerFolder, trainer: TrainerClient) -> None:
    status, body = trainer.get(folder.values["health"])
    assert (status, body["framework"], body["slots"]) == (200, folder.name, int(folder.values["slots"]))


def test_capabilities_are_those_of_trainer_conf(folder: TrainerFolder, trainer: TrainerClient) -> None:
    body = trainer.get("/v1/capabilities")[1]
    assert (body["framework"], body["slots"]) == (folder.name, int(folder.values["slots"]))
    assert set(body["taskTypes"]) == set(folder.words("tasks"))
    assert {entry["format"] for entry in body["exportFormats"]} == set(folder.words("exports"))
    models = {model["name"]: model for model in body["models"]}
    assert [name for name in folder.words("models") if name not in models] == []
    assert [name for name, model in models.items() if not set(model["taskTypes"]) <= set(body["taskTypes"])] == []


def test_defaults_and_presets_keep_to_the_limits_of_their_fields(trainer: TrainerClient) -> None:
    schema = trainer.get("/v1/capabilities")[1]["configSchema"]
    fields = {field["name"]: field for field in schema["fields"]}
    entered = [(name, field["default"]) for name, field in fields.items() if field["default"] is not None]
    entered += [item for preset in schema["presets"].values() for item in preset.items()]
    assert [name for name, _ in entered if name not in fields] == []
    assert [(name, value) for name, value in entered if not fits(fields[name], value)] == []


def fits(field: dict[str, Any], value: Any) -> bool:
    if field["type"] in ("select", "string"):
        return isinstance(value, str) and (not field.get("options") or value in field["options"])
    if field["type"] == "bool":
        return isinstance(value, bool)
    low, high = field.get("min", value), field.get("max", value)
    excluded = (field.get("exclusiveMin") and value == low) or (field.get("exclusiveMax") and value == high)
    return low <= value <= high and not excluded and not isinstance(value, bool)


def test_everything_but_health_needs_the_key(folder: TrainerFolder, trainer: TrainerClient) -> None:
    stranger = TrainerClient(trainer.url)
    assert stranger.get(folder.values["health"])[0] == 200
    answers = [stranger.get("/v1/capabilities"), stranger.post("/v1/jobs", {}), stranger.post("/v1/predict", {})]
    assert {(status, body["code"]) for status, body in answers} == {(401, "UNAUTHORIZED")}


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"model": "no_such_model"}, "UNKNOWN_MODEL", "model"),
        ({"taskType": "mind_reading"}, "UNKNOWN_TASK_TYPE", "taskType"),
        ({"config": {"noSuchSetting": 1}}, "INVALID_CONFIG", "config.noSuchSetting"),
        ({"config": {"epochs": 0}}, "INVALID_CONFIG", "config.epochs"),
        ({"config": {"epochs": "many"}}, "INVALID_CONFIG", "config.epochs"),
        ({"dataset": None}, "INVALID_REQUEST", "dataset"),
    ],
)
def test_a_job_it_cannot_do_is_refused_with_the_field(
    folder: TrainerFolder, trainer: TrainerClient, platform: Platform, change: dict[str, Any], code: str, field: str
) -> None:
    common = {"taskType": folder.words("tasks")[0], "model": folder.words("models")[0]}
    status, body = trainer.post("/v1/jobs", platform.job(platform.attempt(), **{**common, **change}))
    assert (status, body["code"], body["field"]) == (422, code, field)


def test_a_job_it_does_not_know_is_404(trainer: TrainerClient) -> None:
    for answer in (trainer.get("/v1/jobs/unknown?attempt=1"), trainer.post("/v1/jobs/unknown/cancel?attempt=1")):
        assert (answer[0], answer[1]["code"]) == (404, "UNKNOWN_JOB")


def test_a_training_run_reports_its_whole_course(trained: Trained) -> None:
    events = trained.attempt.events
    work = [event["type"] for event in events if event["type"] not in ("log", "heartbeat")]
    assert (work[0], work[-1]) == ("started", "completed")
    started = trained.attempt.of_type("started")[0]
    assert (started["framework"], started["totalEpochs"]) == (trained.folder.name, 2)
    assert started["images"] == COUNTS
    assert [event["epoch"] for event in trained.attempt.of_type("metrics")] == [1, 2]
    assert trained.checkpoints[-1]["epoch"] <= 2
    assert trained.end["finalMetrics"]
    assert trained.end["bestEpoch"] == trained.best["epoch"]


def test_a_training_run_reports_measures_of_the_right_images(trained: Trained) -> None:
    validations = trained.attempt.of_type("validation")
    assert {event["split"] for event in validations} == {"val", "test"}
    for event in validations:
        assert event["classes"] == CLASSES
        assert sum(map(sum, event["confusionMatrix"])) == COUNTS[event["split"]]


def test_a_stored_checkpoint_has_the_announced_bytes(trained: Trained) -> None:
    for event in trained.checkpoints:
        data = trained.platform.stored(event["key"])
        assert (len(data), hashlib.sha256(data).hexdigest()) == (event["size"], event["sha256"])


def test_a_finished_job_keeps_its_state_and_no_slot(trained: Trained) -> None:
    status, body = trained.trainer.get(f"/v1/jobs/{trained.request['jobId']}?attempt=1")
    assert (status, body["state"]) == (200, "completed")
    assert trained.trainer.get("/health")[1]["busy"] == 0


def test_the_same_attempt_is_run_once(trained: Trained) -> None:
    before = len(trained.attempt.events)
    assert trained.trainer.accepted(trained.request)["state"] == "completed"
    assert len(trained.attempt.events) == before


def test_a_resumed_run_goes_on_after_its_checkpoint(trained: Trained) -> None:
    first = next(event for event in trained.checkpoints if event["epoch"] == 1)
    attempt, _, end = trained.run("train", config=trained.config, checkpoint=trained.checkpoint(first))
    assert end["type"] == "completed", end
    assert [event["epoch"] for event in attempt.of_type("metrics")] == [2]


def test_a_cancelled_run_ends_soon(trained: Trained) -> None:
    fields = trained.trainer.get("/v1/capabilities")[1]["configSchema"]["fields"]
    longest = next(field["max"] for field in fields if field["name"] == "epochs")
    attempt = trained.platform.attempt()
    request = trained.job(attempt, "train", config={**trained.config, "epochs": longest})
    trained.trainer.accepted(request)
    trained.platform.wait_for(attempt, "started", timeout=120)
    assert trained.trainer.post(f"/v1/jobs/{request['jobId']}/cancel?attempt=1")[0] == 202
    assert trained.platform.wait_end(attempt)["code"] == "CANCELLED"
    assert trained.trainer.get(f"/v1/jobs/{request['jobId']}?attempt=1")[1]["state"] == "cancelled"


def test_an_evaluation_measures_the_checkpoint(trained: Trained) -> None:
    if "evaluate" not in trained.folder.words("kinds"):
        pytest.skip(f"{trained.folder.name} does not evaluate")
    attempt, _, end = trained.run("evaluate", checkpoint=trained.best)
    assert end["type"] == "completed", end
    assert end["finalMetrics"]
    assert [event["split"] for event in attempt.of_type("validation")] == ["test"]


def test_each_export_is_proved_against_the_checkpoint(trained: Trained) -> None:
    for format in trained.folder.words("exports"):
        attempt, _, end = trained.run(
            "export", checkpoint=trained.best, export={"format": format, "validation": {"tolerance": 0.001}}
        )
        assert end["type"] == "completed", (format, end)
        check("ExportResult", end["result"])
        metadata = {key: end["result"]["metadata"][key] for key in ("framework", "format", "classes")}
        assert metadata == {"framework": trained.folder.name, "format": format, "classes": CLASSES}
        assert end["result"]["validation"]["passed"] is True
        stored = attempt.of_type("artifact")[-1]
        data = trained.platform.stored(stored["key"])
        assert (len(data), hashlib.sha256(data).hexdigest()) == (stored["size"], stored["sha256"])


def test_a_file_that_is_not_an_image_is_left_out_and_named(trained: Trained) -> None:
    rows = [*trained.rows, ("red/broken.png", b"not an image", "red", "train")]
    attempt, _, end = trained.run("train", config=trained.config, dataset=trained.platform.dataset(rows, CLASSES))
    assert end["type"] == "completed", end
    warnings = [event["message"] for event in attempt.of_type("log") if event["level"] == "warning"]
    assert any("red/broken.png" in warning for warning in warnings)


def test_too_many_files_that_are_not_images_end_the_job(trained: Trained) -> None:
    rows = [*trained.rows, *((f"red/{n}.png", b"not an image", "red", "train") for n in range(20))]
    _, _, end = trained.run("train", config=trained.config, dataset=trained.platform.dataset(rows, CLASSES))
    assert (end["code"], end["category"]) == ("DATASET_INVALID", "user")
    assert "red/" in end["message"]


def test_a_file_that_is_not_a_checkpoint_is_refused(trained: Trained) -> None:
    junk = trained.platform.put(b"no checkpoint")
    checkpoint = {"url": junk["url"], "sha256": junk["sha256"], "epoch": 1}
    _, _, end = trained.run("train", config=trained.config, checkpoint=checkpoint)
    assert (end["code"], end["category"]) == ("CHECKPOINT_INVALID", "permanent")
