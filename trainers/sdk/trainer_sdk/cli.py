"""The command line of every trainer: ``python3 -m <trainer> --host … --port …``.

With ``TRAINER_REQUEST_URL`` in the environment it does that one attempt and ends.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType

from .child import load_framework
from .execution import Execution, run
from .service import TrainerService
from .settings import Settings


def main(reference: str, arguments: Sequence[str] | None = None) -> int:
    """Serves the framework ``module:attribute`` until SIGTERM or SIGINT, or does one attempt; returns the exit code."""
    parser = argparse.ArgumentParser(description="Trainer service, protocol v2")
    parser.add_argument("--host", default="127.0.0.1", help=":: listens on IPv6 and IPv4")
    parser.add_argument(
        "--port", type=int, default=os.environ.get("PORT", 7301), help="$PORT or 7301 unless given; 0 takes any free port"
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # Threads that spin while they wait make training many times slower on a busy machine.
    # OpenMP reads this variable when the framework is imported, so set it before.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        settings = Settings.from_environment()
        if execution := Execution.from_environment():
            return run(execution, load_framework(reference), reference, settings)
        service = TrainerService(load_framework(reference), reference, settings, options.host, options.port)
    except (ValueError, OSError) as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 2
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if not stopping.is_set():
            stopping.set()
            threading.Thread(target=service.shutdown, name="shutdown").start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    host, port = service.address
    print(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}", flush=True)
    service.serve()
    return 0
