"""Pretrained weights: what a run begins with, and which files it refuses."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from platform_double import Platform
from training_run import Run, rows_of, stored

from torchvision_trainer import configuration, models, pretrained
from trainer_sdk import JobRequest, RequestProblem, TrainerError
from trainer_sdk.settings import Settings

Weights = dict[str, torch.Tensor]
Start = Callable[..., Run]


@pytest.fixture()
def start(platform: Platform, settings: Settings, tmp_path: Path) -> Start:
    """A job whose request has these bytes as the weights."""

    def run(file: bytes, **config: Any) -> Run:
        reference = platform.put(file)
        weights = {"url": reference["url"], "sha256": reference["sha256"]}
        return Run(platform, settings, tmp_path / "work", rows_of(), {"epochs": 1, "pretrained": True, **config}, weights=weights)

    return run


def of_classes(count: int, seed: int = 7) -> Weights:
    torch.manual_seed(seed)
    return models.build("small_cnn", count).state_dict()


def file_of(content: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


def after(job: Run, tmp_path: Path) -> Weights:
    return stored(job, job.of_type("checkpoint")[0], tmp_path).state["model"]


def test_a_run_begins_with_the_weights_of_the_file_and_a_new_head(start: Start, tmp_path: Path) -> None:
    given = of_classes(5)
    job = start(file_of(given), frozenLayers=8)

    end = job.train()

    learned = after(job, tmp_path)
    parameters = [name for name in given if name.startswith("features.") and "running" not in name and "tracked" not in name]
    assert len(parameters) == 12
    assert all(torch.equal(given[name], learned[name]) for name in parameters)
    assert learned["head.weight"].shape == (2, 48)
    assert end["result"]["pretrained"] == {
        "sha256": job.context.request.weights.sha256, "loaded": len(given) - 2, "random": ["head.weight", "head.bias"],
    }  # fmt: skip


def test_without_weights_the_same_run_begins_elsewhere(platform: Platform, settings: Settings, tmp_path: Path) -> None:
    given = of_classes(2)
    job = Run(platform, settings, tmp_path / "work", rows_of(), {"epochs": 1, "frozenLayers": 8})
    end = job.train()
    assert not torch.equal(given["features.0.weight"], after(job, tmp_path)["features.0.weight"])
    assert "pretrained" not in end["result"]


def test_the_checkpoint_of_a_run_is_a_file_of_weights_with_its_head(start: Start, tmp_path: Path) -> None:
    first = start(file_of(of_classes(2)), epochs=2)
    first.train()
    event = first.of_type("checkpoint")[-1]
    learned = stored(first, event, tmp_path).state["model"]

    second = start(first.platform.stored(event["key"]), learningRate=1e-9)
    end = second.train()

    begun = after(second, tmp_path)
    assert end["result"]["pretrained"]["random"] == []
    # Adam moves a weight by no more than the learning rate in one of the three steps.
    assert all(torch.allclose(learned[name], begun[name], atol=1e-8, rtol=0) for name in ("features.0.weight", "head.weight", "head.bias"))


def without(name: str) -> Weights:
    return {key: value for key, value in of_classes(2).items() if key != name}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (without("features.0.weight"), "the file lacks features.0.weight"),
        ({**of_classes(2), "layer9.bias": torch.zeros(1)}, "the model has no layer9.bias"),
        (
            {**of_classes(2), "features.0.weight": torch.zeros(24, 3, 5, 5)},
            "features.0.weight is of another shape (features.0.weight: 24x3x5x5 instead of 24x3x3x3)",
        ),
        ({**of_classes(2), "features.0.weight": torch.full((24, 3, 3, 3), torch.nan)}, "features.0.weight is not finite"),
        ({"features.0.weight": "text"}, "the file is no state dict: features.0.weight is no tensor"),
        ([1, 2], "the file is no state dict, which has tensors by name"),
        ({"format": 1}, "the file cannot be read as weights"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_its_layers(start: Start, content: Any, reason: str) -> None:
    with pytest.raises(TrainerError) as refused:
        start(file_of(content)).train()
    assert (refused.value.code, refused.value.category) == ("WEIGHTS_INVALID", "user")
    assert refused.value.message == f"The pretrained weights do not fit: {reason}."


class Harmful:
    """Unpickled, it makes a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return __import__("os").mkdir, (str(self.path),)


def test_no_code_of_a_file_runs_and_damage_is_no_crash(start: Start, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    whole = file_of(of_classes(2))
    for data in (file_of({"a": Harmful(mark)}), pickle.dumps(Harmful(mark)), whole[:-500], whole[:100], b"no weights"):
        with pytest.raises(TrainerError, match="cannot be read as weights"):
            start(data).train()
    assert not mark.exists()


def test_bytes_of_another_hash_are_refused(start: Start) -> None:
    job = start(file_of(of_classes(2)))
    reference = job.platform.put(b"other bytes")
    object.__setattr__(job.context.request.weights, "url", reference["url"])
    with pytest.raises(TrainerError, match="SHA-256") as refused:
        job.train()
    assert refused.value.code == "WEIGHTS_INVALID"


SMALL = ("small_detector", "small_mask_detector", "small_segmenter", "small_keypoint_detector", "resnet18", "lraspp_mobilenet_v3_large")


@pytest.mark.parametrize("name", SMALL)
def test_weights_of_other_classes_fit_every_kind_of_model_but_its_head(name: str, shapes_only: None) -> None:
    points = 3 if "keypoint" in name else 0
    tensors = {key: value.nan_to_num() for key, value in models.build(name, 4, points).state_dict().items()}
    model = models.build(name, 2, points)

    beginning = pretrained.begin(model, tensors, lambda: models.build(name, 3, points + 1 if points else 0))

    assert beginning.random
    assert 0 < len(beginning.random) <= len(tensors) // 4, beginning.random
    own = model.state_dict()
    assert all(torch.equal(own[key], value) for key, value in tensors.items() if key not in beginning.random)
    first = next(iter(tensors))
    with pytest.raises(TrainerError, match=f"the file lacks {first}"):
        pretrained.begin(model, {key: value for key, value in tensors.items() if key != first}, lambda: models.build(name, 3, points + 1 if points else 0))


def test_taking_weights_over_draws_no_random_numbers() -> None:
    model = models.build("small_cnn", 2)
    before = torch.get_rng_state()
    pretrained.begin(model, model.state_dict(), lambda: models.build("small_cnn", 3))
    assert torch.equal(before, torch.get_rng_state())


def test_a_request_that_asks_for_weights_has_them_or_a_checkpoint(platform: Platform) -> None:
    def check(**fields: Any) -> None:
        configuration.check_request(JobRequest.parse(platform.job(platform.attempt(), config={"pretrained": True}, **fields)), has_cuda=False)

    reference = {name: value for name, value in platform.put(b"x").items() if name in ("url", "sha256")}
    check(weights=reference)
    check(checkpoint={**reference, "epoch": 1})
    with pytest.raises(RequestProblem, match="asks for pretrained weights") as refused:
        check()
    assert (refused.value.status, refused.value.code, refused.value.field) == (422, "INVALID_CONFIG", "config.pretrained")
