from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent
PATHS = [str(ROOT / "sdk"), str(ROOT / "tests"), str(ROOT / "datasets")]
PATHS += [str(file.parent) for file in sorted(ROOT.glob("*/trainer.conf"))]
os.environ["PYTHONPATH"] = os.pathsep.join(PATHS)
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path[:0] = PATHS

from client import TrainerClient
from fake_framework import FakeFramework
from platform_double import Platform
from schema import check
from trainer_folders import FOLDERS

from trainer_sdk.service import TrainerService
from trainer_sdk.settings import Settings
from trainer_sdk.wire import RetryPolicy


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Leaves out a trainer's own tests when this Python cannot import what the trainer needs."""
    folder = FOLDERS.get(collection_path.parent.name) if collection_path.name == "tests" else None
    return True if folder is not None and folder.missing(sys.executable) else None


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
        for paths in attempt.asked:
            check("ImageUrlRequest", {"paths": paths})
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
        predict_requests=4, predict_max_pixels=50_000_000,
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


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], TrainerClient]]:
    """Gives a trainer of this checkout as a running service. It starts when a test first asks for it; a test of a
    trainer that cannot run on this machine is skipped."""
    started: dict[str, Any] = {}

    def get(name: str) -> TrainerClient:
        if name not in started:
            if missing := FOLDERS[name].missing():
                pytest.skip(f"{name} cannot run here: its Python lacks {missing}")
            cache = str(tmp_path_factory.mktemp("cache"))
            started[name] = FOLDERS[name].start(
                "key of the tests", TRAINER_CACHE_DIR=cache, TRAINER_RETRY_BASE_SECONDS="0.02"
            )
        return started[name][1]

    yield get
    for process, _ in started.values():
        process.terminate()
        assert process.wait(30) == 0


def pytest_report_header() -> str:
    schema = json.loads((ROOT / "protocol.schema.json").read_text())
    return f"protocol schema: {len(schema['$defs'])} definitions; trainers: {', '.join(FOLDERS)}"
