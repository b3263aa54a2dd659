"""The proof of an export: what its file answers on held-out images beside what the checkpoint answers.

The file is measured from the encoded images with a second decoder, so that a drift in the preprocessing shows, and with
the same pixels as the checkpoint, so that a drift in the graph shows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from torch import nn

from trainer_sdk import ImageEntry, TrainerError
from trainer_sdk.annotations import PRIMARY_METRIC
from trainer_sdk.images import UnreadableImage, open_rgb

from . import second_decoder
from .agreement import Agreement
from .checkpoints import Checkpoint
from .graphs import embedded, signature_of
from .images import ImageSet, Preprocessing, decode
from .registry import TASKS
from .runtimes import Runtime, open_model
from .tasks.semantic_segmentation import logits_of

BATCHES = (1, 3, 64)
#: Images that file and checkpoint get at once while the metric is measured.
PART = 32
#: A batch with more values is not tried: the activations would take gigabytes.
MOST_VALUES = 16 * 2**20
#: Files that are cut to two halves and measured as images that are not square.
CUT_FILES = 4
LEAST_AGREEMENT = 0.99
#: The primary metric may fall by this, or by that of two images where there are few.
MOST_LOSS = 0.02
#: Mean difference of the pixels of both decoders, of 255.
MOST_DRIFT = 2.0


@dataclass(frozen=True)
class Proof:
    """An exported file and what it is compared with: ``model``, the checkpoint's own network, which was not changed for the
    export."""

    path: Path
    format: str
    precision: str
    model: nn.Module
    checkpoint: Checkpoint
    embeds: bool
    threshold: float | None
    tolerance: float
    dynamic: bool = True

    @property
    def preprocessing(self) -> Preprocessing:
        """What is left to do outside of the graph."""
        return embedded(self.checkpoint.preprocessing) if self.embeds else self.checkpoint.preprocessing


@dataclass
class _Drift:
    files: int = 0
    total: float = 0.0
    largest: int = 0
    skipped: list[str] = field(default_factory=list)

    def add(self, first: np.ndarray, second: np.ndarray) -> None:
        apart = np.abs(first.astype(np.int16) - second.astype(np.int16))
        self.files += 1
        self.total += float(apart.mean())
        self.largest = max(self.largest, int(apart.max()))

    @property
    def mean(self) -> float:
        return self.total / self.files if self.files else 0.0


class _Answering(nn.Module):
    """The interface that a task's evaluation expects, over anything that gives the exported outputs of a batch."""

    def __init__(self, answer: Callable[[torch.Tensor], dict[str, torch.Tensor]]) -> None:
        super().__init__()
        self._answer = answer

    def forward(self, images: Any) -> Any:
        if isinstance(images, torch.Tensor):
            return torch.cat([self._answer(part)["logits"] for part in images.split(PART)])
        found = [self._answer(image.unsqueeze(0)) for image in images]
        return [{**outputs, "labels": outputs["labels"] + 1} for outputs in found]


