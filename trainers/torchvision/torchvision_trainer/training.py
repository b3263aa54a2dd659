"""The training loop: epochs with metrics, validation and checkpoints. On a CPU, a resumed run gives the same bits."""

from __future__ import annotations

import copy
import math
import random
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from trainer_sdk import Dataset, JobContext, JobResult, TrainerError
from trainer_sdk.annotations import CLASSIFICATION
from trainer_sdk.dataset import SPLITS
from trainer_sdk.metrics import Evaluation

from . import checkpoints, memory, models, pretrained
from .catalogue import MODELS
from .configuration import configuration
from .images import ImageSet, Preprocessing, available_memory
from .optimization import batches_of, learning_rate_factor, make_optimizer, make_scaler, pick_device
from .registry import TASKS
from .tasks.base import Outputs
from .uploads import CheckpointUploads

#: Unreadable images that a result names, at most. The log names all.
MAX_NAMED = 100


@dataclass
class Best:
    """The best epoch so far by the primary metric of the task, then by validation loss."""

    epoch: int = 0
    primary: float = -1.0
    loss: float = math.inf
    metrics: dict[str, float] | None = None
    weights: dict[str, torch.Tensor] | None = None
    stored: bool = False

    def is_beaten_by(self, evaluation: Evaluation) -> bool:
        return evaluation.rank > (self.primary, -self.loss)


