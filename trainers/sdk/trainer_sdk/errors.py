"""The failures that a trainer can report, and how an exception becomes one of them."""

from __future__ import annotations

import errno
from collections.abc import Mapping

from .error_codes import FAILURE_CODES, REPLY_CODES, Category


class TrainerError(Exception):
    """A job failure with a code of :data:`FAILURE_CODES`. Users see ``message``.

    ``category`` replaces the code's own one where this failure is another case than the code in general. ``measured``
    holds figures of the moment (``peakMemoryBytes``), ``try_config`` the settings that are likely to help.
    """

    def __init__(
        self, code: str, message: str, *, category: Category | None = None, detail: str | None = None,
        measured: Mapping[str, float] | None = None, try_config: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        if code not in FAILURE_CODES:
            raise ValueError(f"unknown failure code {code}")
        self.code = code
        self.message = message
        self.category: Category = category or FAILURE_CODES[code]
        self.detail = detail
        self.measured = measured
        self.try_config = try_config

    def to_event(self) -> dict[str, object]:
        """The ``failed`` event (without ``seq`` and ``time``)."""
        event: dict[str, object] = {
            "type": "failed",
            "code": self.code,
            "category": self.category,
            "message": self.message,
        }
        if self.detail:
            event["detail"] = self.detail
        if self.measured:
            event["measured"] = dict(self.measured)
        if self.try_config:
            event["tryConfig"] = dict(self.try_config)
        return event


class Cancelled(TrainerError):
    """The platform or the user asked this attempt to stop."""

    def __init__(self, message: str = "The job was cancelled.") -> None:
        super().__init__("CANCELLED", message)


class AttemptGone(Exception):
    """The platform answered 401, 403, 404 or 410: it does not want this attempt any more.

    The job stops at once and sends nothing further.
    """


class RequestProblem(Exception):
    """A request that the service refuses, with the HTTP status of the reply and a code of :data:`REPLY_CODES`.

    ``field`` names the wrong field of the request, ``index`` the wrong image. ``retry_after`` are seconds.
    """

    def __init__(
        self, status: int, code: str, message: str, *, field: str | None = None, index: int | None = None,
        retry_after: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(message)
        if code not in REPLY_CODES:
            raise ValueError(f"unknown reply code {code}")
        self.status = status
        self.code = code
        self.message = message
        self.field = field
        self.index = index
        self.retry_after = retry_after

    def to_json(self) -> dict[str, object]:
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.field is not None:
            body["field"] = self.field
        if self.index is not None:
            body["index"] = self.index
        return body


def invalid_config(field: str, message: str) -> RequestProblem:
    """422 ``INVALID_CONFIG`` for ``config.<field>``."""
    return RequestProblem(422, "INVALID_CONFIG", message, field=f"config.{field}")


def classify(error: BaseException) -> TrainerError:
    """The failure to report for an exception. Frameworks add their own exceptions in ``Framework.classify``."""
    if isinstance(error, TrainerError):
        return error
    if isinstance(error, MemoryError):
        return TrainerError(
            "OUT_OF_MEMORY", "The job ran out of memory. Use a smaller batchSize, imageSize or model."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TrainerError("STORAGE_ERROR", "The trainer's disk is full.", detail=_describe(error))
    if isinstance(error, (ConnectionError, TimeoutError)):
        return TrainerError("NETWORK_ERROR", "A connection failed.", detail=_describe(error))
    return TrainerError(
        "FRAMEWORK_ERROR", f"The framework failed: {_describe(error)}", detail=type(error).__name__
    )


def _describe(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:500]}" if text else type(error).__name__
