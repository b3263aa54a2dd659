"""The training loop: epochs with metrics, validation and checkpoints. On a CPU, a resumed run gives the same bits."""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainer_sdk import Dataset, JobContext, JobResult, TrainerError
from trainer_sdk.dataset import SPLITS

from . import checkpoints, models
from .configuration import MODELS, configuration
from .images import ImageSet, Preprocessing, available_memory
from .measures import Evaluation, evaluate

#: Unreadable images that a result names, at most. The log names all.
MAX_NAMED = 100


@dataclass
class Best:
    """The best epoch so far by validation accuracy, then by validation loss."""

    epoch: int = 0
    accuracy: float = -1.0
    loss: float = math.inf
    metrics: dict[str, float] | None = None
    weights: dict[str, torch.Tensor] | None = None
    stored: bool = False

    def is_beaten_by(self, evaluation: Evaluation) -> bool:
        return (evaluation.accuracy, -evaluation.loss) > (self.accuracy, -self.loss)


def train(context: JobContext) -> JobResult:
    """Runs a ``train`` job to its end."""
    config = configuration(context.request)
    dataset = context.dataset()
    _check_dataset(dataset)
    if not dataset.split("val"):
        context.log.warning("There are no validation images: the training images are used for validation.")
    return TrainingRun(context, config, dataset).run()


