"""Files on disk, named by their content and shared by all processes. The least recently used ones leave first."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from .protocol import is_sha256


class ChecksumMismatch(Exception):
    """The received bytes are not the announced ones."""


class ContentCache:
    """Files named by their SHA-256 under ``root/objects``.

    Several processes may use one cache: a file appears whole (rename), and eviction leaves files that a
    running job has leased. A lease is a locked file, so it ends when its process ends, even when that is killed.
    """

    def __init__(self, root: Path, max_bytes: int) -> None:
        self._objects = root / "objects"
        self._leases = root / "leases"
        self._incoming = root / "incoming"
        self._max_bytes = max_bytes
        for folder in (self._objects, self._leases, self._incoming):
            folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """The path of the content, present or not. Anything but a hash raises ValueError."""
        if not is_sha256(sha256):
            raise ValueError("not a SHA-256")
        name = sha256.lower()
        return self._objects / name[:2] / name

    def find(self, sha256: str) -> Path | None:
        """The file, marked as used now; None when the cache does not have it."""
        path = self.path(sha256)
        try:
            os.utime(path)
        except FileNotFoundError:
            return None
        return path

    def store(self, sha256: str, fill: Callable[[Callable[[bytes], None]], None]) -> Path:
        """Runs ``fill(write)`` and keeps the bytes that it wrote if their hash is ``sha256``.

        Raises :class:`ChecksumMismatch` otherwise and keeps nothing.
        """
        target = self.path(sha256)
        digest = hashlib.sha256()
        handle, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as stream:

                def write(chunk: bytes) -> None:
                    digest.update(chunk)
                    stream.write(chunk)

                fill(write)
            if digest.hexdigest() != sha256.lower():
                raise ChecksumMismatch(f"expected {sha256.lower()[:12]}…, received {digest.hexdigest()[:12]}…")
            target.parent.mkdir(exist_ok=True)
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return target

    @contextmanager
    def lease(self, hashes: Iterable[str]) -> Iterator[None]:
        """Keeps these contents from eviction while the block runs, also those that arrive later."""
        path = self._leases / uuid.uuid4().hex
        with self._locked("evict.lock"), path.open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            stream.write("\n".join(sorted({value.lower() for value in hashes})))
            stream.flush()
            held = os.dup(stream.fileno())
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(held)

    def evict(self) -> int:
        """Deletes the least recently used files without a lease until the size fits; returns the bytes freed."""
        with self._locked("evict.lock"):
            self._drop_stale_incoming()
            leased = self._leased()
            entries = []
            for path in self._objects.glob("??/*"):
                status = path.stat()
                entries.append((status.st_mtime_ns, status.st_size, path))
            excess = sum(size for _, size, _ in entries) - self._max_bytes
            freed = 0
            for _, size, path in sorted(entries):
                if freed >= excess:
                    break
                if path.name not in leased:
                    path.unlink(missing_ok=True)
                    freed += size
            return freed

    def _leased(self) -> set[str]:
        hashes: set[str] = set()
        for path in self._leases.iterdir():
            if path.name == "evict.lock":
                continue
            try:
                with path.open() as stream:
                    if _try_lock(stream):
                        path.unlink(missing_ok=True)
                    else:
                        hashes.update(stream.read().split())
            except FileNotFoundError:
                continue
        return hashes

    def _drop_stale_incoming(self) -> None:
        newest = max((path.stat().st_mtime for path in self._leases.iterdir()), default=0.0)
        for path in self._incoming.iterdir():
            try:
                if newest - path.stat().st_mtime > 86_400:
                    path.unlink()
            except FileNotFoundError:
                continue

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self._leases / name).open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield


def _try_lock(stream: IO[str]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
