"""Tries the whole protocol on a running trainer.

    python3 -m trainer_sdk.contract http://127.0.0.1:7302 --config '{"imageSize": 32}'

Prints a line for each check. Ends with 0 when all of them hold, 1 when one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from ..mock_platform import Platform
from .checks import CHECKS
from .client import TrainerClient
from .lab import Lab, NotOffered


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    chosen = [check for check in CHECKS if options.only in check.__name__]
    platform = Platform(options.host, options.port, options.public_url)
    counts = {"ok": 0, "not offered": 0, "FAILED": 0}
    try:
        lab = Lab(
            TrainerClient(options.url, options.key), platform, options.task, options.model, options.config, options.timeout
        )
        print(f"{lab.capabilities['framework']}: {lab.task} with {lab.model}", flush=True)
        for check in chosen:
            started = time.monotonic()
            try:
                check(lab)
                outcome, reason = "ok", ""
            except NotOffered as error:
                outcome, reason = "not offered", str(error)
            except Exception as error:  # A check must not end the others.
                outcome, reason = "FAILED", f"{type(error).__name__}: {error}"
            counts[outcome] += 1
            seconds = time.monotonic() - started
            name = check.__name__.replace("_", " ")
            print(f"{outcome:<11} {seconds:6.1f} s  {name}{': ' + reason if reason else ''}", flush=True)
    finally:
        platform.close()
    print(f"{counts['ok']} ok, {counts['FAILED']} failed, {counts['not offered']} not offered")
    return 1 if counts["FAILED"] or not chosen else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m trainer_sdk.contract", description=__doc__.split("\n", 1)[0])
    parser.add_argument("url", help="address of the trainer")
    parser.add_argument("--key", default=os.environ.get("TRAINER_API_KEY"), help="its API key (default: TRAINER_API_KEY)")
    parser.add_argument("--task", help="task type to try (default: the trainer's first)")
    parser.add_argument("--model", help="model to try (default: the first of the task)")
    parser.add_argument("--config", type=json.loads, default={}, help="settings for a run of a few seconds, as JSON")
    parser.add_argument("--only", default="", help="only checks whose name contains this")
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds that a job may take")
    parser.add_argument("--host", default="127.0.0.1", help="address of the mock platform")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--public-url", help="address under which the trainer reaches the mock platform")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
