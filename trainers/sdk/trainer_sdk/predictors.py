"""Served models in memory. Each is loaded once; the least recently used one leaves first."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .cache import ChecksumMismatch, ContentCache
from .error_codes import REPLY_CODES
from .errors import RequestProblem, TrainerError
from .framework import Framework, InvalidImage, Predictor
from .protocol import Callback, PredictRequest
from .settings import Settings
from .transfer import Transfer
from .wire import RetryPolicy


#: How long a request waits for its turn before it is told to come again.
TURN_SECONDS = 5.0


class _Entry:
    def __init__(self) -> None:
        self.loading = threading.Lock()
        self.predictor: Predictor | None = None


class PredictorCache:
    """Answers ``POST /v1/predict``. A model is loaded once, even when many requests wait for it."""

    def __init__(self, framework: Framework, settings: Settings) -> None:
        self._framework = framework
        self._limit = settings.predictor_models
        self._files = ContentCache(settings.cache_dir, settings.cache_max_bytes)
        self._retry = RetryPolicy(base=settings.storage_retry.base, cap=2.0, give_up=20.0, timeout=30.0)
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(settings.predict_requests)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Holds one of the turns that bound how many requests are in memory; raises 503 ``TRAINER_BUSY`` when none
        becomes free soon."""
        if not self._turns.acquire(timeout=TURN_SECONDS):
            raise RequestProblem(503, "TRAINER_BUSY", "Too many predictions are waiting; try again.", retry_after=1)
        try:
            yield
        finally:
            self._turns.release()

    def predict(self, request: PredictRequest) -> dict[str, Any]:
        """The reply body; raises :class:`RequestProblem`."""
        images = [_decode(text, index) for index, text in enumerate(request.images)]
        predictor = self._predictor(request)
        started = time.perf_counter()
        try:
            predictions = predictor.predict(images, request.top_k) if images else []
        except InvalidImage as error:
            raise RequestProblem(422, error.code, error.message, index=error.index) from error
        return {
            "predictions": predictions,
            "inferenceMs": round((time.perf_counter() - started) * 1000, 3) if images else 0.0,
        }

    def _predictor(self, request: PredictRequest) -> Predictor:
        shape = json.dumps([request.format, request.metadata], sort_keys=True).encode()
        key = request.sha256 + hashlib.sha256(shape).hexdigest()
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            while len(self._entries) > self._limit:
                self._entries.popitem(last=False)
        with entry.loading:
            if entry.predictor is None:
                try:
                    entry.predictor = self._load(request)
                except BaseException:
                    with self._lock:
                        self._entries.pop(key, None)
                    raise
            return entry.predictor

    def _load(self, request: PredictRequest) -> Predictor:
        unused = Callback(request.url, "", 5.0)
        transfer = Transfer(unused, self._retry, self._retry, lambda: None)
        try:
            with self._files.lease([request.sha256]):
                path, fresh = transfer.fetch_into(self._files, request.url, request.sha256, "The model")
                predictor = self._framework.load_predictor(path, request.format, request.metadata)
                if fresh:
                    self._files.evict()
                return predictor
        except ChecksumMismatch as error:
            raise RequestProblem(
                422, "MODEL_INVALID", "The model file is not the announced one.", field="model.sha256"
            ) from error
        except TrainerError as error:
            status = 502 if error.category == "transient" else 422
            code = error.code if error.code in REPLY_CODES else "MODEL_INVALID"
            raise RequestProblem(status, code, error.message, field="model.url") from error
        finally:
            transfer.close()


def _decode(text: str, index: int) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise RequestProblem(422, "INVALID_IMAGE", "The image is not base64.", index=index) from error
