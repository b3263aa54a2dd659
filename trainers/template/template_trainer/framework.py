"""A complete trainer to copy. docs/write-a-trainer.md explains it part by part."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from trainer_sdk import ConfigField, Framework, ImageEntry, JobContext, JobRequest, JobResult, RequestProblem, TrainerError
from trainer_sdk.annotations import CLASSIFICATION
from trainer_sdk.config import resolve
from trainer_sdk.images import UnreadableImage, resized_rgb
from trainer_sdk.metrics import ClassificationMeasure, Evaluation
from trainer_sdk.unreadable import Unreadable

MODEL = "linear"
SIDE = 16
FIELDS = (
    ConfigField("epochs", "int", 10, "Passes over the training images.", min=1, max=1000),
    ConfigField("batchSize", "int", 16, "Images in one step.", min=1, max=512),
    ConfigField("learningRate", "float", 0.05, "Step size.", min=0, max=10, exclusive_min=True),
    ConfigField("seed", "int", 42, "Seed of the order of the images.", min=0, max=2**31 - 1, group="system", advanced=True),
)
SPLIT = ConfigField("split", "select", "test", "Images to evaluate on.", options=("test", "val"))


class TemplateFramework(Framework):
    name = "template"

    def capabilities(self) -> dict[str, Any]:
        model = {"name": MODEL, "displayName": "Softmax regression", "taskTypes": [CLASSIFICATION], "defaultImageSize": SIDE}
        return {
            "framework": self.name, "version": "1.0.0", "taskTypes": [CLASSIFICATION], "models": [model],
            "configSchema": {"fields": [field.to_json() for field in FIELDS], "presets": {"quick": {"epochs": 3}}},
            "exportFormats": [], "devices": [{"type": "cpu", "name": "CPU", "memoryBytes": 0}],
        }  # fmt: skip

    def validate(self, request: JobRequest) -> None:
        if request.kind not in ("train", "evaluate"):
            raise RequestProblem(422, "UNSUPPORTED_KIND", f"This trainer does no {request.kind}.", field="kind")
        if request.task_type != CLASSIFICATION:
            raise RequestProblem(422, "UNKNOWN_TASK_TYPE", f"This trainer does {CLASSIFICATION} only.", field="taskType")
        if request.model != MODEL:
            raise RequestProblem(422, "UNKNOWN_MODEL", f"There is no model '{request.model}'.", field="model")
        _config(request)

    def train(self, context: JobContext) -> JobResult:
        config, dataset = _config(context.request), context.dataset()
        sets = {split: _load(dataset.split(split), context) for split in ("train", "val", "test")}
        images, labels = sets["train"]
        if len(set(labels.tolist())) < 2:
            raise TrainerError("DATASET_INVALID", "The training images have fewer than two classes.")
        weights, first, best, metrics = np.zeros((images.shape[1], len(dataset.classes))), 1, None, {}
        if context.request.checkpoint is not None:
            weights, first, best = _restore(context.checkpoint(), dataset.classes)
        counts = {split: len(found[1]) for split, found in sets.items()}
        context.started("cpu", counts, config["epochs"])
        began = time.monotonic()
        for epoch in range(first, config["epochs"] + 1):
            order = np.random.default_rng((config["seed"], epoch)).permutation(len(labels))
            for chosen in np.split(order, range(config["batchSize"], len(order), config["batchSize"])):
                context.check_cancelled()
                error = _probabilities(images[chosen] @ weights)
                error[np.arange(len(chosen)), labels[chosen]] -= 1
                weights = weights - config["learningRate"] * images[chosen].T @ error / len(chosen)
            learned = _measure(weights, sets["train"], dataset.classes)
            checked = _measure(weights, sets["val"] if counts["val"] else sets["train"], dataset.classes)
            metrics = {"loss": learned.loss, "accuracy": checked.metrics["accuracy"], "val_loss": checked.loss}
            seconds = (time.monotonic() - began) / (epoch - first + 1)
            context.metrics(epoch, config["epochs"], metrics, epoch_seconds=seconds, eta_seconds=seconds * (config["epochs"] - epoch))
            context.evaluation(epoch, "val", checked)
            improved = best is None or checked.rank > (best["accuracy"], -best["loss"])
            if improved:
                best = {"epoch": epoch, "accuracy": checked.primary, "loss": checked.loss, "metrics": metrics, "weights": weights}
            path = context.workdir / f"epoch-{epoch:04d}.npz"
            _save(path, weights, epoch, best, dataset.classes)
            context.upload_checkpoint(path, path.name, epoch, improved, metrics)
        assert best is not None
        best_metrics = dict(best["metrics"])
        if counts["test"]:
            tested = _measure(best["weights"], sets["test"], dataset.classes)
            context.evaluation(best["epoch"], "test", tested)
            best_metrics |= {f"test_{name}": value for name, value in tested.metrics.items()}
        return JobResult(best["epoch"], metrics or best["metrics"], best_metrics)

    def evaluate(self, context: JobContext) -> JobResult:
        wanted = [_config(context.request)["split"]] if context.request.config.get("split") else ["test", "val"]
        dataset = next((found for split in wanted if (found := context.dataset((split,))).images), None)
        if dataset is None:
            raise TrainerError("DATASET_INVALID", f"The dataset has no images in {' or '.join(wanted)}.")
        weights, following, _ = _restore(context.checkpoint(), dataset.classes)
        context.started("cpu", dataset.counts())
        measured = _measure(weights, _load(dataset.images, context), dataset.classes)
        context.evaluation(following - 1, dataset.images[0].split, measured)
        return JobResult(following - 1, measured.metrics, measured.metrics)


def _config(request: JobRequest) -> dict[str, Any]:
    return resolve((*FIELDS, SPLIT) if request.kind == "evaluate" else FIELDS, request.config)


def _load(entries: Sequence[ImageEntry], context: JobContext) -> tuple[np.ndarray, np.ndarray]:
    unreadable, rows, labels = Unreadable(entries), [], []
    for index, entry in enumerate(entries):
        context.check_cancelled()
        try:
            image = resized_rgb(entry.file.read_bytes(), (SIDE, SIDE), Image.Resampling.BILINEAR, entry.max_pixels)
        except UnreadableImage as error:
            unreadable.note(index, error)
            continue
        rows.append(np.append(np.asarray(image, dtype=np.float64).ravel() / 127.5 - 1, 1.0))
        labels.append(entry.label)
    return np.array(rows).reshape(-1, 3 * SIDE * SIDE + 1), np.array(labels, dtype=np.int64)


def _probabilities(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _measure(weights: np.ndarray, images: tuple[np.ndarray, np.ndarray], classes: Sequence[str]) -> Evaluation:
    measure, scores = ClassificationMeasure(classes), _probabilities(images[0] @ weights)
    measure.add(scores, images[1], float(-np.log(scores[np.arange(len(scores)), images[1]] + 1e-12).sum()))
    return measure.result()


def _save(path: Path, weights: np.ndarray, epoch: int, best: dict[str, Any], classes: Sequence[str]) -> None:
    about = {"epoch": epoch, "classes": list(classes), "best": {k: v for k, v in best.items() if k != "weights"}}
    np.savez(path, weights=weights, best=best["weights"], about=np.array(json.dumps(about)))


def _restore(path: Path, classes: Sequence[str]) -> tuple[np.ndarray, int, dict[str, Any]]:
    try:
        with np.load(path, allow_pickle=False) as file:  # A pickle would run code of the file.
            about = json.loads(str(file["about"]))
            weights, best = file["weights"], {**about["best"], "weights": file["best"]}
    except (ValueError, OSError, KeyError) as error:
        raise TrainerError("CHECKPOINT_INVALID", "The file is not a checkpoint of this trainer.") from error
    if about["classes"] != list(classes):
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another class list.")
    return weights, about["epoch"] + 1, best
