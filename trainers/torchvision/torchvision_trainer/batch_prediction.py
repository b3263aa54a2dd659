"""The ``predict`` job: what a checkpoint says about every image of a dataset version."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from PIL import Image

from trainer_sdk import ImageEntry, JobContext, JobResult, TrainerError
from trainer_sdk.annotations import CLASSIFICATION, SEMANTIC
from trainer_sdk.images import UnreadableImage
from trainer_sdk.masks import encode_rle

from .checkpoints import load
from .configuration import configuration
from .evaluation import measure, require_same_classes
from .images import Placed, decode
from .optimization import pick_device
from .tasks.base import Outputs
from .tasks.semantic_segmentation import logits_of

BATCH = 16
TOP = 5
FILE_NAME = "predictions.jsonl.gz"


def predict(context: JobContext) -> JobResult:
    """Writes one JSON line for each image, in the order of the manifest, and uploads the file."""
    config = configuration(context.request)
    torch.set_num_threads(context.settings.threads)
    checkpoint = load(context.checkpoint())
    if checkpoint.model_name != context.request.model:
        raise TrainerError("CHECKPOINT_INVALID", "The checkpoint is for another model.")
    if config["measure"]:
        require_same_classes(context.request, checkpoint)
    splits = (config["split"],) if context.request.config.get("split") else ("train", "val", "test")
    dataset = context.dataset(splits)
    if not dataset.images:
        raise TrainerError("DATASET_INVALID", f"The dataset has no images in {' or '.join(splits)}.")
    device = pick_device(config["device"])
    context.started(str(device), dataset.counts())
    model = checkpoint.build_model().to(device).eval()
    least = config["minConfidence"]
    path = context.workdir / FILE_NAME
    found = unreadable = 0
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=5) as lines:
        for entries, images in _batches(dataset.images, checkpoint.preprocessing, config, context):
            readable = [place for place, image in enumerate(images) if image is not None]
            answers: list[dict[str, Any]] = [{"error": "UNREADABLE"} for _ in entries]
            if readable:
                pixels = torch.from_numpy(np.stack([images[place] for place in readable])).permute(0, 3, 1, 2)
                inputs = checkpoint.preprocessing.normalize(pixels.to(device))
                with torch.inference_mode():
                    predicted = _answers(
                        model, inputs, [entries[place] for place in readable], checkpoint.task_type,
                        checkpoint.preprocessing, checkpoint.outputs, least,
                    )  # fmt: skip
                for place, answer in zip(readable, predicted, strict=True):
                    answers[place] = answer
            for entry, answer in zip(entries, answers, strict=True):
                lines.write(json.dumps({"path": entry.path, **answer}, ensure_ascii=False, separators=(",", ":")) + "\n")
            found += sum(len(answer.get("annotations", ())) for answer in answers)
            unreadable += len(entries) - len(readable)
    if config["measure"]:
        measured, _ = measure(context, checkpoint, model, dataset.images, config, device)
        context.evaluation(checkpoint.epoch, splits[0] if len(splits) == 1 else "all", measured)
    context.upload_model(path, FILE_NAME, "application/gzip")
    return JobResult(None, {}, {}, {"images": len(dataset.images), "annotations": found, "unreadable": unreadable})


def _batches(
    entries: Sequence[ImageEntry], preprocessing: Any, config: dict[str, Any], context: JobContext
) -> Iterator[tuple[list[ImageEntry], list[np.ndarray | None]]]:
    def read(entry: ImageEntry) -> np.ndarray | None:
        try:
            return decode(entry.file.read_bytes(), preprocessing, entry.max_pixels)
        except UnreadableImage as error:
            context.log.warning("Image %s cannot be read: %s", entry.path, error)
            return None

    with ThreadPoolExecutor(config["numWorkers"] or context.settings.threads, thread_name_prefix="decode") as pool:
        for start in range(0, len(entries), BATCH):
            context.check_cancelled()
            part = list(entries[start : start + BATCH])
            yield part, list(pool.map(read, part))


def _answers(
    model: torch.nn.Module, inputs: torch.Tensor, entries: list[ImageEntry], task_type: str, preprocessing: Any,
    outputs: Outputs, least: float,
) -> list[dict[str, Any]]:  # fmt: skip
    if task_type == CLASSIFICATION:
        return [_classes(row, outputs.classes) for row in model(inputs).float().softmax(1).cpu().numpy()]
    places = [preprocessing.placed(entry.width, entry.height) for entry in entries]
    if task_type == SEMANTIC:
        maps = logits_of(model, inputs).float().argmax(1).to(torch.uint8).cpu().numpy()
        return [{"annotations": _areas(*row, outputs.classes)} for row in zip(maps, entries, places, strict=True)]
    return [
        {"annotations": _objects(*row, outputs, least)} for row in zip(model(list(inputs)), entries, places, strict=True)
    ]


def _classes(row: np.ndarray, classes: tuple[str, ...]) -> dict[str, Any]:
    order = np.argsort(-row, kind="stable")[:TOP]
    top = [{"class": classes[index], "confidence": round(float(row[index]), 6)} for index in order]
    return {**top[0], "top": top}


def _areas(classes_map: np.ndarray, entry: ImageEntry, place: Placed, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """The mask of each class that occurs, in pixels of the upright image; index 0 is the background."""
    inside = Image.fromarray(classes_map[: place.height, : place.width])
    whole = np.asarray(inside.resize((entry.width, entry.height), Image.Resampling.NEAREST))
    return [
        {"class": name, **_mask(whole == index)} for index, name in enumerate(classes, start=1) if (whole == index).any()
    ]


def _objects(
    detected: dict[str, torch.Tensor], entry: ImageEntry, place: Placed, outputs: Outputs, least: float
) -> list[dict[str, Any]]:
    """Detections in the form of annotations, the surest first, in pixels of the upright image."""
    values = {name: value.float().cpu().numpy() for name, value in detected.items()}
    found = []
    for index in np.argsort(-values["scores"], kind="stable"):
        label, score = int(values["labels"][index]), float(values["scores"][index])
        if label == 0 or score < least:
            continue
        left, right = (np.clip(values["boxes"][index][[0, 2]] / place.scale_x, 0, entry.width)).tolist()
        top, bottom = (np.clip(values["boxes"][index][[1, 3]] / place.scale_y, 0, entry.height)).tolist()
        if right - left < 0.01 or bottom - top < 0.01:
            continue
        one: dict[str, Any] = {"class": outputs.classes[label - 1], "box": _rounded(left, top, right - left, bottom - top)}
        if "masks" in values:
            shares = Image.fromarray(values["masks"][index, 0][: place.height, : place.width])
            mask = np.asarray(shares.resize((entry.width, entry.height), Image.Resampling.BILINEAR)) >= 0.5
            if mask.any():
                one |= _mask(mask)
        if "keypoints" in values:
            one["keypoints"] = [
                [*_rounded(min(max(x / place.scale_x, 0), entry.width), min(max(y / place.scale_y, 0), entry.height)), 2]
                for x, y, _ in values["keypoints"][index].tolist()
            ]
        found.append({**one, "confidence": round(score, 6)})
    return found


def _mask(mask: np.ndarray) -> dict[str, Any]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    rle = encode_rle(mask)
    return {
        "box": [left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top],
        "rle": {"size": [rle.height, rle.width], "counts": rle.counts},
    }


def _rounded(*values: float) -> list[float]:
    return [round(value, 2) for value in values]
