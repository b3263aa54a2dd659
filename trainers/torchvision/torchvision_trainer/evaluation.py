"""The ``evaluate`` job: measures a checkpoint on a split."""

from __future__ import annotations

import torch

from trainer_sdk import JobContext, JobResult, TrainerError

from .checkpoints import load
from .configuration import configuration
from .images import ImageSet, available_memory
from .measures import evaluate
from .training import pick_device, report


def evaluate_checkpoint(context: JobContext) -> JobResult:
    """Evaluates on ``config.split``; without one, on test if it has images, else on val."""
    config = configuration(context.request)
    torch.set_num_threads(context.settings.threads)
    checkpoint = load(context.checkpoint())
    reference = context.request.dataset
    if reference is None or (checkpoint.model_name, checkpoint.classes) != (context.request.model, reference.classes):
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
    images = ImageSet(
        dataset.images, checkpoint.preprocessing, threads, available_memory(), context.check_cancelled
    )
    model = checkpoint.build_model().to(device)
    measured = evaluate(
        model, images, checkpoint.preprocessing, checkpoint.classes, device, context.check_cancelled
    )
    report(context, checkpoint.epoch, split, measured)
    metrics = measured.metrics()
    return JobResult(checkpoint.epoch, metrics, metrics, {"split": split, "samples": images.used, "unreadable": images.unreadable})
