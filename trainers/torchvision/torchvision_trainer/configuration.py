"""The settings of this trainer, and the check of a request against them."""

from __future__ import annotations

from typing import Any

from trainer_sdk import ConfigField, JobRequest, RequestProblem
from trainer_sdk.annotations import CLASSIFICATION, SEMANTIC
from trainer_sdk.config import resolve

from .catalogue import MODELS, models_of
from .formats import check_export

MIN_IMAGE_SIZE, MAX_IMAGE_SIZE = 8, 2048
#: Smaller images leave a detector or a segmentation nothing to see after its strides.
LEAST_SIZE_WITH_OBJECTS = 32

FIELDS = (
    ConfigField("epochs", "int", 10, "Passes over the training images.", min=1, max=1000),
    ConfigField("batchSize", "int", 32, "Images in one optimisation step.", min=1, max=512),
    ConfigField(
        "learningRate", "float", 0.001, "Step size of the optimizer; the peak of the one_cycle schedule.",
        min=0, max=1, exclusive_min=True, exclusive_max=True,
    ),
    ConfigField(
        "imageSize", "int", None, "Side in pixels of the square that images are resized to: the whole image with a grey border, except for "
        "classifications. Default: the model's own size.",
        min=MIN_IMAGE_SIZE, max=MAX_IMAGE_SIZE, step=1,
    ),
    ConfigField(
        "pretrained", "bool", False, "Begin with the weights that an operator imported for the model; false = random weights."
    ),
    ConfigField(
        "optimizer", "select", "adam", "Optimisation method.", options=("adam", "adamw", "sgd", "rmsprop"), group="optimizer"
    ),
    ConfigField(
        "weightDecay", "float", 0.0, "L2 penalty (adam, sgd, rmsprop) or decoupled decay (adamw).",
        min=0, max=1, group="optimizer", advanced=True,
    ),
    ConfigField(
        "momentum", "float", 0.9, "Momentum of sgd and rmsprop.", min=0, max=1, exclusive_max=True,
        group="optimizer", advanced=True, applies_when=("optimizer", ("sgd", "rmsprop")),
    ),
    ConfigField(
        "warmupEpochs", "float", 0.0,
        "Epochs in which the learning rate rises from zero to that of the schedule; may be a part of one.",
        min=0, max=100, group="optimizer", advanced=True,
    ),
    ConfigField(
        "gradientClip", "float", 0.0, "Largest norm of all gradients together; 0 = not limited.",
        min=0, max=1000, group="optimizer", advanced=True,
    ),
    ConfigField(
        "scheduler", "select", "none",
        "Course of the learning rate: none; cosine to zero; step = a tenth after each third of the epochs; "
        "one_cycle = up to learningRate in the first 30 %, then down.",
        options=("none", "cosine", "step", "one_cycle"), group="optimizer",
    ),
    ConfigField(
        "augment", "select", "none",
        "basic = random shifts up to 8 % and rotations up to 10 degrees (classification), or random scales from 0.8 to "
        "1.25 and shifts up to 10 % that move boxes, masks and keypoints (other tasks).",
        options=("none", "basic"), group="augmentation",
    ),
    ConfigField(
        "flipProbability", "float", 0.0,
        "Probability that a training image is mirrored left to right, with its boxes, masks and keypoints.",
        min=0, max=1, group="augmentation",
    ),
    ConfigField(
        "colorJitter", "float", 0.0, "Random change of brightness, contrast and saturation by up to this share.",
        min=0, max=0.9, group="augmentation", advanced=True,
    ),
    ConfigField(
        "labelSmoothing", "float", 0.0, "Share of the target spread over all classes.",
        min=0, max=1, exclusive_max=True, group="regularization", advanced=True,
        task_types=(CLASSIFICATION, SEMANTIC),
    ),
    ConfigField(
        "classWeights", "select", "none", "balanced = a class counts in the loss by the inverse of how often it occurs.",
        options=("none", "balanced"), group="regularization", task_types=(CLASSIFICATION, SEMANTIC),
    ),
    ConfigField(
        "frozenLayers", "int", 0, "Stages of the backbone, from the input on, whose weights do not change.",
        min=0, max=100, group="regularization", advanced=True,
    ),
    ConfigField(
        "earlyStoppingPatience", "int", 0, "Stop after this many epochs without a better validation; 0 = never.",
        min=0, max=1000, group="regularization", advanced=True,
    ),
    ConfigField(
        "earlyStoppingMinDelta", "float", 0.0,
        "By how much the primary metric of the task must rise for a validation to count as better for early stopping.",
        min=0, max=1, group="regularization", advanced=True,
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

PREDICTION_FIELDS = (
    ConfigField(
        "split", "select", "test", "Images to predict; all of them when left out.", options=("train", "val", "test"),
        group="prediction",
    ),
    ConfigField(
        "minConfidence", "float", 0.25, "Objects with less confidence are left out.", min=0.0, max=1.0, group="prediction"
    ),
    ConfigField(
        "measure", "bool", False, "Compare the answers with the annotations of the dataset.", group="prediction"
    ),
)  # fmt: skip

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"epochs": 5, "batchSize": 64, "learningRate": 0.003, "scheduler": "one_cycle"},
    "standard": {"epochs": 20, "batchSize": 32, "learningRate": 0.002, "scheduler": "one_cycle", "augment": "basic"},
    "thorough": {
        "epochs": 60, "batchSize": 32, "learningRate": 0.002, "optimizer": "adamw", "weightDecay": 0.01,
        "scheduler": "cosine", "augment": "basic", "earlyStoppingPatience": 12,
    },
    "objects": {
        "epochs": 30, "batchSize": 4, "learningRate": 0.0005, "optimizer": "adamw", "weightDecay": 0.0001,
        "scheduler": "cosine", "warmupEpochs": 1.0, "gradientClip": 10.0, "augment": "basic", "flipProbability": 0.5,
    },
}  # fmt: skip


