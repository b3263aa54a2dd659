"""ONNX Runtime by its C library, for Pythons that have no package ``onnxruntime`` (Debian 12 has none).

The functions lie in the table ``OrtApi`` of ``onnxruntime_c_api.h``; their places never change.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

#: The oldest version of the table that has everything used here (ONNX Runtime 1.11).
API_VERSION = 11
#: Places in the table.
GET_ERROR_MESSAGE, CREATE_ENV, CREATE_SESSION_FROM_ARRAY, RUN, CREATE_SESSION_OPTIONS = 2, 3, 8, 9, 10
SET_INTRA_OP_NUM_THREADS, INPUT_COUNT, OUTPUT_COUNT, INPUT_NAME, OUTPUT_NAME = 24, 30, 31, 36, 37
CREATE_TENSOR_WITH_DATA, GET_TENSOR_DATA, GET_ELEMENT_TYPE, GET_DIMENSIONS_COUNT, GET_DIMENSIONS = 49, 51, 60, 61, 62
GET_TENSOR_TYPE_AND_SHAPE, CREATE_CPU_MEMORY_INFO, ALLOCATOR_FREE, DEFAULT_ALLOCATOR = 65, 69, 76, 78
RELEASE_STATUS, RELEASE_SESSION, RELEASE_VALUE, RELEASE_SHAPE, RELEASE_SESSION_OPTIONS = 93, 95, 96, 99, 100

#: ``ONNXTensorElementDataType``
TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64}
NUMBERS = {np.dtype(kind): number for number, kind in TYPES.items()}
ERROR = 3


class OnnxRuntimeError(Exception):
    """ONNX Runtime refused something."""


def find() -> str | None:
    """The library: ``ONNXRUNTIME_LIBRARY``, the system's, or that of the NuGet package with which the app is built."""
    if named := os.environ.get("ONNXRUNTIME_LIBRARY"):
        return named if Path(named).is_file() else None
    if installed := ctypes.util.find_library("onnxruntime"):
        return installed
    packages = Path(os.environ.get("NUGET_PACKAGES") or Path.home() / ".nuget" / "packages")
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    found = packages.glob(f"microsoft.ml.onnxruntime/*/runtimes/linux-{machine}/native/libonnxruntime.so")
    newest = max(found, key=lambda path: [int(part) for part in path.parts[-5].split(".") if part.isdigit()], default=None)
    return str(newest) if newest is not None else None


class _ApiBase(ctypes.Structure):
    _fields_ = [
        ("get_api", ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_uint32)),
        ("get_version", ctypes.CFUNCTYPE(ctypes.c_char_p)),
    ]


class _Library:
    """The loaded library with its one environment."""

    def __init__(self, path: str) -> None:
        loaded = ctypes.CDLL(path)
        loaded.OrtGetApiBase.restype = ctypes.POINTER(_ApiBase)
        base = loaded.OrtGetApiBase().contents
        table = base.get_api(API_VERSION)
        if not table:
            raise OnnxRuntimeError(f"{path} is older than ONNX Runtime 1.11")
        self.version = base.get_version().decode()
        self._table = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))
        self.environment = self.create(CREATE_ENV, ctypes.c_int(ERROR), b"trainer")
        self.allocator = self.create(DEFAULT_ALLOCATOR)
        self.memory = self.create(CREATE_CPU_MEMORY_INFO, ctypes.c_int(1), ctypes.c_int(0))

    def function(self, place: int, result: Any = ctypes.c_void_p) -> Any:
        return ctypes.CFUNCTYPE(result)(self._table[place])

    def call(self, place: int, *arguments: Any) -> None:
        """Calls a function that returns a status; raises :class:`OnnxRuntimeError`."""
        status = self.function(place)(*arguments)
        if status:
            message = self.function(GET_ERROR_MESSAGE, ctypes.c_char_p)(ctypes.c_void_p(status)).decode(errors="replace")
            self.release(RELEASE_STATUS, ctypes.c_void_p(status))
            raise OnnxRuntimeError(message)

    def create(self, place: int, *arguments: Any, kind: Any = ctypes.c_void_p) -> Any:
        """Calls a function whose last argument takes its answer."""
        answer = kind()
        self.call(place, *arguments, ctypes.byref(answer))
        return answer

    def release(self, place: int, value: Any) -> None:
        self.function(place, None)(value)


