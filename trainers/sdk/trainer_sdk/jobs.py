"""Slots and jobs of a service. Each job runs in a process of its own and is watched until its end is delivered."""

from __future__ import annotations

import fcntl
import json
import logging
import multiprocessing
import shutil
import signal
import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from multiprocessing import connection as mp_connection
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

from .callback import CallbackClient
from .child import run_job
from .errors import Cancelled, RequestProblem, TrainerError
from .protocol import TERMINAL_EVENTS, JobRequest
from .settings import Settings

KEPT_FINISHED_JOBS = 2_000
_log = logging.getLogger("trainer_sdk.jobs")


@dataclass
class Job:
    """One attempt of a job. ``state`` is accepted, running, completed, failed or cancelled."""

    request: JobRequest
    state: str = "accepted"
    cancel_at: float | None = None
    gone: bool = False
    process: Any = None
    link: Any = None
    callbacks: CallbackClient | None = None
    finished: threading.Event = field(default_factory=threading.Event)

    def snapshot(self) -> dict[str, Any]:
        """The job as the routes answer it."""
        request = self.request
        return {"jobId": request.job_id, "attempt": request.attempt, "kind": request.kind, "state": self.state}


class JobRunner:
    """Starts jobs in processes forked from one that has already imported the framework.

    The slot of a job is free before the platform gets the event that ends it.
    """

    def __init__(self, framework: str, settings: Settings) -> None:
        self._framework = framework
        self._settings = settings
        self._lock = threading.Lock()
        self._process_lock = threading.Lock()
        self._jobs: OrderedDict[tuple[str, int], Job] = OrderedDict()
        self._busy = 0
        self._closing = False
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([framework.partition(":")[0], "trainer_sdk.child"])
        self._workdir, self._work_lock = _claim_workdir(settings.cache_dir / "work")

    @property
    def busy(self) -> int:
        """Slots in use."""
        return self._busy

    def warm_up(self) -> None:
        """Starts the process that jobs are forked from, so that the first job also starts fast."""
        forkserver.ensure_running()

    def submit(self, request: JobRequest) -> dict[str, Any]:
        """Accepts the job, or returns its current state when it was accepted before.

        Raises :class:`RequestProblem` 409 ``TRAINER_BUSY`` or 503 while stopping.
        """
        key = (request.job_id, request.attempt)
        with self._lock:
            if key in self._jobs:
                return self._jobs[key].snapshot()
            if self._closing:
                raise RequestProblem(503, "TRAINER_STOPPING", "The trainer is stopping.")
            if self._busy >= self._settings.slots:
                raise RequestProblem(409, "TRAINER_BUSY", f"All {self._settings.slots} slots are in use.")
            self._busy += 1
            job = self._jobs[key] = Job(request)
            self._forget_old()
            answer = job.snapshot()
        threading.Thread(target=self._supervise, args=(job,), name=f"job-{request.job_id}", daemon=True).start()
        return answer

    def known(self, job_id: str, attempt: int) -> bool:
        """Whether this attempt was accepted before."""
        with self._lock:
            return (job_id, attempt) in self._jobs

    def find(self, job_id: str, attempt: int | None) -> Job:
        """The attempt, or the newest one when none is given; raises :class:`RequestProblem` 404."""
        with self._lock:
            if attempt is None:
                attempt = max((number for name, number in self._jobs if name == job_id), default=0)
            job = self._jobs.get((job_id, attempt))
        if job is None:
            raise RequestProblem(404, "UNKNOWN_JOB", "This trainer does not know that job and attempt.")
        return job

    def cancel(self, job: Job) -> None:
        """Asks the job to stop, and kills it when it does not within the grace time. It may be called again."""
        with self._lock:
            if job.cancel_at is not None or job.state not in ("accepted", "running"):
                return
            job.cancel_at = time.monotonic()
            link = job.link
        if link is not None:
            _tell_cancel(link)

    def stop(self, flush_seconds: float = 5.0) -> None:
        """Ends every job with a transient failure and waits some time for the delivery of their last events."""
        with self._lock:
            self._closing = True
            jobs = [job for job in self._jobs.values() if not job.finished.is_set()]
        for job in jobs:
            if job.process is not None:
                job.process.kill()
        deadline = time.monotonic() + flush_seconds
        for job in jobs:
            job.finished.wait(max(0.0, deadline - time.monotonic()))
        shutil.rmtree(self._workdir, ignore_errors=True)
        self._work_lock.close()

    def _supervise(self, job: Job) -> None:
        workdir = self._workdir / uuid.uuid4().hex
        job.callbacks = CallbackClient(
            job.request.callback,
            self._settings.callback_retry,
            on_cancel=lambda: self.cancel(job),
            on_gone=lambda reason: self._abandon(job, reason),
            name=f"callbacks-{job.request.job_id}",
        )
        job.callbacks.start()
        terminal: dict[str, Any] | None = None
        try:
            workdir.mkdir(parents=True)
            terminal = self._run_process(job, workdir)
        except Exception as error:
            _log.exception("job %s could not be run", job.request.job_id)
            terminal = TrainerError(
                "TRAINER_CRASHED", "The trainer could not run the job.", detail=type(error).__name__
            ).to_event()
        finally:
            shutil.rmtree(workdir, ignore_errors=True)
            self._end(job, terminal)
            job.callbacks.join()
            job.finished.set()

    def _run_process(self, job: Job, workdir: Path) -> dict[str, Any] | None:
        """Runs the job's process to its end. Returns the terminal event, or None when the platform does not want it."""
        ours, theirs = self._context.Pipe()
        arguments = (self._framework, dict(job.request.raw), self._settings, str(workdir), theirs)
        process = self._context.Process(target=run_job, args=arguments, name=f"job-{job.request.job_id}")
        # Process.start() also polls every other child, and two threads must not do that at the same time.
        with self._process_lock:
            process.start()
        theirs.close()
        with self._lock:
            job.process, job.link, job.state = process, ours, "running"
            cancelled, closing = job.cancel_at is not None, self._closing
        if closing:
            process.kill()
        if cancelled:
            _tell_cancel(ours)
        try:
            terminal = self._watch(job, process, ours)
        finally:
            with self._lock:
                job.link = None
            ours.close()
        with self._process_lock:
            process.join()
            code = process.exitcode
        if job.gone:
            return None
        if terminal is None:
            terminal = self._crash_event(job, code)
        return terminal

    def _watch(self, job: Job, process: Any, link: Any) -> dict[str, Any] | None:
        terminal: dict[str, Any] | None = None
        while True:
            ready = mp_connection.wait([link, process.sentinel], timeout=self._patience(job))
            if not ready and self._overdue(job):
                process.kill()
            if link in ready:
                try:
                    message = json.loads(link.recv_bytes())
                except (EOFError, OSError):
                    mp_connection.wait([process.sentinel])
                    return terminal
                if "gone" in message:
                    self._abandon(job, message["gone"])
                elif message["event"]["type"] in TERMINAL_EVENTS:
                    terminal = message["event"]
                elif job.callbacks is not None:
                    job.callbacks.put(message["event"])
            elif process.sentinel in ready:
                return terminal

    def _patience(self, job: Job) -> float:
        """Seconds until the cancel deadline has to be checked."""
        return 0.25 if job.cancel_at is None or job.gone else max(0.01, min(0.25, self._grace_left(job)))

    def _grace_left(self, job: Job) -> float:
        return (job.cancel_at or 0.0) + self._settings.cancel_grace_seconds - time.monotonic()

    def _overdue(self, job: Job) -> bool:
        return job.gone or (job.cancel_at is not None and self._grace_left(job) <= 0)

    def _crash_event(self, job: Job, code: int | None) -> dict[str, Any]:
        if job.cancel_at is not None:
            return Cancelled().to_event()
        if self._closing:
            return TrainerError("TRAINER_CRASHED", "The trainer service was stopped.").to_event()
        reason = f"exit code {code}"
        if code is not None and code < 0:
            reason = signal.Signals(-code).name
            if -code == signal.SIGKILL:
                reason += ", which is what the system does when memory runs out"
        return TrainerError("TRAINER_CRASHED", f"The job's process died ({reason}).").to_event()

    def _abandon(self, job: Job, reason: str) -> None:
        """Ends the process and the callbacks of an attempt that the platform does not want any more."""
        _log.warning("job %s attempt %s abandoned: %s", job.request.job_id, job.request.attempt, reason)
        job.gone = True
        if job.callbacks is not None:
            job.callbacks.abandon()
        if job.process is not None:
            job.process.kill()

    def _end(self, job: Job, terminal: dict[str, Any] | None) -> None:
        with self._lock:
            self._busy -= 1
            if terminal is None or terminal.get("code") == "CANCELLED":
                job.state = "cancelled"
            else:
                job.state = terminal["type"]
        if job.callbacks is not None:
            job.callbacks.finish(terminal)

    def _forget_old(self) -> None:
        surplus = len(self._jobs) - KEPT_FINISHED_JOBS
        for key in [key for key, job in self._jobs.items() if job.finished.is_set()][: max(0, surplus)]:
            del self._jobs[key]


def _tell_cancel(link: Any) -> None:
    try:
        link.send_bytes(b'{"cancel":true}')
    except OSError:
        _log.info("a job ended before it got its cancel")


def _claim_workdir(root: Path) -> tuple[Path, Any]:
    """A folder for this service alone. Removes the folders of dead services."""
    root.mkdir(parents=True, exist_ok=True)
    for path in root.glob("*.lock"):
        with path.open("w") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
            path.unlink(missing_ok=True)
    folder = root / uuid.uuid4().hex
    lock = folder.with_suffix(".lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    folder.mkdir()
    return folder, lock
