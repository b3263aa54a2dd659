"""What a check works with: the trainer, a mock platform, and jobs of one task and model."""

from __future__ import annotations

import functools
import hashlib
from typing import Any

from ..mock_platform import Attempt, Platform
from ..mock_platform.datasets import drawn_dataset
from .client import TrainerClient


class NotOffered(Exception):
    """The trainer does not offer what a check needs."""


def expect(condition: object, message: str) -> None:
    """Raises AssertionError with the message, also under ``python -O``."""
    if not condition:
        raise AssertionError(message)


class Lab:
    """``config`` are settings of a run of a few seconds; ``timeout`` is how long a job may take, in seconds."""

    def __init__(
        self, trainer: TrainerClient, platform: Platform, task: str | None = None, model: str | None = None,
        config: dict[str, Any] | None = None, timeout: float = 600.0,
    ) -> None:  # fmt: skip
        self.trainer, self.platform, self.timeout = trainer, platform, timeout
        self.capabilities = self.get("/v1/capabilities")
        self.task = task or self.capabilities["taskTypes"][0]
        offered = [item["name"] for item in self.capabilities["models"] if self.task in item["taskTypes"]]
        expect(offered, f"there is no model for {self.task}")
        self.model = model or offered[0]
        self.config = {**(config or {}), "epochs": 2}

    def get(self, path: str) -> Any:
        status, body = self.trainer.get(path)
        expect(status == 200, f"GET {path} answers {status}")
        return body

    @functools.cached_property
    def dataset(self) -> dict[str, Any]:
        return drawn_dataset(self.platform, self.task)

    def job(self, attempt: Attempt, kind: str = "train", **fields: Any) -> dict[str, Any]:
        common = {"taskType": self.task, "model": self.model, "dataset": self.dataset, "config": {}}
        if kind == "train":
            common["config"] = self.config
        return self.platform.job(attempt, kind, **{**common, **fields})

    def start(self, kind: str = "train", **fields: Any) -> tuple[Attempt, dict[str, Any]]:
        """Starts a job; raises :class:`NotOffered` when the trainer does not do this kind of job."""
        attempt = self.platform.attempt()
        request = self.job(attempt, kind, **fields)
        status, body = self.trainer.post("/v1/jobs", request)
        if status == 422 and body.get("code") in ("UNSUPPORTED_KIND", "UNKNOWN_EXPORT_FORMAT"):
            raise NotOffered(body["message"])
        expect(status == 202, f"the job is answered {status}: {body}")
        return attempt, request

    def run(self, kind: str = "train", **fields: Any) -> tuple[Attempt, dict[str, Any]]:
        """Runs a job to its end; returns the attempt and its last event."""
        attempt, _ = self.start(kind, **fields)
        return attempt, self.end(attempt)

    def end(self, attempt: Attempt) -> dict[str, Any]:
        event = self.platform.wait_end(attempt, self.timeout)
        check_order(attempt)
        return event

    def completed(self, kind: str = "train", **fields: Any) -> tuple[Attempt, dict[str, Any]]:
        attempt, end = self.run(kind, **fields)
        expect(end["type"] == "completed", f"the job ended with {end.get('code')}: {end.get('message')}")
        return attempt, end

    @functools.cached_property
    def trained(self) -> tuple[Attempt, dict[str, Any]]:
        """One training run that several checks look at."""
        return self.completed()

    def checkpoint(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"url": self.platform.url_of(event["key"]), "sha256": event["sha256"], "epoch": event["epoch"]}

    @property
    def best(self) -> dict[str, Any]:
        events = [event for event in self.trained[0].of_type("checkpoint") if event["best"]]
        expect(events, "no checkpoint is marked as the best")
        return self.checkpoint(events[-1])


def check_order(attempt: Attempt) -> None:
    """The numbers of the events rise by one, work begins with ``started``, and nothing follows the end."""
    events = attempt.events
    expect([event["seq"] for event in events] == list(range(1, len(events) + 1)), "the numbers of the events have gaps")
    kinds = [event["type"] for event in events if event["type"] not in ("log", "heartbeat")]
    expect(kinds[0] in ("started", "failed"), f"the first event is {kinds[0]}, not started")
    ends = [kind for kind in kinds if kind in ("completed", "failed")]
    expect(len(ends) == 1 and events[-1]["type"] == ends[0], "the attempt does not end with one completed or failed")


def check_stored(platform: Platform, event: dict[str, Any]) -> None:
    """The store has the bytes that the event announces."""
    expect(event["key"] in platform.objects, f"{event['name']} was announced and not uploaded")
    data = platform.stored(event["key"])
    found = (len(data), hashlib.sha256(data).hexdigest())
    expect(found == (event["size"], event["sha256"]), f"{event['name']} is not the file that was announced")
