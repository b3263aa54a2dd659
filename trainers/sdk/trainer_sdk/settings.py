"""Settings of a trainer service, from the environment."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .wire import RetryPolicy


@dataclass(frozen=True)
class Settings:
    """``cache_max_bytes`` is the size of the cache between jobs; ``threads`` are for one job."""

    slots: int
    cache_dir: Path
    cache_max_bytes: int
    api_key: str | None
    threads: int
    predictor_models: int
    predict_requests: int
    predict_max_pixels: int
    callback_retry: RetryPolicy
    storage_retry: RetryPolicy
    cancel_grace_seconds: float = 15.0

    @staticmethod
    def from_environment() -> Settings:
        """Raises ValueError with the name of the wrong variable."""
        give_up = _number("TRAINER_CALLBACK_RETRY_SECONDS", 900.0, 1.0)
        cache = os.environ.get("TRAINER_CACHE_DIR") or str(
            Path(tempfile.gettempdir()) / f"trainer-cache-{os.getuid()}"
        )
        return Settings(
            slots=int(_number("TRAINER_SLOTS", 2, 1)),
            cache_dir=Path(cache).absolute(),
            cache_max_bytes=int(_number("TRAINER_CACHE_MAX_GB", 20.0, 0.0) * 2**30),
            api_key=os.environ.get("TRAINER_API_KEY") or None,
            threads=int(_number("TRAINER_THREADS", len(os.sched_getaffinity(0)), 1)),
            predictor_models=int(_number("TRAINER_PREDICTOR_MODELS", 8, 1)),
            predict_requests=int(_number("TRAINER_PREDICT_REQUESTS", 4, 1)),
            predict_max_pixels=int(_number("TRAINER_PREDICT_MAX_MEGAPIXELS", 50.0, 0.001) * 1e6),
            callback_retry=RetryPolicy(
                base=_number("TRAINER_RETRY_BASE_SECONDS", 0.5, 0.0), give_up=give_up
            ),
            storage_retry=RetryPolicy(
                base=_number("TRAINER_RETRY_BASE_SECONDS", 0.5, 0.0), cap=15.0, give_up=min(give_up, 180.0)
            ),
        )


def _number(name: str, default: float, minimum: float) -> float:
    text = os.environ.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} must be a number, not '{text}'") from None
    if not minimum <= value < 1e9:
        raise ValueError(f"{name} must be at least {minimum:g}")
    return value
