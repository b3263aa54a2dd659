"""A trainer that does one attempt and ends: an execution of a job of a container platform, which nobody can call."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from urllib.parse import quote

from .callback import CallbackClient
from .errors import FAILURE_CODES, RequestProblem, TrainerError
from .framework import Framework
from .jobs import JobRunner
from .protocol import JobRequest
from .settings import Settings
from .wire import RETRY_STATUS, HttpClient, RetryPolicy, WireError, retry_after_seconds, safe_url

_log = logging.getLogger("trainer_sdk.execution")


class NotWanted(Exception):
    """The platform does not give this execution a request: the attempt has begun, has ended or belongs to another one."""


@dataclass(frozen=True)
class Execution:
    """Where the request of the attempt is, the ticket for it, and the name of this execution."""

    url: str
    token: str
    name: str

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> Execution | None:
        """None when this process is a service. Raises ValueError with the name of a missing variable."""
        url = environment.get("TRAINER_REQUEST_URL")
        if not url:
            return None
        token = environment.get("TRAINER_REQUEST_TOKEN")
        # Azure Container Apps gives the second name to each execution of a job.
        name = environment.get("TRAINER_EXECUTION") or environment.get("CONTAINER_APP_JOB_EXECUTION_NAME")
        if not token:
            raise ValueError("TRAINER_REQUEST_TOKEN is needed with TRAINER_REQUEST_URL")
        if not name:
            raise ValueError("TRAINER_EXECUTION is needed with TRAINER_REQUEST_URL")
        return Execution(url, token, name)


def run(execution: Execution, framework: Framework, reference: str, settings: Settings) -> int:
    """Does the attempt. 0 when the platform has been told how it ended, 1 when the platform does not want it or does not answer."""
    try:
        request = fetch(execution, settings.callback_retry)
    except (NotWanted, WireError, RequestProblem) as error:
        _log.error("there is no request for %s: %s", execution.name, error)
        return 1
    try:
        framework.validate(request)
    except RequestProblem as problem:
        return _refuse(request, problem, settings)
    runner = JobRunner(reference, settings)
    runner.warm_up()

    def stop(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=runner.stop, name="shutdown").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    runner.submit(request)
    job = runner.find(request.job_id, request.attempt)
    job.finished.wait()
    runner.stop()
    return 1 if job.gone else 0


def fetch(execution: Execution, policy: RetryPolicy) -> JobRequest:
    """Gets the request; waits while the platform is away or has not recorded this execution yet."""
    http = HttpClient(policy.timeout)
    url = f"{execution.url}?execution={quote(execution.name, safe='')}"
    headers = {"Authorization": f"Bearer {execution.token}", "Accept": "application/json"}
    started = time.monotonic()
    tries = 0
    while True:
        tries += 1
        wait: float | None = None
        try:
            reply = http.request("GET", url, headers=headers)
            if reply.status == 200:
                return JobRequest.parse(reply.json())
            reason = f"{safe_url(url)} answered {reply.status}"
            if reply.status not in RETRY_STATUS:
                raise NotWanted(reason)
            wait = retry_after_seconds(reply.headers)
        except WireError as error:
            reason = str(error)
        if time.monotonic() - started > policy.give_up:
            raise WireError(reason)
        time.sleep(policy.delay(tries, wait))


def _refuse(request: JobRequest, problem: RequestProblem, settings: Settings) -> int:
    """Reports what a service would have answered to the request."""
    code = problem.code if problem.code in FAILURE_CODES else "INVALID_CONFIG"
    message = f"{problem.field}: {problem.message}" if problem.field else problem.message
    gone = threading.Event()
    callbacks = CallbackClient(
        request.callback, settings.callback_retry, on_cancel=lambda: None, on_gone=lambda reason: gone.set()
    )
    callbacks.start()
    callbacks.finish(TrainerError(code, message).to_event())
    callbacks.join()
    return 1 if gone.is_set() else 0
