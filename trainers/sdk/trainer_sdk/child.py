"""The process of one job. It ends when the service that started it ends."""

from __future__ import annotations

import faulthandler
import importlib
import json
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from .context import JobContext
from .errors import AttemptGone, Cancelled, classify
from .framework import Framework
from .logs import EventLogHandler
from .protocol import JobRequest
from .settings import Settings

ORPHANED_EXIT = 3


def load_framework(reference: str) -> Framework:
    """Constructs the framework named ``module:attribute``."""
    module, _, attribute = reference.partition(":")
    framework = getattr(importlib.import_module(module), attribute)()
    if not isinstance(framework, Framework):
        raise TypeError(f"{reference} is not a trainer_sdk.Framework")
    return framework


class _Link:
    """The pipe to the service: sends events, receives the cancel. When it breaks, the service is dead."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self.cancelled = threading.Event()

    def listen(self) -> None:
        threading.Thread(target=self._listen, name="link", daemon=True).start()

    def send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message, separators=(",", ":"), allow_nan=False).encode()
        try:
            with self._sending:
                self._connection.send_bytes(data)
        except OSError:
            os._exit(ORPHANED_EXIT)

    def emit(self, event: dict[str, Any]) -> None:
        self.send({"event": event})

    def _listen(self) -> None:
        try:
            while True:
                if json.loads(self._connection.recv_bytes()).get("cancel"):
                    self.cancelled.set()
        except (EOFError, OSError):
            os._exit(ORPHANED_EXIT)


def run_job(reference: str, body: Mapping[str, Any], settings: Settings, workdir: str, connection: Connection) -> None:
    """Runs the job in this process, reports how it ended, and exits without cleaning up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    link = _Link(connection)
    link.listen()
    request = JobRequest.parse(body)
    _set_up_logging(link, request)
    terminal = _run(reference, request, settings, Path(workdir), link)
    if terminal is not None:
        link.send(terminal)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _run(
    reference: str, request: JobRequest, settings: Settings, workdir: Path, link: _Link
) -> dict[str, Any] | None:
    framework: Framework | None = None
    context: JobContext | None = None
    log = logging.getLogger("trainer")
    try:
        framework = load_framework(reference)
        context = JobContext(request, settings, workdir, framework.name, link.emit, link.cancelled)
        work = {"train": framework.train, "evaluate": framework.evaluate, "predict": framework.predict, "export": framework.export}
        context.check_cancelled()
        context.completed(work[request.kind](context))
        return None
    except Cancelled as cancelled:
        return {"event": cancelled.to_event()}
    except AttemptGone as gone:
        return {"gone": str(gone)}
    except BaseException as error:
        if link.cancelled.is_set():
            return {"event": Cancelled().to_event()}
        failure = framework.classify(error) if framework is not None else classify(error)
        if failure is not error:
            log.error("%s", traceback.format_exc(limit=-12).rstrip())
        return {"event": failure.to_event()}
    finally:
        if context is not None:
            context.close()


def _set_up_logging(link: _Link, request: JobRequest) -> None:
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    console = logging.StreamHandler(sys.stderr)
    console.setFormatter(
        logging.Formatter(f"%(asctime)s {request.job_id}/{request.attempt} %(levelname)s %(name)s: %(message)s")
    )
    events = EventLogHandler(link.emit)
    events.setFormatter(logging.Formatter("%(message)s"))
    root.handlers[:] = [console, events]
    logging.captureWarnings(True)
