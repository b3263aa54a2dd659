"""The interface that a framework implements to become a trainer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import RequestProblem, TrainerError, classify
from .protocol import JobRequest

if TYPE_CHECKING:
    from .context import JobContext, JobResult


class InvalidImage(Exception):
    """Image ``index`` of a predict request cannot be decoded, or is too large to be (``IMAGE_TOO_LARGE``)."""

    def __init__(self, index: int, message: str, code: str = "INVALID_IMAGE") -> None:
        super().__init__(message)
        self.index = index
        self.message = message
        self.code = code


class Predictor(ABC):
    """A loaded model. Several threads may call ``predict``."""

    @abstractmethod
    def predict(self, images: Sequence[bytes], top_k: int) -> list[dict[str, Any]]:
        """One ``{index, class, confidence, top}`` for each encoded image; raises :class:`InvalidImage`."""


class Framework(ABC):
    """A framework. Its constructor takes no arguments and is cheap.

    The service process calls ``capabilities``, ``validate`` and ``load_predictor``. ``train``,
    ``evaluate`` and ``export`` run in a process of their own; an exception there ends the job.
    """

    #: ``framework`` in capabilities and health.
    name: str

    @abstractmethod
    def capabilities(self) -> dict[str, Any]:
        """``GET /v1/capabilities`` without ``protocol`` and ``slots``."""

    @abstractmethod
    def validate(self, request: JobRequest) -> None:
        """Raises :class:`RequestProblem` 422 for a model, config or export that this framework refuses."""

    @abstractmethod
    def train(self, context: JobContext) -> JobResult:
        """Trains; resumes when the request has a checkpoint."""

    def evaluate(self, context: JobContext) -> JobResult:
        """Measures a checkpoint on a split."""
        raise NotImplementedError(f"{self.name} does not evaluate")

    def predict(self, context: JobContext) -> JobResult:
        """Writes what a checkpoint says about every image to a file and uploads it."""
        raise NotImplementedError(f"{self.name} does not predict")

    def export(self, context: JobContext) -> JobResult:
        """Converts a checkpoint, compares the file with it and uploads the file."""
        raise NotImplementedError(f"{self.name} does not export")

    def load_predictor(self, path: Path, format: str, metadata: Mapping[str, Any]) -> Predictor:
        """Loads an exported model; raises :class:`RequestProblem` 422 when it cannot."""
        raise RequestProblem(422, "UNKNOWN_MODEL_FORMAT", f"{self.name} does not serve models.", field="model.format")

    def classify(self, error: BaseException) -> TrainerError:
        """The failure to report for an exception of this framework."""
        return classify(error)
