"""Served models: encoded images in, ranked classes out, as the model's metadata says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer_sdk import InvalidImage, Predictor, RequestProblem

from .images import INTERPOLATIONS, Preprocessing, UnreadableImage, decode
from .runtimes import Runtime, open_model

MAX_SIDE = 2048


class ClassificationPredictor(Predictor):
    """A classifier with softmax applied to its logits."""

    def __init__(self, runtime: Runtime, classes: Sequence[str], preprocessing: Preprocessing) -> None:
        self._runtime = runtime
        self._classes = tuple(classes)
        self._preprocessing = preprocessing

    def predict(self, images: Sequence[bytes], top_k: int) -> list[dict[str, Any]]:
        height, width = self._preprocessing.size
        pixels = np.empty((len(images), 3, height, width), dtype=np.uint8)
        for index, data in enumerate(images):
            try:
                pixels[index] = decode(data, self._preprocessing).transpose(2, 0, 1)
            except UnreadableImage as error:
                raise InvalidImage(index, f"The image {error}.") from error
        inputs = self._preprocessing.normalize(torch.from_numpy(pixels)).numpy()
        return [self._ranked(row, top_k) for row in softmax(self._runtime.run(inputs))]

    def _ranked(self, probabilities: np.ndarray, top_k: int) -> dict[str, Any]:
        order = np.argsort(-probabilities, kind="stable")[:top_k]
        top = [{"class": self._classes[index], "confidence": float(probabilities[index])} for index in order]
        return {"index": int(order[0]), **top[0], "top": top}


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row-wise softmax in float64."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=1, keepdims=True)


def load(path: Path, format: str, metadata: Mapping[str, Any], threads: int) -> ClassificationPredictor:
    """Loads the model and runs it once. Raises :class:`RequestProblem` 422 for what it cannot use."""
    if format not in ("onnx", "torchscript"):
        raise RequestProblem(
            422, "UNKNOWN_MODEL_FORMAT", f"Models of format '{format}' are not served.", field="model.format"
        )
    classes, preprocessing = _read(metadata)
    try:
        runtime = open_model(path, format, threads)
        logits = runtime.run(np.zeros((1, 3, *preprocessing.size), dtype=np.float32))
    except Exception as error:
        # Each runtime has its own exception types; all of them mean that the file is wrong.
        raise RequestProblem(
            422, "MODEL_INVALID", f"The model file cannot be run ({type(error).__name__}).", field="model"
        ) from error
    if logits.shape != (1, len(classes)):
        raise RequestProblem(
            422, "MODEL_INVALID", f"The model returns shape {logits.shape} for {len(classes)} classes.",
            field="model.metadata.classes",
        )  # fmt: skip
    return ClassificationPredictor(runtime, classes, preprocessing)


def _read(metadata: Mapping[str, Any]) -> tuple[list[str], Preprocessing]:
    try:
        classes = [str(name) for name in metadata["classes"]]
        wanted = metadata["preprocessing"]
        height, width = (int(side) for side in wanted["resize"])
        preprocessing = Preprocessing(
            (height, width), tuple(map(float, wanted["mean"])), tuple(map(float, wanted["std"])),
            float(wanted["scale"]), str(wanted["interpolation"]),
        )  # fmt: skip
        understood = (
            classes
            and 1 <= height <= MAX_SIDE
            and 1 <= width <= MAX_SIDE
            and len(preprocessing.mean) == len(preprocessing.std) == 3
            and all(preprocessing.std)
            and preprocessing.interpolation in INTERPOLATIONS
            and (wanted["colorMode"], wanted["layout"], metadata["postprocessing"]) == ("RGB", "NCHW", "softmax")
        )
    except (KeyError, TypeError, ValueError):
        understood = False
    if not understood:
        raise RequestProblem(
            422, "MODEL_INVALID", "This trainer did not write the model's metadata.", field="model.metadata"
        )
    return classes, preprocessing
