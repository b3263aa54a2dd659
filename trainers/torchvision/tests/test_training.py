"""What training means: asserted on what the run did, not on what it says that it did."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from odd_images import jpeg_files
from PIL import Image
from platform_double import Platform
from training_run import CLASSES, LEVELS, Rows, Run, before, rows_of, solid, stored

from torchvision_trainer import images, models, training
from torchvision_trainer.tasks.classification import Classification
from trainer_sdk import TrainerError
from trainer_sdk.metrics import Evaluation, classification
from trainer_sdk.settings import Settings


@pytest.fixture()
def start(
    platform: Platform, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Run]:
    def run(rows: Rows | None = None, **config: Any) -> Run:
        job = Run(platform, settings, tmp_path / "work", rows if rows is not None else rows_of(), config)
        job.watch(monkeypatch)
        return job

    return run


def script(patch: pytest.MonkeyPatch, accuracies: list[float]) -> list[dict[str, torch.Tensor]]:
    """Makes the validations give these accuracies, one for each epoch; returns the weights of each epoch."""
    weights: list[dict[str, torch.Tensor]] = []

    def evaluate(_: Any, model: torch.nn.Module, _images: Any, _pre: Any, outputs: Any, *_rest: Any) -> Evaluation:
        weights.append({name: value.clone() for name, value in model.state_dict().items()})
        right = round(accuracies[min(len(weights), len(accuracies)) - 1] * 100)
        return classification([[right, 100 - right], [0, 0]], outputs.classes, 1.0)

    patch.setattr(Classification, "evaluate", evaluate)
    return weights


def same(left: dict[str, torch.Tensor], right: dict[str, torch.Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd", "rmsprop"])
@pytest.mark.parametrize("rate", [0.0002, 0.03])
def test_the_optimizer_steps_with_the_learning_rate_that_was_entered(
    start: Callable[..., Run], tmp_path: Path, optimizer: str, rate: float
) -> None:
    job = start(optimizer=optimizer, learningRate=rate, epochs=2)
    job.train()
    assert job.rates == [rate] * (2 * 3)
    assert [event["metrics"]["learning_rate"] for event in job.of_type("metrics")] == [rate] * 2
    saved = stored(job, job.of_type("checkpoint")[-1], tmp_path)
    assert [group["lr"] for group in saved.state["optimizer"]["param_groups"]] == [rate]


def test_a_schedule_changes_the_rate_of_the_steps(start: Callable[..., Run]) -> None:
    job = start(learningRate=0.01, scheduler="step", epochs=3)
    job.train()
    assert job.rates == pytest.approx([0.01] * 3 + [0.001] * 3 + [0.0001] * 3)


def test_the_rate_rises_in_the_epochs_of_the_warm_up(start: Callable[..., Run]) -> None:
    job = start(learningRate=0.01, warmupEpochs=1.5, epochs=3)
    job.train()
    rising = [0.01 * (step + 1) / 4.5 for step in range(4)]
    assert job.rates == pytest.approx([*rising, *[0.01] * 5])


def test_the_gradients_are_not_larger_than_the_limit(start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[float] = []

    def measure(optimizer: Any) -> None:
        gradients = [parameter.grad.norm() for group in optimizer.param_groups for parameter in group["params"]]
        norms.append(float(torch.stack(gradients).norm()))

    monkeypatch.setattr(torch.optim.SGD, "step", before(torch.optim.SGD.step, measure))
    start(optimizer="sgd", epochs=1).train()
    free = list(norms)
    norms.clear()
    start(optimizer="sgd", epochs=1, gradientClip=0.01).train()
    assert min(free) > 0.02
    assert norms == pytest.approx([0.01] * 3, rel=1e-3)


def test_balanced_weights_make_a_rare_class_count_as_much_as_a_frequent_one(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[Any] = []
    loss = Classification.loss

    def watched(self: Any, model: Any, pixels: Any, answers: Any, config: Any, weights: Any) -> Any:
        used.append(weights)
        return loss(self, model, pixels, answers, config, weights)

    monkeypatch.setattr(Classification, "loss", watched)
    rows = [(f"{n}.png", solid(n), CLASSES[n < 3], "train") for n in range(12)]
    start(rows, epochs=1, classWeights="balanced").train()
    assert used[0].tolist() == pytest.approx([12 / 9 / 2, 12 / 3 / 2])
    used.clear()
    start(rows, epochs=1).train()
    assert used[0] is None


def test_frozen_stages_keep_their_weights_and_the_others_learn(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first: list[dict[str, torch.Tensor]] = []
    build = models.build

    def kept(*arguments: Any) -> torch.nn.Module:
        model = build(*arguments)
        first.append({name: value.clone() for name, value in model.named_parameters()})
        return model

    monkeypatch.setattr(models, "build", kept)
    job = start(epochs=1, frozenLayers=3)
    job.train()
    after = stored(job, job.of_type("checkpoint")[0], tmp_path).state["model"]
    same_ = {name: torch.equal(value, after[name]) for name, value in first[0].items()}
    frozen = [name for name, is_same in same_.items() if is_same]
    assert frozen == [name for name in same_ if name.startswith(("features.0.", "features.1.", "features.4."))]
    with pytest.raises(TrainerError, match="has 8 stages"):
        start(frozenLayers=9).train()


def test_every_image_is_mirrored_when_the_probability_is_1(start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[torch.Tensor] = []
    loss = Classification.loss

    def watched(self: Any, model: Any, pixels: torch.Tensor, *rest: Any) -> Any:
        seen.append(pixels)
        return loss(self, model, pixels, *rest)

    monkeypatch.setattr(Classification, "loss", watched)
    batches = []
    for probability in (0.0, 1.0):
        rows = [(f"{n}.png", half(n), CLASSES[n % 2], "train") for n in range(8)]
        start(rows, epochs=1, flipProbability=probability).train()
        batches.append(seen.pop())
    assert torch.equal(batches[1], batches[0].flip(3))
    assert not torch.equal(batches[1], batches[0])


def half(level: int) -> bytes:
    """An image that is darker on its left half."""
    image = Image.new("RGB", (8, 8), (200 + level,) * 3)
    image.paste((level,) * 3, (0, 0, 4, 8))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def test_a_small_rise_is_not_enough_for_early_stopping_with_a_least_rise(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    script(monkeypatch, [0.50, 0.52, 0.60, 0.61, 0.62, 0.63])
    job = start(epochs=6, earlyStoppingPatience=2, earlyStoppingMinDelta=0.05)
    end = job.train()
    assert [event["epoch"] for event in job.of_type("metrics")] == [1, 2, 3, 4, 5]
    assert end["bestEpoch"] == 5, "the best epoch needs no least rise"


def test_a_loss_that_is_not_a_number_ends_the_job_with_that_reason(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    loss = Classification.loss

    def broken(self: Any, *arguments: Any) -> Any:
        found = loss(self, *arguments)
        return type(found)(found.value * float("nan"), found.hits)

    monkeypatch.setattr(Classification, "loss", broken)
    with pytest.raises(TrainerError, match="not a number in epoch 1") as failure:
        start().train()
    assert (failure.value.code, failure.value.category) == ("LOSS_DIVERGED", "user")


def test_out_of_memory_says_the_peak_and_the_batch_size_to_try(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried to allocate")

    monkeypatch.setattr(Classification, "loss", full)
    with pytest.raises(TrainerError, match=r"had used \d+\.\d\d GB .* batchSize 8 .*Try batchSize 4\.") as failure:
        start().train()
    assert (failure.value.code, failure.value.category) == ("OUT_OF_MEMORY", "user")
    event = failure.value.to_event()
    assert event["tryConfig"] == {"batchSize": 4}
    assert event["measured"]["peakMemoryBytes"] > 2**20 and event["measured"]["batchSize"] == 8


def test_the_other_settings_reach_the_optimizer(start: Callable[..., Run], tmp_path: Path) -> None:
    job = start(optimizer="sgd", momentum=0.7, weightDecay=0.02, epochs=1)
    job.train()
    (group,) = stored(job, job.of_type("checkpoint")[0], tmp_path).state["optimizer"]["param_groups"]
    assert (group["momentum"], group["weight_decay"]) == (0.7, 0.02)


def test_label_smoothing_keeps_the_loss_above_its_floor(start: Callable[..., Run]) -> None:
    rows = [(f"{n}.png", solid(n + 150 * (n % 2)), CLASSES[n % 2], "train") for n in range(32)]
    losses = []
    for smoothing in (0.0, 0.5):
        job = start(rows, epochs=10, learningRate=0.02, labelSmoothing=smoothing)
        job.train()
        losses.append(min(event["metrics"]["loss"] for event in job.of_type("metrics")))
    # No prediction has a smaller loss than the entropy of what it should be: 3/4 for one class, 1/4 for the other.
    assert losses[0] < 0.4 < 0.562 < losses[1]


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_model_learns_from_training_images_only(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, in_memory: bool
) -> None:
    if not in_memory:
        monkeypatch.setattr(training, "available_memory", lambda: 0)
    job = start()
    end = job.train()
    assert job.learned == set(LEVELS["train"])
    assert job.measured == {*LEVELS["val"], *LEVELS["test"]}
    assert end["result"]["images"] == {split: len(levels) for split, levels in LEVELS.items()}


def test_the_counts_are_those_of_what_was_trained_on(start: Callable[..., Run]) -> None:
    job = start(batchSize=23, epochs=1)
    end = job.train()
    assert job.of_type("started")[0]["images"] == {"train": 24, "val": 8, "test": 5}
    # A last batch of one image is left out.
    assert end["result"]["images"]["train"] == len(job.learned) == 23


def test_the_best_epoch_is_kept_and_tested_although_later_ones_follow(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weights = script(monkeypatch, [0.5, 0.9, 0.7, 0.6])
    job = start()
    end = job.train()
    assert end["bestEpoch"] == 2
    assert (end["bestMetrics"]["accuracy"], end["finalMetrics"]["accuracy"]) == (0.9, 0.6)
    assert [(event["epoch"], event["best"]) for event in job.of_type("checkpoint")] == [
        (1, True), (2, True), (3, False), (4, False)
    ]  # fmt: skip
    assert same(stored(job, job.of_type("checkpoint")[1], tmp_path).state["model"], weights[1])
    assert same(weights[4], weights[1]), "the test images are measured with the best weights"
    assert not same(weights[3], weights[1])


def test_the_best_epoch_is_stored_even_between_two_checkpoints(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    weights = script(monkeypatch, [0.5, 0.9, 0.7, 0.6])
    job = start(checkpointEvery=4)
    job.train()
    last = job.of_type("checkpoint")[-1]
    assert [(event["epoch"], event["best"]) for event in job.of_type("checkpoint")] == [(4, False), (2, True)]
    assert last["metrics"]["accuracy"] == 0.9
    assert same(stored(job, last, tmp_path).state["model"], weights[1])


def test_of_equal_accuracies_the_smaller_loss_is_better(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.5, 0.4, 0.6, 0.4, 0.1])

    def evaluate(*arguments: Any) -> Evaluation:
        return classification([[5, 5], [0, 0]], arguments[4].classes, next(losses))

    monkeypatch.setattr(Classification, "evaluate", evaluate)
    assert start().train()["bestEpoch"] == 2


@pytest.mark.parametrize(
    ("accuracies", "patience", "last", "best"),
    [
        ([0.5, 0.9, 0.7, 0.6, 0.5, 0.5, 0.5], 2, 4, 2),
        ([0.5, 0.4, 0.6, 0.5, 0.5, 0.5, 0.5], 3, 6, 3),
        ([0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 1, 2, 1),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7], 1, 7, 7),
        ([0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], 0, 7, 1),
    ],
)
def test_early_stopping_ends_in_the_epoch_that_patience_says(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch,
    accuracies: list[float], patience: int, last: int, best: int,
) -> None:  # fmt: skip
    script(monkeypatch, accuracies)
    job = start(epochs=7, earlyStoppingPatience=patience)
    end = job.train()
    assert [event["epoch"] for event in job.of_type("metrics")] == list(range(1, last + 1))
    assert (end["bestEpoch"], end["result"]["epochs"]) == (best, last)
    assert end["result"]["stoppedEarly"] is (last < 7)


@pytest.mark.parametrize("in_memory", [True, False])
def test_an_unreadable_image_is_left_out_with_a_warning_that_names_it(
    start: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, in_memory: bool
) -> None:
    if not in_memory:
        monkeypatch.setattr(training, "available_memory", lambda: 0)
    job = start(rows_of(**{"broken.png": solid(1)[:50], "odd.png": b"no image"}))
    end = job.train()
    assert job.learned == set(LEVELS["train"])
    assert end["result"]["images"]["train"] == 24
    assert end["result"]["unreadable"] == ["train/broken.png", "train/odd.png"]
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert sum("train/broken.png" in warning for warning in warnings) == 1
    assert sum("train/odd.png is left out: it is no JPEG" in warning for warning in warnings) == 1
    if in_memory:
        assert job.of_type("started")[0]["images"]["train"] == 24


@pytest.mark.parametrize(("limit", "left_out"), [(40 * 40, []), (40 * 40 - 1, ["train/large.png"])])
def test_the_platform_says_how_many_pixels_an_image_may_have(
    start: Callable[..., Run], platform: Platform, limit: int, left_out: list[str]
) -> None:
    large = io.BytesIO()
    Image.new("L", (40, 40), 90).save(large, "PNG")  # The manifest of these tests announces 32 × 32.
    platform.max_pixels = limit
    job = start(rows_of(**{"large.png": large.getvalue()}), epochs=1)
    assert job.train()["result"]["unreadable"] == left_out


def test_an_image_with_the_pixels_that_its_version_pins_is_read_whatever_the_limit(
    start: Callable[..., Run], platform: Platform
) -> None:
    platform.max_pixels = 1
    assert start(epochs=1).train()["result"]["unreadable"] == []


def test_too_many_unreadable_images_end_the_job(start: Callable[..., Run]) -> None:
    with pytest.raises(TrainerError, match="3 of 27 train images cannot be read") as failure:
        start(rows_of(a=b"1", b=b"2", c=b"3")).train()
    assert failure.value.code == "DATASET_INVALID"


def test_the_only_image_of_a_split_must_be_readable(start: Callable[..., Run]) -> None:
    rows = [row for row in rows_of() if row[3] != "val"]
    with pytest.raises(TrainerError, match="1 of 1 val images"):
        start([*rows, ("val/x.png", b"no image", "dark", "val")]).train()


def test_an_unreadable_image_that_leaves_one_class_ends_the_job(start: Callable[..., Run]) -> None:
    rows = [row for row in rows_of() if row[2] == "dark"]
    with pytest.raises(TrainerError, match="same class"):
        start([*rows, ("train/x.png", b"no image", "light", "train")]).train()


def test_an_upright_photo_with_a_broken_exif_block_is_trained_on(start: Callable[..., Run]) -> None:
    end = start(rows_of(photo=jpeg_files()["jpeg-exif-width-as-text"].data)).train()
    assert end["result"]["unreadable"] == []
    assert end["result"]["images"]["train"] == 25


def test_images_is_the_only_place_that_opens_images() -> None:
    folder = Path(images.__file__).parent
    # The example of a package runs on its own, with the image files that are in the package.
    sources = [path for path in (*folder.glob("*.py"), *(folder.parents[1] / "sdk" / "trainer_sdk").glob("*.py")) if path.name != "package_example.py"]
    assert [path.name for path in sources if "Image.open(" in path.read_text()] == ["images.py"]
    assert all("formats=" in line for path in sources for line in path.read_text().splitlines() if "Image.open(" in line)
