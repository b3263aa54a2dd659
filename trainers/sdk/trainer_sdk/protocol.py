"""The requests of the trainer protocol as typed records, with checks that refuse malformed ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from .annotations import CLASSIFICATION, KEYPOINTS, KeypointList
from .errors import RequestProblem

PROTOCOL_VERSION = "2"
Kind = Literal["train", "evaluate", "predict", "export"]
KINDS = ("train", "evaluate", "predict", "export")
TERMINAL_EVENTS = frozenset({"completed", "failed"})
MAX_PREDICT_IMAGES = 64

_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True)
class Callback:
    """Where this attempt sends its events and upload requests, and the bearer token for that.

    ``traceparent`` is the trace context of the job (https://www.w3.org/TR/trace-context/), a header of each request.
    """

    url: str
    token: str
    heartbeat_seconds: float
    traceparent: str | None = None


@dataclass(frozen=True)
class DatasetRef:
    """A dataset version: its gzip JSON Lines manifest, the SHA-256 of the lines without ``key``, and the class names
    in index order. An image has at most ``max_image_pixels`` (width × height). ``keypoints`` is there for keypoint
    detection. Lines of a classification have a class, those of the other tasks have annotations."""

    manifest_url: str
    manifest_sha256: str
    classes: tuple[str, ...]
    max_image_pixels: int
    task_type: str = CLASSIFICATION
    keypoints: KeypointList | None = None


@dataclass(frozen=True)
class CheckpointRef:
    """A stored checkpoint. ``epoch`` is the last epoch that it contains."""

    url: str
    sha256: str
    epoch: int


@dataclass(frozen=True)
class WeightsRef:
    """Stored pretrained weights of the model."""

    url: str
    sha256: str


@dataclass(frozen=True)
class ExportSpec:
    """The wanted export; ``tolerance`` bounds the absolute difference of any logit."""

    format: str
    options: Mapping[str, Any]
    tolerance: float


@dataclass(frozen=True)
class JobRequest:
    """Body of ``POST /v1/jobs``. ``raw`` is the body as received; ``config`` has only entered values, no defaults."""

    job_id: str
    attempt: int
    kind: Kind
    callback: Callback
    task_type: str
    model: str
    dataset: DatasetRef | None
    config: Mapping[str, Any]
    checkpoint: CheckpointRef | None
    export: ExportSpec | None
    raw: Mapping[str, Any]
    weights: WeightsRef | None = None

    @staticmethod
    def parse(body: object) -> JobRequest:
        """Raises :class:`RequestProblem` 422 with the wrong field, or 503 for another version of the protocol."""
        data = _mapping(body, "")
        if data.get("protocol") != PROTOCOL_VERSION:
            # 503, because the platform asks again: one of the two has not been upgraded yet.
            raise RequestProblem(
                503, "INVALID_REQUEST", f"This trainer speaks version {PROTOCOL_VERSION} of the protocol.", field="protocol"
            )
        job_id = _text(data, "jobId", "")
        if not _JOB_ID.fullmatch(job_id):
            raise _bad("jobId", "must be 1 to 128 letters, digits, '.', '_' or '-'")
        kind = _text(data, "kind", "")
        if kind not in KINDS:
            raise _bad("kind", f"must be one of {', '.join(KINDS)}")
        request = JobRequest(
            job_id=job_id,
            attempt=_integer(data, "attempt", "", 1),
            kind=kind,  # type: ignore[arg-type]
            callback=_callback(data),
            task_type=_text(data, "taskType", ""),
            model=_text(data, "model", ""),
            dataset=_dataset(data),
            config=_mapping({} if data.get("config") is None else data["config"], "config"),
            checkpoint=_checkpoint(data),
            export=_export(data),
            raw=data,
            weights=_weights(data),
        )
        _require_parts(request)
        return request


@dataclass(frozen=True)
class PredictRequest:
    """Body of ``POST /v1/predict``; an empty ``images`` only loads the model."""

    model_id: str
    format: str
    url: str
    sha256: str
    metadata: Mapping[str, Any]
    images: tuple[str, ...]
    top_k: int

    @staticmethod
    def parse(body: object) -> PredictRequest:
        """Raises :class:`RequestProblem` 422 with the wrong field."""
        data = _mapping(body, "")
        model = _mapping(data.get("model"), "model")
        images = data.get("images")
        if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
            raise _bad("images", "must be a list of base64 strings")
        if len(images) > MAX_PREDICT_IMAGES:
            raise _bad("images", f"must have at most {MAX_PREDICT_IMAGES} images")
        return PredictRequest(
            model_id=_text(model, "id", "model."),
            format=_text(model, "format", "model."),
            url=_url(model, "url", "model."),
            sha256=_sha256(model, "sha256", "model."),
            metadata=_mapping(model.get("metadata"), "model.metadata"),
            images=tuple(images),
            top_k=_integer({"topK": 5, **data}, "topK", "", 1),
        )


def is_sha256(value: object) -> bool:
    """True for 64 hexadecimal digits."""
    return isinstance(value, str) and _SHA256.fullmatch(value) is not None


def _require_parts(request: JobRequest) -> None:
    if request.dataset is None:
        raise _bad("dataset", f"is required for {request.kind}")
    if request.kind != "train" and request.checkpoint is None:
        raise _bad("checkpoint", f"is required for {request.kind}")
    if request.kind == "export" and request.export is None:
        raise _bad("export", "is required for export")


def _callback(data: Mapping[str, Any]) -> Callback:
    value = _mapping(data.get("callback"), "callback")
    return Callback(
        url=_url(value, "url", "callback.").rstrip("/"),
        token=_text(value, "token", "callback."),
        heartbeat_seconds=_number({"heartbeatSeconds": 5, **value}, "heartbeatSeconds", "callback.", 0.05),
        traceparent=_trace(value.get("traceparent")),
    )


def _trace(value: object) -> str | None:
    """A trace context; one that is not valid is ignored, because no job depends on it."""
    return value if isinstance(value, str) and _TRACEPARENT.fullmatch(value) else None


def _dataset(data: Mapping[str, Any]) -> DatasetRef | None:
    if data.get("dataset") is None:
        return None
    value = _mapping(data["dataset"], "dataset")
    task_type = _text(data, "taskType", "")
    classes = value.get("classes")
    if not isinstance(classes, list) or not all(isinstance(name, str) and name for name in classes):
        raise _bad("dataset.classes", "must be a list of class names")
    if len(set(classes)) != len(classes):
        raise _bad("dataset.classes", "must not repeat a name")
    return DatasetRef(
        manifest_url=_url(value, "manifestUrl", "dataset."),
        manifest_sha256=_sha256(value, "manifestSha256", "dataset."),
        classes=tuple(classes),
        max_image_pixels=_integer(value, "maxImagePixels", "dataset.", 1),
        task_type=task_type,
        keypoints=_keypoints(value, task_type),
    )


def _keypoints(value: Mapping[str, Any], task_type: str) -> KeypointList | None:
    if value.get("keypoints") is None:
        if task_type == KEYPOINTS:
            raise _bad("dataset.keypoints", f"is required for {task_type}")
        return None
    try:
        return KeypointList.parse(value["keypoints"])
    except ValueError as error:
        raise _bad("dataset.keypoints", f"cannot be read: {error}") from error


def _checkpoint(data: Mapping[str, Any]) -> CheckpointRef | None:
    if data.get("checkpoint") is None:
        return None
    value = _mapping(data["checkpoint"], "checkpoint")
    return CheckpointRef(
        url=_url(value, "url", "checkpoint."),
        sha256=_sha256(value, "sha256", "checkpoint."),
        epoch=_integer({"epoch": 0, **value}, "epoch", "checkpoint.", 0),
    )


def _weights(data: Mapping[str, Any]) -> WeightsRef | None:
    if data.get("weights") is None:
        return None
    value = _mapping(data["weights"], "weights")
    return WeightsRef(url=_url(value, "url", "weights."), sha256=_sha256(value, "sha256", "weights."))


def _export(data: Mapping[str, Any]) -> ExportSpec | None:
    if data.get("export") is None:
        return None
    value = _mapping(data["export"], "export")
    validation = _mapping(value.get("validation") or {}, "export.validation")
    return ExportSpec(
        format=_text(value, "format", "export."),
        options=_mapping(value.get("options") or {}, "export.options"),
        tolerance=_number({"tolerance": 1e-3, **validation}, "tolerance", "export.validation.", 0.0),
    )


def _bad(field: str, message: str) -> RequestProblem:
    return RequestProblem(422, "INVALID_REQUEST", f"{field or 'body'} {message}.", field=field or None)


def _mapping(value: object, field: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _bad(field, "must be an object")
    return value


def _text(data: Mapping[str, Any], name: str, prefix: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise _bad(prefix + name, "must be a non-empty string")
    return value


def _number(data: Mapping[str, Any], name: str, prefix: str, minimum: float) -> float:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not minimum <= value < 1e9:
        raise _bad(prefix + name, f"must be a number of at least {minimum:g}")
    return float(value)


def _integer(data: Mapping[str, Any], name: str, prefix: str, minimum: int) -> int:
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise _bad(prefix + name, f"must be an integer of at least {minimum}")
    return value


def _url(data: Mapping[str, Any], name: str, prefix: str) -> str:
    value = _text(data, name, prefix)
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or any(character <= " " for character in value):
        raise _bad(prefix + name, "must be an http or https URL")
    return value


def _sha256(data: Mapping[str, Any], name: str, prefix: str) -> str:
    value = data.get(name)
    if not is_sha256(value):
        raise _bad(prefix + name, "must be a SHA-256 in hexadecimal")
    return str(value).lower()
