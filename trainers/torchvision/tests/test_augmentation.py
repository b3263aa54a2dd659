"""Augmentation: what lies in an image moves with its pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from torchvision_trainer.annotated import Targets
from torchvision_trainer.augmentation import jitter_colours, mirrored, move_map, move_targets, moved
from trainer_sdk.masks import mask_box, polygon_mask
from trainer_sdk.metrics.semantic import IGNORED

SIZE = 40
BASIC: dict[str, Any] = {"augment": "basic", "flipProbability": 0.5, "colorJitter": 0.0}


def scene() -> tuple[torch.Tensor, Targets]:
    """A bright object, left of the middle, with a point on its left and one on its right end."""
    mask = polygon_mask([(6, 10, 18, 10, 18, 20, 6, 20)], SIZE, SIZE)
    image = torch.from_numpy(mask).float().expand(3, -1, -1).clone()
    keypoints = torch.tensor([[[6.5, 15.0, 2.0], [17.5, 15.0, 1.0], [0.0, 0.0, 0.0]]])
    return image, Targets(
        torch.tensor([[6.0, 10, 18, 20]]), torch.tensor([1]), torch.tensor([False]), torch.tensor([120.0]),
        torch.from_numpy(mask)[None].to(torch.uint8), keypoints,
    )  # fmt: skip


def box_of(image: torch.Tensor) -> list[float]:
    x, y, width, height = mask_box(image[0].numpy() > 0.5)
    return [x, y, x + width, y + height]


def test_a_mirrored_image_has_mirrored_objects() -> None:
    image, targets = scene()
    flipped, result = mirrored(image, targets, (1, 0, 2))
    assert result.boxes.tolist() == [box_of(flipped)] == [[22, 10, 34, 20]]
    assert torch.equal(result.masks[0].bool(), flipped[0] > 0.5)
    # The left end is now what the right end was, and an unlabelled point stays unlabelled.
    assert result.keypoints.tolist() == [[[22.5, 15, 1], [33.5, 15, 2], [0, 0, 0]]]
    again, back = mirrored(flipped, result, (1, 0, 2))
    assert torch.equal(again, image)
    assert all(torch.equal(value, getattr(targets, name)) for name, value in vars(back).items())


@pytest.mark.parametrize(("scale", "left", "top"), [(1.0, 5.0, -4.0), (1.25, -6.0, 3.0), (0.8, 4.0, 7.0), (2.0, -10.0, -10.0)])
def test_a_moved_image_has_moved_objects(scale: float, left: float, top: float) -> None:
    image, targets = scene()
    shifted, result = moved(image, targets, scale, left, top)
    expected = [6 * scale + left, 10 * scale + top, 18 * scale + left, 20 * scale + top]
    assert result.boxes[0].tolist() == pytest.approx([min(SIZE, max(0, value)) for value in expected])
    assert box_of(shifted) == pytest.approx(result.boxes[0].tolist(), abs=1)
    assert mask_box(result.masks[0].numpy() > 0)[2:] == pytest.approx(
        (result.boxes[0][2:] - result.boxes[0][:2]).tolist(), abs=1
    )
    assert result.keypoints[0, 0, :2].tolist() == pytest.approx([6.5 * scale + left, 15 * scale + top])
    assert result.keypoints[0, 2].tolist() == [0, 0, 0]


def test_an_object_that_leaves_the_image_is_dropped_with_all_it_has() -> None:
    image, targets = scene()
    _, result = moved(image, targets, 1.0, -17.0, 0.0)
    assert [len(value) for value in vars(result).values()] == [0] * 6
    _, cut = moved(image, targets, 1.0, -12.0, 0.0)
    assert cut.boxes.tolist() == [[0, 10, 6, 20]]
    assert cut.keypoints[0].tolist() == [[0, 0, 0], [5.5, 15, 1], [0, 0, 0]]


def test_an_image_without_objects_is_moved_like_the_others() -> None:
    image, targets = scene()
    empty = targets.where(torch.tensor([False]))
    for _, result in (mirrored(image, empty, (1, 0, 2)), moved(image, empty, 1.1, 2.0, 3.0)):
        assert [len(value) for value in vars(result).values()] == [0] * 6


def test_the_settings_decide_what_is_moved() -> None:
    image, targets = scene()
    numbers = torch.Generator().manual_seed(1)
    still, same = move_targets(image, targets, {**BASIC, "augment": "none", "flipProbability": 0.0}, numbers)
    assert torch.equal(still, image)
    assert torch.equal(same.boxes, targets.boxes)
    for _ in range(20):
        flipped, result = move_targets(image, targets, {**BASIC, "augment": "none", "flipProbability": 1.0}, numbers, (1, 0, 2))
        assert torch.equal(flipped, image.flip(2))
        shaken, result = move_targets(image, targets, {**BASIC, "flipProbability": 0.0}, numbers)
        assert box_of(shaken) == pytest.approx(result.boxes[0].tolist(), abs=1.01)


def test_a_class_map_moves_with_its_image() -> None:
    classes = torch.zeros((SIZE, SIZE), dtype=torch.int64)
    classes[10:20, 6:18] = 2
    image = (classes == 2).float().expand(3, -1, -1).clone()
    numbers = torch.Generator().manual_seed(2)
    changed = 0
    for _ in range(20):
        shaken, result = move_map(image, classes, BASIC, numbers)
        known = result != IGNORED
        assert set(result.unique().tolist()) <= {0, 2, IGNORED}
        wrong = ((shaken[0] > 0.5) != (result == 2)) & known
        assert int(wrong.sum()) <= 60  # Half pixels along the edge.
        changed += not torch.equal(result, classes)
    assert changed == 20


def test_colours_change_by_no_more_than_the_strength_and_nothing_moves() -> None:
    image, _ = scene()
    batch = torch.stack([image, image * 0.5])
    numbers = torch.Generator().manual_seed(3)
    assert jitter_colours(batch, 0.0, numbers) is batch
    changed = jitter_colours(batch, 0.3, numbers)
    assert not torch.equal(changed, batch)
    for number in range(2):
        bright = changed[number][:, 12:18, 8:16]
        assert np.ptp(bright.numpy()) < 1e-5
        assert float((changed[number] - batch[number]).abs().max()) < 0.9