@functools.cache
def _library(path: str) -> _Library:
    return _Library(path)


class Session:
    """A loaded model that runs on the CPU. Several threads may call :meth:`run`. Raises :class:`OnnxRuntimeError`."""

    def __init__(self, model: bytes, threads: int, library: str) -> None:
        self._ort = _library(library)
        self.version = self._ort.version
        options = self._ort.create(CREATE_SESSION_OPTIONS)
        try:
            self._ort.call(SET_INTRA_OP_NUM_THREADS, options, ctypes.c_int(threads))
            self._session = self._ort.create(
                CREATE_SESSION_FROM_ARRAY, self._ort.environment, model, ctypes.c_size_t(len(model)), options
            )
        finally:
            self._ort.release(RELEASE_SESSION_OPTIONS, options)
        self.inputs = self._names(INPUT_COUNT, INPUT_NAME)
        self.outputs = self._names(OUTPUT_COUNT, OUTPUT_NAME)

    def __del__(self) -> None:
        if getattr(self, "_session", None) is not None:
            self._ort.release(RELEASE_SESSION, self._session)

    def run(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The outputs by name."""
        ort = self._ort
        arrays = [np.ascontiguousarray(feeds[name]) for name in self.inputs]
        values: list[Any] = []
        outputs = (ctypes.c_void_p * len(self.outputs))()
        try:
            for array in arrays:
                shape = (ctypes.c_int64 * array.ndim)(*array.shape)
                values.append(ort.create(
                    CREATE_TENSOR_WITH_DATA, ort.memory, array.ctypes.data_as(ctypes.c_void_p),
                    ctypes.c_size_t(array.nbytes), shape, ctypes.c_size_t(array.ndim),
                    ctypes.c_int(NUMBERS[array.dtype]),
                ))  # fmt: skip
            ort.call(
                RUN, self._session, None, _texts(self.inputs), (ctypes.c_void_p * len(values))(*[value.value for value in values]),
                ctypes.c_size_t(len(values)), _texts(self.outputs), ctypes.c_size_t(len(self.outputs)), outputs,
            )  # fmt: skip
            return {name: self._array(outputs[index]) for index, name in enumerate(self.outputs)}
        finally:
            for value in [*values, *(ctypes.c_void_p(value) for value in outputs if value)]:
                ort.release(RELEASE_VALUE, value)

    def _array(self, value: int) -> np.ndarray:
        """A copy of a tensor."""
        ort = self._ort
        shape = ort.create(GET_TENSOR_TYPE_AND_SHAPE, ctypes.c_void_p(value))
        try:
            kind = ort.create(GET_ELEMENT_TYPE, shape, kind=ctypes.c_int).value
            count = ort.create(GET_DIMENSIONS_COUNT, shape, kind=ctypes.c_size_t).value
            sides = (ctypes.c_int64 * count)()
            ort.call(GET_DIMENSIONS, shape, sides, ctypes.c_size_t(count))
        finally:
            ort.release(RELEASE_SHAPE, shape)
        array = np.empty(tuple(sides), dtype=TYPES[kind])
        if array.nbytes:
            data = ort.create(GET_TENSOR_DATA, ctypes.c_void_p(value))
            ctypes.memmove(array.ctypes.data, data, array.nbytes)
        return array

    def _names(self, count: int, name: int) -> list[str]:
        ort = self._ort
        found = []
        for index in range(ort.create(count, self._session, kind=ctypes.c_size_t).value):
            text = ort.create(name, self._session, ctypes.c_size_t(index), ort.allocator, kind=ctypes.c_char_p)
            found.append(text.value.decode())
            ort.call(ALLOCATOR_FREE, ort.allocator, text)
        return found


def _texts(names: list[str]) -> Any:
    return (ctypes.c_char_p * len(names))(*[name.encode() for name in names])
