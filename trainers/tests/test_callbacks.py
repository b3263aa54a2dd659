"""Delivery of events: order, numbers, batches, retry, and how it ends."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from platform_double import Attempt, Platform

from trainer_sdk.callback import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, CallbackClient
from trainer_sdk.protocol import Callback
from trainer_sdk.wire import RetryPolicy

FAST = RetryPolicy(base=0.01, cap=0.05, give_up=10, timeout=5)


class Recorder:
    def __init__(self, platform: Platform, attempt: Attempt, policy: RetryPolicy = FAST, heartbeat: float = 30) -> None:
        self.cancelled = threading.Event()
        self.gone: list[str] = []
        callback = Callback(f"{platform.url}/api/v1/trainer/attempts/{attempt.id}", attempt.token, heartbeat)
        self.client = CallbackClient(
            callback, policy, on_cancel=self.cancelled.set, on_gone=self.gone.append
        )


def log(number: int, message: str = "") -> dict[str, Any]:
    return {"type": "log", "level": "info", "message": message or f"line {number}", "source": "test"}


def end() -> dict[str, Any]:
    return {
        "type": "completed", "finalMetrics": {}, "bestMetrics": {}, "durationSeconds": 1.0, "result": {}
    }  # fmt: skip


def send_all(recorder: Recorder, count: int) -> None:
    for number in range(count):
        recorder.client.put(log(number))
    recorder.client.start()
    recorder.client.finish(end())
    assert recorder.client.join(20)


def messages(attempt: Attempt) -> list[str]:
    return [event["message"] for event in attempt.of_type("log")]


def test_events_arrive_once_in_order_and_in_batches(platform: Platform) -> None:
    attempt = platform.attempt()
    send_all(Recorder(platform, attempt), 1000)
    assert messages(attempt) == [f"line {number}" for number in range(1000)]
    assert attempt.events[-1]["type"] == "completed"
    assert len(attempt.batches) == -(-1001 // MAX_BATCH_EVENTS)
    assert platform.connections == 1


def test_batches_are_bounded_in_bytes(platform: Platform) -> None:
    attempt = platform.attempt()
    recorder = Recorder(platform, attempt)
    for number in range(20):
        recorder.client.put(log(number, "x" * 100_000))
    recorder.client.start()
    recorder.client.finish(end())
    assert recorder.client.join(20)
    assert len(attempt.of_type("log")) == 20
    assert max(sum(len(event.get("message", "")) for event in batch) for batch in attempt.batches) <= MAX_BATCH_BYTES


@pytest.mark.parametrize("fault", [500, 502, 503, 429, 408, "drop", "drop-after"])
def test_a_failed_delivery_is_repeated_without_loss_or_gap(platform: Platform, fault: Any) -> None:
    platform.faults["events"] = lambda call: fault if call in (1, 2, 4) else None
    attempt = platform.attempt()
    send_all(Recorder(platform, attempt), 450)
    assert messages(attempt) == [f"line {number}" for number in range(450)]
    assert platform.calls["events"] == 6


def test_retry_after_of_the_platform_is_honoured(platform: Platform) -> None:
    platform.retry_after = "1"
    platform.faults["events"] = lambda call: 503 if call == 1 else None
    attempt = platform.attempt()
    started = time.monotonic()
    send_all(Recorder(platform, attempt), 1)
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_unwanted_attempt_sends_nothing_more(platform: Platform, status: int) -> None:
    platform.faults["events"] = lambda call: status
    recorder = Recorder(platform, platform.attempt())
    send_all(recorder, 500)
    recorder.client.put(log(1))
    assert platform.calls["events"] == 1
    assert recorder.gone == [f"the platform answered {status}"]


def test_it_gives_up_after_the_retry_time(platform: Platform) -> None:
    platform.faults["events"] = lambda call: 500
    recorder = Recorder(platform, platform.attempt(), RetryPolicy(base=0.01, cap=0.02, give_up=0.3))
    send_all(recorder, 1)
    assert recorder.gone == ["the platform could not be reached"]
    assert platform.calls["events"] > 5


def test_after_an_outage_the_platform_hears_it_within_six_heartbeats(platform: Platform) -> None:
    platform.faults["events"] = lambda call: 503 if call <= 3 else None
    attempt = platform.attempt()
    send_all(Recorder(platform, attempt, RetryPolicy(base=60, cap=60), heartbeat=0.05), 1)
    assert attempt.events[-1]["type"] == "completed"


def test_the_default_policy_retries_for_at_least_ten_minutes() -> None:
    assert RetryPolicy().give_up >= 600
    assert all(RetryPolicy().delay(tries) <= 30 for tries in range(1, 200))


def test_a_cancel_in_the_reply_is_passed_on(platform: Platform) -> None:
    attempt = platform.attempt()
    attempt.cancel = True
    recorder = Recorder(platform, attempt)
    recorder.client.start()
    recorder.client.put(log(1))
    assert recorder.cancelled.wait(10)
    recorder.client.finish()
    assert recorder.client.join(10)


def test_heartbeats_are_sent_only_when_nothing_else_is(platform: Platform) -> None:
    attempt = platform.attempt()
    recorder = Recorder(platform, attempt, heartbeat=0.15)
    recorder.client.start()
    platform.wait(lambda: len(attempt.of_type("heartbeat")) >= 3, 10)
    gaps = [b - a for a, b in zip(attempt.batch_times, attempt.batch_times[1:], strict=False)]
    assert min(gaps) >= 0.1
    recorder.client.finish(end())
    assert recorder.client.join(10)


def test_a_refused_event_is_replaced_and_leaves_no_gap(platform: Platform) -> None:
    attempt = platform.attempt()
    recorder = Recorder(platform, attempt)
    refused = {"type": "log", "level": "info", "message": "refused", "source": "test"}
    platform.faults["events"] = lambda call: 422 if call <= 2 else None
    recorder.client.put(refused)
    recorder.client.put(log(2))
    recorder.client.start()
    recorder.client.finish(end())
    assert recorder.client.join(10)
    assert [event["type"] for event in attempt.events][-1] == "completed"
    assert "refused the event 'log' with status 422" in " ".join(messages(attempt))


def test_one_wrong_event_does_not_hold_up_the_others_of_its_batch(platform: Platform) -> None:
    attempt = platform.attempt()
    attempt.fault_of = lambda event: "message" if event.get("message") == "wrong" else None
    recorder = Recorder(platform, attempt)
    for message in ("first", "wrong", "last"):
        recorder.client.put({"type": "log", "level": "info", "message": message, "source": "test"})
    recorder.client.start()
    recorder.client.finish(end())
    assert recorder.client.join(10)
    assert [refused["index"] for refused in attempt.refused] == [1]
    assert len(attempt.batches) == 1
    assert attempt.events[-1]["type"] == "completed"


def test_an_attempt_ends_with_a_failure_when_the_platform_refuses_its_end(platform: Platform) -> None:
    attempt = platform.attempt()
    attempt.fault_of = lambda event: "result" if event["type"] == "completed" else None
    recorder = Recorder(platform, attempt)
    recorder.client.start()
    recorder.client.finish(end())
    assert recorder.client.join(10)
    # What the platform refused does not end the attempt; what follows does.
    refused = attempt.events.pop(-2)
    assert refused["type"] == "completed"
    last = attempt.events[-1]
    assert (last["type"], last["code"], last["seq"]) == ("failed", "FRAMEWORK_ERROR", refused["seq"] + 1)
    assert "result" in last["message"]
    attempt.events.clear()


def test_logs_are_dropped_before_memory_runs_out(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainer_sdk.callback.MAX_QUEUED_EVENTS", 300)
    attempt = platform.attempt()
    send_all(Recorder(platform, attempt), 500)
    assert len([text for text in messages(attempt) if text.startswith("line")]) == 300
    assert "200 log lines were dropped while the platform could not be reached." in messages(attempt)
    assert attempt.events[-1]["type"] == "completed"
