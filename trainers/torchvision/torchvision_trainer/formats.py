"""What this trainer can export on this machine, and why not the rest."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Mapping
from typing import Any

import torch

from trainer_sdk import RequestProblem
from trainer_sdk.annotations import CLASSIFICATION, DETECTION, INSTANCES, KEYPOINTS, SEMANTIC

from .graphs import SCORE_THRESHOLD
from .runtimes import has_onnx_runtime

FORMATS = ("onnx", "torchscript", "openvino", "tensorrt", "coreml", "tflite")
PRECISIONS = ("fp32", "fp16", "int8")
TASKS = (CLASSIFICATION, DETECTION, INSTANCES, SEMANTIC, KEYPOINTS)
ONE_AT_A_TIME = (DETECTION, INSTANCES, KEYPOINTS)
#: Networks of other frameworks whose answers are no detections of torchvision.
OTHER_DETECTORS = ("huggingface",)

_EMBED = {
    "type": "bool", "default": False,
    "description": "The file takes pixels from 0 to 255 and normalises them itself; images are still resized before.",
}  # fmt: skip
_SCORE = {
    "type": "float", "default": SCORE_THRESHOLD, "min": 0.001, "max": 0.99,
    "description": "Least confidence of the objects that the file gives. Only for tasks with objects.",
}  # fmt: skip


@functools.cache
def opsets() -> tuple[int, int]:
    """The ONNX opsets that the installed torch and onnx write, up to 18."""
    import onnx
    from torch.onnx import _constants

    return 11, min(18, onnx.defs.onnx_opset_version(), getattr(_constants, "ONNX_MAX_OPSET", 16))


def export_formats(tasks: list[str], framework: str) -> list[dict[str, Any]]:
    """``capabilities.exportFormats``: what is possible, with its options."""
    rows = matrix(tasks, framework)
    low, high = opsets()
    options: dict[str, dict[str, Any]] = {
        "onnx": {
            "opset": {"type": "int", "default": 13, "min": low, "max": high},
            "precision": {
                "type": "select", "default": "fp32", "options": _precisions(rows, "onnx"),
                "description": "Numbers that the file computes with. Its input and outputs are float32.",
            },
            "dynamicBatch": {
                "type": "bool", "default": True,
                "description": "Any number of images at once; detectors take one in any case.",
            },
            "embedPreprocessing": _EMBED, "scoreThreshold": _SCORE,
        },
        "torchscript": {"embedPreprocessing": _EMBED, "scoreThreshold": _SCORE},
    }  # fmt: skip
    found = []
    for format, fields in options.items():
        possible = [row["taskType"] for row in rows if row["format"] == format and row["precision"] == "fp32" and row["available"]]
        if possible:
            found.append({"format": format, "taskTypes": possible, "options": fields})
    return found


def _precisions(rows: list[dict[str, Any]], format: str) -> list[str]:
    return [name for name in PRECISIONS if any(row["available"] for row in rows if (row["format"], row["precision"]) == (format, name))]


def matrix(tasks: list[str], framework: str) -> list[dict[str, Any]]:
    """``capabilities.exportMatrix``: a row ``{format, taskType, precision, available, reason?}`` for each combination."""
    rows = []
    for format in FORMATS:
        for task in tasks:
            for precision in PRECISIONS:
                reason = why_not(format, task, precision, framework)
                row: dict[str, Any] = {"format": format, "taskType": task, "precision": precision, "available": reason is None}
                rows.append(row if reason is None else {**row, "reason": reason})
    return rows


def why_not(format: str, task: str, precision: str, framework: str) -> str | None:
    """Why this export is not possible here; None when it is."""
    if format not in ("onnx", "torchscript"):
        return _missing_tool(format)
    if task in ONE_AT_A_TIME and framework in OTHER_DETECTORS:
        return f"exports of {framework}'s detectors are not built"
    if precision == "int8":
        return "needs a quantizer, which this trainer does not have"
    if precision == "fp16" and format == "torchscript":
        return "needs an NVIDIA GPU: torch has no half precision for convolutions on a CPU"
    if precision == "fp16" and task in ONE_AT_A_TIME:
        return "non-maximum suppression and the masks of a detector have no half precision in ONNX"
    if format == "onnx" and (task != CLASSIFICATION or precision == "fp16") and not has_onnx_runtime():
        return "needs onnxruntime: OpenCV cannot run such a file, so it could not be measured"
    return None


def _missing_tool(format: str) -> str:
    """What is missing to write and measure a format. None of these is built: where the tool is there, that is the reason."""
    if format == "tensorrt":
        if not torch.cuda.is_available():
            return "needs an NVIDIA GPU"
        tool = "tensorrt"
    elif format == "coreml":
        if sys.platform != "darwin":
            return "needs macOS tooling"
        tool = "coremltools"
    else:
        tool = {"openvino": "openvino", "tflite": "tensorflow"}[format]
    if importlib.util.find_spec(tool) is None:
        return f"needs {tool}"
    return "this trainer does not write it; convert the ONNX file"


def check_export(task: str, framework: str, format: str, options: Mapping[str, Any]) -> None:
    """Raises :class:`RequestProblem` 422 with the reason for an export that is not possible, and for a wrong option."""
    if format not in FORMATS:
        raise _refused(f"The formats are {', '.join(FORMATS)}.")
    if (reason := why_not(format, task, "fp32", framework)) is not None:
        raise _refused(f"A model for {task} cannot be exported to {format} here: {reason}.")
    precision = options.get("precision", "fp32")
    if isinstance(precision, str) and precision in PRECISIONS:
        reason = why_not(format, task, precision, framework)
        if reason is not None:
            raise _wrong("precision", f"A model for {task} cannot be exported to {format} in {precision} here: {reason}.")
    known = next(entry["options"] for entry in export_formats([task], framework) if entry["format"] == format)
    for name, value in options.items():
        if name not in known:
            raise _wrong(name, f"{format} has no option '{name}'.")
        if name == "scoreThreshold" and task not in ONE_AT_A_TIME:
            raise _wrong(name, f"A model for {task} gives no objects.")
        if (message := _wrong_value(known[name], value)) is not None:
            raise _wrong(name, f"{name} {message}.")


def _wrong_value(rule: Mapping[str, Any], value: Any) -> str | None:
    if rule["type"] == "bool":
        return None if isinstance(value, bool) else "must be true or false"
    if rule["type"] == "select":
        return None if value in rule["options"] else f"must be one of {', '.join(rule['options'])}"
    kind = int if rule["type"] == "int" else (int, float)
    name = "a whole number" if rule["type"] == "int" else "a number"
    right = not isinstance(value, bool) and isinstance(value, kind) and rule["min"] <= value <= rule["max"]
    return None if right else f"must be {name} from {rule['min']:g} to {rule['max']:g}"


def _refused(message: str) -> RequestProblem:
    return RequestProblem(422, "UNKNOWN_EXPORT_FORMAT", message, field="export.format")


def _wrong(name: str, message: str) -> RequestProblem:
    return RequestProblem(422, "INVALID_CONFIG", message, field=f"export.options.{name}")
