"""The use of the GPU is measured by nvidia-smi, which is a script here."""

from __future__ import annotations

import os
import tempfile
import threading
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from platform_double import Platform

from trainer_sdk.context import JobContext
from trainer_sdk.gpu import GpuUse
from trainer_sdk.protocol import JobRequest
from trainer_sdk.settings import Settings


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("It did not come.")
        time.sleep(0.01)


class GpuTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        path = mock.patch.dict(os.environ, {"PATH": f"{self.folder}:/usr/bin:/bin"})
        path.start()
        self.addCleanup(path.stop)

    def smi(self, *lines: str) -> None:
        """An nvidia-smi that prints a line for each GPU, and keeps what it was asked and how often."""
        script = self.folder / "nvidia-smi"
        text = "\n".join(lines)
        script.write_text(f'#!/bin/sh\necho "$@" >>"{self.folder}/asked"\n{text}\n')
        script.chmod(0o755)

    def asked(self) -> list[str]:
        file = self.folder / "asked"
        return file.read_text().splitlines() if file.exists() else []

    def started(self) -> GpuUse:
        use = GpuUse(interval=0.01)
        self.addCleanup(use.stop)
        use.start()
        return use

    def test_utilization_is_the_mean_and_memory_the_most_of_all_gpus(self) -> None:
        self.smi("echo 40, 2048", "echo 80, 10240")
        use = self.started()
        wait_until(lambda: len(self.asked()) > 3)
        self.assertEqual({"gpu_utilization": 60, "gpu_memory_gb": 10}, use.taken())

    def test_what_was_taken_is_not_counted_again(self) -> None:
        self.smi("echo 40, 2048")
        use = self.started()
        wait_until(lambda: use.taken() != {})
        self.smi("echo 90, 1024")
        wait_until(lambda: use.taken() == {"gpu_utilization": 90, "gpu_memory_gb": 1})

    def test_only_the_gpus_of_the_job_are_looked_at(self) -> None:
        self.smi("echo 40, 2048")
        with mock.patch.dict(os.environ, {"CUDA_VISIBLE_DEVICES": "1,3"}):
            self.started()
        wait_until(lambda: self.asked() != [])
        self.assertIn("--id=1,3", self.asked()[0])

    def test_a_gpu_that_tells_no_utilization_is_left_out(self) -> None:
        self.smi("echo [N/A], 2048", "echo 20, 512")
        use = self.started()
        wait_until(lambda: len(self.asked()) > 1)
        self.assertEqual({"gpu_utilization": 20, "gpu_memory_gb": 0.5}, use.taken())

    def test_a_driver_that_fails_is_asked_once_and_the_job_goes_on(self) -> None:
        self.smi("echo no driver; exit 9")
        with self.assertLogs("trainer", "INFO") as logs:
            use = self.started()
            wait_until(lambda: not any(thread.name == "gpu" for thread in threading.enumerate()))
        self.assertEqual({}, use.taken())
        self.assertEqual(1, len(self.asked()))
        self.assertIn("not measured", logs.output[0])

    def test_without_nvidia_smi_there_is_nothing_to_see(self) -> None:
        self.assertEqual({}, self.started().taken())

    def test_an_epoch_on_a_gpu_reports_its_use_and_one_on_the_processor_does_not(self) -> None:
        self.smi("echo 70, 4096")
        on_gpu, on_processor = self.job("cuda:0"), self.job("cpu")
        wait_until(lambda: "gpu_utilization" in on_gpu())
        self.assertEqual({"loss": 1.0}, on_processor())
        self.smi("echo 30, 4096")
        wait_until(lambda: on_gpu() == {"loss": 1.0, "gpu_utilization": 30.0, "gpu_memory_gb": 4.0})

    def job(self, device: str) -> Callable[[], dict[str, float]]:
        """Begins a job; each call reports an epoch and returns its metrics."""
        platform = Platform()
        self.addCleanup(platform.close)
        events: list[dict[str, Any]] = []
        request = JobRequest.parse(platform.job(platform.attempt()))
        context = JobContext(request, Settings.from_environment(), self.folder, "test", events.append, threading.Event())
        self.addCleanup(context.close)
        context.started(device, {"train": 1})

        def epoch() -> dict[str, float]:
            context.metrics(1, 1, {"loss": 1.0}, epoch_seconds=1, eta_seconds=0)
            return events[-1]["metrics"]

        return epoch