def train(context: JobContext) -> JobResult:
    """Runs a ``train`` job to its end."""
    config = configuration(context.request)
    dataset = context.dataset()
    _check_dataset(dataset)
    if not dataset.split("val"):
        context.log.warning("There are no validation images: the training images are used for validation.")
    try:
        return TrainingRun(context, config, dataset).run()
    except (MemoryError, RuntimeError) as error:
        if memory.ran_out(error):
            raise memory.failure(config, "batchSize") from error
        raise


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
        self._task = TASKS[info.task_type]
        self._outputs = Outputs(dataset.classes, dataset.keypoints)
        size = config["imageSize"]
        self._preprocessing = Preprocessing((size, size), info.mean, info.std, fit=self._task.fit)
        self._train_set, self._val_set = self._load_sets()
        self._model = models.build(context.request.model, len(dataset.classes), self._outputs.keypoint_count, size)
        self._beginning = self._begin(size) if context.request.weights is not None else None
        self._model.to(self._device)
        models.freeze(self._model, config["frozenLayers"])
        weights = None
        if config["classWeights"] == "balanced":
            weights = self._task.class_weights(self._train_set, self._outputs)
        self._class_weights = weights.to(self._device) if weights is not None else None
        self._optimizer = make_optimizer(config, self._model)
        self._steps = len(batches_of(len(self._train_set), config["batchSize"], config["seed"], 1))
        self._scheduler = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer,
            learning_rate_factor(config["scheduler"], self._epochs, self._steps, config["warmupEpochs"]),
        )
        self._scaler = make_scaler(config["mixedPrecision"])
        self._best = Best()
        #: The last epoch that was better by ``earlyStoppingMinDelta``, and its primary metric.
        self._last_rise: tuple[int, float] = (0, -math.inf)
        self._first_epoch = 1
        self._metrics: dict[str, float] = {}
        self._uploads = CheckpointUploads(context)

    def _begin(self, size: int) -> pretrained.Beginning:
        """Replaces the random weights by those of the request."""
        classes, points = len(self._outputs.classes), self._outputs.keypoint_count
        beginning = pretrained.begin(
            self._model, pretrained.load(self._context.weights()),
            lambda: models.build(self._context.request.model, classes + 1, points + 1 if points else 0, size),
        )  # fmt: skip
        self._context.log.info(
            "Begins with %d tensors of the pretrained weights%s", beginning.loaded,
            f"; random are {', '.join(beginning.random)}." if beginning.random else ", and none random.",
        )  # fmt: skip
        return beginning

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
                if patience and epoch - self._last_rise[0] >= patience:
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
            "loss": loss, **_renamed(evaluation, "val_"), "learning_rate": learning_rate,
            "images_per_second": self._train_set.readable / max(seconds, 1e-9), "memory_gb": memory.peak() / 2**30,
        }  # fmt: skip
        if accuracy is not None:
            self._metrics["train_accuracy"] = accuracy
        durations.append(time.perf_counter() - started)
        improved = self._best.is_beaten_by(evaluation)
        if self._rises(evaluation, improved):
            self._last_rise = (epoch, evaluation.primary)
        if improved:
            self._best = Best(
                epoch, evaluation.primary, evaluation.loss, dict(self._metrics),
                copy.deepcopy(self._model.state_dict()),
            )  # fmt: skip
        self._context.metrics(
            epoch, self._epochs, self._metrics, epoch_seconds=durations[-1],
            eta_seconds=sum(durations) / len(durations) * (self._epochs - epoch),
        )  # fmt: skip
        self._context.evaluation(epoch, "val", evaluation)
        if epoch % self._config["checkpointEvery"] == 0 or epoch == self._epochs:
            self._best.stored |= improved
            self._uploads.store(self._state(epoch), epoch, improved, self._metrics)

    def _rises(self, evaluation: Evaluation, improved: bool) -> bool:
        delta = self._config["earlyStoppingMinDelta"]
        return evaluation.primary >= self._last_rise[1] + delta if delta else improved

    def _train_epoch(self, epoch: int) -> tuple[float, float | None]:
        """Mean training loss, and accuracy of a classification, measured while the weights change."""
        self._model.train()
        random_numbers = torch.Generator().manual_seed(self._config["seed"] * 1_000_003 + epoch)
        total_loss = torch.zeros((), device=self._device)
        hits: torch.Tensor | None = None
        seen = 0
        order = batches_of(len(self._train_set), self._config["batchSize"], self._config["seed"], epoch)
        for pixels, answers in self._train_set.batches(order):
            self._context.check_cancelled()
            if len(pixels) == 1 and len(order[0]) > 1:
                continue  # The others of this batch cannot be read, and batch norm cannot learn from one image.
            images = self._preprocessing.normalize(pixels.to(self._device, non_blocking=True))
            answers = self._task.to_device(answers, self._device)
            images, answers = self._task.augment(images, answers, self._config, random_numbers, self._outputs)
            loss, right = self._step(images, answers, epoch)
            total_loss += loss * len(pixels)
            if right is not None:
                hits = right if hits is None else hits + right
            seen += len(pixels)
        mean = float(total_loss) / max(1, seen)
        if not math.isfinite(mean):
            raise _diverged(epoch)
        return mean, int(hits) / max(1, seen) if hits is not None else None

    def _step(self, images: torch.Tensor, answers: Any, epoch: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self._device.type, enabled=self._config["mixedPrecision"]):
            loss = self._task.loss(self._model, images, answers, self._config, self._class_weights)
        if self._task.checks_each_batch and not math.isfinite(float(loss.value.detach())):
            raise _diverged(epoch)
        self._scaler.scale(loss.value).backward()
        if self._config["gradientClip"]:
            self._scaler.unscale_(self._optimizer)
            torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._config["gradientClip"])
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._scheduler.step()
        return loss.value.detach(), loss.hits

    def _finish(self) -> JobResult:
        best_metrics = dict(self._best.metrics or {})
        test = self._dataset.split("test")
        images = self._image_set(test)
        if test:
            if self._best.weights is not None:
                self._model.load_state_dict(self._best.weights)
            evaluation = self._evaluate(images)
            self._context.evaluation(self._best.epoch, "test", evaluation)
            best_metrics |= {f"test_{name}": value for name, value in evaluation.metrics.items()}
        sets = {"train": self._train_set, "test": images}
        if self._val_set is not self._train_set:
            sets["val"] = self._val_set
        result = {
            "epochs": self._last_epoch,
            "stoppedEarly": self._last_epoch < self._epochs,
            "images": {split: sets[split].used if split in sets else 0 for split in SPLITS},
            "unreadable": sorted(path for images in sets.values() for path in images.unreadable)[:MAX_NAMED],
            "peakMemoryBytes": memory.peak(),
        }
        weights = self._context.request.weights
        if weights is not None and self._beginning is not None:
            result["pretrained"] = {
                "sha256": weights.sha256, "loaded": self._beginning.loaded, "random": list(self._beginning.random)[:MAX_NAMED],
            }  # fmt: skip
        return JobResult(self._best.epoch, self._metrics, best_metrics, result)

    def _counts(self) -> dict[str, int]:
        """Images of each split, without those that are already known to be unreadable."""
        counts = self._dataset.counts() | {"train": self._train_set.readable}
        return counts if self._val_set is self._train_set else counts | {"val": self._val_set.readable}

    def _resume(self, checkpoint: checkpoints.Checkpoint) -> None:
        state = checkpoint.state
        wanted = (self._context.request.model, self._outputs, self._config["optimizer"])
        if wanted != (checkpoint.model_name, checkpoint.outputs, state["config"]["optimizer"]):
            raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another model, class list or optimizer.")
        try:
            checkpoints.load_weights(self._model, state["model"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._scheduler.load_state_dict(state["scheduler"])
            self._scaler.load_state_dict(state["scaler"])
            checkpoints.restore_random_state(state["random"])
            best = state["best"]
            weights = best["weights"] if best["weights"] is not None else state["model"]
            self._last_rise = (int(state["lastRise"][0]), float(state["lastRise"][1]))
        except (KeyError, ValueError, TypeError) as error:
            raise TrainerError("CHECKPOINT_INVALID", "The checkpoint lacks data for resuming.") from error
        on_device = {name: value.to(self._device) for name, value in weights.items()}
        self._best = Best(
            best["epoch"], best["primary"], best["loss"], best["metrics"], on_device, stored=best["stored"]
        )
        self._metrics = state["metrics"]
        self._first_epoch = checkpoint.epoch + 1
        self._context.log.info("Resuming after epoch %d.", checkpoint.epoch)

    def _state(self, epoch: int, weights: dict[str, torch.Tensor] | None = None) -> dict[str, Any]:
        best = self._best
        return {
            "modelName": self._context.request.model,
            "classes": list(self._dataset.classes),
            "keypoints": self._outputs.keypoints.to_json() if self._outputs.keypoints is not None else None,
            "config": self._config,
            "preprocessing": self._preprocessing.to_json(),
            "epoch": epoch,
            "metrics": self._metrics,
            "model": weights or self._model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "scheduler": self._scheduler.state_dict(),
            "scaler": self._scaler.state_dict(),
            "random": checkpoints.random_state(),
            "lastRise": list(self._last_rise),
            "best": {
                "epoch": best.epoch, "primary": best.primary, "loss": best.loss, "metrics": best.metrics,
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
        self._task.check_training_set(train)
        return train, self._image_set(val) if val else train

    def _image_set(self, entries: list[Any]) -> ImageSet:
        threads = self._config["numWorkers"] or self._context.settings.threads
        images = self._task.image_set(
            entries, self._preprocessing, threads, available_memory(), self._context.check_cancelled
        )
        if self._device.type == "cuda":
            free, _ = torch.cuda.mem_get_info()
            if images.bytes_needed < free // 4:
                images.move_to(self._device)
        return images

    def _evaluate(self, images: ImageSet) -> Evaluation:
        return self._task.evaluate(
            self._model, images, self._preprocessing, self._outputs, self._device, self._context.check_cancelled
        )


def _renamed(evaluation: Evaluation, prefix: str) -> dict[str, float]:
    """The measures of an evaluation, with the prefix on the loss, which is also a name for that of the training."""
    return {f"{prefix}loss" if name == "loss" else name: value for name, value in evaluation.metrics.items()}


def _diverged(epoch: int) -> TrainerError:
    return TrainerError("LOSS_DIVERGED", f"The loss is not a number in epoch {epoch}. Use a lower learningRate.")


def _check_dataset(dataset: Dataset) -> None:
    train = dataset.split("train")
    if not train:
        raise TrainerError("DATASET_INVALID", "The dataset has no training images.")
    if dataset.task_type == CLASSIFICATION and len({image.label for image in train}) < 2:
        raise TrainerError("DATASET_INVALID", "All training images have the same class; training needs at least two.")


def _seed_everything(seed: int, threads: int) -> None:
    torch.set_num_threads(threads)
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
