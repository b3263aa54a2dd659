"""Odd files damaged in many ways, each with what a trainer makes of it: ``python3 damaged_images.py FOLDER [ROUNDS]``.

What a damaged file shows nobody knows; but upload, trainer and model server must judge it alike. ``judged.json`` has
``{name: {"width", "height", "cells"}}`` as in ``odd_images.py``, or ``{name: {"refused": true}}`` with the trainer's
verdict, and the tests of the platform compare their own.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "sdk")]

import numpy as np  # noqa: E402
from odd_images import CELL_BOUND, MEAN_BOUND, Odd, expected, odd_images  # noqa: E402

from trainer_sdk.images import UnreadableImage, open_rgb  # noqa: E402

#: Ways to damage each file, when nothing else is said.
ROUNDS = 20


def damages(data: bytes, dice: random.Random, rounds: int) -> Iterator[bytes]:
    for number in range(rounds):
        at = dice.randrange(8, len(data))
        kind = number % 4
        if kind == 0:
            yield data[:at] + bytes((data[at] ^ (1 << dice.randrange(8)),)) + data[at + 1 :]
        elif kind == 1:
            yield data[:at] + bytes(dice.randrange(256) for _ in range(4)) + data[at + 4 :]
        elif kind == 2:
            yield data[:at]
        else:
            yield data[:at] + data[at + dice.randrange(1, 9) :]


def damaged_images(rounds: int = ROUNDS) -> dict[str, bytes]:
    files = {}
    for name, odd in odd_images().items():
        if odd.shows is None:
            continue
        # The same damages whatever other files there are.
        for number, data in enumerate(damages(odd.data, random.Random(name), rounds)):
            files[f"{name}-damaged-{number:03}"] = data
    return files


def judged(data: bytes) -> dict[str, Any]:
    try:
        return expected(Odd(data, np.asarray(open_rgb(data))))
    except UnreadableImage:
        return {"refused": True}


def write(folder: Path, rounds: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    answers = {}
    for name, data in damaged_images(rounds).items():
        (folder / name).write_bytes(data)
        answers[name] = judged(data)
    (folder / "judged.json").write_text(
        json.dumps({"meanBound": MEAN_BOUND, "cellBound": CELL_BOUND, "files": answers})
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)
