"""HTTP client of the SDK: keep-alive connections, streamed bodies, waits between retries."""

from __future__ import annotations

import email.utils
import http.client
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 509})
CHUNK = 256 * 1024


class WireError(ConnectionError):
    """The request got no complete reply (connect, timeout, reset, malformed reply)."""


@dataclass(frozen=True)
class FileSlice:
    """A request body from a file: ``length`` bytes from ``offset`` on."""

    path: Path
    offset: int
    length: int


@dataclass(frozen=True)
class Response:
    """Status, headers (lower-case names) and body. The body is empty when a sink received it."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """The body as JSON; raises :class:`WireError` when it is not JSON (a proxy's page, a cut reply)."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise WireError(f"reply with status {self.status} is not JSON") from error


@dataclass(frozen=True)
class RetryPolicy:
    """Waits ``base * 2**n`` up to ``cap`` seconds, with jitter, until ``give_up`` seconds have passed."""

    base: float = 0.5
    cap: float = 30.0
    give_up: float = 900.0
    timeout: float = 60.0

    def delay(self, tries: int, retry_after: float | None = None) -> float:
        """Seconds before try number ``tries + 1``, at least the server's ``Retry-After`` (up to 300)."""
        backoff = min(self.cap, self.base * 2 ** min(tries - 1, 20)) * random.uniform(0.5, 1.0)
        return max(backoff, min(retry_after or 0.0, 300.0))


def safe_url(url: str) -> str:
    """The URL without its query, for logs and messages: a presigned URL has its signature there."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{':' + str(parts.port) if parts.port else ''}{parts.path}"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """``Retry-After`` in seconds, from either of its formats; None when absent or unreadable."""
    value = headers.get("retry-after")
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


@dataclass
class HttpClient:
    """Keeps one connection for each thread and origin. Threads may share the client."""

    timeout: float = 60.0
    _local: threading.local = field(default_factory=threading.local)

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | FileSlice | None = None,
        headers: Mapping[str, str] | None = None,
        sink: Callable[[bytes], None] | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Sends one request. Redirects are not followed.

        ``sink`` receives the body of a 2xx reply in chunks. When the server has closed a kept connection, the
        request is sent again on a new one. Raises :class:`WireError`.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an http(s) URL: {safe_url(url)}")
        origin = (parts.scheme, parts.hostname, parts.port)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        kept = self._connections().get(origin)
        if kept is not None:
            try:
                return self._exchange(kept, origin, method, target, body, headers, sink, timeout)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self._drop(origin)
            except (OSError, http.client.HTTPException) as error:
                self._drop(origin)
                raise WireError(f"{method} {safe_url(url)}: {type(error).__name__}") from error
        try:
            return self._exchange(
                self._connect(origin), origin, method, target, body, headers, sink, timeout
            )
        except (OSError, http.client.HTTPException) as error:
            self._drop(origin)
            raise WireError(f"{method} {safe_url(url)}: {type(error).__name__}: {error}") from error
        except BaseException:
            self._drop(origin)
            raise

    def post_json(
        self,
        url: str,
        payload: object,
        *,
        token: str | None = None,
        traceparent: str | None = None,
        timeout: float | None = None,
    ) -> Response:
        """POSTs compact JSON, with a bearer token and a trace context when given."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if traceparent:
            headers["traceparent"] = traceparent
        body = json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()
        return self.request("POST", url, body=body, headers=headers, timeout=timeout)

    def close(self) -> None:
        """Closes the calling thread's connections."""
        for origin in list(self._connections()):
            self._drop(origin)

    def _connections(self) -> dict[tuple[str, str, int | None], http.client.HTTPConnection]:
        if not hasattr(self._local, "connections"):
            self._local.connections = {}
        return self._local.connections

    def _connect(self, origin: tuple[str, str, int | None]) -> http.client.HTTPConnection:
        scheme, host, port = origin
        connection: http.client.HTTPConnection
        if scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=self.timeout, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self.timeout)
        self._connections()[origin] = connection
        return connection

    def _drop(self, origin: tuple[str, str, int | None]) -> None:
        connection = self._connections().pop(origin, None)
        if connection is not None:
            connection.close()

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        origin: tuple[str, str, int | None],
        method: str,
        target: str,
        body: bytes | FileSlice | None,
        headers: Mapping[str, str] | None,
        sink: Callable[[bytes], None] | None,
        timeout: float | None,
    ) -> Response:
        connection.timeout = timeout or self.timeout
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        connection.putrequest(method, target)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        length = body.length if isinstance(body, FileSlice) else len(body or b"")
        if body is not None or method in ("POST", "PUT"):
            connection.putheader("Content-Length", str(length))
        connection.endheaders(body if isinstance(body, bytes) else None)
        if isinstance(body, FileSlice):
            _send_slice(connection, body)
        reply = connection.getresponse()
        received = {name.lower(): value for name, value in reply.getheaders()}
        content = b""
        try:
            if sink is not None and 200 <= reply.status < 300:
                _pour(reply, sink)
            else:
                content = reply.read()
        except (OSError, http.client.HTTPException) as error:
            # The caller must not retry as for a closed kept connection: part of the reply has been used.
            raise WireError(f"the reply to {method} broke off: {type(error).__name__}") from error
        if reply.will_close:
            self._drop(origin)
        return Response(reply.status, received, content)


def _pour(reply: http.client.HTTPResponse, sink: Callable[[bytes], None]) -> None:
    """Passes the body on and checks its length, because chunked reads do not notice an early end."""
    announced = reply.getheader("Content-Length")
    received = 0
    while chunk := reply.read(CHUNK):
        received += len(chunk)
        sink(chunk)
    if announced is not None and received != int(announced):
        raise WireError(f"{received} of {announced} bytes received")


def _send_slice(connection: http.client.HTTPConnection, piece: FileSlice) -> None:
    with piece.path.open("rb") as stream:
        stream.seek(piece.offset)
        left = piece.length
        while left > 0:
            chunk = stream.read(min(CHUNK, left))
            if not chunk:
                raise ValueError(f"{piece.path.name} became shorter while it was sent")
            connection.send(chunk)
            left -= len(chunk)
