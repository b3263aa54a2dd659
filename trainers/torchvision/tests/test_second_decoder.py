"""The decoder of certificates, and how outputs are compared."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from torchvision_trainer import second_decoder
from torchvision_trainer.agreement import Agreement
from torchvision_trainer.images import Preprocessing, decode
from trainer_sdk.images import UnreadableImage


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Smooth colours with some noise."""
    numbers = np.random.default_rng(width * height)
    coarse = numbers.integers(0, 256, (7, 9, 4), dtype=np.uint8)
    return Image.fromarray(coarse, "CMYK").convert("RGB").resize((width, height), Image.Resampling.BICUBIC).convert(mode)


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
@pytest.mark.parametrize("size", [(64, 64), (200, 90), (31, 170), (900, 500), (20, 12)])
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_both_decoders_see_the_same_pixels(fit: str, size: tuple[int, int], format: str) -> None:
    rules = Preprocessing((64, 64), (0.5,) * 3, (0.5,) * 3, fit=fit)
    data = encoded(picture(*size), format)
    apart = np.abs(decode(data, rules).astype(int) - second_decoder.decode(data, rules))
    assert apart.mean() < 1.0
    assert apart.max() <= 8


def test_both_decoders_turn_a_photo_upright() -> None:
    image = picture(80, 40)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(image, "JPEG", exif=exif, quality=95)
    rules = Preprocessing((64, 64), (0.5,) * 3, (0.5,) * 3, fit="letterbox")
    apart = np.abs(decode(data, rules).astype(int) - second_decoder.decode(data, rules))
    assert apart.mean() < 1.0


@pytest.mark.parametrize("mode", ["RGBA", "CMYK"])
def test_what_opencv_reads_in_another_way_is_left_out(mode: str) -> None:
    data = encoded(picture(40, 40, mode), "PNG" if mode == "RGBA" else "JPEG")
    with pytest.raises(UnreadableImage):
        second_decoder.decode(data, Preprocessing((32, 32), (0.5,) * 3, (0.5,) * 3))


def objects(*rows: tuple[int, float, float]) -> dict[str, np.ndarray]:
    """Boxes of 10 pixels: class, left side, score."""
    return {
        "boxes": np.array([[left, 0, left + 10, 10] for _, left, _ in rows], dtype=np.float32).reshape(-1, 4),
        "labels": np.array([label for label, _, _ in rows], dtype=np.int64),
        "scores": np.array([score for _, _, score in rows], dtype=np.float32),
    }


@pytest.mark.parametrize(
    ("got", "same", "all"),
    [
        (objects((1, 20, 0.8), (0, 0, 0.9)), 2, 2),
        (objects((0, 0, 0.9), (0, 20, 0.8)), 1, 3),
        (objects((0, 0, 0.9)), 1, 2),
        (objects((0, 0, 0.9), (1, 20, 0.8), (1, 60, 0.7)), 2, 3),
        (objects((0, 0, 0.9), (1, 20, 0.8), (1, 60, 0.051)), 2, 2),
    ],
    ids=["in another order", "another class", "one is missing", "one more", "one more at the threshold"],
)
def test_objects_agree_when_class_and_place_do(got: dict[str, np.ndarray], same: int, all: int) -> None:
    agreement = Agreement()
    agreement.add(got, objects((0, 0, 0.9), (1, 20, 0.8)), 0.05)
    assert (agreement.same, agreement.all) == (same, all)


def test_a_file_without_an_output_is_refused() -> None:
    wanted = objects((0, 0, 0.9))
    with pytest.raises(ValueError, match="instead of"):
        Agreement().add({**wanted, "labels": wanted["labels"].astype(np.float32)}, wanted, 0.05)
