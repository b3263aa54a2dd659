"""Everything a trainer needs to speak trainer protocol v2 (see ``trainers/protocol.md``).

A framework implements :class:`Framework`; ``trainer_sdk.cli.main`` turns it into a service.
Standard library only: the SDK adds no dependency to a framework's image.
"""

from .config import ConfigField
from .context import JobContext, JobResult
from .dataset import Dataset, ImageEntry
from .errors import AttemptGone, Cancelled, RequestProblem, TrainerError
from .framework import Framework, InvalidImage, Predictor
from .protocol import JobRequest

__all__ = [
    "AttemptGone",
    "Cancelled",
    "ConfigField",
    "Dataset",
    "Framework",
    "ImageEntry",
    "InvalidImage",
    "JobContext",
    "JobRequest",
    "JobResult",
    "Predictor",
    "RequestProblem",
    "TrainerError",
]
__version__ = "1.0.0"
