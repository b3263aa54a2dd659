"""Calls a trainer service and checks every reply against the schema of the protocol."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from schema import check

REPLIES = {"/health": "Health", "/v1/capabilities": "Capabilities", "/v1/predict": "PredictReply"}


class TrainerClient:
    def __init__(self, url: str, key: str | None = None, service: Any = None) -> None:
        self.url = url
        self.key = key
        self.service = service

    def get(self, path: str) -> tuple[int, Any]:
        return self._call("GET", path, None)

    def post(self, path: str, body: Any = None, raw: bytes | None = None) -> tuple[int, Any]:
        return self._call("POST", path, raw if raw is not None else json.dumps(body).encode())

    def submit(self, job: dict[str, Any]) -> tuple[int, Any]:
        check("JobRequest", job)
        return self.post("/v1/jobs", job)

    def accepted(self, job: dict[str, Any]) -> dict[str, Any]:
        status, body = self.submit(job)
        assert status == 202, body
        return body

    def _call(self, method: str, path: str, data: bytes | None) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, method=method, data=data)
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                body = json.load(reply)
                check(REPLIES.get(path, "JobReply"), body)
                return reply.status, body
        except urllib.error.HTTPError as error:
            with error:
                body = json.load(error)
            check("Problem", body)
            return error.code, body
