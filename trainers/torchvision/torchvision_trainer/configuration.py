"""The models and settings of this trainer, and the check of a request against them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer_sdk import ConfigField, JobRequest, RequestProblem
from trainer_sdk.config import resolve

TASK_TYPE = "image_classification"
MIN_IMAGE_SIZE, MAX_IMAGE_SIZE = 8, 512


@dataclass(frozen=True)
class ModelInfo:
    """One entry of ``capabilities.models``. ``mean`` and ``std`` normalise RGB values from 0 to 1."""

    name: str
    display_name: str
    description: str
    parameters: int
    image_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "displayName": self.display_name,
            "taskTypes": [TASK_TYPE],
            "description": self.description,
            "parameters": self.parameters,
            "defaultImageSize": self.image_size,
        }


MODELS = {
    model.name: model
    for model in (
        ModelInfo(
            "small_cnn", "Small CNN",
            "Four convolutions for small images (8 to 64 pixels); trains in seconds on a CPU.",
            94_882, 32, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5),
        ),
        ModelInfo(
            "resnet18", "ResNet-18",
            "Residual network with 18 layers (He et al., 2015), trained from random weights.",
            11_181_642, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225),
        ),
    )
}  # fmt: skip

FIELDS = (
    ConfigField("epochs", "int", 10, "Passes over the training images.", min=1, max=1000),
    ConfigField("batchSize", "int", 32, "Images in one optimisation step.", min=1, max=512),
    ConfigField(
        "learningRate", "float", 0.001, "Step size of the optimizer; the peak of the one_cycle schedule.",
        min=0, max=1, exclusive_min=True, exclusive_max=True,
    ),
    ConfigField(
        "imageSize", "int", None, "Side in pixels that images are resized to. Default: the model's own size.",
        min=MIN_IMAGE_SIZE, max=MAX_IMAGE_SIZE, step=1,
    ),
    ConfigField(
        "optimizer", "select", "adam", "Optimisation method.", options=("adam", "adamw", "sgd"), group="optimizer"
    ),
    ConfigField(
        "weightDecay", "float", 0.0, "L2 penalty (adam, sgd) or decoupled decay (adamw).",
        min=0, max=1, group="optimizer", advanced=True,
    ),
    ConfigField(
        "momentum", "float", 0.9, "Momentum of sgd.", min=0, max=1, exclusive_max=True,
        group="optimizer", advanced=True, applies_when=("optimizer", ("sgd",)),
    ),
    ConfigField(
        "scheduler", "select", "none",
        "Course of the learning rate: none; cosine to zero; step = a tenth after each third of the epochs; "
        "one_cycle = up to learningRate in the first 30 %, then down.",
        options=("none", "cosine", "step", "one_cycle"), group="optimizer",
    ),
    ConfigField(
        "augment", "select", "none",
        "basic = random shifts up to 8 % and rotations up to 10 degrees, no flips.",
        options=("none", "basic"), group="augmentation",
    ),
    ConfigField(
        "labelSmoothing", "float", 0.0, "Share of the target spread over all classes.",
        min=0, max=1, exclusive_max=True, group="regularization", advanced=True,
    ),
    ConfigField(
        "earlyStoppingPatience", "int", 0, "Stop after this many epochs without a better validation; 0 = never.",
        min=0, max=1000, group="regularization", advanced=True,
    ),
    ConfigField(
        "numWorkers", "int", 0, "Threads that decode images; 0 = as many as the trainer's CPU threads.",
        min=0, max=64, group="system", advanced=True,
    ),
    ConfigField(
        "device", "select", "auto", "Where to train; auto takes a CUDA device when there is one.",
        options=("auto", "cpu", "cuda"), group="system", advanced=True,
    ),
    ConfigField(
        "mixedPrecision", "bool", False, "Half precision where it is safe; CUDA only.", group="system", advanced=True
    ),
    ConfigField(
        "seed", "int", 42, "Seed of every random choice; the same seed gives the same weights on a CPU.",
        min=0, max=2**31 - 1, group="system", advanced=True,
    ),
    ConfigField(
        "checkpointEvery", "int", 1, "Epochs between two checkpoints; the last and the best are always kept.",
        min=1, max=1000, group="system", advanced=True,
    ),
)  # fmt: skip

SPLIT_FIELD = ConfigField(
    "split", "select", "test", "Images to evaluate on.", options=("test", "val"), group="evaluation"
)

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"epochs": 5, "batchSize": 64, "learningRate": 0.003, "scheduler": "one_cycle"},
    "standard": {"epochs": 20, "batchSize": 32, "learningRate": 0.002, "scheduler": "one_cycle", "augment": "basic"},
    "thorough": {
        "epochs": 60, "batchSize": 32, "learningRate": 0.002, "optimizer": "adamw", "weightDecay": 0.01,
        "scheduler": "cosine", "augment": "basic", "labelSmoothing": 0.05, "earlyStoppingPatience": 12,
    },
}  # fmt: skip

ONNX_OPSETS = (11, 16)
EXPORT_FORMATS: list[dict[str, Any]] = [
    {
        "format": "onnx",
        "taskTypes": [TASK_TYPE],
        "options": {"opset": {"type": "int", "default": 13, "min": ONNX_OPSETS[0], "max": ONNX_OPSETS[1]}},
    },
    {"format": "torchscript", "taskTypes": [TASK_TYPE], "options": {}},
]


def configuration(request: JobRequest) -> dict[str, Any]:
    """Every setting with its value: the entered one, else the model's, else the default."""
    fields = (*FIELDS, SPLIT_FIELD) if request.kind == "evaluate" else FIELDS
    return resolve(fields, request.config, {"imageSize": MODELS[request.model].image_size})


