"""The HTTP service of a trainer: JSON in and out; every failure is a code with a message."""

from __future__ import annotations

import hmac
import json
import logging
import re
import socket
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .errors import RequestProblem
from .framework import Framework
from .jobs import JobRunner
from .predictors import PredictorCache
from .protocol import PROTOCOL_VERSION, JobRequest, PredictRequest
from .settings import Settings

MAX_JOB_BODY = 4 * 2**20
MAX_PREDICT_BODY = 128 * 2**20
_log = logging.getLogger("trainer_sdk.service")
_JOB = re.compile(r"/v1/jobs/([^/]+)")
_CANCEL = re.compile(r"/v1/jobs/([^/]+)/cancel")


class TrainerService:
    """Serves the routes of the protocol for a framework. ``port`` 0 takes any free port."""

    def __init__(self, framework: Framework, reference: str, settings: Settings, host: str, port: int) -> None:
        self.framework = framework
        self.settings = settings
        self.jobs = JobRunner(reference, settings)
        self.predictors = PredictorCache(framework, settings)
        self._server = _Server((host, port), _Handler)
        self._server.service = self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port on which it listens."""
        return self._server.server_address[0], self._server.server_address[1]  # type: ignore[return-value]

    def serve(self) -> None:
        """Serves until :meth:`shutdown`."""
        self.jobs.warm_up()
        self._server.serve_forever(poll_interval=0.1)

    def shutdown(self) -> None:
        """Stops listening and ends every job. Call it from another thread than :meth:`serve`."""
        self._server.shutdown()
        self.jobs.stop()
        self._server.server_close()

    def health(self) -> dict[str, Any]:
        """Body of ``GET /health``."""
        return {
            "status": "ok", "framework": self.framework.name,
            "slots": self.settings.slots, "busy": self.jobs.busy,
        }  # fmt: skip

    def capabilities(self) -> dict[str, Any]:
        """Body of ``GET /v1/capabilities``."""
        return {"protocol": PROTOCOL_VERSION, **self.framework.capabilities(), "slots": self.settings.slots}

    def submit(self, body: object) -> dict[str, Any]:
        """Body of the 202 to ``POST /v1/jobs``."""
        request = JobRequest.parse(body)
        if not self.jobs.known(request.job_id, request.attempt):
            self.framework.validate(request)
        return self.jobs.submit(request)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    service: TrainerService

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        # Networks of some clouds speak IPv6 only. On "::" the socket takes IPv4 as well.
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def server_bind(self) -> None:
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "trainer"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = 75

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _get(self, path: str, query: dict[str, list[str]]) -> tuple[int, object]:
        service = self.server.service
        self._discard_body()
        if path == "/health":
            return 200, service.health()
        self._authorize()
        if path == "/v1/capabilities":
            return 200, service.capabilities()
        if match := _JOB.fullmatch(path):
            return 200, service.jobs.find(match[1], _attempt(query)).snapshot()
        raise _no_route(path)

    def _post(self, path: str, query: dict[str, list[str]]) -> tuple[int, object]:
        service = self.server.service
        self._authorize()
        if path == "/v1/jobs":
            return 202, service.submit(self._body(MAX_JOB_BODY))
        if path == "/v1/predict":
            try:
                with service.predictors.turn():
                    return 200, service.predictors.predict(PredictRequest.parse(self._body(MAX_PREDICT_BODY)))
            except RequestProblem as problem:
                if problem.status == 503:
                    self._drain(MAX_PREDICT_BODY)
                raise
        self._discard_body()
        if match := _CANCEL.fullmatch(path):
            job = service.jobs.find(match[1], _attempt(query))
            service.jobs.cancel(job)
            return 202, job.snapshot()
        raise _no_route(path)

    def _answer(self, route: Callable[[str, dict[str, list[str]]], tuple[int, object]]) -> None:
        parts = urlsplit(self.path)
        self._body_read = False
        retry_after: int | None = None
        try:
            status, body = route(parts.path.rstrip("/") or "/", parse_qs(parts.query))
        except RequestProblem as problem:
            status, body, retry_after = problem.status, problem.to_json(), problem.retry_after
        except (ConnectionError, TimeoutError):
            self.close_connection = True
            return
        except Exception:
            _log.exception("%s %s failed", self.command, parts.path)
            status, body = 500, {"code": "INTERNAL_ERROR", "message": "The trainer failed; see its log."}
        if not self._body_read:
            # The rest of the request would be read as the next request.
            self.close_connection = True
        self._send(status, body, retry_after)

    def _send(self, status: int, body: object, retry_after: int | None = None) -> None:
        data = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Cache-Control", "no-store")
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        if status == 401:
            self.send_header("WWW-Authenticate", "Bearer")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _authorize(self) -> None:
        key = self.server.service.settings.api_key
        if key is None:
            return
        sent = self.headers.get("Authorization", "")
        if not hmac.compare_digest(sent.encode("utf-8", "surrogateescape"), f"Bearer {key}".encode()):
            raise RequestProblem(401, "UNAUTHORIZED", "A valid API key is needed.")

    def _length(self) -> int:
        if self.headers.get("Transfer-Encoding"):
            raise RequestProblem(411, "LENGTH_REQUIRED", "Send a Content-Length.")
        text = self.headers.get("Content-Length", "0")
        if not text.isdigit():
            raise RequestProblem(400, "INVALID_REQUEST", "Content-Length is not a number.")
        return int(text)

    def _body(self, limit: int) -> object:
        length = self._length()
        if length > limit:
            raise RequestProblem(413, "BODY_TOO_LARGE", f"The body may have at most {limit} bytes.")
        data = self.rfile.read(length)
        self._body_read = True
        if len(data) != length:
            raise RequestProblem(400, "INVALID_REQUEST", "The body ended early.")
        try:
            return json.loads(data, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise RequestProblem(400, "MALFORMED_JSON", "The body is not JSON.") from error

    def _discard_body(self) -> None:
        length = self._length()
        if length <= MAX_JOB_BODY:
            self.rfile.read(length)
            self._body_read = True

    def _drain(self, limit: int) -> None:
        """Reads the body away, so that a client that is still sending it gets the answer."""
        left = 0 if self._body_read else self._length()
        if left > limit:
            return
        while left > 0 and (chunk := self.rfile.read(min(left, 2**16))):
            left -= len(chunk)
        self._body_read = left <= 0

    def log_message(self, format: str, *args: object) -> None:
        _log.debug("%s %s", self.address_string(), format % args)


def _no_constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _no_route(path: str) -> RequestProblem:
    return RequestProblem(404, "NOT_FOUND", f"There is no route {path} for this method.")


def _attempt(query: dict[str, list[str]]) -> int | None:
    values = query.get("attempt")
    if not values:
        return None
    if not values[0].isdigit():
        raise RequestProblem(422, "INVALID_REQUEST", "attempt must be a number.", field="attempt")
    return int(values[0])
