"""What the GPUs of a job do while it runs, as ``nvidia-smi`` tells it."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import threading

_LOG = logging.getLogger("trainer")
#: Seconds between two looks.
INTERVAL = 2.0
#: Seconds in which ``nvidia-smi`` answers, unless its driver hangs.
_PATIENCE = 10.0


class GpuUse:
    """Looks at the GPUs that the process may use, every ``interval`` seconds from :meth:`start` to :meth:`stop`.

    Each look is a run of ``nvidia-smi`` of its own, so that a job that is killed leaves no program behind. On a machine
    without that program there is nothing to see.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._looks: list[list[tuple[float, float]]] = []

    def start(self) -> None:
        """Begins to look. Does nothing when it has begun."""
        program = shutil.which("nvidia-smi")
        if program is None or self._thread is not None:
            return
        command = [program, "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits"]
        if visible := os.environ.get("CUDA_VISIBLE_DEVICES"):
            command.append(f"--id={visible}")
        self._thread = threading.Thread(target=self._run, args=(command,), name="gpu", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends it, at the latest when the look that is under way has ended."""
        self._stop.set()

    def taken(self) -> dict[str, float]:
        """What was seen since the last call: ``gpu_utilization``, the mean percentage of time in which the GPUs computed,
        and ``gpu_memory_gb``, the most memory that was used on one of them, by this job and by others. Empty when there
        was nothing to see."""
        with self._lock:
            looks, self._looks = self._looks, []
        gpus = [gpu for look in looks for gpu in look]
        if not gpus:
            return {}
        return {
            "gpu_utilization": sum(utilization for utilization, _ in gpus) / len(gpus),
            "gpu_memory_gb": max(memory for _, memory in gpus) / 1024,
        }

    def _run(self, command: list[str]) -> None:
        while not self._stop.is_set():
            try:
                seen = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE, check=True).stdout
            except (OSError, subprocess.SubprocessError) as error:
                _LOG.info("The use of the GPU is not measured: %s", error)
                return
            with self._lock:
                self._looks.append(_gpus(seen))
            self._stop.wait(self._interval)


def _gpus(lines: str) -> list[tuple[float, float]]:
    """Percent and MiB of each GPU that tells both: a part of a divided GPU has no utilization."""
    gpus = []
    for line in lines.splitlines():
        try:
            utilization, memory = (float(value) for value in line.split(","))
        except ValueError:
            continue
        gpus.append((utilization, memory))
    return gpus
