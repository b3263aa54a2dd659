"""Downloads by presigned GET, uploads by presigned PUT or multipart; both retry and check the bytes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .cache import ChecksumMismatch, ContentCache
from .errors import AttemptGone, TrainerError
from .protocol import Callback
from .wire import (
    CHUNK,
    RETRY_STATUS,
    FileSlice,
    HttpClient,
    Response,
    RetryPolicy,
    WireError,
    retry_after_seconds,
    safe_url,
)

GONE_STATUS = frozenset({401, 403, 404, 410})
CHECKSUM_TRIES = 3
URL_TRIES = 3
IMAGES_PER_REQUEST = 200
UPLOAD_THREADS = 4


class Transfer:
    """The data transfers of one attempt. ``check`` raises when the job must stop.

    Failures are :class:`TrainerError` ``NETWORK_ERROR``/``STORAGE_ERROR``; :class:`AttemptGone` when
    the platform refuses the attempt's token.
    """

    def __init__(
        self, callback: Callback, retry: RetryPolicy, platform_retry: RetryPolicy, check: Callable[[], None]
    ) -> None:
        self._callback = callback
        self._retry = retry
        self._platform_retry = platform_retry
        self._check = check
        self._http = HttpClient(retry.timeout)

    def fetch(self, url: str, what: str) -> bytes:
        """A small object into memory."""
        chunks: list[bytes] = []

        def send() -> Response:
            chunks.clear()
            return self._http.request("GET", url, sink=chunks.append)

        self._expect_found(self._retried(send, self._retry, f"download of {what}"), url, what)
        return b"".join(chunks)

    def fetch_into(
        self, cache: ContentCache, url: str, sha256: str, what: str, size: int | None = None
    ) -> tuple[Path, bool]:
        """The object as a file of the cache, and whether it had to be downloaded.

        Raises :class:`ChecksumMismatch` when the bytes are wrong three times in a row.
        """
        found = cache.find(sha256)
        if found is not None:
            return found, False
        for remaining in reversed(range(CHECKSUM_TRIES)):
            try:
                return self._download(cache, url, sha256, what, size), True
            except ChecksumMismatch:
                if not remaining:
                    raise
        raise AssertionError("unreachable")

    def image_urls(self, paths: Sequence[str]) -> dict[str, str]:
        """Presigned URLs for images of the request's dataset version, by path; at most :data:`IMAGES_PER_REQUEST`."""
        reply = self._platform("images", {"paths": list(paths)})
        try:
            urls = {str(image["path"]): str(image["url"]) for image in reply["images"]}
        except (KeyError, TypeError) as error:
            raise TrainerError("STORAGE_ERROR", "The platform's answer about image URLs is malformed.") from error
        if missing := [path for path in paths if path not in urls]:
            raise TrainerError("STORAGE_ERROR", f"The platform sent no URL for image {missing[0]}.")
        return urls

    def fetch_image(
        self, cache: ContentCache, path: str, url: str, sha256: str, size: int
    ) -> tuple[Path, bool]:
        """Like :meth:`fetch_into`, for an image of the dataset version; asks for a new URL when one has expired."""
        for remaining in reversed(range(URL_TRIES)):
            try:
                return self.fetch_into(cache, url, sha256, f"Image {path}", size)
            except _Expired:
                if not remaining:
                    raise
                url = self.image_urls([path])[path]
        raise AssertionError("unreachable")

    def upload(self, path: Path, name: str, kind: str, content_type: str) -> dict[str, Any]:
        """Stores a file and returns ``{name, key, size, sha256}``.

        Asks for a new URL when one has expired, up to three times.
        """
        size, sha256 = path.stat().st_size, sha256_of(path)
        wanted = {"name": name, "kind": kind, "size": size, "sha256": sha256, "contentType": content_type}
        for remaining in reversed(range(URL_TRIES)):
            slot = self._platform("uploads", wanted)
            try:
                self._send_file(path, size, slot)
                return {"name": name, "key": slot["key"], "size": size, "sha256": sha256}
            except _Expired as expired:
                if not remaining:
                    raise TrainerError(
                        "STORAGE_ERROR", f"The object store refused the upload of {name}.", detail=expired.detail
                    ) from expired
            except KeyError as missing:
                raise TrainerError("STORAGE_ERROR", f"The upload slot for {name} lacks {missing}.") from missing
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Closes the calling thread's connections."""
        self._http.close()

    def _download(self, cache: ContentCache, url: str, sha256: str, what: str, size: int | None) -> Path:
        def send() -> Response:
            reply = Response(0, {})

            def fill(write: Callable[[bytes], None]) -> None:
                nonlocal reply
                received = 0

                def bounded(chunk: bytes) -> None:
                    nonlocal received
                    received += len(chunk)
                    if size is not None and received > size:
                        raise ChecksumMismatch(f"{what} is larger than the announced {size} bytes")
                    write(chunk)

                reply = self._http.request("GET", url, sink=bounded)
                if not 200 <= reply.status < 300:
                    raise _NotStored

            try:
                cache.store(sha256, fill)
            except _NotStored:
                pass
            return reply

        self._expect_found(self._retried(send, self._retry, f"download of {what}"), url, what)
        return cache.path(sha256)

    def _expect_found(self, reply: Response, url: str, what: str) -> None:
        if 200 <= reply.status < 300:
            return
        detail = f"{safe_url(url)}: status {reply.status}"
        if reply.status in (404, 410):
            raise TrainerError(
                "STORAGE_ERROR", f"{what} is not in the object store.", category="permanent", detail=detail
            )
        # The store answers 403 to an expired signature.
        failure = _Expired if reply.status == 403 else TrainerError
        raise failure("STORAGE_ERROR", f"{what} could not be downloaded.", detail=detail)

    def _send_file(self, path: Path, size: int, slot: dict[str, Any]) -> None:
        if slot.get("method") == "put":
            self._put(slot["url"], FileSlice(path, 0, size), slot.get("headers") or {})
            return
        if slot.get("method") != "multipart":
            raise TrainerError("STORAGE_ERROR", "The platform offered an upload method this trainer does not know.")
        part_size = int(slot["partSize"])
        pieces = []
        for part in slot["parts"]:
            offset = (part["number"] - 1) * part_size
            pieces.append((part, FileSlice(path, offset, min(part_size, size - offset))))
        if sum(piece.length for _, piece in pieces) != size:
            raise TrainerError("STORAGE_ERROR", "The upload parts offered do not add up to the file.")

        def send_part(item: tuple[dict[str, Any], FileSlice]) -> dict[str, Any]:
            part, piece = item
            reply = self._put(part["url"], piece, {})
            etag = reply.headers.get("etag")
            if not etag:
                raise TrainerError("STORAGE_ERROR", "The object store sent no ETag for a part.", category="permanent")
            return {"number": part["number"], "etag": etag}

        with ThreadPoolExecutor(UPLOAD_THREADS, thread_name_prefix="upload") as pool:
            done = list(pool.map(send_part, pieces))
        self._platform("uploads/complete", {"key": slot["key"], "uploadId": slot["uploadId"], "parts": done})

    def _put(self, url: str, piece: FileSlice, headers: dict[str, str]) -> Response:
        reply = self._retried(
            lambda: self._http.request("PUT", url, body=piece, headers=headers), self._retry, "upload"
        )
        # A URL writes its object once. 412 answers a repetition: the answer to the try that stored it was lost.
        if reply.status != 412 and not 200 <= reply.status < 300:
            raise _Expired(
                "STORAGE_ERROR", "The object store refused an upload.", detail=f"{safe_url(url)}: status {reply.status}"
            )
        return reply

    def _platform(self, route: str, payload: dict[str, Any]) -> dict[str, Any]:
        url = f"{self._callback.url}/{route}"
        reply = self._retried(
            lambda: self._http.post_json(url, payload, token=self._callback.token, traceparent=self._callback.traceparent),
            self._platform_retry, route,
        )
        if reply.status in GONE_STATUS:
            raise AttemptGone(f"the platform answered {reply.status}")
        if not 200 <= reply.status < 300:
            raise TrainerError(
                "STORAGE_ERROR", f"The platform refused {route} with status {reply.status}.",
                category="permanent", detail=reply.body[:500].decode("utf-8", "replace"),
            )  # fmt: skip
        body = reply.json()
        if not isinstance(body, dict):
            raise TrainerError("STORAGE_ERROR", f"The platform's answer to {route} is not a JSON object.")
        return body

    def _retried(self, send: Callable[[], Response], policy: RetryPolicy, what: str) -> Response:
        give_up_at = time.monotonic() + policy.give_up
        tries = 0
        while True:
            self._check()
            tries += 1
            try:
                reply = send()
                if reply.status not in RETRY_STATUS:
                    return reply
                failure, wait = f"status {reply.status}", policy.delay(tries, retry_after_seconds(reply.headers))
            except WireError as error:
                failure, wait = str(error), policy.delay(tries)
            if time.monotonic() + wait >= give_up_at:
                raise TrainerError("NETWORK_ERROR", f"The {what} kept failing.", detail=failure)
            self._pause(wait)

    def _pause(self, seconds: float) -> None:
        """Waits, but notices within a quarter of a second that the job must stop."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._check()
            time.sleep(min(left, 0.25))


class _Expired(TrainerError):
    """The object store refused a presigned URL. The platform may be asked for another one."""


class _NotStored(Exception):
    """The reply has no content to keep, because it is not a success."""


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(4 * CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
