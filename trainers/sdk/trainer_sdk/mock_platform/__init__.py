"""A platform on localhost for those who write a trainer: takes events and uploads, serves objects by URL, and misbehaves on
request. It checks nothing and keeps everything in memory. ``python3 -m trainer_sdk.mock_platform TRAINER_URL`` runs a job
on a trainer and shows what it reports."""

from __future__ import annotations

import gzip
import hashlib
import json
import socket
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

MULTIPART_ABOVE = 64 * 2**20


class Attempt:
    """One attempt and everything that the platform received about it."""

    def __init__(self) -> None:
        self.id = uuid.uuid4().hex
        self.token = uuid.uuid4().hex
        self.events: list[dict[str, Any]] = []
        self.batches: list[list[dict[str, Any]]] = []
        self.batch_times: list[float] = []
        self.uploads: list[dict[str, Any]] = []
        self.asked: list[list[str]] = []  # paths of the images whose URLs were asked for, by request
        self.cancel = False
        #: Says of an event what is wrong with it, for a batch of which the others are taken.
        self.fault_of: Callable[[dict[str, Any]], str | None] = lambda event: None
        self.refused: list[dict[str, Any]] = []
        self.traces: set[str | None] = set()  # the traceparent headers of its requests

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in list(self.events) if event["type"] == kind]


