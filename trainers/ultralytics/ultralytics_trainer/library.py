"""The only module that imports Ultralytics: builds networks, and keeps the library from reaching out."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trainer_sdk.annotations import KEYPOINTS, KeypointList

from .settings import TASKS


def load(folder: Path) -> Any:
    """The module ``ultralytics``, set up to download nothing, install nothing and report nothing.

    Must run before the first import of it: it reads its environment then. ``folder`` gets its settings.
    """
    os.environ.update(YOLO_CONFIG_DIR=str(folder), YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_VERBOSE="false")
    import ultralytics
    import ultralytics.data.utils as data
    import ultralytics.engine.trainer as trainer

    # The check of half precision would fetch a pretrained model, and that of a dataset a font.
    trainer.check_amp = lambda model: True
    data.check_font = lambda *_: None
    return ultralytics


def network(folder: Path, model: str, task_type: str, classes: Sequence[str], keypoints: KeypointList | None) -> Any:
    """A ``YOLO`` with random weights for these classes."""
    ultralytics = load(folder)
    from ultralytics.nn.tasks import yaml_model_load

    yolo = ultralytics.YOLO(f"{model}.yaml", task=TASKS[task_type][0])
    config = {**yaml_model_load(f"{model}.yaml"), "nc": len(classes)}
    if task_type == KEYPOINTS and keypoints is not None:
        config["kpt_shape"] = [len(keypoints.names), 3]
    arguments = yolo.model.args
    yolo.model = type(yolo.model)(config, verbose=False)
    yolo.model.args, yolo.model.task = arguments, TASKS[task_type][0]
    yolo.model.names = dict(enumerate(classes))
    return yolo


def with_model(yolo: Any, model: Any) -> Any:
    """A ``YOLO`` that predicts with a copy of a network, because predicting changes it (fused layers)."""
    other = copy.copy(yolo)
    other.predictor = None
    other.model = copy.deepcopy(model).float().eval()
    return other


def predictions(yolo: Any, files: Sequence[Path], size: int, device: str) -> Iterator[Any]:
    """The ``Results`` of one file after another, also of unsure objects: average precision needs them."""
    for start in range(0, len(files), 16):
        yield from yolo.predict(
            source=[str(file) for file in files[start : start + 16]], imgsz=size, conf=0.001, iou=0.7, max_det=300,
            retina_masks=True, device=device, verbose=False, save=False, batch=16, stream=True,
        )  # fmt: skip
