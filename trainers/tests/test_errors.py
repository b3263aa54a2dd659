"""The error codes: the SDK refuses others, and protocol.md lists all of them."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest
from schema import check

from trainer_sdk import RequestProblem, TrainerError
from trainer_sdk.context import as_json
from trainer_sdk.error_codes import FAILURE_CODES, REPLY_CODES

PROTOCOL = (Path(__file__).resolve().parent.parent / "protocol.md").read_text()


def test_protocol_md_lists_each_code_of_a_failure_with_its_category() -> None:
    assert dict(re.findall(r"^\| `([A-Z_]+)` \| (user|transient|permanent)\b", PROTOCOL, re.M)) == FAILURE_CODES


def test_protocol_md_lists_each_code_of_a_reply() -> None:
    rows = re.findall(r"^\| [\d, ]+ \| (.*?) \|", PROTOCOL, re.M)
    assert {code for row in rows for code in re.findall(r"`([A-Z_]+)`", row)} == REPLY_CODES


def test_other_codes_are_refused() -> None:
    with pytest.raises(ValueError, match="TEAPOT"):
        TrainerError("TEAPOT", "message")
    with pytest.raises(ValueError, match="TEAPOT"):
        RequestProblem(418, "TEAPOT", "message")


def test_a_failure_has_the_category_of_its_code_unless_it_names_another() -> None:
    assert TrainerError("STORAGE_ERROR", "message").to_event()["category"] == "transient"
    assert TrainerError("STORAGE_ERROR", "message", category="permanent").to_event()["category"] == "permanent"


def test_a_failure_carries_its_figures_and_the_settings_to_try() -> None:
    error = TrainerError("OUT_OF_MEMORY", "full", measured={"peakMemoryBytes": 8e9}, try_config={"batchSize": 4})
    event = {"seq": 1, "time": "2026-01-01T00:00:00Z", **error.to_event()}
    check("EventBatch", {"events": [event]})
    assert (event["measured"], event["tryConfig"]) == ({"peakMemoryBytes": 8e9}, {"batchSize": 4})


def test_metrics_that_are_no_finite_number_are_texts() -> None:
    metrics = as_json({"loss": 0.5, "val_loss": math.nan, "norm": math.inf, "least": -math.inf})
    assert metrics == {"loss": 0.5, "val_loss": "NaN", "norm": "Infinity", "least": "-Infinity"}
    event = {"type": "metrics", "epoch": 1, "totalEpochs": 1, "metrics": metrics, "epochSeconds": 1, "etaSeconds": 0}
    check("EventBatch", {"events": [{"seq": 1, "time": "2026-01-01T00:00:00Z", **event}]})