class TrainingRun:
    """State of one training job."""

    def __init__(self, context: JobContext, config: dict[str, Any], dataset: Dataset) -> None:
        self._context = context
        self._config = config
        self._dataset = dataset
        self._epochs = config["epochs"]
        self._device = pick_device(config["device"])
        _seed_everything(config["seed"], context.settings.threads)
        info = MODELS[context.request.model]
        size = config["imageSize"]
        self._preprocessing = Preprocessing((size, size), info.mean, info.std)
        self._train_set, self._val_set = self._load_sets()
        self._model = models.build(context.request.model, len(dataset.classes)).to(self._device)
        self._optimizer = make_optimizer(config, self._model)
        self._steps = len(batches_of(len(self._train_set), config["batchSize"], config["seed"], 1))
        self._scheduler = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, learning_rate_factor(config["scheduler"], self._epochs, self._steps)
        )
        self._scaler = make_scaler(config["mixedPrecision"])
        self._best = Best()
        self._first_epoch = 1
        self._metrics: dict[str, float] = {}
        self._uploads = CheckpointUploads(context)

    def run(self) -> JobResult:
        """Trains from the first epoch, or from the one after the request's checkpoint."""
        if self._context.request.checkpoint is not None:
            self._resume(checkpoints.load(self._context.checkpoint()))
        self._context.started(str(self._device), self._counts(), self._epochs)
        self._context.log.info(
            "%s with %d parameters on %s, %d threads, images %s",
            self._context.request.model, models.parameter_count(self._model), self._device,
            torch.get_num_threads(), "in memory" if self._train_set.in_memory else "decoded as needed",
        )  # fmt: skip
        durations: list[float] = []
        self._last_epoch = self._first_epoch - 1
        with self._uploads:
            for epoch in range(self._first_epoch, self._epochs + 1):
                self._epoch(epoch, durations)
                self._last_epoch = epoch
                patience = self._config["earlyStoppingPatience"]
                if patience and epoch - self._best.epoch >= patience:
                    self._context.log.info(
                        "Stopped early after epoch %d: no better validation in %d epochs.", epoch, patience
                    )
                    break
            self._store_best_if_missing()
        return self._finish()

    def _epoch(self, epoch: int, durations: list[float]) -> None:
        started = time.perf_counter()
        learning_rate = self._optimizer.param_groups[0]["lr"]
        loss, accuracy = self._train_epoch(epoch)
        seconds = time.perf_counter() - started
        evaluation = self._evaluate(self._val_set)
        self._metrics = {
            "loss": loss, "accuracy": evaluation.accuracy, "val_loss": evaluation.loss, "train_accuracy": accuracy,
            "learning_rate": learning_rate, "images_per_second": self._train_set.readable / max(seconds, 1e-9),
        }  # fmt: skip
        durations.append(time.perf_counter() - started)
        improved = self._best.is_beaten_by(evaluation)
        if improved:
            self._best = Best(
                epoch, evaluation.accuracy, evaluation.loss, dict(self._metrics),
                copy.deepcopy(self._model.state_dict()),
            )  # fmt: skip
        self._context.metrics(
            epoch, self._epochs, self._metrics, epoch_seconds=durations[-1],
            eta_seconds=sum(durations) / len(durations) * (self._epochs - epoch),
        )  # fmt: skip
        self._report(epoch, "val", evaluation)
        if epoch % self._config["checkpointEvery"] == 0 or epoch == self._epochs:
            self._best.stored |= improved
            self._uploads.store(self._state(epoch), epoch, improved, self._metrics)

    def _train_epoch(self, epoch: int) -> tuple[float, float]:
        """Mean training loss and accuracy, measured while the weights change."""
        self._model.train()
        random_numbers = torch.Generator().manual_seed(self._config["seed"] * 1_000_003 + epoch)
        total_loss = torch.zeros((), device=self._device)
        hits = torch.zeros((), dtype=torch.int64, device=self._device)
        seen = 0
        order = batches_of(len(self._train_set), self._config["batchSize"], self._config["seed"], epoch)
        for pixels, labels in self._train_set.batches(order):
            self._context.check_cancelled()
            if len(labels) == 1 and len(order[0]) > 1:
                continue  # The others of this batch cannot be read, and batch norm cannot learn from one image.
            images = self._preprocessing.normalize(pixels.to(self._device, non_blocking=True))
            labels = labels.to(self._device, non_blocking=True)
            if self._config["augment"] == "basic":
                images = augment(images, random_numbers)
            loss, logits = self._step(images, labels)
            total_loss += loss * len(labels)
            hits += (logits.argmax(1) == labels).sum()
            seen += len(labels)
        mean = float(total_loss) / max(1, seen)
        if not math.isfinite(mean):
            raise TrainerError(
                "FRAMEWORK_ERROR", f"The loss is not a number in epoch {epoch}. Use a lower learningRate.",
                category="user",
            )  # fmt: skip
        return mean, int(hits) / max(1, seen)

    def _step(self, images: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self._device.type, enabled=self._config["mixedPrecision"]):
            logits = self._model(images)
            loss = functional.cross_entropy(logits, labels, label_smoothing=self._config["labelSmoothing"])
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._scheduler.step()
        return loss.detach(), logits.detach()

    def _finish(self) -> JobResult:
        best_metrics = dict(self._best.metrics or {})
        test = self._dataset.split("test")
        images = self._image_set(test)
        if test:
            if self._best.weights is not None:
                self._model.load_state_dict(self._best.weights)
            evaluation = self._evaluate(images)
            self._report(self._best.epoch, "test", evaluation)
            best_metrics |= {f"test_{name}": value for name, value in evaluation.metrics().items()}
        sets = {"train": self._train_set, "test": images}
        if self._val_set is not self._train_set:
            sets["val"] = self._val_set
        result = {
            "epochs": self._last_epoch,
            "stoppedEarly": self._last_epoch < self._epochs,
            "images": {split: sets[split].used if split in sets else 0 for split in SPLITS},
            "unreadable": sorted(path for images in sets.values() for path in images.unreadable)[:MAX_NAMED],
        }
        return JobResult(self._best.epoch, self._metrics, best_metrics, result)

    def _counts(self) -> dict[str, int]:
        """Images of each split, without those that are already known to be unreadable."""
        counts = self._dataset.counts() | {"train": self._train_set.readable}
        return counts if self._val_set is self._train_set else counts | {"val": self._val_set.readable}

    def _resume(self, checkpoint: checkpoints.Checkpoint) -> None:
        state = checkpoint.state
        wanted = (self._context.request.model, self._dataset.classes, self._config["optimizer"])
        if wanted != (checkpoint.model_name, checkpoint.classes, state["config"]["optimizer"]):
            raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another model, class list or optimizer.")
        try:
            checkpoints.load_weights(self._model, state["model"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._scheduler.load_state_dict(state["scheduler"])
            self._scaler.load_state_dict(state["scaler"])
            checkpoints.restore_random_state(state["random"])
            best = state["best"]
            weights = best["weights"] if best["weights"] is not None else state["model"]
        except (KeyError, ValueError, TypeError) as error:
            raise TrainerError("CHECKPOINT_INVALID", "The checkpoint lacks data for resuming.") from error
        on_device = {name: value.to(self._device) for name, value in weights.items()}
        self._best = Best(
            best["epoch"], best["accuracy"], best["loss"], best["metrics"], on_device, stored=best["stored"]
        )
        self._metrics = state["metrics"]
        self._first_epoch = checkpoint.epoch + 1
        self._context.log.info("Resuming after epoch %d.", checkpoint.epoch)

    def _state(self, epoch: int, weights: dict[str, torch.Tensor] | None = None) -> dict[str, Any]:
        best = self._best
        return {
            "modelName": self._context.request.model,
            "classes": list(self._dataset.classes),
            "config": self._config,
            "preprocessing": self._preprocessing.to_json(),
            "epoch": epoch,
            "metrics": self._metrics,
            "model": weights or self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "scaler": self._scaler.state_dict(),
            "random": checkpoints.random_state(),
            "best": {
                "epoch": best.epoch, "accuracy": best.accuracy, "loss": best.loss, "metrics": best.metrics,
                "stored": best.stored, "weights": None if best.epoch == epoch else best.weights,
            },  # fmt: skip
        }

    def _store_best_if_missing(self) -> None:
        best = self._best
        if best.stored or best.weights is None or not best.metrics:
            return
        # The optimizer state is that of the last epoch, so this checkpoint is only for export and evaluation.
        best.stored = True
        state = {**self._state(best.epoch, best.weights), "resumable": False, "metrics": best.metrics}
        self._uploads.store(state, best.epoch, True, best.metrics)

    def _load_sets(self) -> tuple[ImageSet, ImageSet]:
        train = self._image_set(self._dataset.split("train"))
        val = self._dataset.split("val")
        if len(train.readable_labels()) < 2:
            raise TrainerError("DATASET_INVALID", "All training images that can be read have the same class.")
        return train, self._image_set(val) if val else train

    def _image_set(self, entries: list[Any]) -> ImageSet:
        threads = self._config["numWorkers"] or self._context.settings.threads
        images = ImageSet(
            entries, self._preprocessing, threads, available_memory(), self._context.check_cancelled
        )
        if self._device.type == "cuda":
            free, _ = torch.cuda.mem_get_info()
            if images.bytes_needed < free // 4:
                images.move_to(self._device)
        return images

    def _evaluate(self, images: ImageSet) -> Evaluation:
        return evaluate(
            self._model, images, self._preprocessing, self._dataset.classes, self._device,
            self._context.check_cancelled,
        )  # fmt: skip

    def _report(self, epoch: int, split: str, evaluation: Evaluation) -> None:
        report(self._context, epoch, split, evaluation)


class CheckpointUploads:
    """Uploads checkpoints one by one while training goes on; at most one waits."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._running: Future[None] | None = None

    def __enter__(self) -> CheckpointUploads:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self._await()
        finally:
            self._pool.shutdown(wait=kind is None)

    def store(self, state: dict[str, Any], epoch: int, best: bool, metrics: dict[str, float]) -> None:
        """Writes ``epoch-0001.pt`` and starts its upload. Raises the exception of the upload before."""
        self._await()
        path = self._context.workdir / f"epoch-{epoch:04d}.pt"
        checkpoints.save(path, state)
        self._running = self._pool.submit(self._upload, path, epoch, best, dict(metrics))

    def _upload(self, path: Path, epoch: int, best: bool, metrics: dict[str, float]) -> None:
        self._context.upload_checkpoint(path, path.name, epoch, best, metrics)
        path.unlink()

    def _await(self) -> None:
        if self._running is not None:
            self._running.result()
            self._running = None


def report(context: JobContext, epoch: int, split: str, evaluation: Evaluation) -> None:
    """Sends an evaluation as a ``validation`` event."""
    context.validation(
        epoch, split, evaluation.metrics(), evaluation.classes, evaluation.confusion.tolist(), evaluation.per_class()
    )


def pick_device(name: str) -> torch.device:
    """``auto``, ``cpu`` or ``cuda`` as a device."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def make_optimizer(config: dict[str, Any], model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer that the configuration names."""
    common = {"lr": config["learningRate"], "weight_decay": config["weightDecay"]}
    if config["optimizer"] == "sgd":
        return torch.optim.SGD(model.parameters(), momentum=config["momentum"], **common)
    kind = torch.optim.AdamW if config["optimizer"] == "adamw" else torch.optim.Adam
    return kind(model.parameters(), **common)


def make_scaler(enabled: bool) -> Any:
    """The loss scaler for mixed precision. torch 2.3 moved it, and the old name warns."""
    if hasattr(torch.amp, "GradScaler"):
        return torch.amp.GradScaler("cuda", enabled=enabled)
    return torch.cuda.amp.GradScaler(enabled=enabled)


def learning_rate_factor(schedule: str, epochs: int, steps: int) -> Callable[[int], float]:
    """Gives the factor on the learning rate before step ``n`` (from 0), with ``steps`` steps in an epoch."""
    total = max(1, epochs * steps)
    third = max(1, math.ceil(epochs / 3)) * steps

    def one_cycle(step: int) -> float:
        rise = max(1, int(total * 0.3))
        if step < rise:
            return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / rise)) / 2
        return max(1e-4, (1 + math.cos(math.pi * min(1.0, (step - rise) / max(1, total - rise)))) / 2)

    return {
        "none": lambda step: 1.0,
        "cosine": lambda step: (1 + math.cos(math.pi * min(1.0, step / total))) / 2,
        "step": lambda step: 0.1 ** (step // third),
        "one_cycle": one_cycle,
    }[schedule]


def batches_of(count: int, size: int, seed: int, epoch: int) -> list[torch.Tensor]:
    """The indices of an epoch's batches: a permutation that depends only on seed and epoch.

    A last batch of one image is left out, because batch norm cannot learn from it.
    """
    order = torch.randperm(count, generator=torch.Generator().manual_seed(seed * 1_000_003 + epoch + 500_000))
    batches = list(order.split(size))
    if len(batches) > 1 and len(batches[-1]) == 1 and size > 1:
        batches.pop()
    return batches


def augment(images: torch.Tensor, random_numbers: torch.Generator) -> torch.Tensor:
    """Shifts each image by up to 8 % and rotates it by up to 10 degrees, at random; repeats the edges."""
    count = len(images)
    angle = (torch.rand(count, generator=random_numbers) * 2 - 1) * math.radians(10)
    shift = (torch.rand(count, 2, generator=random_numbers) * 2 - 1) * 0.16
    cosine, sine = torch.cos(angle), torch.sin(angle)
    matrix = torch.stack(
        (torch.stack((cosine, -sine, shift[:, 0]), 1), torch.stack((sine, cosine, shift[:, 1]), 1)), 1
    )
    grid = functional.affine_grid(matrix.to(images.device), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _check_dataset(dataset: Dataset) -> None:
    if not dataset.split("train"):
        raise TrainerError("DATASET_INVALID", "The dataset has no training images.")
    if len({image.label for image in dataset.split("train")}) < 2:
        raise TrainerError("DATASET_INVALID", "All training images have the same class; training needs at least two.")


def _seed_everything(seed: int, threads: int) -> None:
    torch.set_num_threads(threads)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
