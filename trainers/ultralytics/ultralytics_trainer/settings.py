"""The models and settings of this trainer, and what Ultralytics is told.

Names of Ultralytics: ``ultralytics/cfg/default.yaml`` of version 8.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer_sdk import ConfigField, JobRequest, RequestProblem
from trainer_sdk.annotations import CLASSIFICATION, DETECTION, INSTANCES, KEYPOINTS, ORIENTED
from trainer_sdk.config import resolve
from trainer_sdk.errors import invalid_config

#: The task of Ultralytics and the ending of its configuration files, by task type.
TASKS = {
    DETECTION: ("detect", ""), INSTANCES: ("segment", "-seg"), KEYPOINTS: ("pose", "-pose"), ORIENTED: ("obb", "-obb"),
    CLASSIFICATION: ("classify", "-cls"),
}  # fmt: skip
OBJECTS = tuple(task for task in TASKS if task != CLASSIFICATION)
FAMILIES = (("yolo11", "YOLO11"), ("yolo26", "YOLO26"))
SCALES = (("n", "nano"), ("s", "small"), ("m", "medium"), ("l", "large"), ("x", "extra large"))
#: Sides of images are multiples of the largest stride.
STRIDE = 32

MODELS: dict[str, dict[str, Any]] = {
    f"{family}{scale}{ending}": {
        "name": f"{family}{scale}{ending}", "displayName": f"{title} {words}", "taskTypes": [task],
        "description": f"Ultralytics {title}, {words}, trained from random weights.",
        "defaultImageSize": 224 if task == CLASSIFICATION else 640,
    }
    for task, (_, ending) in TASKS.items() for family, title in FAMILIES for scale, words in SCALES
}  # fmt: skip


def _share(name: str, default: float, help: str, **more: Any) -> ConfigField:
    return ConfigField(name, "float", default, help, min=0, max=1, group="augmentation", advanced=True, **more)


FIELDS = (
    ConfigField("epochs", "int", 50, "Passes over the training images.", min=1, max=1000),
    ConfigField("batchSize", "int", 16, "Images in one optimisation step.", min=1, max=512),
    ConfigField(
        "learningRate", "float", 0.001, "Learning rate after the warm-up.",
        min=0, max=1, exclusive_min=True, exclusive_max=True,
    ),
    ConfigField(
        "imageSize", "int", None, "Side in pixels, a multiple of 32. Default: the model's own size.",
        min=STRIDE, max=1280, step=STRIDE,
    ),
    ConfigField(
        "optimizer", "select", "AdamW", "Optimisation method.", options=("SGD", "Adam", "AdamW", "NAdam", "RAdam", "RMSProp"),
        group="optimizer",
    ),
    ConfigField(
        "scheduler", "select", "linear", "Course of the learning rate to its final share.", options=("linear", "cosine"),
        group="optimizer",
    ),
    ConfigField(
        "finalLearningRate", "float", 0.01, "Share of learningRate that is left in the last epoch.",
        min=0, max=1, group="optimizer", advanced=True,
    ),
    ConfigField("weightDecay", "float", 0.0005, "Decay of the weights.", min=0, max=0.01, group="optimizer", advanced=True),
    ConfigField(
        "momentum", "float", 0.937, "Momentum of SGD and RMSProp; first beta of the Adam methods.",
        min=0, max=1, exclusive_max=True, group="optimizer", advanced=True,
    ),
    ConfigField(
        "warmupEpochs", "float", 3.0, "Epochs in which the learning rate rises.", min=0, max=20, group="optimizer", advanced=True
    ),
    ConfigField(
        "warmupBiasRate", "float", 0.0, "Learning rate of biases when the warm-up begins.",
        min=0, max=1, group="optimizer", advanced=True,
    ),
    _share("fliplr", 0.5, "Probability of mirroring left to right."),
    _share("flipud", 0.0, "Probability of mirroring top to bottom."),
    _share("mosaic", 1.0, "Probability of joining four images.", task_types=OBJECTS),
    _share("mixup", 0.0, "Probability of blending two images.", task_types=OBJECTS),
    _share("copyPaste", 0.0, "Probability of copying objects into other images.", task_types=(INSTANCES,)),
    _share("hsvH", 0.015, "Largest change of the hue."),
    _share("hsvS", 0.7, "Largest change of the saturation."),
    _share("hsvV", 0.4, "Largest change of the brightness."),
    _share("translate", 0.1, "Largest shift in shares of the image.", task_types=OBJECTS),
    ConfigField(
        "scale", "float", 0.5, "Largest change of the size, in shares.",
        min=0, max=1, group="augmentation", advanced=True, task_types=OBJECTS,
    ),
    ConfigField(
        "degrees", "float", 0.0, "Largest rotation in degrees.",
        min=0, max=180, group="augmentation", advanced=True, task_types=OBJECTS,
    ),
    ConfigField(
        "shear", "float", 0.0, "Largest shear in degrees.",
        min=0, max=45, group="augmentation", advanced=True, task_types=OBJECTS,
    ),
    ConfigField(
        "perspective", "float", 0.0, "Largest perspective.",
        min=0, max=0.001, group="augmentation", advanced=True, task_types=OBJECTS,
    ),
    ConfigField(
        "closeMosaic", "int", 10, "Last epochs without mosaic.",
        min=0, max=50, group="augmentation", advanced=True, task_types=OBJECTS,
    ),
    ConfigField(
        "frozenLayers", "int", 0, "Layers, from the input on, whose weights do not change.",
        min=0, max=100, group="regularization", advanced=True,
    ),
    ConfigField(
        "earlyStoppingPatience", "int", 0, "Stop after this many epochs without a better validation; 0 = never.",
        min=0, max=1000, group="regularization", advanced=True,
    ),
    ConfigField(
        "device", "select", "auto", "Where to train; auto takes a CUDA device when there is one.",
        options=("auto", "cpu", "cuda"), group="system", advanced=True,
    ),
    ConfigField("mixedPrecision", "bool", False, "Half precision where it is safe; CUDA only.", group="system", advanced=True),
    ConfigField("seed", "int", 42, "Seed of every random choice.", min=0, max=2**31 - 1, group="system", advanced=True),
)  # fmt: skip
SPLIT_FIELD = ConfigField("split", "select", "test", "Images to evaluate on.", options=("test", "val"), group="evaluation")

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"epochs": 10, "warmupEpochs": 1.0},
    "standard": {"epochs": 100, "scheduler": "cosine"},
    "thorough": {"epochs": 300, "scheduler": "cosine", "mixup": 0.1, "earlyStoppingPatience": 50},
}


def configuration(request: JobRequest) -> dict[str, Any]:
    """Every setting with its value."""
    fields = (*FIELDS, SPLIT_FIELD) if request.kind == "evaluate" else FIELDS
    defaults = {"imageSize": MODELS[request.model]["defaultImageSize"]}
    values = resolve(fields, request.config, defaults, request.task_type)
    if values["imageSize"] % STRIDE:
        raise invalid_config("imageSize", f"imageSize must be a multiple of {STRIDE}.")
    return values


def check_request(request: JobRequest, has_cuda: bool) -> None:
    """Raises :class:`RequestProblem` 422 with the field for everything that this trainer cannot do."""
    if request.kind not in ("train", "evaluate"):
        raise RequestProblem(422, "UNSUPPORTED_KIND", f"This trainer does no {request.kind}.", field="kind")
    if request.task_type not in TASKS:
        raise RequestProblem(422, "UNKNOWN_TASK_TYPE", f"The tasks of this trainer are {', '.join(TASKS)}.", field="taskType")
    if request.model not in MODELS or request.task_type not in MODELS[request.model]["taskTypes"]:
        raise RequestProblem(
            422, "UNKNOWN_MODEL", f"There is no model '{request.model}' for {request.task_type}.", field="model"
        )
    values = configuration(request)
    if values["device"] == "cuda" and not has_cuda:
        raise invalid_config("device", "This trainer has no CUDA device.")
    if values["mixedPrecision"] and (values["device"] == "cpu" or not has_cuda):
        raise invalid_config("mixedPrecision", "mixedPrecision needs a CUDA device.")


def arguments(config: Mapping[str, Any], task_type: str, data: Path, folder: Path, device: str) -> dict[str, Any]:
    """What ``YOLO.train`` is called with.

    ``nbs`` equals the batch, because Ultralytics otherwise gathers batches up to 64 images and scales the decay by it.
    ``optimizer`` is never ``auto``, which ignores the learning rate. The trainer itself validates and stops early.
    """
    given = {
        "data": str(data), "task": TASKS[task_type][0], "epochs": config["epochs"], "batch": config["batchSize"],
        "nbs": config["batchSize"], "imgsz": config["imageSize"], "lr0": config["learningRate"],
        "lrf": config["finalLearningRate"], "optimizer": config["optimizer"], "cos_lr": config["scheduler"] == "cosine",
        "weight_decay": config["weightDecay"], "momentum": config["momentum"], "warmup_momentum": config["momentum"],
        "warmup_epochs": config["warmupEpochs"], "warmup_bias_lr": config["warmupBiasRate"], "seed": config["seed"],
        "freeze": config["frozenLayers"] or None, "amp": config["mixedPrecision"], "device": device,
        "fliplr": config["fliplr"], "flipud": config["flipud"], "hsv_h": config["hsvH"], "hsv_s": config["hsvS"],
        "hsv_v": config["hsvV"],
        "pretrained": False, "resume": False, "val": False, "plots": False, "save": True, "save_period": -1, "patience": 0,
        "cache": False, "deterministic": True, "workers": 0, "verbose": False, "exist_ok": True,
        "project": str(folder), "name": "run",
    }  # fmt: skip
    if task_type == CLASSIFICATION:
        # Its own augmentation of classifications has no settings here: neither policy nor erasing.
        return {**given, "auto_augment": None, "erasing": 0.0}
    return {
        **given, "mosaic": config["mosaic"], "mixup": config["mixup"], "copy_paste": config["copyPaste"],
        "translate": config["translate"], "scale": config["scale"], "degrees": config["degrees"],
        "shear": config["shear"], "perspective": config["perspective"], "close_mosaic": config["closeMosaic"],
    }  # fmt: skip
