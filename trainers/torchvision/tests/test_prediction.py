"""Predictions: the pixels that a served model sees, and what one request may cost."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from odd_images import CELL_BOUND, MEAN_BOUND, chunk, odd_images, picture, saved
from PIL import Image

from torchvision_trainer import prediction
from torchvision_trainer.images import Preprocessing
from torchvision_trainer.prediction import ClassificationPredictor
from torchvision_trainer.runtimes import Runtime
from trainer_sdk import InvalidImage

ODD = odd_images()


class Seen(Runtime):
    """Keeps what it is given and finds the first class."""

    engine = "none"

    def __init__(self) -> None:
        self.inputs: list[np.ndarray] = []

    def outputs(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        self.inputs.append(inputs)
        return {"logits": np.tile([1.0, 0.0], (len(inputs), 1))}


def predictor(size: int = 8, max_pixels: int = 50_000_000) -> tuple[ClassificationPredictor, Seen]:
    seen = Seen()
    as_stored = Preprocessing((size, size), (0.0,) * 3, (1.0,) * 3, 1.0)
    return ClassificationPredictor(seen, ["a", "b"], as_stored, max_pixels), seen


@pytest.mark.parametrize("name", ODD)
def test_a_served_model_sees_an_odd_file_as_it_was_made_or_refuses_it(name: str) -> None:
    model, seen = predictor()
    shows = ODD[name].shows
    if shows is None:
        with pytest.raises(InvalidImage) as refusal:
            model.predict([ODD["jpeg-grey"].data, ODD[name].data], 1)
        assert (refusal.value.index, refusal.value.code, seen.inputs) == (1, "INVALID_IMAGE", [])
        return
    model.predict([ODD[name].data], 1)
    wanted = np.asarray(Image.fromarray(shows).resize((8, 8), Image.Resampling.BILINEAR)).astype(float)
    difference = np.abs(seen.inputs[0][0].transpose(1, 2, 0) - wanted)
    assert difference.mean() <= MEAN_BOUND
    assert difference.max() <= 2 * CELL_BOUND


def blank_png(width: int, height: int, depth: int, colour: int) -> bytes:
    """A small file of many pixels."""
    channels = {0: 1, 2: 3, 6: 4}[colour]
    row = b"\0" + bytes((width * channels * depth + 7) // 8)
    packer = zlib.compressobj(1)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def refused(call: Callable[[], Any]) -> tuple[int, str]:
    with pytest.raises(InvalidImage) as refusal:
        call()
    return refusal.value.index, refusal.value.code


def test_an_image_over_the_limit_is_refused_by_its_header() -> None:
    model, seen = predictor()
    small, large = ODD["jpeg-grey"].data, blank_png(10_000, 9_980, 1, 0)
    assert refused(lambda: model.predict([small, large], 1)) == (1, "IMAGE_TOO_LARGE")
    assert seen.inputs == []


def test_the_depth_counts_too() -> None:
    model, _ = predictor(max_pixels=1_000_000)
    assert len(model.predict([blank_png(1000, 1000, 8, 6)], 1)) == 1
    assert refused(lambda: model.predict([blank_png(1000, 1000, 16, 6)], 1)) == (0, "IMAGE_TOO_LARGE")


def test_the_images_of_a_request_have_a_limit_together() -> None:
    model, seen = predictor(max_pixels=1_000_000)
    image = blank_png(1000, 1000, 1, 0)
    assert len(model.predict([image] * 4, 1)) == 4
    seen.inputs.clear()
    assert refused(lambda: model.predict([image] * 5, 1)) == (4, "IMAGE_TOO_LARGE")
    assert seen.inputs == []


def test_many_photos_fit_because_a_jpeg_is_decoded_in_part() -> None:
    model, _ = predictor(size=32, max_pixels=1_000_000)
    photo = saved(Image.fromarray(picture()).resize((1000, 800)), "JPEG")
    assert len(model.predict([photo] * 64, 1)) == 64


def test_a_request_runs_in_parts_that_keep_the_input_small() -> None:
    model, seen = predictor(size=1024)
    model.predict([ODD["jpeg-grey"].data] * 3, 1)
    assert [len(inputs) for inputs in seen.inputs] == [1, 1, 1]


def test_images_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    decode, together = prediction.decode, []

    def watched(*arguments: Any) -> np.ndarray:
        together.append(prediction._decoding.locked())
        return decode(*arguments)

    monkeypatch.setattr(prediction, "decode", watched)
    predictor()[0].predict([ODD["jpeg-grey"].data] * 2, 1)
    assert together == [True, True]


@pytest.mark.parametrize(
    ("image", "mebibytes"),
    [
        (lambda: blank_png(6000, 6000, 16, 0), 200),
        (lambda: blank_png(7000, 7000, 1, 0), 110),
        (lambda: blank_png(7000, 7000, 8, 2), 260),
        (lambda: saved(Image.new("RGB", (7000, 7000)), "JPEG"), 60),
    ],
    ids=["16-bit", "1-bit", "rgb", "jpeg"],
)
def test_the_memory_of_a_decode_is_bounded(image: Callable[[], bytes], mebibytes: int) -> None:
    script = (
        "import sys\n"
        "from PIL import Image\n"
        "from trainer_sdk.images import resized_rgb\n"
        "data = sys.stdin.buffer.read()\n"
        "def peak():\n"
        "    return int(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
        "before = peak()\n"
        "resized_rgb(data, (32, 32), Image.Resampling.BILINEAR)\n"
        "print((peak() - before) // 1024)\n"
    )
    result = subprocess.run([sys.executable, "-c", script], input=image(), capture_output=True, check=True)
    assert int(result.stdout) <= mebibytes


def test_a_file_of_another_format_is_not_opened() -> None:
    model, _ = predictor()
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "EPS")
    assert refused(lambda: model.predict([buffer.getvalue()], 1)) == (0, "INVALID_IMAGE")
