"""The ``evaluate`` job: measures a checkpoint on a split."""

from __future__ import annotations

import torch

from trainer_sdk import JobContext, JobResult, TrainerError

from .checkpoints import load
from .configuration import configuration
from .images import available_memory
from .optimization import pick_device
from .registry import TASKS
from .tasks.base import Outputs


def evaluate_checkpoint(context: JobContext) -> JobResult:
    """Evaluates on ``config.split``; without one, on test if it has images, else on val."""
    config = configuration(context.request)
    torch.set_num_threads(context.settings.threads)
    checkpoint = load(context.checkpoint())
    reference = context.request.dataset
    if reference is None or (checkpoint.model_name, checkpoint.outputs) != (
        context.request.model, Outputs(reference.classes, reference.keypoints)
    ):  # fmt: skip
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another model or class list.")
    splits = [config["split"]] if context.request.config.get("split") else ["test", "val"]
    for split in splits:
        dataset = context.dataset((split,))
        if dataset.images:
            break
    else:
        raise TrainerError("DATASET_INVALID", f"The dataset has no images in {' or '.join(splits)}.")
    device = pick_device(config["device"])
    context.started(str(device), dataset.counts())
    threads = config["numWorkers"] or context.settings.threads
    task = TASKS[checkpoint.task_type]
    images = task.image_set(
        dataset.images, checkpoint.preprocessing, threads, available_memory(), context.check_cancelled
    )
    model = checkpoint.build_model().to(device)
    measured = task.evaluate(
        model, images, checkpoint.preprocessing, checkpoint.outputs, device, context.check_cancelled
    )
    context.evaluation(checkpoint.epoch, split, measured)
    result = {"split": split, "samples": images.used, "unreadable": images.unreadable}
    return JobResult(checkpoint.epoch, measured.metrics, measured.metrics, result)
