"""Delivers the events of an attempt: numbered, in order, in batches, retried until the platform has them."""

from __future__ import annotations

import datetime
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .protocol import TERMINAL_EVENTS, Callback
from .wire import RETRY_STATUS, HttpClient, Response, RetryPolicy, WireError, retry_after_seconds

GONE_STATUS = frozenset({401, 403, 404, 410})
MAX_BATCH_EVENTS = 200
MAX_BATCH_BYTES = 512 * 1024
MAX_QUEUED_EVENTS = 20_000
LINGER_SECONDS = 0.25

_log = logging.getLogger("trainer_sdk.callback")
_BUFFERED = frozenset({"log", "heartbeat"})


def now_text() -> str:
    """The present time as RFC 3339 UTC with milliseconds."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class CallbackClient:
    """Queues events and sends them from one thread.

    Events get their numbers when a batch is formed, so a dropped log line leaves no gap. ``on_cancel`` runs
    when a reply says cancel. ``on_gone`` runs when the platform does not want the attempt any more, or does
    not answer for ``policy.give_up`` seconds; the client sends nothing after that.
    """

    def __init__(
        self,
        callback: Callback,
        policy: RetryPolicy,
        *,
        on_cancel: Callable[[], None],
        on_gone: Callable[[str], None],
        name: str = "callbacks",
    ) -> None:
        self._callback = callback
        # The platform gives up a silent trainer soon after its longest wait, which it counts in heartbeats.
        self._policy = replace(policy, cap=min(policy.cap, 6 * callback.heartbeat_seconds))
        self._on_cancel = on_cancel
        self._on_gone = on_gone
        self._http = HttpClient(policy.timeout)
        self._changed = threading.Condition()
        self._queue: deque[tuple[dict[str, Any], int]] = deque()
        self._urgent = 0
        self._dropped = 0
        self._oldest = 0.0
        self._sequence = 0
        self._finished = False
        self._stopped = threading.Event()
        self._last_sent = time.monotonic()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts sending; heartbeats begin."""
        self._thread.start()

    def put(self, event: dict[str, Any]) -> None:
        """Queues an event without ``seq`` and sets ``time`` if the event has none. Never blocks."""
        event.setdefault("time", now_text())
        size = len(json.dumps(event)) + 24
        with self._changed:
            if self._stopped.is_set() or self._finished:
                return
            if event["type"] == "log" and len(self._queue) >= MAX_QUEUED_EVENTS:
                self._dropped += 1
                return
            if not self._queue:
                self._oldest = time.monotonic()
            self._queue.append((event, size))
            if event["type"] not in _BUFFERED:
                self._urgent += 1
            self._changed.notify_all()

    def finish(self, terminal: dict[str, Any] | None = None) -> None:
        """Queues the terminal event; the thread ends after it has delivered the whole queue."""
        if terminal is not None:
            self.put(terminal)
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Stops sending at once."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    def join(self, timeout: float | None = None) -> bool:
        """Waits for the sender to end; False when it did not within ``timeout`` seconds."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while (batch := self._next_batch()) is not None:
                if not self._deliver(batch):
                    return
        finally:
            self._stopped.set()
            self._http.close()

    def _next_batch(self) -> list[dict[str, Any]] | None:
        """Waits until there is a batch to send and numbers its events; None at the end."""
        with self._changed:
            while not self._stopped.is_set():
                now = time.monotonic()
                if self._queue:
                    wait = self._oldest + LINGER_SECONDS - now
                    if self._urgent or self._finished or wait <= 0 or len(self._queue) >= MAX_BATCH_EVENTS:
                        return self._take()
                elif self._finished:
                    return None
                else:
                    wait = self._last_sent + self._callback.heartbeat_seconds - now
                    if wait <= 0:
                        self._queue.append(({"type": "heartbeat", "time": now_text()}, 64))
                        return self._take()
                self._changed.wait(wait)
            return None

    def _take(self) -> list[dict[str, Any]]:
        batch: list[dict[str, Any]] = []
        size = 0
        while self._queue and len(batch) < MAX_BATCH_EVENTS:
            event, length = self._queue[0]
            if batch and size + length > MAX_BATCH_BYTES:
                break
            self._queue.popleft()
            size += length
            if event["type"] not in _BUFFERED:
                self._urgent -= 1
            if self._dropped and event["type"] in TERMINAL_EVENTS:
                batch.append(self._numbered(self._dropped_notice()))
            batch.append(self._numbered(event))
        if self._dropped and len(self._queue) < MAX_QUEUED_EVENTS // 2:
            self._queue.appendleft((self._dropped_notice(), 160))
        self._oldest = time.monotonic()
        return batch

    def _dropped_notice(self) -> dict[str, Any]:
        count, self._dropped = self._dropped, 0
        message = f"{count} log lines were dropped while the platform could not be reached."
        return {"type": "log", "level": "warning", "message": message, "source": "trainer", "time": now_text()}

    def _numbered(self, event: dict[str, Any]) -> dict[str, Any]:
        self._sequence += 1
        return {"seq": self._sequence, **event}

    def _deliver(self, batch: list[dict[str, Any]]) -> bool:
        """Sends until the platform has the whole batch. False when the platform does not want the attempt any more."""
        tries = 0
        give_up_at = time.monotonic() + self._policy.give_up
        while batch and not self._stopped.is_set():
            reply = self._post(batch)
            retry_after = None
            if reply is not None and reply.status == 200:
                stored = self._accepted(reply, batch)
                if stored:
                    ended = batch[stored - 1]
                    refused = self._report_refused(reply, batch)
                    del batch[:stored]
                    if ended["type"] in TERMINAL_EVENTS and ended["seq"] in refused:
                        if ended.get("source") == "trainer.refused":
                            return self._gone("the platform refuses the end of the attempt")
                        batch.append(self._numbered(_without_seq(_refusal_notice(ended, refused[ended["seq"]]))))
                    tries, give_up_at = 0, time.monotonic() + self._policy.give_up
                    continue
            elif reply is not None and reply.status in GONE_STATUS:
                return self._gone(f"the platform answered {reply.status}")
            elif reply is not None and reply.status not in RETRY_STATUS:
                self._refused(reply, batch)
                if len(batch) > 1:
                    half = len(batch) // 2
                    return self._deliver(batch[:half]) and self._deliver(batch[half:])
                if batch[0].get("source") == "trainer.refused":
                    return self._gone(f"the platform answered {reply.status}")
                batch[0] = _refusal_notice(batch[0], f"with status {reply.status}")
                continue
            else:
                retry_after = retry_after_seconds(reply.headers) if reply is not None else None
            tries += 1
            if time.monotonic() >= give_up_at:
                return self._gone("the platform could not be reached")
            self._stopped.wait(self._policy.delay(tries, retry_after))
        return not self._stopped.is_set()

    def _post(self, batch: list[dict[str, Any]]) -> Response | None:
        try:
            reply = self._http.post_json(
                f"{self._callback.url}/events", {"events": batch},
                token=self._callback.token, traceparent=self._callback.traceparent,
            )
        except WireError as error:
            _log.warning("events %s to %s not delivered yet: %s", batch[0]["seq"], batch[-1]["seq"], error)
            return None
        if reply.status in RETRY_STATUS:
            _log.warning("events %s to %s: status %s", batch[0]["seq"], batch[-1]["seq"], reply.status)
        return reply

    def _accepted(self, reply: Response, batch: list[dict[str, Any]]) -> int:
        """How many events at the start of the batch the platform has stored."""
        try:
            body = reply.json()
            highest = int(body["accepted"])
        except (WireError, KeyError, TypeError, ValueError):
            _log.warning("cannot read the platform's answer to events; sending them again")
            return 0
        self._last_sent = time.monotonic()
        if body.get("cancel") is True:
            self._on_cancel()
        return max(0, min(len(batch), highest - int(batch[0]["seq"]) + 1))

    def _report_refused(self, reply: Response, batch: list[dict[str, Any]]) -> dict[int, str]:
        """Why the platform refused events of a batch of which it took the others, by their numbers."""
        try:
            entries = [entry for entry in reply.json().get("refused") or [] if isinstance(entry, dict)]
        except (WireError, AttributeError, TypeError, ValueError):
            return {}
        known = {event["seq"] for event in batch}
        refused = {
            entry["seq"]: f"because of {entry.get('field')}: {entry.get('message')}"
            for entry in entries if entry.get("seq") in known
        }  # fmt: skip
        for seq, reason in refused.items():
            _log.error("the platform refused event %s %s", seq, reason)
        return refused

    def _refused(self, reply: Response, batch: list[dict[str, Any]]) -> None:
        _log.error(
            "the platform refused events %s to %s (%s) with status %s",
            batch[0]["seq"], batch[-1]["seq"], batch[0]["type"], reply.status,
        )  # fmt: skip

    def _gone(self, reason: str) -> bool:
        self._stopped.set()
        self._on_gone(reason)
        return False


def _without_seq(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "seq"}


def _refusal_notice(event: dict[str, Any], reason: str) -> dict[str, Any]:
    """The event to send in place of a refused one, so that the numbers have no gap.

    A failure replaces a refused ``completed``, because the attempt must end.
    """
    message = f"The platform refused the event '{event['type']}' {reason}."
    if event["type"] in TERMINAL_EVENTS:
        kind: dict[str, Any] = {
            "type": "failed", "code": "FRAMEWORK_ERROR", "category": "permanent", "message": message,
        }  # fmt: skip
    else:
        kind = {"type": "log", "level": "error", "message": message}
    return {"seq": event["seq"], "time": event["time"], **kind, "source": "trainer.refused"}
