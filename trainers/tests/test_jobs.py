"""Jobs as processes: slots, crashes, cancels; no process outlives the service."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from client import TrainerClient
from platform_double import Platform
from trainer_folders import start_process


def job(platform: Platform, attempt: Any, behaviour: str, **fields: Any) -> dict[str, Any]:
    count = fields.pop("count", 1)
    return platform.job(attempt, config={"behaviour": behaviour, "count": count}, **fields)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_job_completes_and_its_state_can_be_read(fake: TrainerClient, platform: Platform) -> None:
    attempt = platform.attempt()
    request = job(platform, attempt, "finish", count=3)
    assert fake.accepted(request)["state"] == "accepted"
    end = platform.wait_end(attempt)
    assert end["type"] == "completed"
    assert end["finalMetrics"] == {"loss": 1.0}
    assert [event["type"] for event in attempt.events] == ["started", *["metrics"] * 3, "completed"]
    status, body = fake.get(f"/v1/jobs/{request['jobId']}?attempt=1")
    assert (status, body["state"]) == (200, "completed")
    assert fake.get(f"/v1/jobs/{request['jobId']}")[1] == body


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ("not a trace\r\nX-Evil: 1", None),
        (None, None),
    ],
)
def test_every_callback_carries_the_trace_of_its_job(
    fake: TrainerClient, platform: Platform, given: str | None, sent: str | None
) -> None:
    attempt = platform.attempt()
    request = job(platform, attempt, "upload")
    if given is not None:
        request["callback"]["traceparent"] = given
    fake.accepted(request)
    assert platform.wait_end(attempt)["type"] == "completed"
    assert attempt.uploads, "the job sends both kinds of callbacks"
    assert attempt.traces == {sent}


def test_the_same_job_and_attempt_is_started_once(fake: TrainerClient, platform: Platform) -> None:
    attempt = platform.attempt()
    request = job(platform, attempt, "finish")
    answers = [fake.accepted(request) for _ in range(3)]
    assert {answer["jobId"] for answer in answers} == {request["jobId"]}
    platform.wait_end(attempt)
    assert fake.accepted(request)["state"] == "completed"
    assert len(attempt.of_type("started")) == 1


def test_another_attempt_of_a_job_runs(fake: TrainerClient, platform: Platform) -> None:
    first, second = platform.attempt(), platform.attempt()
    request = job(platform, first, "abort")
    fake.accepted(request)
    platform.wait_end(first)
    fake.accepted({**job(platform, second, "finish"), "jobId": request["jobId"], "attempt": 2})
    assert platform.wait_end(second)["type"] == "completed"


@pytest.mark.parametrize(("behaviour", "reason"), [("abort", "SIGABRT"), ("sigkill", "SIGKILL")])
def test_a_crash_is_reported_as_transient_with_the_next_number(
    fake: TrainerClient, platform: Platform, behaviour: str, reason: str
) -> None:
    attempt = platform.attempt()
    fake.accepted(job(platform, attempt, behaviour, count=50))
    end = platform.wait_end(attempt)
    assert (end["code"], end["category"]) == ("TRAINER_CRASHED", "transient")
    assert reason in end["message"]
    assert end["seq"] == 52
    assert len(attempt.of_type("metrics")) == 50


@pytest.mark.parametrize(
    ("behaviour", "code", "category"),
    [("raise", "FRAMEWORK_ERROR", "permanent"), ("memory", "OUT_OF_MEMORY", "user")],
)
def test_an_exception_becomes_a_code_and_a_category(
    fake: TrainerClient, platform: Platform, behaviour: str, code: str, category: str
) -> None:
    attempt = platform.attempt()
    fake.accepted(job(platform, attempt, behaviour))
    end = platform.wait_end(attempt)
    assert (end["code"], end["category"]) == (code, category)
    traces = [event for event in attempt.of_type("log") if event["level"] == "error"]
    assert "Traceback" in traces[0]["message"]
    assert "Traceback" not in end["message"]


def test_no_free_slot_answers_409_and_a_finished_job_frees_its_slot(
    start: Callable[..., TrainerClient], platform: Platform
) -> None:
    fake = start(slots=1)
    first, second = platform.attempt(), platform.attempt()
    request = job(platform, first, "hang")
    fake.accepted(request)
    status, body = fake.submit(job(platform, second, "finish"))
    assert (status, body["code"]) == (409, "TRAINER_BUSY")
    assert fake.get("/health")[1]["busy"] == 1
    assert fake.post(f"/v1/jobs/{request['jobId']}/cancel?attempt=1")[0] == 202
    platform.wait_end(first)
    fake.accepted(job(platform, second, "finish"))
    assert platform.wait_end(second)["type"] == "completed"


def test_a_cancel_ends_the_job_and_may_be_repeated(fake: TrainerClient, platform: Platform) -> None:
    attempt = platform.attempt()
    request = job(platform, attempt, "hang")
    fake.accepted(request)
    platform.wait_for(attempt, "started")
    path = f"/v1/jobs/{request['jobId']}/cancel?attempt=1"
    assert [fake.post(path)[0] for _ in range(3)] == [202, 202, 202]
    assert platform.wait_end(attempt)["code"] == "CANCELLED"
    assert fake.post(path) == (202, fake.get(f"/v1/jobs/{request['jobId']}")[1])
    assert fake.get(f"/v1/jobs/{request['jobId']}")[1]["state"] == "cancelled"


def test_a_cancel_by_the_reply_to_events_ends_the_job(fake: TrainerClient, platform: Platform) -> None:
    attempt = platform.attempt()
    attempt.cancel = True
    fake.accepted(job(platform, attempt, "hang"))
    assert platform.wait_end(attempt)["code"] == "CANCELLED"


def test_a_job_that_ignores_its_cancel_is_killed(start: Callable[..., TrainerClient], platform: Platform) -> None:
    fake = start(cancel_grace_seconds=0.2)
    attempt = platform.attempt()
    request = job(platform, attempt, "deaf")
    fake.accepted(request)
    platform.wait_for(attempt, "started")
    fake.post(f"/v1/jobs/{request['jobId']}/cancel?attempt=1")
    assert platform.wait_end(attempt)["code"] == "CANCELLED"


def test_an_attempt_the_platform_does_not_know_is_stopped(fake: TrainerClient, platform: Platform) -> None:
    attempt = platform.attempt()
    request = job(platform, attempt, "deaf")
    request["callback"]["token"] = "another"
    fake.accepted(request)
    platform.wait(lambda: fake.get("/health")[1]["busy"] == 0)
    assert attempt.events == []
    assert fake.get(f"/v1/jobs/{request['jobId']}")[1]["state"] == "cancelled"


def test_a_stopping_service_reports_its_jobs_as_transient(
    start: Callable[..., TrainerClient], platform: Platform
) -> None:
    fake = start()
    attempt = platform.attempt()
    fake.accepted(job(platform, attempt, "hang"))
    platform.wait_for(attempt, "started")
    fake.service.jobs.stop()
    end = platform.wait_end(attempt)
    assert (end["code"], end["category"]) == ("TRAINER_CRASHED", "transient")


def test_nothing_outlives_a_killed_service(platform: Platform, tmp_path: Path) -> None:
    process, client = start_process(
        ["-c", "from trainer_sdk.cli import main; raise SystemExit(main('fake_framework:FakeFramework'))"],
        TRAINER_CACHE_DIR=str(tmp_path),
    )
    attempt = platform.attempt()
    client.accepted(job(platform, attempt, "deaf"))
    started = platform.wait_for(attempt, "started")
    pids = [started["images"]["train"], started["images"]["val"]]
    assert all(alive(pid) for pid in pids)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    platform.wait(lambda: not any(alive(pid) for pid in pids), 10)
    # The next service removes the folder of the killed one.
    left = [path for path in (tmp_path / "work").iterdir() if path.is_dir()]
    assert left
    process, _ = start_process(
        ["-c", "from trainer_sdk.cli import main; raise SystemExit(main('fake_framework:FakeFramework'))"],
        TRAINER_CACHE_DIR=str(tmp_path),
    )
    assert not any(path.exists() for path in left)
    process.terminate()
    assert process.wait(20) == 0


def test_log_lines_reach_the_platform_in_batches(fake: TrainerClient, platform: Platform) -> None:
    attempt = platform.attempt()
    fake.accepted(job(platform, attempt, "logs", count=1000))
    platform.wait_end(attempt)
    lines = [event for event in attempt.of_type("log") if event["source"] == "fake"]
    assert [event["message"] for event in lines] == [f"line {number}" for number in range(1000)]
    assert len(attempt.batches) < 100


def test_events_survive_a_platform_that_fails_for_a_while(fake: TrainerClient, platform: Platform) -> None:
    platform.faults["events"] = lambda call: (500, "drop", "drop-after", 503)[call % 4] if call < 12 else None
    attempt = platform.attempt()
    fake.accepted(job(platform, attempt, "abort", count=300))
    end = platform.wait_end(attempt)
    assert end["seq"] == 302
    assert len(attempt.of_type("metrics")) == 300


def test_many_jobs_at_once_all_end(start: Callable[..., TrainerClient], platform: Platform) -> None:
    fake = start(slots=8)
    attempts = [platform.attempt() for _ in range(8)]
    for number, attempt in enumerate(attempts):
        fake.accepted(job(platform, attempt, "abort" if number % 2 else "finish"))
    ends = [platform.wait_end(attempt)["type"] for attempt in attempts]
    assert ends == ["completed", "failed"] * 4
    assert fake.get("/health")[1]["busy"] == 0


def test_an_unknown_job_is_404(fake: TrainerClient) -> None:
    assert fake.get(f"/v1/jobs/{uuid.uuid4()}?attempt=1")[0] == 404
    assert fake.post(f"/v1/jobs/{uuid.uuid4()}/cancel?attempt=1")[0] == 404