def prove(
    proof: Proof, images: ImageSet, split: str, threads: int, check: Callable[[], None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Returns the validation and the certificate; raises ``EXPORT_VALIDATION_FAILED`` when the file is not what was asked
    for."""
    try:
        runtime = open_model(proof.path, proof.format, threads)
        return _Measurement(proof, runtime, images, split, check).run()
    except TrainerError:
        raise
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"[:1000]
        message = str(error) if isinstance(error, ValueError) and str(error).startswith("The exported") else "The exported file cannot be run."
        raise TrainerError("EXPORT_VALIDATION_FAILED", message, detail=detail) from error


class _Measurement:
    def __init__(self, proof: Proof, runtime: Runtime, images: ImageSet, split: str, check: Callable[[], None]) -> None:
        self._proof, self._runtime, self._images, self._split, self._check = proof, runtime, images, split, check
        self._signature = signature_of(proof.checkpoint.task_type)
        self._task = TASKS[proof.checkpoint.task_type]
        self._not_measured: list[str] = []
        self._used = 0

    def run(self) -> tuple[dict[str, Any], dict[str, Any]]:
        proof = self._proof
        agreement, drift = Agreement(), _Drift()
        before = self._evaluate(proof.model, proof.checkpoint.preprocessing, decode)
        after = self._evaluate(
            _Answering(lambda inputs: self._both(inputs, agreement)), proof.preprocessing,
            lambda *arguments: self._second(drift, *arguments),
        )  # fmt: skip
        if drift.skipped:
            self._not_measured.append(
                f"{len(drift.skipped)} files by the second decoder: {drift.skipped[0]}."
            )
        if not agreement.all:
            self._not_measured.append(f"The agreement: no object has a score of {proof.threshold:g} or more.")
        batches = self._batches()
        squares = self._not_square()
        samples = self._used
        scale = agreement.scale if proof.precision == "fp16" else 1.0
        finite = agreement.finite and np.isfinite(agreement.largest)
        certificate = {
            "engine": self._runtime.engine, "precision": proof.precision, "split": self._split, "samples": samples,
            "metric": PRIMARY_METRIC[proof.checkpoint.task_type], "before": before, "after": after,
            "agreement": agreement.share, "maxAbsDiff": agreement.largest if finite else None,
            "decoders": {
                "first": f"Pillow {PIL.__version__}", "second": f"OpenCV {_opencv_version()}", "files": drift.files,
                "meanPixelDiff": drift.mean, "maxPixelDiff": drift.largest,
            },
            "batches": batches, "notSquare": squares, "notMeasured": self._not_measured,
        }  # fmt: skip
        plain = self._signature.postprocessing == "softmax"
        validation = {
            "samples": samples, "maxAbsDiff": certificate["maxAbsDiff"], "tolerance": proof.tolerance * scale,
            "passed": True, "engine": self._runtime.engine,
        }  # fmt: skip
        if plain:
            validation |= {"top1Agreement": agreement.share, "accuracy": after, "referenceAccuracy": before}
        self._require(validation, certificate, finite, agreement, drift)
        return validation, certificate

    def _require(
        self, validation: dict[str, Any], certificate: dict[str, Any], finite: bool, agreement: Agreement, drift: _Drift
    ) -> None:
        tolerance = validation["tolerance"]
        worst = max([agreement.largest, certificate["notSquare"]["maxAbsDiff"], *(row["maxAbsDiff"] for row in certificate["batches"])])
        lost = certificate["before"] - certificate["after"]
        problem = None
        if not finite or worst > tolerance:
            problem = f"The exported model differs from the checkpoint by {worst:.3g}, more than {tolerance:g}."
        elif agreement.share < LEAST_AGREEMENT:
            problem = f"The exported model agrees with the checkpoint in {agreement.share:.1%} of its answers."
        elif drift.mean > MOST_DRIFT:
            problem = f"Two decoders see pixels that differ by {drift.mean:.1f} of 255: the described preprocessing is not the one of the training."
        elif lost > max(MOST_LOSS, 2 / max(1, validation["samples"])):
            problem = f"The {certificate['metric']} fell from {certificate['before']:.3f} to {certificate['after']:.3f}."
        if problem is not None:
            detail = json.dumps({**validation, "passed": False, "certificate": certificate})
            raise TrainerError("EXPORT_VALIDATION_FAILED", problem, detail=detail[:4000])

    def _evaluate(
        self, model: nn.Module, preprocessing: Preprocessing,
        decoder: Callable[[bytes, Preprocessing, int], np.ndarray],
    ) -> float:  # fmt: skip
        """The primary metric."""
        images = self._task.image_set(self._images.entries, self._proof.checkpoint.preprocessing, 1, 0, self._check)
        images.decoder = decoder  # type: ignore[method-assign]
        measured = self._task.evaluate(
            model, images, preprocessing, self._proof.checkpoint.outputs, torch.device("cpu"), self._check
        )
        self._used = images.used
        return measured.primary

    def _both(self, inputs: torch.Tensor, agreement: Agreement) -> dict[str, torch.Tensor]:
        """The file's answer; the network's own is compared with it."""
        got = self._run(inputs)
        wanted = self._reference(inputs)
        agreement.add(got, {name: value.numpy() for name, value in wanted.items()}, self._proof.threshold)
        return {name: torch.from_numpy(value) for name, value in got.items()}

    def _reference(self, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """What the checkpoint's network gives, in the form of the exported outputs."""
        proof = self._proof
        if proof.embeds:
            inputs = proof.checkpoint.preprocessing.normalize(inputs.clone())
        with torch.inference_mode():
            if not self._signature.one_at_a_time:
                return {"logits": logits_of(proof.model, inputs)}
            found = proof.model([inputs[0]])[0]
        shown = {name: value[found["labels"] > 0] for name, value in found.items()}
        wanted = {"boxes": shown["boxes"], "labels": shown["labels"] - 1, "scores": shown["scores"]}
        if "masks" in shown:
            wanted["masks"] = shown["masks"]
        if "keypoints" in shown:
            points = shown["keypoints"].clone()
            points[:, :, 2] = shown["keypoints_scores"].sigmoid()
            wanted["keypoints"] = points
        return wanted

    def _run(self, inputs: torch.Tensor) -> dict[str, np.ndarray]:
        """The file's answer; image by image where it takes one."""
        values = np.ascontiguousarray(inputs.numpy())
        if self._proof.dynamic or len(values) == 1:
            return self._runtime.outputs(values)
        rows = [self._runtime.outputs(values[index : index + 1]) for index in range(len(values))]
        return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}

    def _second(self, drift: _Drift, data: bytes, preprocessing: Preprocessing, max_pixels: int) -> np.ndarray:
        first = decode(data, preprocessing, max_pixels)
        try:
            second = second_decoder.decode(data, preprocessing)
        except UnreadableImage as error:
            drift.skipped.append(f"one {error}")
            return first
        drift.add(first, second)
        return second

    def _batches(self) -> list[dict[str, Any]]:
        """The largest difference for batches of 1, 3 and 64 images; images are repeated where there are fewer."""
        preprocessing = self._proof.preprocessing
        sizes = BATCHES if self._proof.dynamic and not self._signature.one_at_a_time else BATCHES[:1]
        if sizes != BATCHES:
            self._not_measured.append("Batches of 3 and 64: the graph takes one image at a time.")
        height, width = preprocessing.size
        pixels = torch.cat([part for part, _ in self._images.batches(torch.arange(min(64, len(self._images))).split(8))])
        rows = []
        for size in sizes:
            if size * 3 * height * width > MOST_VALUES and size > 1:
                self._not_measured.append(f"A batch of {size} images of {width} × {height}: it needs too much memory.")
                continue
            self._check()
            inputs = preprocessing.normalize(pixels[torch.arange(size) % len(pixels)])
            rows.append({"size": size, "maxAbsDiff": self._difference(inputs)})
        return rows

    def _not_square(self) -> dict[str, Any]:
        """Halves of held-out files, wide and high, as a second decoder reads them."""
        drift, worst = _Drift(), 0.0
        for data in _halves(self._images.entries[:CUT_FILES]):
            self._check()
            preprocessing = self._proof.checkpoint.preprocessing
            second = second_decoder.decode(data, preprocessing)
            drift.add(decode(data, preprocessing), second)
            inputs = self._proof.preprocessing.normalize(torch.from_numpy(second).permute(2, 0, 1).unsqueeze(0))
            worst = max(worst, self._difference(inputs))
        return {"files": drift.files, "maxAbsDiff": worst, "meanPixelDiff": drift.mean}

    def _difference(self, inputs: torch.Tensor) -> float:
        agreement = Agreement()
        wanted = self._reference(inputs)
        agreement.add(self._run(inputs), {name: value.numpy() for name, value in wanted.items()}, self._proof.threshold)
        return agreement.largest


def _halves(entries: Iterable[ImageEntry]) -> Iterable[bytes]:
    """The upper and the left half of each image as PNG."""
    import io

    for entry in entries:
        try:
            image = open_rgb(entry.file.read_bytes(), entry.max_pixels)
        except UnreadableImage:
            continue
        for box in ((0, 0, image.width, max(1, image.height // 2)), (0, 0, max(1, image.width // 2), image.height)):
            buffer = io.BytesIO()
            image.crop(box).save(buffer, "PNG")
            yield buffer.getvalue()


def _opencv_version() -> str:
    import cv2

    return str(cv2.__version__)
