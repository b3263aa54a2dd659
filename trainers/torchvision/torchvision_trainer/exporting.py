"""Exports: writes the file with its description, proves that it computes the same as the checkpoint, and packs both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from trainer_sdk import JobContext, JobResult, TrainerError
from trainer_sdk.annotations import CLASSIFICATION

from . import graphs
from .catalogue import MODELS
from .certificate import Proof, prove
from .checkpoints import Checkpoint, load
from .configuration import configuration
from .images import ImageSet, available_memory
from .packaging import pack
from .registry import TASKS
from .writing import FILE_NAMES, precision_of, write

#: Held-out images of a classification, and of a task whose network takes longer.
MAX_SAMPLES, MAX_SAMPLES_WITH_OBJECTS = 1_000, 100
#: Half precision keeps 11 bits of a number: logits may differ by this share of the largest one.
HALF_TOLERANCE = 0.01


def export(context: JobContext) -> JobResult:
    """Runs an ``export`` job: writes, measures, uploads. Fails with ``EXPORT_VALIDATION_FAILED``."""
    spec = context.request.export
    assert spec is not None
    threads = context.settings.threads
    torch.set_num_threads(threads)
    checkpoint = load(context.checkpoint())
    if checkpoint.model_name != context.request.model:
        raise TrainerError("CHECKPOINT_INVALID", f"The checkpoint belongs to the model {checkpoint.model_name}.")
    images, counts, split = _held_out(context, checkpoint)
    context.started("cpu", counts)
    proof, metadata = build(context, checkpoint, spec.format, spec.options, spec.tolerance)
    context.check_cancelled()
    validation, certificate = prove(proof, images, split, threads, context.check_cancelled)
    context.log.info("Export measured by %s on %d images.", validation["engine"], validation["samples"])
    package = context.workdir / "package.zip"
    pack(package, proof, metadata, certificate, images, threads)
    context.upload_package(package, package.name)
    stored = context.upload_model(proof.path, proof.path.name)
    measured = {certificate["metric"]: certificate["after"]}
    return JobResult(
        best_epoch=checkpoint.epoch,
        final_metrics=measured,
        best_metrics=measured,
        result={
            "metadata": metadata, "validation": validation, "certificate": certificate,
            "key": stored["key"], "size": stored["size"],
        },  # fmt: skip
    )


def build(
    context: JobContext, checkpoint: Checkpoint, format: str, options: Mapping[str, Any], tolerance: float
) -> tuple[Proof, dict[str, Any]]:
    """Writes the file into the work folder; returns what is to be proved of it, and its metadata."""
    metadata = describe(checkpoint, format, options)
    signature = graphs.signature_of(checkpoint.task_type)
    embeds = bool(options.get("embedPreprocessing", False))
    model = checkpoint.build_model()
    threshold = None
    if signature.one_at_a_time:
        threshold = float(options.get("scoreThreshold", graphs.SCORE_THRESHOLD))
        metadata["thresholds"] = graphs.thresholds_of(model, threshold)
    path = context.workdir / FILE_NAMES[format]
    try:
        write(graphs.graph_of(checkpoint, model, format, embeds), signature, path, format, metadata)
    except (RuntimeError, ValueError) as error:
        detail = f"{type(error).__name__}: {error}"[:1000]
        raise TrainerError(
            "EXPORT_VALIDATION_FAILED", f"torch {torch.__version__} cannot write this model as {format}.", detail=detail
        ) from error
    wanted = metadata["precision"]
    if format == "onnx" and precision_of(path) != wanted:
        raise TrainerError("EXPORT_VALIDATION_FAILED", f"The file is in {precision_of(path)} instead of {wanted}.")
    proof = Proof(
        path, format, wanted, _fresh(checkpoint, threshold), checkpoint, embeds, threshold,
        tolerance if wanted == "fp32" else max(tolerance, HALF_TOLERANCE), metadata["inputShape"][0] == "N",
    )  # fmt: skip
    return proof, metadata


def _fresh(checkpoint: Checkpoint, threshold: float | None) -> torch.nn.Module:
    """The checkpoint's own network: tracing and scripting may change the one that was written."""
    model = checkpoint.build_model()
    if threshold is not None:
        graphs.thresholds_of(model, threshold)
    return model


def describe(checkpoint: Checkpoint, format: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata for those who run the file, without ``thresholds``."""
    height, width = checkpoint.preprocessing.size
    signature = graphs.signature_of(checkpoint.task_type)
    classes = len(checkpoint.classes)
    batch: int | str = "N" if not signature.one_at_a_time and options.get("dynamicBatch", True) else 1
    preprocessing = checkpoint.preprocessing
    if options.get("embedPreprocessing", False):
        preprocessing = graphs.embedded(preprocessing)
    shape: dict[str, list[int | str]] = {
        "softmax": [batch, classes], "argmax": [batch, classes + 1, height, width], "detections": ["M", 4],
    }  # fmt: skip
    metadata: dict[str, Any] = {
        "framework": MODELS[checkpoint.model_name].framework,
        "model": checkpoint.model_name,
        "taskType": checkpoint.task_type,
        "format": format,
        "precision": str(options.get("precision", "fp32")),
        "inputName": "input",
        "outputName": signature.outputs[0],
        "inputShape": [batch, 3, height, width],
        "inputDtype": "float32",
        "outputShape": shape[signature.postprocessing],
        "classes": list(checkpoint.classes),
        "preprocessing": preprocessing.to_json(),
        "postprocessing": signature.postprocessing,
    }
    if signature.postprocessing != "softmax":
        metadata["outputs"] = {name: name for name in signature.outputs}
    if checkpoint.outputs.keypoints is not None:
        points = checkpoint.outputs.keypoints
        metadata["keypoints"] = {"names": list(points.names), "skeleton": [list(pair) for pair in points.skeleton]}
    if format == "onnx":
        metadata["opset"] = int(options.get("opset", 13))
    return metadata


def _held_out(context: JobContext, checkpoint: Checkpoint) -> tuple[ImageSet, dict[str, int], str]:
    """Images evenly spread over the split; held-out ones if the dataset has any."""
    reference = context.request.dataset
    if reference is None or reference.classes != checkpoint.classes:
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint was trained on other classes than the dataset's.")
    limit = MAX_SAMPLES if checkpoint.task_type == CLASSIFICATION else MAX_SAMPLES_WITH_OBJECTS
    for split in ("test", "val", "train"):
        dataset = context.dataset((split,), limit=limit)
        if dataset.images:
            break
    else:
        raise TrainerError("DATASET_INVALID", "The dataset has no images to validate the export with.")
    if split == "train":
        context.log.warning("There are no held-out images: validating the export on training images.")
    config = configuration(context.request)
    threads = config["numWorkers"] or context.settings.threads
    images = TASKS[checkpoint.task_type].image_set(
        dataset.images, checkpoint.preprocessing, threads, available_memory(), context.check_cancelled
    )
    return images, dataset.counts(), split
