from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PYTHONPATH = os.pathsep.join(str(ROOT / name) for name in ("sdk", "torchvision", "tests"))
os.environ["PYTHONPATH"] = PYTHONPATH
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path[:0] = PYTHONPATH.split(os.pathsep)

from client import TrainerClient
from fake_framework import FakeFramework
from platform_double import Platform
from schema import check

from trainer_sdk.service import TrainerService
from trainer_sdk.settings import Settings
from trainer_sdk.wire import RetryPolicy


@pytest.fixture()
def platform() -> Iterator[Platform]:
    yield from _platform()


@pytest.fixture(scope="module")
def shared_platform() -> Iterator[Platform]:
    yield from _platform()


def _platform() -> Iterator[Platform]:
    double = Platform()
    yield double
    double.close()
    for attempt in double.attempts.values():
        for batch in attempt.batches:
            check("EventBatch", {"events": batch})
        for upload in attempt.uploads:
            check("UploadRequest", upload)
        assert [event["seq"] for event in attempt.events] == list(range(1, len(attempt.events) + 1))
        ends = [event for event in attempt.events if event["type"] in ("completed", "failed")]
        assert len(ends) <= 1, "an attempt ends once"
        assert not ends or attempt.events[-1] is ends[0], "nothing follows the end"


@pytest.fixture()
def settings(tmp_path: Path) -> Settings:
    return Settings(
        slots=2, cache_dir=tmp_path / "cache", cache_max_bytes=2**30, api_key=None, threads=2, predictor_models=2,
        callback_retry=RetryPolicy(base=0.01, cap=0.05, give_up=20, timeout=10),
        storage_retry=RetryPolicy(base=0.01, cap=0.05, give_up=5, timeout=10), cancel_grace_seconds=10,
    )  # fmt: skip


@pytest.fixture()
def start(settings: Settings) -> Iterator[Callable[..., TrainerClient]]:
    """Starts fake trainers inside the test process; keyword arguments replace settings."""
    running: list[tuple[TrainerService, threading.Thread]] = []

    def run(**changes: Any) -> TrainerClient:
        changed = Settings(**{**settings.__dict__, **changes})
        service = TrainerService(FakeFramework(), "fake_framework:FakeFramework", changed, "127.0.0.1", 0)
        thread = threading.Thread(target=service.serve)
        thread.start()
        running.append((service, thread))
        return TrainerClient("http://{}:{}".format(*service.address), changed.api_key, service)

    yield run
    for service, thread in running:
        service.shutdown()
        thread.join(10)


@pytest.fixture()
def fake(start: Callable[..., TrainerClient]) -> TrainerClient:
    return start()


def start_process(arguments: list[str], **environment: str) -> tuple[subprocess.Popen[str], TrainerClient]:
    """A trainer in a process of its own; returns once it listens."""
    process = subprocess.Popen(
        [sys.executable, *arguments, "--port", "0"],
        env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    return process, TrainerClient(line.split()[-1])


@pytest.fixture(scope="session")
def trainer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrainerClient]:
    """The torchvision trainer as it is run in production, but on a free port."""
    process, client = start_process(
        ["-m", "torchvision_trainer"],
        TRAINER_CACHE_DIR=str(tmp_path_factory.mktemp("cache")), TRAINER_SLOTS="2",
        TRAINER_RETRY_BASE_SECONDS="0.02",
    )  # fmt: skip
    check("Health", client.get("/health")[1])
    yield client
    process.terminate()
    assert process.wait(30) == 0


def pytest_report_header() -> str:
    schema = json.loads((ROOT / "protocol.schema.json").read_text())
    return f"protocol schema: {len(schema['$defs'])} definitions"
