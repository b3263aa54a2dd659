"""Runs exported files: they take float32 ``[N,3,H,W]`` and return logits ``[N,classes]``."""

from __future__ import annotations

import importlib.util
import threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch


class Runtime(ABC):
    """A loaded file. Several threads may call ``run``."""

    #: The library that runs the file, for logs and reports.
    engine: str

    @abstractmethod
    def run(self, inputs: np.ndarray) -> np.ndarray:
        """Logits for a batch of any size."""


class OnnxRuntime(Runtime):
    """onnxruntime, with CUDA when the installed package supports it."""

    def __init__(self, path: Path, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        offered = onnxruntime.get_available_providers()
        providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider") if name in offered]
        self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        self._input = self._session.get_inputs()[0].name
        self.engine = f"onnxruntime {onnxruntime.__version__}"

    def run(self, inputs: np.ndarray) -> np.ndarray:
        return self._session.run(None, {self._input: inputs})[0]


class OpenCvRuntime(Runtime):
    """OpenCV's ONNX importer. Only one thread at a time may use its network object."""

    def __init__(self, path: Path, threads: int) -> None:
        import cv2

        cv2.setNumThreads(threads)
        # From the bytes: from a path, the importer chooses the format by the extension, and cached files have none.
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), dtype=np.uint8))
        self._lock = threading.Lock()
        self.engine = f"cv2.dnn {cv2.__version__}"

    def run(self, inputs: np.ndarray) -> np.ndarray:
        with self._lock:
            self._net.setInput(np.ascontiguousarray(inputs))
            return self._net.forward().copy()


class TorchScriptRuntime(Runtime):
    """torch.jit, on the CUDA device when there is one.

    All calls run in one thread: OpenMP keeps a pool of threads for each calling thread, and starting a pool
    for every request would cost more than running a small model.
    """

    def __init__(self, path: Path) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        module = torch.jit.freeze(torch.jit.load(str(path), map_location=self._device).eval())
        self._module = torch.jit.optimize_for_inference(module) if self._device.type == "cpu" else module
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="torchscript")
        self.engine = f"torchscript {torch.__version__}"

    def run(self, inputs: np.ndarray) -> np.ndarray:
        return self._thread.submit(self._run, inputs).result()

    def _run(self, inputs: np.ndarray) -> np.ndarray:
        # Without the profiling executor, because that compiles again for every new batch size.
        with torch.inference_mode(), torch.jit.optimized_execution(False):
            return self._module(torch.from_numpy(inputs).to(self._device)).float().cpu().numpy()


def open_model(path: Path, format: str, threads: int) -> Runtime:
    """The runtime for an exported file. Raises the exceptions of its library when it cannot load the file."""
    if format == "torchscript":
        return TorchScriptRuntime(path)
    if importlib.util.find_spec("onnxruntime") is not None:
        return OnnxRuntime(path, threads)
    return OpenCvRuntime(path, threads)
