"""The proof of an export: a file that computes other numbers does not pass."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from torchvision_trainer import checkpoints, exporting, graphs, models, writing
from torchvision_trainer.certificate import Proof, prove
from torchvision_trainer.images import ImageSet
from trainer_sdk import ImageEntry, TrainerError

CLASSES = ["cat", "dog", "owl"]


def checkpoint(model_name: str = "small_cnn") -> checkpoints.Checkpoint:
    torch.manual_seed(0)
    model = models.build(model_name, len(CLASSES))
    preprocessing = {"resize": [32, 32], "mean": [0.5] * 3, "std": [0.5] * 3}
    return checkpoints.Checkpoint(
        {"modelName": model_name, "classes": CLASSES, "epoch": 1, "preprocessing": preprocessing,
         "model": model.state_dict()}
    )  # fmt: skip


@pytest.fixture()
def images(tmp_path: Path) -> ImageSet:
    entries = []
    generator = np.random.default_rng(0)
    for number in range(40):
        path = tmp_path / f"{number}.png"
        Image.fromarray(generator.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        entries.append(ImageEntry(path.name, sha256, 0, 400, number % 3, "test", path))
    return ImageSet(entries, checkpoint().preprocessing, 2, 2**30, lambda: None)


def written(tmp_path: Path, format: str, source: checkpoints.Checkpoint) -> Path:
    path = tmp_path / "file"
    graph = graphs.graph_of(source, source.build_model(), format, embed=False)
    signature = graphs.signature_of(source.task_type)
    writing.write(graph, signature, path, format, exporting.describe(source, format, {}))
    return path


def validate(path: Path, format: str, source: checkpoints.Checkpoint, images: ImageSet) -> dict[str, Any]:
    proof = Proof(path, format, "fp32", source.build_model(), source, False, None, 1e-3)
    return prove(proof, images, "test", 2, lambda: None)[0]


@pytest.mark.parametrize("format", ["onnx", "torchscript"])
@pytest.mark.parametrize("model", ["small_cnn", "resnet18"])
def test_the_right_file_passes(tmp_path: Path, images: ImageSet, format: str, model: str) -> None:
    source = checkpoint(model)
    answer = validate(written(tmp_path, format, source), format, source, images)
    assert answer["passed"] is True
    assert answer["samples"] == 40


@pytest.mark.parametrize("format", ["onnx", "torchscript"])
def test_a_file_with_other_weights_is_refused(tmp_path: Path, images: ImageSet, format: str) -> None:
    source = checkpoint()
    path = written(tmp_path, format, source)
    source.state["model"]["head.bias"] = source.state["model"]["head.bias"] + 0.01
    with pytest.raises(TrainerError) as raised:
        validate(path, format, source, images)
    assert (raised.value.code, raised.value.category) == ("EXPORT_VALIDATION_FAILED", "permanent")


@pytest.mark.parametrize("format", ["onnx", "torchscript"])
def test_a_file_that_returns_no_numbers_is_refused(tmp_path: Path, images: ImageSet, format: str) -> None:
    source = checkpoint()
    broken = checkpoint()
    broken.state["model"]["head.bias"] = torch.full((3,), float("nan"))
    with pytest.raises(TrainerError, match="differs"):
        validate(written(tmp_path, format, broken), format, source, images)


@pytest.mark.parametrize("format", ["onnx", "torchscript"])
def test_a_file_that_cannot_be_run_is_refused(tmp_path: Path, images: ImageSet, format: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"junk")
    with pytest.raises(TrainerError) as raised:
        validate(path, format, checkpoint(), images)
    assert raised.value.code == "EXPORT_VALIDATION_FAILED"


def test_images_that_do_not_fit_in_memory_are_decoded_as_needed(images: ImageSet) -> None:
    lazy = ImageSet(images.entries, checkpoint().preprocessing, 2, 0, lambda: None)
    assert (images.in_memory, lazy.in_memory) == (True, False)
    order = torch.tensor([3, 1, 39])
    assert all(torch.equal(a, b) for a, b in zip(images.batch(order), lazy.batch(order), strict=True))
    parts = torch.arange(40).split(7)
    for kept, decoded in zip(images.batches(parts), lazy.batches(parts), strict=True):
        assert torch.equal(kept[0], decoded[0])
        assert torch.equal(kept[1], decoded[1])
