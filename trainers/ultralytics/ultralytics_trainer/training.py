"""Training and evaluation. Ultralytics runs the epochs; its callbacks report, measure, store and stop."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from torchvision_trainer import checkpoints, memory
from torchvision_trainer.optimization import pick_device
from torchvision_trainer.tasks.base import Outputs
from torchvision_trainer.uploads import CheckpointUploads
from trainer_sdk import Dataset, JobContext, JobResult, TrainerError
from trainer_sdk.annotations import CLASSIFICATION, trainable
from trainer_sdk.converters import PlacedImage, write_image_folder, write_yolo
from trainer_sdk.metrics import Evaluation

from . import library
from .measuring import measure
from .settings import arguments, configuration


def train(context: JobContext) -> JobResult:
    """Runs a ``train`` job to its end."""
    config, dataset = configuration(context.request), context.dataset()
    placed = place(dataset, context)
    check_training_images(dataset, placed["train"])
    run = Run(context, config, dataset, placed)
    try:
        return run.run()
    except (MemoryError, RuntimeError) as error:
        if memory.ran_out(error):
            raise memory.failure(config, "batchSize") from error
        raise


def evaluate(context: JobContext) -> JobResult:
    """Measures a checkpoint on ``config.split``; without one, on test if it has images, else on val."""
    config = configuration(context.request)
    checkpoint = checkpoints.load(context.checkpoint())
    splits = [config["split"]] if context.request.config.get("split") else ["test", "val"]
    dataset = next((found for split in splits if (found := context.dataset((split,))).images), None)
    if dataset is None:
        raise TrainerError("DATASET_INVALID", f"The dataset has no images in {' or '.join(splits)}.")
    check_checkpoint(checkpoint, context, dataset)
    split = dataset.images[0].split
    device = str(pick_device(config["device"]))
    context.started(device, dataset.counts())
    images = place(dataset, context)[split]
    yolo = library.network(
        context.workdir, context.request.model, dataset.task_type, dataset.classes, dataset.keypoints
    )
    checkpoints.load_weights(yolo.model, checkpoint.state["model"])
    size = checkpoint.preprocessing.size[0]
    results = library.predictions(library.with_model(yolo, yolo.model), [image.file for image in images], size, device)
    measured = measure(dataset, images, results, context.check_cancelled)
    context.evaluation(checkpoint.epoch, split, measured)
    return JobResult(checkpoint.epoch, measured.metrics, measured.metrics, {"split": split, "samples": len(images)})


def place(dataset: Dataset, context: JobContext) -> dict[str, list[PlacedImage]]:
    """Writes the dataset in the format of the task."""
    write = write_image_folder if dataset.task_type == CLASSIFICATION else write_yolo
    return write(dataset, data_folder(context), context.check_cancelled)


def data_folder(context: JobContext) -> Path:
    return context.workdir / "data"


def check_training_images(dataset: Dataset, images: Sequence[PlacedImage]) -> None:
    """Raises ``DATASET_INVALID`` when nothing can be learned from the images."""
    if not images:
        raise TrainerError("DATASET_INVALID", "The dataset has no training images.")
    if dataset.task_type == CLASSIFICATION:
        if len({image.entry.label for image in images}) < 2:
            raise TrainerError("DATASET_INVALID", "All training images that can be read have the same class.")
    elif not any(trainable(image.entry.annotations) for image in images):
        raise TrainerError("DATASET_INVALID", "No training image has an object.")


def check_checkpoint(checkpoint: checkpoints.Checkpoint, context: JobContext, dataset: Dataset) -> None:
    wanted = (context.request.model, Outputs(dataset.classes, dataset.keypoints))
    if wanted != (checkpoint.model_name, checkpoint.outputs):
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another model or class list.")


class Run:
    """One training job. The methods ``on_…`` are callbacks of Ultralytics; each gets its trainer."""

    def __init__(
        self, context: JobContext, config: dict[str, Any], dataset: Dataset, placed: dict[str, list[PlacedImage]]
    ) -> None:
        self._context, self._config, self._dataset, self._placed = context, config, dataset, placed
        self._device = str(pick_device(config["device"]))
        self._checkpoint: checkpoints.Checkpoint | None = None
        if context.request.checkpoint is not None:
            self._checkpoint = checkpoints.load(context.checkpoint())
            check_checkpoint(self._checkpoint, context, dataset)
            if self._checkpoint.state["config"]["optimizer"] != config["optimizer"]:
                raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another optimizer.")
        self._best: tuple[int, tuple[float, float], dict[str, float], Any] | None = None
        self._metrics: dict[str, float] = {}
        self._epoch = 0
        self._began = self._epoch_began = time.monotonic()
        self._first_epoch = 1
        self._uploads = CheckpointUploads(context)

    def run(self) -> JobResult:
        dataset, request = self._dataset, self._context.request
        self._yolo = library.network(
            self._context.workdir, request.model, dataset.task_type, dataset.classes, dataset.keypoints
        )
        for name in ("on_pretrain_routine_end", "on_train_start", "on_train_batch_start", "on_train_epoch_start",
                     "on_train_epoch_end", "on_model_save"):  # fmt: skip
            self._yolo.add_callback(name, getattr(self, name))
        data = data_folder(self._context)
        source = data if dataset.task_type == CLASSIFICATION else data / "data.yaml"
        with self._uploads:
            self._yolo.train(**arguments(self._config, dataset.task_type, source, self._context.workdir, self._device))
        return self._finish()

    def on_pretrain_routine_end(self, trainer: Any) -> None:
        """Puts the state of the checkpoint into the trainer that Ultralytics has set up."""
        if self._checkpoint is None:
            return
        state = self._checkpoint.state
        try:
            checkpoints.load_weights(trainer.model, state["live"])
            checkpoints.load_weights(trainer.ema.ema, state["model"])
            trainer.ema.updates = state["updates"]
            trainer.optimizer.load_state_dict(state["optimizer"])
            trainer.scaler.load_state_dict(state["scaler"])
            checkpoints.restore_random_state(state["random"])
            best = state["best"]
        except (KeyError, ValueError, TypeError) as error:
            raise TrainerError("CHECKPOINT_INVALID", "The checkpoint lacks data for resuming.") from error
        trainer.start_epoch = self._checkpoint.epoch
        trainer.scheduler.last_epoch = trainer.start_epoch - 1
        if trainer.start_epoch > trainer.epochs - trainer.args.close_mosaic and hasattr(trainer, "_close_dataloader_mosaic"):
            trainer._close_dataloader_mosaic()
        weights = best["weights"] if best["weights"] is not None else state["model"]
        self._best = (best["epoch"], (best["rank"][0], best["rank"][1]), best["metrics"], weights)
        self._metrics, self._epoch = state["metrics"], self._checkpoint.epoch
        self._first_epoch = self._checkpoint.epoch + 1

    def on_train_start(self, trainer: Any) -> None:
        counts = {split: len(images) for split, images in self._placed.items()}
        self._context.started(self._device, counts, self._config["epochs"])

    def on_train_batch_start(self, trainer: Any) -> None:
        self._context.check_cancelled()

    def on_train_epoch_start(self, trainer: Any) -> None:
        self._epoch_began = time.monotonic()

    def on_train_epoch_end(self, trainer: Any) -> None:
        """Ends the job when the loss is not a number, or when Ultralytics has taken a smaller batch by itself."""
        if trainer.batch_size != self._config["batchSize"]:
            raise memory.failure(self._config, "batchSize")
        if not math.isfinite(self._loss(trainer)):
            raise TrainerError(
                "LOSS_DIVERGED", f"The loss is not a number in epoch {trainer.epoch + 1}. Use a lower learningRate."
            )

    def on_model_save(self, trainer: Any) -> None:
        """Measures and reports an epoch, and stores its checkpoint."""
        epoch = trainer.epoch + 1
        if epoch <= self._epoch:
            return  # It is also called for the final file, of which the epoch is known.
        images = self._placed["val"] or self._placed["train"]
        measured = self._measure(trainer.ema.ema, images)
        self._epoch = epoch
        seconds = time.monotonic() - self._epoch_began
        values = {f"val_{name}" if name == "loss" else name: value for name, value in measured.metrics.items()}
        self._metrics = {
            "loss": self._loss(trainer), **values, "learning_rate": float(trainer.optimizer.param_groups[0]["lr"]),
            "images_per_second": len(self._placed["train"]) / max(seconds, 1e-9),
        }  # fmt: skip
        improved = self._best is None or measured.rank > self._best[1]
        if improved:
            weights = {name: value.detach().clone() for name, value in trainer.ema.ema.state_dict().items()}
            self._best = (epoch, measured.rank, dict(self._metrics), weights)
        mean = (time.monotonic() - self._began) / (epoch - self._first_epoch + 1)
        self._context.metrics(
            epoch, self._config["epochs"], self._metrics, epoch_seconds=seconds,
            eta_seconds=mean * (self._config["epochs"] - epoch),
        )  # fmt: skip
        self._context.evaluation(epoch, "val", measured)
        self._uploads.store(self._state(trainer, epoch), epoch, improved, self._metrics)
        patience = self._config["earlyStoppingPatience"]
        if patience and self._best is not None and epoch - self._best[0] >= patience:
            trainer.stop = True

    def _loss(self, trainer: Any) -> float:
        parts = trainer.tloss.values() if isinstance(trainer.tloss, dict) else trainer.tloss.reshape(-1)
        return float(sum(float(part) for part in parts))

    def _measure(self, model: Any, images: Sequence[PlacedImage]) -> Evaluation:
        files = [image.file for image in images]
        results = library.predictions(
            library.with_model(self._yolo, model), files, self._config["imageSize"], self._device
        )
        return measure(self._dataset, images, results, self._context.check_cancelled)

    def _state(self, trainer: Any, epoch: int) -> dict[str, Any]:
        assert self._best is not None
        best, rank, metrics, weights = self._best
        size = self._config["imageSize"]
        keypoints = self._dataset.keypoints
        return {
            "modelName": self._context.request.model, "classes": list(self._dataset.classes),
            "keypoints": keypoints.to_json() if keypoints is not None else None, "config": self._config, "epoch": epoch,
            "preprocessing": {"resize": [size, size], "mean": [0.0] * 3, "std": [1.0] * 3, "fit": "letterbox"},
            "metrics": self._metrics, "model": trainer.ema.ema.state_dict(), "live": trainer.model.state_dict(),
            "updates": trainer.ema.updates, "optimizer": trainer.optimizer.state_dict(),
            "scaler": trainer.scaler.state_dict(), "random": checkpoints.random_state(),
            "best": {
                "epoch": best, "rank": list(rank), "metrics": metrics, "weights": None if best == epoch else weights,
            },
        }  # fmt: skip

    def _finish(self) -> JobResult:
        assert self._best is not None
        epoch, _, metrics, weights = self._best
        best_metrics = dict(metrics)
        if self._placed["test"]:
            yolo = library.network(
                self._context.workdir, self._context.request.model, self._dataset.task_type, self._dataset.classes,
                self._dataset.keypoints,
            )  # fmt: skip
            checkpoints.load_weights(yolo.model, weights)
            measured = self._measure(yolo.model, self._placed["test"])
            self._context.evaluation(epoch, "test", measured)
            best_metrics |= {f"test_{name}": value for name, value in measured.metrics.items()}
        result = {"epochs": self._epoch, "stoppedEarly": self._epoch < self._config["epochs"], "peakMemoryBytes": memory.peak()}
        return JobResult(epoch, self._metrics, best_metrics, result)
