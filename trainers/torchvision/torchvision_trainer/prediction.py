"""Served models: encoded images in, ranked classes out, as the model's metadata says."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer_sdk import InvalidImage, Predictor, RequestProblem
from trainer_sdk.images import ImageTooLarge, UnreadableImage, decoded_pixels, measure

from .images import INTERPOLATIONS, Preprocessing, decode
from .runtimes import Runtime, open_model

MAX_SIDE = 2048
#: A request may have this many times the pixels that one image may have.
REQUEST_SHARE = 4
#: Values of the input tensor of one run of the model, at most, unless one image has more.
RUN_VALUES = 4 * 2**20
#: Images are decoded one at a time, whatever the number of requests: that bounds the memory.
_decoding = threading.Lock()


class ClassificationPredictor(Predictor):
    """A classifier with softmax applied to its logits."""

    def __init__(
        self, runtime: Runtime, classes: Sequence[str], preprocessing: Preprocessing, max_pixels: int
    ) -> None:
        self._runtime = runtime
        self._max_pixels = max_pixels
        self._classes = tuple(classes)
        self._preprocessing = preprocessing

    def predict(self, images: Sequence[bytes], top_k: int) -> list[dict[str, Any]]:
        self._measure(images)
        height, width = self._preprocessing.size
        share = max(1, RUN_VALUES // (3 * height * width))
        ranked: list[dict[str, Any]] = []
        for start in range(0, len(images), share):
            pixels = np.stack(
                [self._decode(index, images[index]) for index in range(start, min(start + share, len(images)))]
            )
            inputs = self._preprocessing.normalize(torch.from_numpy(pixels).permute(0, 3, 1, 2)).contiguous().numpy()
            ranked += [self._ranked(row, top_k) for row in softmax(self._runtime.run(inputs))]
        return ranked

    def _measure(self, images: Sequence[bytes]) -> None:
        """Refuses images before any is decoded; raises :class:`InvalidImage`."""
        height, width = self._preprocessing.size
        total = 0
        for index, data in enumerate(images):
            try:
                total += decoded_pixels(measure(data, self._max_pixels), (width, height))
            except UnreadableImage as error:
                raise _refusal(index, error) from error
            if total > REQUEST_SHARE * self._max_pixels:
                raise InvalidImage(
                    index, f"The images up to this one have more than {REQUEST_SHARE * self._max_pixels / 1e6:g} million "
                    "pixels together; send fewer in one request.", "IMAGE_TOO_LARGE",
                )  # fmt: skip

    def _decode(self, index: int, data: bytes) -> np.ndarray:
        try:
            with _decoding:
                return decode(data, self._preprocessing, self._max_pixels)
        except UnreadableImage as error:
            raise _refusal(index, error) from error

    def _ranked(self, probabilities: np.ndarray, top_k: int) -> dict[str, Any]:
        order = np.argsort(-probabilities, kind="stable")[:top_k]
        top = [{"class": self._classes[index], "confidence": float(probabilities[index])} for index in order]
        return {"index": int(order[0]), **top[0], "top": top}


def _refusal(index: int, error: UnreadableImage) -> InvalidImage:
    code = "IMAGE_TOO_LARGE" if isinstance(error, ImageTooLarge) else "INVALID_IMAGE"
    return InvalidImage(index, f"The image {error}.", code)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Row-wise softmax in float64."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=1, keepdims=True)


def load(
    path: Path, format: str, metadata: Mapping[str, Any], threads: int, max_pixels: int
) -> ClassificationPredictor:
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
    return ClassificationPredictor(runtime, classes, preprocessing, max_pixels)


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
