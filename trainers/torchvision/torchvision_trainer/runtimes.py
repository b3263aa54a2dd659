"""Runs exported files: they take float32 ``[N,3,H,W]`` and return tensors by name."""

from __future__ import annotations

import importlib.util
import json
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import onnxruntime_library

METADATA_FILE = "metadata.json"


class Runtime(ABC):
    """A loaded file. Several threads may call it."""

    #: The library that runs the file, for logs and reports.
    engine: str

    @abstractmethod
    def outputs(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """What the file computes of a batch, by the names of its outputs."""

    def run(self, inputs: np.ndarray) -> np.ndarray:
        """The first output: logits for a batch of any size."""
        return next(iter(self.outputs(inputs).values()))


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
        self._names = [output.name for output in self._session.get_outputs()]
        self.engine = f"onnxruntime {onnxruntime.__version__}"

    def outputs(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        return dict(zip(self._names, self._session.run(self._names, {self._input: inputs}), strict=True))


class LibraryRuntime(Runtime):
    """ONNX Runtime by its C library, on the CPU."""

    def __init__(self, path: Path, threads: int, library: str) -> None:
        self._session = onnxruntime_library.Session(path.read_bytes(), threads, library)
        self.engine = f"onnxruntime {self._session.version}"

    def outputs(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        return self._session.run({self._session.inputs[0]: inputs})


class OpenCvRuntime(Runtime):
    """OpenCV's ONNX importer. Only one thread at a time may use its network object. It runs classifiers; detectors and most
    segmentations have operators that it lacks."""

    def __init__(self, path: Path, threads: int) -> None:
        import cv2

        cv2.setNumThreads(threads)
        # From the bytes: from a path, the importer chooses the format by the extension, and cached files have none.
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(path.read_bytes(), dtype=np.uint8))
        self._lock = threading.Lock()
        self.engine = f"cv2.dnn {cv2.__version__}"

    def outputs(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        with self._lock:
            self._net.setInput(np.ascontiguousarray(inputs))
            names = self._net.getUnconnectedOutLayersNames()
            return {name: output.copy() for name, output in zip(names, self._net.forward(names), strict=True)}


class TorchScriptRuntime(Runtime):
    """torch.jit, on the CUDA device when there is one.

    All calls run in one thread: OpenMP keeps a pool of threads for each calling thread, and starting a pool
    for every request would cost more than running a small model.
    """

    def __init__(self, path: Path) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        files = {METADATA_FILE: ""}
        module = torch.jit.load(str(path), map_location=self._device, _extra_files=files).eval()
        self._names = output_names(json.loads(files[METADATA_FILE] or "{}"))
        if len(self._names) == 1:
            # Freezing breaks scripted detectors.
            module = torch.jit.freeze(module)
            module = torch.jit.optimize_for_inference(module) if self._device.type == "cpu" else module
        self._module = module
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="torchscript")
        self.engine = f"torchscript {torch.__version__}"

    def outputs(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        return self._thread.submit(self._run, inputs).result()

    def _run(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        # Without the profiling executor, because that compiles again for every new batch size.
        with torch.inference_mode(), torch.jit.optimized_execution(False):
            answer = self._module(torch.from_numpy(inputs).to(self._device))
        tensors = (answer,) if isinstance(answer, torch.Tensor) else answer
        return {name: tensor.cpu().numpy() for name, tensor in zip(self._names, tensors, strict=True)}


def output_names(metadata: Mapping[str, Any]) -> list[str]:
    """The outputs of a file in their order."""
    return list(metadata["outputs"].values()) if "outputs" in metadata else [metadata.get("outputName", "logits")]


def has_onnx_runtime() -> bool:
    """Whether every ONNX file can be run here; OpenCV runs some."""
    return importlib.util.find_spec("onnxruntime") is not None or onnxruntime_library.find() is not None


def open_model(path: Path, format: str, threads: int) -> Runtime:
    """The runtime for an exported file. Raises the exceptions of its library when it cannot load the file."""
    if format == "torchscript":
        return TorchScriptRuntime(path)
    if importlib.util.find_spec("onnxruntime") is not None:
        return OnnxRuntime(path, threads)
    library = onnxruntime_library.find()
    return LibraryRuntime(path, threads, library) if library is not None else OpenCvRuntime(path, threads)