def check_request(request: JobRequest, has_cuda: bool) -> None:
    """Raises :class:`RequestProblem` 422 with the field for everything that this trainer cannot do."""
    if request.kind == "predict":
        raise RequestProblem(
            422, "UNSUPPORTED_KIND", "Predictions are made by POST /v1/predict, not as a job.", field="kind"
        )
    if request.task_type != TASK_TYPE:
        raise RequestProblem(422, "UNKNOWN_TASK_TYPE", f"This trainer does {TASK_TYPE} only.", field="taskType")
    if request.model not in MODELS:
        raise RequestProblem(422, "UNKNOWN_MODEL", f"There is no model '{request.model}'.", field="model")
    values = configuration(request)
    if values["device"] == "cuda" and not has_cuda:
        raise _invalid("device", "This trainer has no CUDA device.")
    if values["mixedPrecision"] and (values["device"] == "cpu" or not has_cuda):
        raise _invalid("mixedPrecision", "mixedPrecision needs a CUDA device.")
    if request.export is not None and request.kind == "export":
        _check_export(request.export.format, request.export.options)


def onnx_opset(options: Mapping[str, Any]) -> int:
    """The opset of an ONNX export."""
    return int(options.get("opset", 13))


def _check_export(format: str, options: Mapping[str, Any]) -> None:
    known = {entry["format"]: entry["options"] for entry in EXPORT_FORMATS}
    if format not in known:
        raise RequestProblem(
            422, "UNKNOWN_EXPORT_FORMAT", f"The formats are {', '.join(known)}.", field="export.format"
        )
    for name in options:
        if name not in known[format]:
            raise RequestProblem(
                422, "INVALID_CONFIG", f"{format} has no option '{name}'.", field=f"export.options.{name}"
            )
    opset = options.get("opset", 13)
    low, high = ONNX_OPSETS
    if isinstance(opset, bool) or not isinstance(opset, int) or not low <= opset <= high:
        raise RequestProblem(
            422, "INVALID_CONFIG", f"opset must be a whole number from {low} to {high}.", field="export.options.opset"
        )


def _invalid(field: str, message: str) -> RequestProblem:
    return RequestProblem(422, "INVALID_CONFIG", message, field=f"config.{field}")
