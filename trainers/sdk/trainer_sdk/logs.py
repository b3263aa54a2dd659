"""Sends the log records of a job as ``log`` events."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

MAX_MESSAGE = 8_000


class EventLogHandler(logging.Handler):
    """Turns records into ``log`` events, which travel to the platform in batches."""

    def __init__(self, emit: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(logging.INFO)
        self._emit_event = emit
        self._entered = threading.local()

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(self._entered, "inside", False):
            return
        self._entered.inside = True
        try:
            message = self.format(record)
            if len(message) > MAX_MESSAGE:
                message = message[:MAX_MESSAGE] + " …"
            self._emit_event(
                {"type": "log", "level": _level(record.levelno), "message": message, "source": record.name}
            )
        except Exception:
            self.handleError(record)
        finally:
            self._entered.inside = False


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"
