"""Runs one job on a trainer and prints what it reports.

    python3 -m trainer_sdk.mock_platform http://127.0.0.1:7302 --config '{"epochs": 2}' --out /tmp/run
    python3 -m trainer_sdk.mock_platform http://127.0.0.1:7302 --kind export --checkpoint /tmp/run/epoch-0002.pt --format onnx

Without ``--images``, it trains on drawn rectangles. Ends with 0 when the job completed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from ..annotations import CLASSIFICATION
from ..contract.client import TrainerClient
from . import Platform
from .datasets import drawn_dataset, folder_dataset


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    trainer = TrainerClient(options.trainer, options.key)
    capabilities = trainer.get("/v1/capabilities")[1]
    task = options.task or capabilities["taskTypes"][0]
    model = options.model or next(item["name"] for item in capabilities["models"] if task in item["taskTypes"])
    platform = Platform(options.host, options.port, options.public_url)
    try:
        dataset = folder_dataset(platform, options.images) if options.images else drawn_dataset(platform, task)
        fields: dict[str, Any] = {"taskType": task, "model": model, "dataset": dataset, "config": options.config}
        if options.checkpoint:
            data = options.checkpoint.read_bytes()
            stored = platform.put(data)
            fields["checkpoint"] = {"url": stored["url"], "sha256": stored["sha256"], "epoch": options.epoch}
        if options.kind == "export":
            fields["export"] = {"format": options.format, "options": {}}
        return _run(platform, trainer, options, fields)
    finally:
        platform.close()


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m trainer_sdk.mock_platform", description=__doc__.split("\n", 1)[0])
    parser.add_argument("trainer", help="address of the trainer")
    parser.add_argument("--key", default=os.environ.get("TRAINER_API_KEY"), help="its API key (default: TRAINER_API_KEY)")
    parser.add_argument("--kind", choices=("train", "evaluate", "export"), default="train")
    parser.add_argument("--task", help="task type (default: the trainer's first)")
    parser.add_argument("--model", help="model (default: the first of the task)")
    parser.add_argument("--config", type=json.loads, default={}, help="settings as JSON")
    parser.add_argument("--images", type=Path, help="folder with a folder of images for each class")
    parser.add_argument("--checkpoint", type=Path, help="file to resume from, to evaluate or to export")
    parser.add_argument("--epoch", type=int, default=1, help="last epoch of the checkpoint")
    parser.add_argument("--format", default="onnx", help="export format")
    parser.add_argument("--out", type=Path, help="folder for what the job uploads")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--public-url", help="address under which the trainer reaches this program")
    return parser.parse_args(arguments)


def _run(platform: Platform, trainer: TrainerClient, options: argparse.Namespace, fields: dict[str, Any]) -> int:
    if options.images and fields["taskType"] != CLASSIFICATION:
        print("--images is for image_classification", file=sys.stderr)
        return 2
    attempt = platform.attempt()
    status, body = trainer.post("/v1/jobs", platform.job(attempt, options.kind, **fields))
    if status != 202:
        print(f"refused with {status}: {json.dumps(body)}", file=sys.stderr)
        return 1
    shown = 0
    while True:
        platform.wait(lambda: len(attempt.events) > shown, timeout=86_400)
        for event in attempt.events[shown:]:
            shown += 1
            print(json.dumps(event, ensure_ascii=False), flush=True)
            if event["type"] in ("checkpoint", "artifact"):
                _keep(platform, event, options.out)
            if event["type"] in ("completed", "failed"):
                return 0 if event["type"] == "completed" else 1


def _keep(platform: Platform, event: dict[str, Any], folder: Path | None) -> None:
    data = platform.stored(event["key"])
    if hashlib.sha256(data).hexdigest() != event["sha256"]:
        print(f"{event['name']} is not the file that was announced", file=sys.stderr)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / Path(event["name"]).name).write_bytes(data)


if __name__ == "__main__":
    sys.exit(main())
