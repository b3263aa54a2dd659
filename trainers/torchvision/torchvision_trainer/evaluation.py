"""The ``evaluate`` job: measures a checkpoint on a split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from trainer_sdk import ImageEntry, JobContext, JobRequest, JobResult, TrainerError
from trainer_sdk.metrics import Evaluation

from .checkpoints import Checkpoint, load
from .configuration import configuration
from .images import ImageSet, available_memory
from .optimization import pick_device
from .registry import TASKS
from .tasks.base import Outputs


def evaluate_checkpoint(context: JobContext) -> JobResult:
    """Evaluates on ``config.split``; without one, on test if it has images, else on val."""
    config = configuration(context.request)
    torch.set_num_threads(context.settings.threads)
    checkpoint = load(context.checkpoint())
    require_same_classes(context.request, checkpoint)
    splits = [config["split"]] if context.request.config.get("split") else ["test", "val"]
    for split in splits:
        dataset = context.dataset((split,))
        if dataset.images:
            break
    else:
        raise TrainerError("DATASET_INVALID", f"The dataset has no images in {' or '.join(splits)}.")
    device = pick_device(config["device"])
    context.started(str(device), dataset.counts())
    model = checkpoint.build_model().to(device)
    measured, images = measure(context, checkpoint, model, dataset.images, config, device)
    context.evaluation(checkpoint.epoch, split, measured)
    result = {"split": split, "samples": images.used, "unreadable": images.unreadable}
    return JobResult(checkpoint.epoch, measured.metrics, measured.metrics, result)


def require_same_classes(request: JobRequest, checkpoint: Checkpoint) -> None:
    """Raises ``CHECKPOINT_INVALID`` when the answers of the checkpoint cannot be compared with the dataset."""
    reference = request.dataset
    if reference is None or (checkpoint.model_name, checkpoint.outputs) != (
        request.model, Outputs(reference.classes, reference.keypoints)
    ):  # fmt: skip
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another model or class list.")


def measure(
    context: JobContext, checkpoint: Checkpoint, model: torch.nn.Module, entries: Sequence[ImageEntry],
    config: dict[str, Any], device: torch.device,
) -> tuple[Evaluation, ImageSet]:  # fmt: skip
    """Compares what a model answers with the annotations of images."""
    threads = config["numWorkers"] or context.settings.threads
    task = TASKS[checkpoint.task_type]
    images = task.image_set(entries, checkpoint.preprocessing, threads, available_memory(), context.check_cancelled)
    return task.evaluate(
        model, images, checkpoint.preprocessing, checkpoint.outputs, device, context.check_cancelled
    ), images
