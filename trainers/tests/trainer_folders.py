"""The trainers of this checkout: the folders with a ``trainer.conf`` (docs/development.md describes the file)."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client import TrainerClient

TRAINERS = Path(__file__).resolve().parent.parent

_MISSING = """
import importlib.util, sys
print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name) is None), sep=", ")
"""


@dataclass(frozen=True)
class TrainerFolder:
    """A trainer. ``values`` holds the text of each key of its ``trainer.conf``."""

    name: str
    values: Mapping[str, str]

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def path(self) -> Path:
        return TRAINERS / self.name

    @property
    def python(self) -> str:
        """The Python that runs it: that of its own ``.venv``, or the one that runs the tests."""
        own = self.path / ".venv" / "bin" / "python"
        return str(own) if own.exists() else sys.executable

    @property
    def trial(self) -> dict[str, Any]:
        """The config of a run of a few seconds."""
        return json.loads(self.values["trial"])

    def words(self, key: str) -> list[str]:
        """The value of a key that holds a list."""
        return self.values.get(key, "").split()

    @functools.cached_property
    def modules(self) -> list[str]:
        """The Python modules that it imports."""
        return [need.partition(":")[0] for need in self.words("modules")]

    def missing(self, python: str | None = None) -> str:
        """The modules that its Python, or another one, cannot find; empty when the trainer can run here."""
        # From "/", because Python takes a folder in the current one for a module.
        found = subprocess.run(
            [python or self.python, "-c", _MISSING, *self.modules],
            cwd="/", env={**os.environ, "PYTHONPATH": ""}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return found.stdout.strip()

    def start(self, key: str, **environment: str) -> tuple[subprocess.Popen[str], TrainerClient]:
        """Starts the service as ``./platform`` does, but on any free port. ``key`` is its API key."""
        process, client = start_process(
            ["-m", self.values["module"], "--host", "127.0.0.1"], self.python,
            PYTHONPATH=os.pathsep.join(map(str, (TRAINERS / "sdk", *(TRAINERS / name for name in self.words("uses")), self.path))), TRAINER_API_KEY=key,
            TRAINER_SLOTS=self.values["slots"], **environment,
        )  # fmt: skip
        client.key = key
        return process, client


def start_process(
    arguments: list[str], python: str = sys.executable, **environment: str
) -> tuple[subprocess.Popen[str], TrainerClient]:
    """Starts a trainer in a process of its own and returns once it listens."""
    process = subprocess.Popen(
        [python, *arguments, "--port", "0"], env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("listening on "), line
    return process, TrainerClient(line.split()[-1])


def _read(file: Path) -> TrainerFolder:
    lines = [line.partition("=") for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return TrainerFolder(file.parent.name, {key.strip(): value.strip() for key, _, value in lines})


#: Every trainer, by name.
FOLDERS = {file.parent.name: _read(file) for file in sorted(TRAINERS.glob("*/trainer.conf"))}