class Platform:
    """Listens on ``host`` and any free port. ``url`` is what trainers call.

    ``faults`` maps a route ('events', 'uploads', 'images', 'request', 'GET', 'PUT') to a function that may answer instead. It gets the
    number of the call and returns a status, 'drop' to cut the connection, 'drop-after' to handle the call and then
    cut it, 'cut' to send half of the object, or None."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, public_url: str | None = None) -> None:
        self.attempts: dict[str, Attempt] = {}
        self.objects: dict[str, bytes] = {}
        self.images: dict[str, str] = {}  # keys by path
        self.gets: dict[str, int] = defaultdict(int)
        self.parts: dict[str, dict[int, bytes]] = defaultdict(dict)
        self.faults: dict[str, Callable[[int], Any]] = {}
        self.tickets: dict[str, tuple[str, dict[str, Any]]] = {}  # by attempt: name of its execution and its request
        self.answers: dict[str, Any] = {}  # by route, instead of the right answer
        self.calls: dict[str, int] = defaultdict(int)
        self.connections = 0
        self.lost_puts = 0  # stores of which the answer is lost
        self.retry_after: str | None = None
        self.multipart_above = MULTIPART_ABOVE
        self.max_pixels = 100_000_000
        self.part_size = 5 * 2**20
        self.changed = threading.Condition()
        self.server = _Server((host, port), _Handler)
        self.server.platform = self
        self.url = public_url or f"http://{host}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def attempt(self) -> Attempt:
        attempt = Attempt()
        self.attempts[attempt.id] = attempt
        return attempt

    def put(self, data: bytes, key: str | None = None) -> dict[str, Any]:
        """Stores an object; returns ``{url, sha256, size}`` with a URL that looks presigned."""
        key = key or uuid.uuid4().hex
        self.objects[key] = data
        return {"url": self.url_of(key), "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}

    def url_of(self, key: str) -> str:
        return f"{self.url}/bucket/{key}?X-Amz-Signature=secret-signature"

    def dataset(self, images: Iterable[tuple[str, bytes, str, str]], classes: list[str]) -> dict[str, Any]:
        """``(path, bytes, class, split)`` rows as the ``dataset`` of a job."""
        lines = []
        for path, data, name, split in images:
            key = uuid.uuid4().hex
            stored = self.put(data, key)
            self.images[path] = key
            lines.append({
                "path": path, "size": stored["size"], "sha256": stored["sha256"], "width": 32, "height": 32,
                "class": name, "split": split, "key": key,
            })  # fmt: skip
        return self.manifest(lines, classes)

    def annotated(
        self, images: Iterable[tuple[str, bytes, list[dict[str, Any]], str]], classes: list[str], size: tuple[int, int],
        keypoints: dict[str, Any] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """``(path, bytes, annotations, split)`` rows, all of one size, as the ``dataset`` of a job."""
        lines = []
        for path, data, annotations, split in images:
            key = uuid.uuid4().hex
            stored = self.put(data, key)
            self.images[path] = key
            lines.append({
                "path": path, "size": stored["size"], "sha256": stored["sha256"], "width": size[0], "height": size[1],
                "annotations": annotations, "split": split, "key": key,
            })  # fmt: skip
        dataset = self.manifest(lines, classes)
        return dataset if keypoints is None else {**dataset, "keypoints": keypoints}

    def manifest(self, lines: list[dict[str, Any]], classes: list[str]) -> dict[str, Any]:
        stored = self.put(gzip.compress(_json_lines(lines), mtime=0))
        without_keys = [{name: value for name, value in line.items() if name != "key"} for line in lines]
        sha256 = hashlib.sha256(_json_lines(without_keys)).hexdigest()
        return {
            "manifestUrl": stored["url"], "manifestSha256": sha256, "classes": classes, "maxImagePixels": self.max_pixels,
        }  # fmt: skip

    def no_dataset(self) -> dict[str, Any]:
        """A reference to a missing dataset, for jobs that never read it."""
        return {
            "manifestUrl": self.url_of("none"), "manifestSha256": "0" * 64, "classes": ["a", "b"], "maxImagePixels": self.max_pixels,
        }  # fmt: skip

    def job(self, attempt: Attempt, kind: str = "train", **fields: Any) -> dict[str, Any]:
        return {
            "protocol": "2", "jobId": str(uuid.uuid4()), "attempt": 1, "kind": kind,
            "callback": {
                "url": f"{self.url}/api/v1/trainer/attempts/{attempt.id}",
                "token": attempt.token, "heartbeatSeconds": 5,
            },
            "taskType": "image_classification", "model": "small_cnn", "dataset": self.no_dataset(), "config": {},
            "checkpoint": None, "export": None, **fields,
        }  # fmt: skip

    def wait(self, condition: Callable[[], Any], timeout: float = 40.0) -> Any:
        """Waits until ``condition()`` is true and returns its value; checks it whenever something arrives."""
        deadline = time.monotonic() + timeout
        with self.changed:
            while not (value := condition()):
                left = deadline - time.monotonic()
                assert left > 0, "the condition did not come true in time"
                self.changed.wait(min(left, 0.05))
            return value

    def wait_for(self, attempt: Attempt, *kinds: str, timeout: float = 40.0) -> dict[str, Any]:
        """The first event of one of these types."""
        return self.wait(
            lambda: next((event for event in attempt.events if event["type"] in kinds), None), timeout
        )

    def wait_end(self, attempt: Attempt, timeout: float = 300.0) -> dict[str, Any]:
        return self.wait_for(attempt, "completed", "failed", timeout=timeout)

    def stored(self, key: str) -> bytes:
        return self.objects[key]

    def notify(self) -> None:
        with self.changed:
            self.changed.notify_all()


def _json_lines(lines: list[dict[str, Any]]) -> bytes:
    """One object a line, without blanks and without escapes that JSON does not need, as the platform writes them."""
    return "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    platform: Platform


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server.platform.connections += 1

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        platform, key = self.server.platform, urlsplit(self.path).path.removeprefix("/bucket/")
        if "/attempts/" in key:
            self._request()
            return
        if self._fault("GET"):
            return
        platform.gets[key] += 1
        data = platform.objects.get(key)
        if self._cut and data is not None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
            return
        self._reply(404 if data is None else 200, data or b"")

    def _request(self) -> None:
        """The request of an attempt, for the execution that it was recorded for."""
        platform, parts = self.server.platform, urlsplit(self.path)
        attempt_id = parts.path.split("/")[-2]
        if self._fault("request"):
            return
        execution, request = platform.tickets[attempt_id]
        if self.headers.get("Authorization") != f"Bearer ticket of {attempt_id}":
            self._reply(401, b"{}")
        elif parse_qs(parts.query).get("execution") != [execution]:
            self._reply(410, b"{}")
        else:
            self._reply(200, json.dumps(request).encode())

    def do_PUT(self) -> None:
        platform, parts = self.server.platform, urlsplit(self.path)
        data = self.rfile.read(int(self.headers["Content-Length"]))
        if self._fault("PUT"):
            return
        key, query = parts.path.removeprefix("/bucket/"), parse_qs(parts.query)
        if "partNumber" in query:
            platform.parts[key][int(query["partNumber"][0])] = data
        elif key in platform.objects:  # An upload URL writes once.
            self._reply(412, b"")
            return
        else:
            platform.objects[key] = data
        if platform.lost_puts:
            platform.lost_puts -= 1
            self.close_connection = True
            return
        self._reply(200, b"", {"ETag": f'"{hashlib.md5(data).hexdigest()}"'})

    def do_POST(self) -> None:
        platform = self.server.platform
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _, _, rest = urlsplit(self.path).path.partition("/attempts/")
        attempt_id, _, route = rest.partition("/")
        attempt = platform.attempts[attempt_id]
        if self.headers.get("Authorization") != f"Bearer {attempt.token}":
            self._reply(401, b"{}")
            return
        attempt.traces.add(self.headers.get("traceparent"))
        fault = self._fault(route, handled=lambda: self._take(attempt, route, body))
        if not fault:
            answer = platform.answers[route] if route in platform.answers else self._take(attempt, route, body)
            self._reply(200, json.dumps(answer).encode())
        platform.notify()

    def _take(self, attempt: Attempt, route: str, body: dict[str, Any]) -> dict[str, Any]:
        platform = self.server.platform
        if route == "events":
            attempt.batches.append(body["events"])
            attempt.batch_times.append(time.monotonic())
            refused = []
            for index, event in enumerate(body["events"]):
                if event["seq"] == len(attempt.events) + 1:
                    attempt.events.append(event)
                    if fault := attempt.fault_of(event):
                        refused.append({"index": index, "seq": event["seq"], "field": fault, "message": "is wrong"})
            attempt.refused += refused
            return {"accepted": len(attempt.events), "cancel": attempt.cancel, "refused": refused or None}
        if route == "images":
            attempt.asked.append(body["paths"])
            return {"images": [{"path": path, "url": platform.url_of(platform.images[path])} for path in body["paths"]]}
        if route == "uploads":
            attempt.uploads.append(body)
            key = f"{attempt.id}/{len(attempt.uploads)}/{body['name']}"
            if body["size"] <= platform.multipart_above:
                return {
                    "key": key, "method": "put", "url": platform.url_of(key),
                    "headers": {"Content-Type": "application/octet-stream"},
                }  # fmt: skip
            count = -(-body["size"] // platform.part_size)
            parts = [{"number": n, "url": f"{platform.url_of(key)}&partNumber={n}"} for n in range(1, count + 1)]
            return {
                "key": key, "method": "multipart", "uploadId": "u1", "partSize": platform.part_size, "parts": parts
            }  # fmt: skip
        stored = platform.parts[body["key"]]
        for part in body["parts"]:
            assert part["etag"] == f'"{hashlib.md5(stored[part["number"]]).hexdigest()}"'
        platform.objects[body["key"]] = b"".join(stored[part["number"]] for part in body["parts"])
        return {"key": body["key"]}

    def _fault(self, route: str, handled: Callable[[], Any] | None = None) -> bool:
        platform = self.server.platform
        platform.calls[route] += 1
        answer = platform.faults[route](platform.calls[route]) if route in platform.faults else None
        self._cut = answer == "cut"
        if answer is None or self._cut:
            return False
        if answer in ("drop", "drop-after"):
            if answer == "drop-after" and handled is not None:
                handled()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return True
        self._reply(answer, b"{}", {"Retry-After": platform.retry_after} if platform.retry_after else {})
        return True

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
