"""The contract suite of the SDK: the trainers of this checkout and the template pass it, and a wrong trainer does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from client import TrainerClient as CheckedClient
from fake_framework import FakeFramework
from platform_double import Attempt, Platform
from schema import check
from trainer_folders import FOLDERS, TRAINERS, start_process

from trainer_sdk.contract import CHECKS, Lab, NotOffered, TrainerClient
from trainer_sdk.contract.__main__ import main as run_suite
from trainer_sdk.contract.lab import check_order
from trainer_sdk.mock_platform.__main__ import main as run_job
from trainer_sdk.mock_platform.pictures import pictures

#: The task and the settings with which each trainer runs the whole suite.
SUITES = {
    "template": ("image_classification", {}),
    "torchvision": ("semantic_segmentation", {"imageSize": 32, "batchSize": 8}),
}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CheckedClient]:
    path = os.pathsep.join((str(TRAINERS / "sdk"), str(TRAINERS / "template")))
    process, client = start_process(
        ["-m", "template_trainer", "--host", "127.0.0.1"], PYTHONPATH=path, TRAINER_API_KEY="key of the template",
        TRAINER_CACHE_DIR=str(tmp_path_factory.mktemp("template")), TRAINER_RETRY_BASE_SECONDS="0.02",
    )  # fmt: skip
    client.key = "key of the template"
    yield client
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture(scope="module", params=SUITES)
def lab(
    request: pytest.FixtureRequest, running: Callable[[str], CheckedClient], template: CheckedClient,
    shared_platform: Platform,
) -> Lab:  # fmt: skip
    client = template if request.param == "template" else running(request.param)
    task, config = SUITES[request.param]
    return Lab(TrainerClient(client.url, client.key), shared_platform, task, None, config)


@pytest.mark.parametrize("holds", CHECKS, ids=lambda check: check.__name__)
def test_suite(lab: Lab, holds: Callable[[Lab], None]) -> None:
    try:
        holds(lab)
    except NotOffered:
        assert holds.__name__ == "every_export_is_stored_and_described", "only exports are not offered here"


def test_the_template_is_short_enough_to_copy() -> None:
    assert len((TRAINERS / "template/template_trainer/framework.py").read_text().splitlines()) < 150
    assert "template" not in FOLDERS, "the template is no trainer of an installation"


def test_the_template_learns(template: CheckedClient, platform: Platform) -> None:
    lab = Lab(TrainerClient(template.url, template.key), platform, config={})
    _, end = lab.completed(config={"epochs": 5})
    assert end["bestMetrics"]["test_accuracy"] == 1


def test_the_suite_as_a_command(template: CheckedClient, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_suite([template.url, "--key", str(template.key), "--only", "settings"]) == 0
    assert "ok" in capsys.readouterr().out
    assert run_suite([template.url, "--key", str(template.key), "--only", "no such check"]) == 1


def test_the_suite_finds_what_is_wrong(
    start: Callable[..., CheckedClient], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = FakeFramework.capabilities
    fake = start()
    with pytest.raises(AssertionError, match="no model"):
        run_suite([fake.url])

    def wrong(self: FakeFramework) -> dict[str, Any]:
        body = right(self)
        body["models"] = [{"name": "m", "displayName": "M", "taskTypes": ["image_classification"]}]
        body["configSchema"]["presets"] = {"bad": {"count": -1}}
        return body

    monkeypatch.setattr(FakeFramework, "capabilities", wrong)
    assert run_suite([fake.url, "--only", "presets"]) == 1
    assert "count of the preset bad breaks its limits" in capsys.readouterr().out
    assert run_suite([fake.url, "--only", "capabilities"]) == 1
    assert "there is no setting epochs" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kinds", "reason"),
    [
        (["metrics", "completed"], "not started"),
        (["started", "metrics"], "does not end"),
        (["started", "completed", "log"], "does not end"),
        (["started", "completed", "failed"], "does not end"),
    ],
)
def test_events_in_a_wrong_order_are_found(kinds: list[str], reason: str) -> None:
    attempt = Attempt()
    attempt.events = [{"seq": number, "type": kind} for number, kind in enumerate(kinds, 1)]
    with pytest.raises(AssertionError, match=reason):
        check_order(attempt)


def test_a_gap_in_the_numbers_is_found() -> None:
    attempt = Attempt()
    attempt.events = [{"seq": 1, "type": "started"}, {"seq": 3, "type": "completed"}]
    with pytest.raises(AssertionError, match="gaps"):
        check_order(attempt)


@pytest.mark.parametrize("task", ["image_classification", "object_detection", "keypoint_detection", "oriented_detection"])
def test_drawn_pictures_are_valid_lines_of_a_manifest(task: str) -> None:
    made = pictures(task)
    assert len({picture.data for picture in made}) == len(made)
    for picture in made:
        for annotation in picture.annotations:
            check("Annotation", annotation)
        assert not (task == "image_classification" and picture.annotations)


def test_a_job_without_a_platform(template: CheckedClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = [template.url, "--key", str(template.key), "--out", str(tmp_path)]
    assert run_job([*common, "--config", '{"epochs": 2}']) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert events[-1]["type"] == "completed"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-0001.npz", "epoch-0002.npz"]
    assert run_job([*common, "--kind", "evaluate", "--checkpoint", str(tmp_path / "epoch-0002.npz")]) == 0
    capsys.readouterr()
    assert run_job([*common, "--config", '{"epochs": 0}']) == 1
    assert "config.epochs" in capsys.readouterr().err


def test_a_job_on_a_folder_of_images(template: CheckedClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for picture in pictures("image_classification"):
        path = tmp_path / picture.label / Path(picture.path).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(picture.data)
    assert run_job([template.url, "--key", str(template.key), "--images", str(tmp_path), "--config", '{"epochs": 2}']) == 0
    started = next(event for event in map(json.loads, capsys.readouterr().out.splitlines()) if event["type"] == "started")
    assert started["images"] == {"train": 36, "val": 3, "test": 3}


def test_the_suite_needs_nothing_but_the_standard_library() -> None:
    code = "import sys; sys.modules['numpy'] = sys.modules['PIL'] = None; import trainer_sdk.contract.__main__, trainer_sdk.mock_platform.__main__"
    environment: dict[str, Any] = {**os.environ, "PYTHONPATH": str(TRAINERS / "sdk")}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
