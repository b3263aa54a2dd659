"""Exports: writes the file with its description and proves that it computes the same as the checkpoint."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from trainer_sdk import JobContext, JobResult, TrainerError

from .catalogue import MODELS
from .checkpoints import Checkpoint, load
from .configuration import configuration, onnx_opset
from .images import ImageSet, available_memory
from .runtimes import open_model

MAX_SAMPLES = 1_000
FILE_NAMES = {"onnx": "model.onnx", "torchscript": "model.pt"}


def export(context: JobContext) -> JobResult:
    """Runs an ``export`` job: writes, validates, uploads. Fails with ``EXPORT_VALIDATION_FAILED``."""
    spec = context.request.export
    assert spec is not None
    threads = context.settings.threads
    torch.set_num_threads(threads)
    checkpoint = load(context.checkpoint())
    if checkpoint.model_name != context.request.model:
        raise TrainerError("CHECKPOINT_INVALID", f"The checkpoint belongs to the model {checkpoint.model_name}.")
    images, counts = _held_out(context, checkpoint)
    context.started("cpu", counts)
    model = checkpoint.build_model()
    opset = onnx_opset(spec.options) if spec.format == "onnx" else None
    metadata = describe(checkpoint, spec.format, opset)
    path = context.workdir / FILE_NAMES[spec.format]
    write(model, path, spec.format, metadata)
    context.check_cancelled()
    validation = validate(
        path, spec.format, model, checkpoint, images, spec.tolerance, threads, context.check_cancelled
    )
    context.log.info("Export validated by %s on %d images.", validation["engine"], validation["samples"])
    stored = context.upload_model(path, path.name)
    return JobResult(
        best_epoch=checkpoint.epoch,
        final_metrics={"accuracy": validation["accuracy"]},
        best_metrics={"accuracy": validation["accuracy"]},
        result={"metadata": metadata, "validation": validation, "key": stored["key"], "size": stored["size"]},
    )


def describe(checkpoint: Checkpoint, format: str, opset: int | None) -> dict[str, Any]:
    """The metadata for those who run the file."""
    height, width = checkpoint.preprocessing.size
    metadata: dict[str, Any] = {
        "framework": MODELS[checkpoint.model_name].framework,
        "model": checkpoint.model_name,
        "taskType": checkpoint.task_type,
        "format": format,
        "inputName": "input",
        "outputName": "logits",
        "inputShape": ["N", 3, height, width],
        "inputDtype": "float32",
        "outputShape": ["N", len(checkpoint.classes)],
        "classes": list(checkpoint.classes),
        "preprocessing": checkpoint.preprocessing.to_json(),
        "postprocessing": "softmax",
    }
    if opset is not None:
        metadata["opset"] = opset
    return metadata


def write(model: nn.Module, path: Path, format: str, metadata: Mapping[str, Any]) -> None:
    """Writes the model, which returns logits, and the metadata into one file."""
    model = model.to("cpu").eval()
    example = torch.zeros(2, *metadata["inputShape"][1:])
    if format == "torchscript":
        with torch.no_grad():
            traced = torch.jit.trace(model, example)
        torch.jit.save(traced, str(path), _extra_files={"metadata.json": json.dumps(metadata)})
        return
    import onnx

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, example, str(path), opset_version=metadata["opset"], do_constant_folding=True,
            input_names=["input"], output_names=["logits"],
            dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}},
        )  # fmt: skip
    written = onnx.load(str(path))
    _copy_shared_constants(written)
    onnx.helper.set_model_props(
        written,
        {name: value if isinstance(value, str) else json.dumps(value) for name, value in metadata.items()},
    )
    onnx.checker.check_model(written)
    onnx.save(written, str(path))


def _copy_shared_constants(model: Any) -> None:
    """Gives each use of a weight its own constant.

    torch stores equal tensors once and refers to them by Identity nodes. OpenCV cannot read those.
    """
    constants = {constant.name: constant for constant in model.graph.initializer}
    for node in [node for node in model.graph.node if node.op_type == "Identity" and node.input[0] in constants]:
        copied = model.graph.initializer.add()
        copied.CopyFrom(constants[node.input[0]])
        copied.name = node.output[0]
        model.graph.node.remove(node)


def validate(
    path: Path, format: str, model: nn.Module, checkpoint: Checkpoint, images: ImageSet, tolerance: float,
    threads: int, check: Callable[[], None],
) -> dict[str, Any]:  # fmt: skip
    """Compares the file's logits with the checkpoint's on every image of the set.

    Returns ``{samples, maxAbsDiff, tolerance, top1Agreement, accuracy, referenceAccuracy, passed, engine}``;
    raises ``EXPORT_VALIDATION_FAILED`` when a logit is off by more than ``tolerance``.
    """
    try:
        runtime = open_model(path, format, threads)
        got, wanted, labels = _run_both(runtime.run, model, checkpoint, images, check)
    except TrainerError:
        raise
    except Exception as error:
        detail = f"{type(error).__name__}: {error}"[:1000]
        raise TrainerError(
            "EXPORT_VALIDATION_FAILED", "The exported file cannot be run.", detail=detail
        ) from error
    if got.shape != wanted.shape:
        raise TrainerError(
            "EXPORT_VALIDATION_FAILED", f"The exported file returns {got.shape} instead of {wanted.shape}."
        )
    difference = float(np.abs(got - wanted).max())
    finite = bool(np.isfinite(got).all())
    answer = {
        "samples": len(labels),
        "maxAbsDiff": difference if finite else None,
        "tolerance": tolerance,
        "top1Agreement": float((got.argmax(1) == wanted.argmax(1)).mean()),
        "accuracy": float((got.argmax(1) == labels).mean()),
        "referenceAccuracy": float((wanted.argmax(1) == labels).mean()),
        "passed": finite and difference <= tolerance,
        "engine": runtime.engine,
    }
    if not answer["passed"]:
        raise TrainerError(
            "EXPORT_VALIDATION_FAILED",
            f"The exported model differs from the checkpoint by {difference:.3g}, more than {tolerance:g}.",
            detail=json.dumps(answer),
        )
    return answer


def _run_both(
    run: Callable[[np.ndarray], np.ndarray], model: nn.Module, checkpoint: Checkpoint, images: ImageSet,
    check: Callable[[], None],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    got: list[np.ndarray] = []
    wanted: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    for pixels, classes in images.batches(_batches(len(images))):
        check()
        labels.append(classes.numpy())
        inputs = checkpoint.preprocessing.normalize(pixels)
        with torch.inference_mode():
            wanted.append(model(inputs).numpy())
        got.append(np.asarray(run(inputs.numpy())))
    return np.concatenate(got), np.concatenate(wanted), np.concatenate(labels)


def _batches(count: int) -> Sequence[torch.Tensor]:
    """First one image, then batches of 32: the file must accept any batch size."""
    order = torch.arange(count)
    return [order[:1], *(part for part in order[1:].split(32) if len(part))]


def _held_out(context: JobContext, checkpoint: Checkpoint) -> tuple[ImageSet, dict[str, int]]:
    """At most ``MAX_SAMPLES`` images, evenly spread; held-out ones if the dataset has any."""
    reference = context.request.dataset
    if reference is None or reference.classes != checkpoint.classes:
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint was trained on other classes than the dataset's.")
    for splits in (("test",), ("val",), ("train",)):
        dataset = context.dataset(splits, limit=MAX_SAMPLES)
        if dataset.images:
            break
    else:
        raise TrainerError("DATASET_INVALID", "The dataset has no images to validate the export with.")
    if splits == ("train",):
        context.log.warning("There are no held-out images: validating the export on training images.")
    config = configuration(context.request)
    threads = config["numWorkers"] or context.settings.threads
    images = ImageSet(
        dataset.images, checkpoint.preprocessing, threads, available_memory(), context.check_cancelled
    )
    return images, dataset.counts()
