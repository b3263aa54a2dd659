"""The routes: what they refuse, how, and that a client always gets a clear answer."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from client import TrainerClient
from platform_double import Platform


def test_health_and_capabilities(fake: TrainerClient) -> None:
    assert fake.get("/health") == (200, {"status": "ok", "framework": "fake", "slots": 2, "busy": 0})
    assert fake.get("/v1/capabilities")[0] == 200


def test_an_api_key_is_required_when_one_is_set(start: Callable[..., TrainerClient], platform: Platform) -> None:
    fake = start(api_key="correct horse")
    assert fake.get("/v1/capabilities")[0] == 200
    stranger = TrainerClient(fake.url)
    assert stranger.get("/health")[0] == 200
    for answer in (
        stranger.get("/v1/capabilities"), stranger.post("/v1/jobs", {}), stranger.get("/v1/jobs/x"),
        stranger.post("/v1/predict", {}), TrainerClient(fake.url, "wrong").get("/v1/capabilities"),
    ):  # fmt: skip
        assert (answer[0], answer[1]["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::", "[::]")])
def test_the_port_comes_from_the_environment_and_both_families_are_served(host: str, shown: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable, "-c", "from trainer_sdk.cli import main; raise SystemExit(main('fake_framework:FakeFramework'))",
            "--host", host,
        ],
        env={**os.environ, "PORT": str(port)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"listening on http://{shown}:{port}\n"
        for address in ["127.0.0.1", "::1"] if host == "::" else [host]:
            connection = http.client.HTTPConnection(address, port, timeout=10)
            connection.request("GET", "/health")
            assert connection.getresponse().status == 200
            connection.close()
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"jobId": "../x"}, "jobId"),
        ({"jobId": None}, "jobId"),
        ({"attempt": 0}, "attempt"),
        ({"attempt": True}, "attempt"),
        ({"kind": "destroy"}, "kind"),
        ({"callback": None}, "callback"),
        ({"callback": {"url": "file:///etc/passwd", "token": "t"}}, "callback.url"),
        ({"callback": {"url": "http://h/x", "token": ""}}, "callback.token"),
        ({"dataset": None}, "dataset"),
        ({"dataset": {"manifestUrl": "http://h/m", "manifestSha256": "zz", "classes": []}}, "dataset.manifestSha256"),
        (
            {"dataset": {"manifestUrl": "http://h/m", "manifestSha256": "0" * 64, "classes": [], "maxImagePixels": 0}},
            "dataset.maxImagePixels",
        ),
        (
            {"dataset": {"manifestUrl": "http://h/m", "manifestSha256": "0" * 64, "classes": ["a", "a"]}},
            "dataset.classes",
        ),
        ({"checkpoint": {"url": "ftp://h/m", "sha256": "0" * 64, "epoch": 1}}, "checkpoint.url"),
        ({"config": {"behaviour": "fly"}}, "config.behaviour"),
        ({"config": {"count": -1}}, "config.count"),
        ({"config": {"count": 1.5}}, "config.count"),
        ({"config": {"count": True}}, "config.count"),
        ({"config": {"counts": 1}}, "config.counts"),
        ({"config": [1]}, "config"),
        ({"config": []}, "config"),
    ],
)  # fmt: skip
def test_a_malformed_job_is_422_with_the_field(
    fake: TrainerClient, platform: Platform, change: dict[str, Any], field: str
) -> None:
    dataset = {"manifestUrl": "http://h/m", "manifestSha256": "0" * 64, "classes": ["a", "b"], "maxImagePixels": 1}
    request = {**platform.job(platform.attempt(), dataset=dataset), **change}
    status, body = fake.post("/v1/jobs", request)
    assert (status, body.get("field")) == (422, field)


def test_a_job_in_another_version_of_the_protocol_is_503_because_the_platform_asks_again(
    fake: TrainerClient, platform: Platform
) -> None:
    for version in ("1", "3", None):
        status, body = fake.post("/v1/jobs", {**platform.job(platform.attempt()), "protocol": version})
        assert (status, body["field"]) == (503, "protocol")


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_a_body_that_is_not_json_is_400(fake: TrainerClient, raw: bytes) -> None:
    assert fake.post("/v1/jobs", raw=raw)[0] == 400


def test_a_json_body_that_is_not_an_object_is_422(fake: TrainerClient) -> None:
    assert fake.post("/v1/jobs", [1, 2])[0] == 422
    assert fake.post("/v1/predict", "text")[0] == 422


def test_an_oversized_body_is_413_before_it_is_read(fake: TrainerClient) -> None:
    parts = urlsplit(fake.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.putrequest("POST", "/v1/jobs")
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders()
    reply = connection.getresponse()
    assert (reply.status, json.load(reply)["code"]) == (413, "BODY_TOO_LARGE")
    connection.close()


def test_unknown_routes_are_404_and_the_connection_stays_usable(fake: TrainerClient) -> None:
    parts = urlsplit(fake.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    for method, path, status in (
        ("GET", "/nothing", 404), ("POST", "/v1/nothing", 404), ("GET", "/health", 200), ("GET", "/v1/jobs/x", 404)
    ):  # fmt: skip
        connection.request(method, path, body=b"{}" if method == "POST" else None)
        reply = connection.getresponse()
        reply.read()
        assert (reply.status, reply.will_close) == (status, False)
    connection.close()


def test_predictions_beyond_the_turns_are_told_to_come_again(
    start: Callable[..., TrainerClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer_sdk.predictors.TURN_SECONDS", 0.05)
    fake = start(predict_requests=1)
    with fake.service.predictors.turn():
        parts = urlsplit(fake.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=20)
        connection.request("POST", "/v1/predict", b"x" * 20_000_000, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        body = json.loads(reply.read())
        assert (reply.status, body["code"], reply.getheader("Retry-After")) == (503, "TRAINER_BUSY", "1")
        # The body was read away, so that the connection still serves.
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()
    status, body = fake.post("/v1/predict", {})
    assert (status, body["code"]) == (422, "INVALID_REQUEST")
