"""A trainer that does one attempt: it fetches its request, reports by callbacks and ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from platform_double import Attempt, Platform

PROGRAM = "import sys; from trainer_sdk.cli import main; sys.exit(main('fake_framework:FakeFramework', []))"


def start(platform: Platform, attempt: Attempt, name: str = "execution-1", **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stderr=subprocess.PIPE, text=True,
        env={
            **os.environ, "TRAINER_REQUEST_URL": f"{platform.url}/api/v1/trainer/attempts/{attempt.id}/request",
            "TRAINER_REQUEST_TOKEN": f"ticket of {attempt.id}", "CONTAINER_APP_JOB_EXECUTION_NAME": name,
            "TRAINER_RETRY_BASE_SECONDS": "0.02", **environment,
        },
    )  # fmt: skip


def give(platform: Platform, attempt: Attempt, behaviour: str, **fields: Any) -> dict[str, Any]:
    request = platform.job(attempt, config={"behaviour": behaviour, "count": fields.pop("count", 1)}, **fields)
    platform.tickets[attempt.id] = ("execution-1", request)
    return request


def end(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, log = process.communicate(timeout=120)
    return process.returncode, log


def test_an_execution_does_its_attempt_and_ends(platform: Platform) -> None:
    attempt = platform.attempt()
    give(platform, attempt, "finish", count=2)
    code, log = end(start(platform, attempt))
    assert code == 0, log
    assert [event["type"] for event in attempt.events] == ["started", "metrics", "metrics", "completed"]


def test_a_job_that_fails_is_reported_and_the_execution_has_done_its_work(platform: Platform) -> None:
    attempt = platform.attempt()
    give(platform, attempt, "sigkill")
    assert end(start(platform, attempt))[0] == 0
    assert attempt.events[-1]["code"] == "TRAINER_CRASHED"


def test_a_request_that_a_service_would_refuse_is_reported_as_failed(platform: Platform) -> None:
    attempt = platform.attempt()
    request = give(platform, attempt, "finish")
    request["config"] = {"behaviour": "dance"}
    assert end(start(platform, attempt))[0] == 0
    assert [(event["type"], event["code"]) for event in attempt.events] == [("failed", "INVALID_CONFIG")]
    assert attempt.events[0]["message"].startswith("config.behaviour: ")


def test_an_execution_waits_until_the_platform_has_recorded_it(platform: Platform) -> None:
    attempt = platform.attempt()
    give(platform, attempt, "finish")
    platform.faults["request"] = lambda number: [503, "drop", 502, None][min(number - 1, 3)]
    assert end(start(platform, attempt))[0] == 0
    assert platform.calls["request"] == 4
    assert attempt.events[-1]["type"] == "completed"


@pytest.mark.parametrize("name", ["another", "execution-10"])
def test_an_execution_that_the_attempt_does_not_belong_to_ends_and_reports_nothing(platform: Platform, name: str) -> None:
    attempt = platform.attempt()
    give(platform, attempt, "finish")
    code, log = end(start(platform, attempt, name))
    assert code == 1
    assert "answered 410" in log
    assert f"ticket of {attempt.id}" not in log
    assert not attempt.events


def test_cancel_in_a_reply_stops_the_execution(platform: Platform) -> None:
    attempt = platform.attempt()
    give(platform, attempt, "hang")
    process = start(platform, attempt)
    platform.wait_for(attempt, "started")
    attempt.cancel = True
    assert platform.wait_end(attempt)["code"] == "CANCELLED"
    assert end(process)[0] == 0


def test_stopping_the_execution_is_reported(platform: Platform) -> None:
    attempt = platform.attempt()
    give(platform, attempt, "hang")
    process = start(platform, attempt)
    platform.wait_for(attempt, "started")
    process.send_signal(signal.SIGTERM)
    assert platform.wait_end(attempt)["code"] == "TRAINER_CRASHED"
    assert end(process)[0] == 0


def test_a_missing_variable_is_named(platform: Platform) -> None:
    attempt = platform.attempt()
    process = start(platform, attempt, TRAINER_REQUEST_TOKEN="")
    process.wait(60)
    assert process.returncode == 2
    assert process.stderr is not None and "TRAINER_REQUEST_TOKEN" in process.stderr.read()
