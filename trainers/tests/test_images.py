"""What a pixel is: odd files against what they were made to show. The platform's tests read the same files."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("PIL")

from odd_images import CELL_BOUND, MEAN_BOUND, cells, odd_images, picture, saved
from PIL import Image

from trainer_sdk.images import ImageTooLarge, UnreadableImage, measure, open_rgb, resized_rgb

ODD = odd_images()


def differences(image: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    return np.abs(np.array(cells(image)) - np.array(cells(wanted)))


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_is_read_as_it_was_made_or_refused(name: str) -> None:
    odd = ODD[name]
    if odd.shows is None:
        with pytest.raises(UnreadableImage):
            open_rgb(odd.data)
        with pytest.raises(UnreadableImage):
            resized_rgb(odd.data, (8, 8), Image.Resampling.BILINEAR)
        return
    image = open_rgb(odd.data)
    size = odd.shows.shape[1], odd.shows.shape[0]
    assert image.mode == "RGB"
    assert image.size == size == measure(odd.data).upright
    seen = differences(np.asarray(image), odd.shows)
    assert seen.mean() <= MEAN_BOUND
    assert seen.max() <= CELL_BOUND


@pytest.mark.parametrize("name", [name for name, odd in ODD.items() if odd.shows is not None])
def test_a_resized_image_shows_the_same(name: str) -> None:
    odd = ODD[name]
    assert odd.shows is not None
    seen = resized_rgb(odd.data, (8, 8), Image.Resampling.BILINEAR)
    wanted = Image.fromarray(odd.shows).resize((8, 8), Image.Resampling.BILINEAR)
    difference = differences(np.asarray(seen), np.asarray(wanted))
    assert difference.mean() <= MEAN_BOUND
    assert difference.max() <= CELL_BOUND


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP"])
def test_reducing_in_steps_shows_what_resizing_at_once_shows(kind: str) -> None:
    large = Image.fromarray(picture()).resize((1003, 707), Image.Resampling.BICUBIC)
    data = saved(large, kind)
    wanted = np.asarray(large.resize((31, 24), Image.Resampling.BILINEAR)).astype(int)
    seen = np.asarray(resized_rgb(data, (31, 24), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(seen - wanted).max() <= 3


def test_the_limits_hold_before_anything_is_decoded() -> None:
    white = saved(Image.new("1", (2000, 1000), 1), "PNG")
    assert open_rgb(white, 2_000_000).size == (2000, 1000)
    with pytest.raises(ImageTooLarge, match="2000 × 1000 pixels; at most 1.99 million"):
        open_rgb(white, 1_990_000)
    deep = ODD["png-rgba-16"].data
    pixels = picture().shape[0] * picture().shape[1]
    with pytest.raises(ImageTooLarge, match="decoded"):
        open_rgb(deep, pixels)
    assert open_rgb(deep, 2 * pixels)