def configuration(request: JobRequest) -> dict[str, Any]:
    """Every setting with its value: the entered one, else the model's, else the default."""
    fields = {"evaluate": (*FIELDS, SPLIT_FIELD), "predict": (*FIELDS, *PREDICTION_FIELDS)}.get(request.kind, FIELDS)
    defaults = {"imageSize": MODELS[request.model].image_size}
    return resolve(fields, request.config, defaults, request.task_type)


def task_types(framework: str) -> list[str]:
    """The tasks of a trainer, in the order of its models."""
    return list(dict.fromkeys(model.task_type for model in models_of(framework)))


def check_request(request: JobRequest, has_cuda: bool, framework: str = "torchvision") -> None:
    """Raises :class:`RequestProblem` 422 with the field for everything that this trainer cannot do."""
    if request.task_type not in task_types(framework):
        known = ", ".join(task_types(framework))
        raise RequestProblem(422, "UNKNOWN_TASK_TYPE", f"The tasks of this trainer are {known}.", field="taskType")
    if request.model not in MODELS or MODELS[request.model].framework != framework:
        raise RequestProblem(422, "UNKNOWN_MODEL", f"There is no model '{request.model}'.", field="model")
    if MODELS[request.model].task_type != request.task_type:
        raise RequestProblem(
            422, "UNKNOWN_MODEL", f"The model '{request.model}' is for {MODELS[request.model].task_type}.", field="model"
        )
    values = configuration(request)
    if request.task_type != CLASSIFICATION and values["imageSize"] < LEAST_SIZE_WITH_OBJECTS:
        raise _invalid("imageSize", f"imageSize must be at least {LEAST_SIZE_WITH_OBJECTS} for {request.task_type}.")
    if values["device"] == "cuda" and not has_cuda:
        raise _invalid("device", "This trainer has no CUDA device.")
    if values["mixedPrecision"] and (values["device"] == "cpu" or not has_cuda):
        raise _invalid("mixedPrecision", "mixedPrecision needs a CUDA device.")
    if request.kind == "train" and values["pretrained"] and request.checkpoint is None and request.weights is None:
        raise _invalid("pretrained", "The job asks for pretrained weights, but the request has none.")
    if request.export is not None and request.kind == "export":
        check_export(request.task_type, framework, request.export.format, request.export.options)


def _invalid(field: str, message: str) -> RequestProblem:
    return RequestProblem(422, "INVALID_CONFIG", message, field=f"config.{field}")
