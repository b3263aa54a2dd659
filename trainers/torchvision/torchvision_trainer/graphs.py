"""The networks as they are exported: tensors in, tensors out, with the names that ``metadata.json`` gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainer_sdk.annotations import CLASSIFICATION, INSTANCES, KEYPOINTS, SEMANTIC

from .checkpoints import Checkpoint
from .images import Preprocessing

#: Detections with less confidence leave the graph; an option of an export changes it.
SCORE_THRESHOLD = 0.05
MASK_THRESHOLD = 0.5


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of an exported file. ``outputs`` are its names in their order.

    ``one_at_a_time`` says that the graph takes one image: it ends with non-maximum suppression, whose result has a length
    of its own for each image.
    """

    outputs: tuple[str, ...]
    postprocessing: str
    one_at_a_time: bool = False


def signature_of(task_type: str) -> Signature:
    if task_type in (CLASSIFICATION, SEMANTIC):
        return Signature(("logits",), "softmax" if task_type == CLASSIFICATION else "argmax")
    further = {INSTANCES: ("masks",), KEYPOINTS: ("keypoints",)}.get(task_type, ())
    return Signature(("boxes", "labels", "scores", *further), "detections", one_at_a_time=True)


def embedded(preprocessing: Preprocessing) -> Preprocessing:
    """What is left to do outside a graph that normalises by itself: it takes values from 0 to 255."""
    return Preprocessing(
        preprocessing.size, (0.0,) * 3, (1.0,) * 3, 1.0, preprocessing.interpolation, preprocessing.fit
    )


class Normalized(nn.Module):
    """Normalises values from 0 to 255 inside of the graph."""

    def __init__(self, inner: nn.Module, preprocessing: Preprocessing) -> None:
        super().__init__()
        self.inner = inner
        factor = [preprocessing.scale / value for value in preprocessing.std]
        offset = [mean / std for mean, std in zip(preprocessing.mean, preprocessing.std, strict=True)]
        self.register_buffer("factor", torch.tensor(factor).view(1, 3, 1, 1))
        self.register_buffer("offset", torch.tensor(offset).view(1, 3, 1, 1))

    def forward(self, images: torch.Tensor) -> Any:
        return self.inner(images * self.factor - self.offset)


class Segmenter(nn.Module):
    """Logits ``[N, classes + 1, H, W]`` of a network that may give a dictionary."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        answer = self.model(images)
        return answer["out"] if isinstance(answer, dict) else answer


class TracedDetector(nn.Module):
    """One image ``[1,3,H,W]`` in; boxes ``[M,4]``, labels ``[M]`` without the background, scores ``[M]``, and masks
    ``[M,1,H,W]`` or keypoints ``[M,K,3]``. For tracing."""

    def __init__(self, model: nn.Module, further: str | None) -> None:
        super().__init__()
        self.model, self.further = model, further
        # The image has the size of the input already; the step would only round its numbers.
        model.transform.resize = lambda image, target=None: (image, target)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found = self.model([images[0]])[0]
        # Detectors of one stage have a score for the background too.
        kept = torch.nonzero(found["labels"] > 0).squeeze(1)
        outputs = [found["boxes"][kept], found["labels"][kept] - 1, found["scores"][kept]]
        if self.further == "masks":
            outputs.append(found["masks"][kept])
        elif self.further == "keypoints":
            points, scores = found["keypoints"][kept], found["keypoints_scores"][kept]
            outputs.append(torch.cat((points[:, :, :2], torch.sigmoid(scores).unsqueeze(2)), 2))
        return tuple(outputs)


class _Scripted(nn.Module):
    """As :class:`TracedDetector`, for scripting. A scripted detector gives losses and detections."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model


class ScriptedDetector(_Scripted):
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        found = self.model([images[0]])[1][0]
        kept = torch.nonzero(found["labels"] > 0).squeeze(1)
        return found["boxes"][kept], found["labels"][kept] - 1, found["scores"][kept]


class ScriptedMaskDetector(_Scripted):
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        found = self.model([images[0]])[1][0]
        kept = torch.nonzero(found["labels"] > 0).squeeze(1)
        return found["boxes"][kept], found["labels"][kept] - 1, found["scores"][kept], found["masks"][kept]


class ScriptedKeypointDetector(_Scripted):
    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        found = self.model([images[0]])[1][0]
        kept = torch.nonzero(found["labels"] > 0).squeeze(1)
        scores = torch.sigmoid(found["keypoints_scores"][kept]).unsqueeze(2)
        points = torch.cat((found["keypoints"][kept][:, :, :2], scores), 2)
        return found["boxes"][kept], found["labels"][kept] - 1, found["scores"][kept], points


_SCRIPTED = {INSTANCES: ScriptedMaskDetector, KEYPOINTS: ScriptedKeypointDetector}


def thresholds_of(model: nn.Module, score: float) -> dict[str, float]:
    """Sets the least confidence of a detector, and returns what its graph applies then."""
    holder: Any = getattr(model, "roi_heads", model)
    holder.score_thresh = score
    return {"score": float(score), "iou": float(holder.nms_thresh), "mask": MASK_THRESHOLD}


def graph_of(checkpoint: Checkpoint, model: nn.Module, format: str, embed: bool) -> nn.Module:
    """The module to export, in evaluation mode on the CPU: a scripted one for a TorchScript detector."""
    signature = signature_of(checkpoint.task_type)
    model = model.to("cpu").eval()
    graph: nn.Module = model
    if signature.postprocessing == "argmax":
        graph = Segmenter(model)
    elif signature.one_at_a_time:
        if format == "torchscript":
            graph = _SCRIPTED.get(checkpoint.task_type, ScriptedDetector)(model)
        else:
            graph = TracedDetector(model, signature.outputs[3] if len(signature.outputs) > 3 else None)
    graph = Normalized(graph, checkpoint.preprocessing) if embed else graph
    graph = graph.eval()
    return torch.jit.script(graph) if signature.one_at_a_time and format == "torchscript" else graph
