"""Out of memory: what was used, and what to try instead."""

from __future__ import annotations

import resource
from typing import Any

import torch

from trainer_sdk import TrainerError


def ran_out(error: BaseException) -> bool:
    """Whether an exception says that memory, of the machine or of a GPU, has run out."""
    text = str(error)
    return isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and ("out of memory" in text or "can't allocate memory" in text)
    )


def peak() -> int:
    """The most bytes that this job has used: of the GPU when it has one, else of the machine."""
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated():
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def failure(config: dict[str, Any], field: str) -> TrainerError:
    """``OUT_OF_MEMORY`` with the measured peak and the batch size to try: half of the present one."""
    most, size = peak(), config[field]
    used = f"It had used {most / 2**30:.2f} GB at the most, with {field} {size} and imageSize {config['imageSize']}."
    advice = (
        f"Try {field} {size // 2}." if size > 1 else "Try a smaller imageSize or a smaller model."
    )
    return TrainerError(
        "OUT_OF_MEMORY", f"The job ran out of memory. {used} {advice}",
        measured={"peakMemoryBytes": most, field: size, "imageSize": config["imageSize"]},
        try_config={field: size // 2} if size > 1 else None,
    )  # fmt: skip
