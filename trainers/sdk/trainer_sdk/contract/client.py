"""Calls a trainer."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any


class TrainerClient:
    """A trainer by its address; each call returns the status and the JSON body."""

    def __init__(self, url: str, key: str | None = None) -> None:
        self.url = url.rstrip("/")
        self.key = key

    def get(self, path: str) -> tuple[int, Any]:
        return self._call("GET", path, None)

    def post(self, path: str, body: Any = None, raw: bytes | None = None) -> tuple[int, Any]:
        return self._call("POST", path, raw if raw is not None else json.dumps(body).encode())

    def _call(self, method: str, path: str, data: bytes | None) -> tuple[int, Any]:
        request = urllib.request.Request(self.url + path, method=method, data=data)
        if self.key:
            request.add_header("Authorization", f"Bearer {self.key}")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, json.load(reply)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
