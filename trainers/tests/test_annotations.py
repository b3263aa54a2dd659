"""Annotations of the neutral form: reading, masks, and what a manifest may say."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from neutral import picture
from platform_double import Platform
from schema import check

from trainer_sdk import JobContext, JobRequest, RequestProblem, TrainerError
from trainer_sdk.annotations import Annotation, KeypointList, Rle, trainable
from trainer_sdk.masks import annotation_mask, class_map, decode_rle, encode_rle, mask_box, mask_outlines, polygon_mask
from trainer_sdk.settings import Settings

LABELS = {"cat": 0, "dog": 1}
NOSE = KeypointList(("nose", "left ear", "right ear"), ((0, 1), (0, 2)), (0, 2, 1))


@pytest.mark.parametrize(
    "body",
    [
        {"class": "dog", "box": [1.5, 2.0, 3.0, 4.25]},
        {"class": "cat", "box": [0.0, 0.0, 4.0, 4.0], "polygons": [[0.0, 0.0, 4.0, 0.0, 4.0, 4.0], [1.0, 1.0, 2.0, 1.0, 2.0, 2.0]]},
        {"class": "cat", "box": [0.0, 0.0, 2.0, 2.0], "rle": {"size": [6, 7], "counts": "=24000;"}, "crowd": True},
        {"class": "cat", "box": [0.0, 0.0, 9.0, 9.0], "keypoints": [[1.0, 2.0, 2], [0.0, 0.0, 0], [3.0, 4.0, 1]]},
    ],
)
def test_an_annotation_is_the_same_after_reading_and_writing(body: dict[str, Any]) -> None:
    check("Annotation", body)
    assert Annotation.parse(body, LABELS, NOSE).to_json(["cat", "dog"]) == body


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"class": "bird", "box": [0, 0, 1, 1]}, "bird"),
        ({"class": "cat"}, "box"),
        ({"class": "cat", "box": [0, 0, 1]}, "box"),
        ({"class": "cat", "box": [0, 0, -1, 1]}, "box"),
        ({"class": "cat", "box": [0, 0, 1, float("nan")]}, "box"),
        ({"class": "cat", "box": [0, 0, 1, 1], "polygons": [[0, 0, 1, 1]]}, "three points"),
        ({"class": "cat", "box": [0, 0, 1, 1], "polygons": [[0, 0, 1, 1, 2]]}, "three points"),
        ({"class": "cat", "box": [0, 0, 1, 1], "polygons": [[0, 0, 1, 0, 1, 1]], "rle": {"size": [1, 1], "counts": "1"}}, "both"),
        ({"class": "cat", "box": [0, 0, 1, 1], "keypoints": [[0, 0, 0]]}, "1 keypoints instead of 3"),
        ({"class": "cat", "box": [0, 0, 1, 1], "keypoints": [[0, 0, 3]] * 3}, "visibility"),
        ([], "object"),
    ],
)
def test_a_malformed_annotation_is_refused_with_the_reason(body: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Annotation.parse(body, LABELS, NOSE)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"names": []}, "names"),
        ({"names": ["a", "a"]}, "repeat"),
        ({"names": ["a", "b"], "flip": [0, 0]}, "once"),
        ({"names": ["a", "b", "c"], "flip": [1, 2, 0]}, "lead back"),
        ({"names": ["a", "b"], "skeleton": [[0, 2]]}, "pairs"),
    ],
)
def test_a_malformed_list_of_keypoints_is_refused(value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        KeypointList.parse(value)


def test_crowds_and_objects_without_extent_are_not_trained_on() -> None:
    usual, crowd, flat = (
        Annotation.parse({"class": "cat", "box": [0, 0, width, 2], **more}, LABELS)
        for width, more in ((2, {}), (2, {"crowd": True}), (0, {}))
    )
    assert trainable([crowd, usual, flat]) == [usual]


def test_a_polygon_covers_the_pixels_whose_centres_it_encloses() -> None:
    mask = polygon_mask([(1, 1, 4, 1, 4, 3, 1, 3)], 5, 6)
    assert np.argwhere(mask).tolist() == [[y, x] for y in (1, 2) for x in (1, 2, 3)]
    triangle = polygon_mask([(0, 0, 4, 0, 0, 4)], 4, 4)
    assert triangle.astype(int).tolist() == [[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_a_polygon_beyond_the_image_is_cut_off() -> None:
    assert polygon_mask([(-3, -3, 9, -3, 9, 9, -3, 9)], 3, 4).all()
    assert not polygon_mask([(5, 0, 9, 0, 9, 3, 5, 3)], 3, 4).any()


def test_several_rings_are_a_union_and_each_ring_may_have_a_hole_where_it_crosses_itself() -> None:
    left, right = (0, 0, 3, 0, 3, 2, 0, 2), (2, 0, 5, 0, 5, 2, 2, 2)
    assert polygon_mask([left, right], 2, 5).all()


def test_a_mirrored_polygon_gives_the_mirrored_mask() -> None:
    ring = (0.7, 0.2, 8.3, 1.9, 5.1, 6.6, 2.2, 5.8)
    mirrored = tuple(10 - value if index % 2 == 0 else value for index, value in enumerate(ring))
    assert (polygon_mask([mirrored], 8, 10) == polygon_mask([ring], 8, 10)[:, ::-1]).all()


def test_the_area_of_a_mask_is_that_of_its_circle() -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack((50 + 30 * np.cos(angles), 50 + 30 * np.sin(angles)), 1).ravel()
    assert polygon_mask([tuple(ring)], 100, 100).sum() == pytest.approx(np.pi * 900, rel=0.01)


def test_an_rle_is_read_as_coco_writes_it() -> None:
    # Runs 13 2 4 2 4 2 15, column by column: worked out by hand from rleToString.
    mask = np.zeros((6, 7), dtype=bool)
    mask[1:3, 2:5] = True
    assert encode_rle(mask) == Rle(6, 7, "=24000;")
    assert (decode_rle(Rle(6, 7, "=24000;")) == mask).all()


def test_masks_are_the_same_after_runs_and_outlines() -> None:
    numbers = np.random.default_rng(1)
    for _ in range(150):
        height, width = numbers.integers(1, 14, 2)
        mask = numbers.random((height, width)) < numbers.random()
        assert (decode_rle(encode_rle(mask)) == mask).all()
        outlined = polygon_mask(mask_outlines(mask), height, width)
        assert outlined[mask].all()  # Holes are filled.


def test_an_outline_of_a_mask_without_holes_is_exact() -> None:
    mask = np.array([[1, 1, 0, 0], [0, 1, 0, 1], [1, 0, 0, 1], [1, 1, 1, 1]], dtype=bool)
    rings = mask_outlines(mask)
    assert len(rings) == 2
    assert (polygon_mask(rings, 4, 4) == mask).all()


def test_a_large_mask_is_outlined_fast_enough_to_be_used() -> None:
    mask = polygon_mask([(10, 10, 1900, 50, 1000, 1900)], 2000, 2000)
    assert (polygon_mask(mask_outlines(mask), 2000, 2000) == mask).all()


@pytest.mark.parametrize("counts", ["", "=2400", "=24000;;;", "\x10", "o"])
def test_a_malformed_rle_is_refused(counts: str) -> None:
    with pytest.raises(ValueError, match="rle"):
        decode_rle(Rle(6, 7, counts))


def test_an_rle_of_another_size_than_its_image_is_refused() -> None:
    item = Annotation(0, (0, 0, 1, 1), rle=Rle(6, 7, "=24000;"))
    with pytest.raises(ValueError, match="another size"):
        annotation_mask(item, 7, 6)


def test_later_annotations_cover_earlier_ones_and_crowds_are_not_measured() -> None:
    def block(label: int, left: int, right: int, crowd: bool = False) -> Annotation:
        return Annotation(label, (left, 0, right - left, 1), ((left, 0, right, 0, right, 1, left, 1),), crowd=crowd)

    assert class_map([block(0, 0, 4), block(1, 2, 5), block(0, 5, 6, crowd=True)], 1, 7).tolist() == [[1, 1, 2, 2, 2, 255, 0]]


def test_the_box_of_a_mask_encloses_its_pixels() -> None:
    mask = np.zeros((6, 7), dtype=bool)
    assert mask_box(mask) == (0, 0, 0, 0)
    mask[1:3, 2:5] = True
    assert mask_box(mask) == (2, 1, 3, 2)


class Reader:
    """Reads manifests of lines that a test writes."""

    def __init__(self, platform: Platform, settings: Settings, folder: Path) -> None:
        self.platform, self.settings, self.folder = platform, settings, folder

    def line(self, path: str, split: str = "train", **members: Any) -> dict[str, Any]:
        stored = self.platform.put(picture(8, 6), f"image-{path}")
        self.platform.images[path] = f"image-{path}"
        line = {"path": path, "size": stored["size"], "sha256": stored["sha256"], "width": 8, "height": 6}
        return {**line, **members, "split": split, "key": f"image-{path}"}

    def read(self, lines: list[dict[str, Any]], task: str = "object_detection", **dataset: Any) -> Any:
        body = self.platform.job(
            self.platform.attempt(), taskType=task, dataset={**self.platform.manifest(lines, ["cat", "dog"]), **dataset}
        )
        check("JobRequest", body)
        for line in lines:
            json.dumps(line)
        request = JobRequest.parse(body)
        self.folder.mkdir(exist_ok=True)
        context = JobContext(request, self.settings, self.folder, "test", lambda _: None, threading.Event())
        try:
            return context.dataset()
        finally:
            context.close()


@pytest.fixture()
def reader(platform: Platform, settings: Settings, tmp_path: Path) -> Reader:
    return Reader(platform, settings, tmp_path / "work")


def test_a_manifest_with_annotations_is_read_with_its_images_without_objects(reader: Reader) -> None:
    box = {"class": "dog", "box": [1, 2, 3, 4]}
    lines = [reader.line("a.png", annotations=[box, box]), reader.line("b.png", "val", annotations=[])]
    for line in lines:
        check("ManifestLine", line)
    dataset = reader.read(lines)
    assert [(image.path, image.split, image.label, len(image.annotations)) for image in dataset.images] == [
        ("a.png", "train", -1, 2), ("b.png", "val", -1, 0),
    ]  # fmt: skip
    assert dataset.images[0].annotations[0] == Annotation(1, (1, 2, 3, 4))
    assert (dataset.images[0].width, dataset.images[0].height) == (8, 6)
    assert all(image.file.is_file() for image in dataset.images)


def test_keypoints_of_the_dataset_are_read(reader: Reader) -> None:
    points = [[1, 1, 2], [2, 2, 1], [0, 0, 0]]
    lines = [reader.line("a.png", annotations=[{"class": "cat", "box": [0, 0, 4, 4], "keypoints": points}])]
    dataset = reader.read(lines, "keypoint_detection", keypoints=NOSE.to_json())
    assert dataset.keypoints == NOSE
    assert [point.visibility for point in dataset.images[0].annotations[0].keypoints] == [2, 1, 0]


def test_a_wrong_annotation_is_named_by_its_image(reader: Reader) -> None:
    with pytest.raises(TrainerError, match=r"Image odd\.png: an annotation has the class 'bird'"):
        reader.read([reader.line("odd.png", annotations=[{"class": "bird", "box": [0, 0, 1, 1]}])])


def test_a_line_without_annotations_is_malformed(reader: Reader) -> None:
    with pytest.raises(TrainerError, match="Line 1"):
        reader.read([reader.line("a.png", **{"class": "cat"})])


def test_keypoint_detection_needs_the_names_of_the_keypoints(reader: Reader) -> None:
    with pytest.raises(RequestProblem) as caught:
        reader.read([reader.line("a.png", annotations=[])], "keypoint_detection")
    assert caught.value.field == "dataset.keypoints"
