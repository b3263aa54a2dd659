"""Converters: read back by plain readers of each format, with hand-made cases and odd names."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from neutral import dataset_of, picture
from PIL import Image

from trainer_sdk import TrainerError
from trainer_sdk.annotations import KeypointList
from trainer_sdk.converters import COCO_FIRST_CATEGORY, write_coco, write_image_folder, write_masks, write_yolo
from trainer_sdk.converters.yolo import joined
from trainer_sdk.masks import encode_rle, polygon_mask

ODD = ["../../etc/passwd.png", "a/B.png", "a/b.png", "ä 雪\n.png", "x" * 400 + ".png", "con.txt", "-rf.png"]
SQUARE = [4.0, 2.0, 12.0, 2.0, 12.0, 8.0, 4.0, 8.0]
NOSE = KeypointList(("nose", "left ear", "right ear"), ((0, 1), (0, 2)), (0, 2, 1))


def names_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def object_of(name: str, **more: Any) -> dict[str, Any]:
    return {"class": name, "box": [4.0, 2.0, 8.0, 6.0], **more}


def test_image_folders_keep_the_order_of_the_classes_and_the_splits(tmp_path: Path) -> None:
    classes = ["zebra", "../ape", "ape", "a" * 300]
    images = [
        (f"{name}{number}", ("train", "val")[number], picture(8, 6, (number, 0, 40 * index)), name)
        for index, name in enumerate(classes) for number in range(2)
    ]  # fmt: skip
    placed = write_image_folder(dataset_of(tmp_path / "in", "image_classification", classes, images), tmp_path / "out")
    folders = sorted(path.name for path in (tmp_path / "out" / "train").iterdir())
    assert [name[:4] for name in folders] == ["0000", "0001", "0002", "0003"]
    assert folders[0] == "0000-zebra"
    assert sorted(path.name for path in (tmp_path / "out" / "val").iterdir()) == folders
    assert not (tmp_path / "out" / "test").exists()
    for image in (*placed["train"], *placed["val"]):
        assert image.file.parent.name == folders[image.entry.label]
        assert image.file.parent.parent.name == image.entry.split
    assert [len(placed[split]) for split in ("train", "val", "test")] == [4, 4, 0]


@pytest.mark.parametrize("write", [write_yolo, write_coco])
def test_odd_paths_become_plain_files(tmp_path: Path, write: Any) -> None:
    images = [(path, "train", picture(8, 6, (n, n, n)), []) for n, path in enumerate(ODD)]
    placed = write(dataset_of(tmp_path / "in", "object_detection", ["a"], images), tmp_path / "out")
    assert [image.entry.path for image in placed["train"]] == ODD
    assert [image.file.name for image in placed["train"]] == [f"00000{n}.png" for n in range(1, 8)]
    assert all(image.file.is_relative_to(tmp_path / "out") and image.file.is_file() for image in placed["train"])


def test_an_image_is_written_upright_and_without_what_other_decoders_see_differently(tmp_path: Path) -> None:
    turned = Image.new("RGB", (8, 4), (200, 10, 10))
    turned.paste((10, 10, 200), (0, 0, 4, 4))
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = io.BytesIO()
    turned.save(sideways, "JPEG", exif=exif, quality=95)
    clear = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(clear, "PNG")
    images = [("s.jpg", "train", sideways.getvalue(), []), ("c.png", "train", clear.getvalue(), [])]
    first, second = write_coco(dataset_of(tmp_path / "in", "object_detection", ["a"], images), tmp_path / "out")["train"]
    assert (first.width, first.height) == (4, 8)
    with Image.open(first.file) as image:
        assert image.size == (4, 8)
        assert image.getexif().get(0x0112, 1) == 1
        assert image.getpixel((2, 1))[2] > 150
    with Image.open(second.file) as image:
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_an_image_that_cannot_be_read_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    images = [("good.png", "train", picture(8, 6), []), ("bad.png", "train", b"no image", [])]
    placed = write_coco(dataset_of(tmp_path / "in", "object_detection", ["a"], images), tmp_path / "out")
    assert [image.entry.path for image in placed["train"]] == ["good.png"]
    assert "bad.png" in caplog.text
    with pytest.raises(TrainerError, match="cannot be read"):
        write_coco(dataset_of(tmp_path / "in", "object_detection", ["a"], images[1:]), tmp_path / "none")


def test_a_converter_never_gives_away_the_cached_file(tmp_path: Path) -> None:
    dataset = dataset_of(tmp_path / "in", "object_detection", ["a"], [("a.png", "train", picture(8, 6), [])])
    (image,) = write_coco(dataset, tmp_path / "out")["train"]
    image.file.write_bytes(b"repaired in place")
    assert dataset.images[0].file.read_bytes() == picture(8, 6)


def yolo(tmp_path: Path, task: str, images: Any, keypoints: KeypointList | None = None) -> tuple[Path, dict[str, Any]]:
    root = tmp_path / "out"
    write_yolo(dataset_of(tmp_path / "in", task, ["on", "yes: [no]"], images, keypoints), root)
    return root, yaml.safe_load((root / "data.yaml").read_text("utf-8"))


def lines_of(root: Path, split: str, number: int) -> list[list[float]]:
    text = (root / "labels" / split / f"{number:06d}.txt").read_text()
    return [[float(word) for word in line.split()] for line in text.splitlines()]


def test_yolo_boxes(tmp_path: Path) -> None:
    root, data = yolo(tmp_path, "object_detection", [
        ("a", "train", picture(16, 8), [object_of("yes: [no]"), object_of("on", crowd=True)]),
        ("b", "train", picture(16, 8), []),
        ("c", "test", picture(16, 8), [{"class": "on", "box": [0, 0, 16, 8]}]),
    ])  # fmt: skip
    assert lines_of(root, "train", 1) == [[1, 0.5, 0.625, 0.5, 0.75]]
    assert lines_of(root, "train", 2) == []
    assert lines_of(root, "test", 1) == [[0, 0.5, 0.5, 1, 1]]
    assert data == {
        "path": str(root.absolute()), "train": "images/train", "val": "images/train", "test": "images/test",
        "names": {0: "on", 1: "yes: [no]"},
    }  # fmt: skip
    assert names_below(root / "images") == ["test/000001.png", "train/000001.png", "train/000002.png"]


def test_yolo_polygons(tmp_path: Path) -> None:
    mask = polygon_mask([SQUARE], 8, 16)
    rle = encode_rle(mask)
    root, data = yolo(tmp_path, "instance_segmentation", [
        ("a", "train", picture(16, 8), [
            object_of("on", polygons=[SQUARE]),
            object_of("on", rle={"size": [8, 16], "counts": rle.counts}),
            object_of("yes: [no]"),
        ]),
        ("b", "val", picture(16, 8), []),
    ])  # fmt: skip
    outline, from_rle, from_box = lines_of(root, "train", 1)
    assert outline == [0, *(value / (8 if n % 2 else 16) for n, value in enumerate(SQUARE))]
    for line in (from_rle, from_box):
        ring = [value * (8 if n % 2 else 16) for n, value in enumerate(line[1:])]
        assert (polygon_mask([tuple(ring)], 8, 16) == mask).all()
    assert data["val"] == "images/val"


def test_rings_joined_into_one_cover_the_same_pixels() -> None:
    rings = [(1, 1, 4, 1, 4, 4, 1, 4), (6.5, 2, 11, 3, 8, 9), (2, 7, 5, 7, 5, 11, 2, 11)]
    assert (polygon_mask([joined(rings)], 12, 12) == polygon_mask(rings, 12, 12)).all()
    assert joined(rings[:1]) == rings[0]
    assert (polygon_mask([joined(rings[:2])], 12, 12) == polygon_mask(rings[:2], 12, 12)).all()


def test_yolo_keypoints(tmp_path: Path) -> None:
    points = [[4, 2, 2], [0, 0, 0], [8, 4, 1]]
    images = [("a", "train", picture(16, 8), [object_of("on", keypoints=points)])]
    root, data = yolo(tmp_path, "keypoint_detection", images, NOSE)
    assert lines_of(root, "train", 1) == [[0, 0.5, 0.625, 0.5, 0.75, 0.25, 0.25, 2, 0, 0, 0, 0.5, 0.5, 1]]
    assert (data["kpt_shape"], data["flip_idx"]) == ([3, 3], [0, 2, 1])


def test_yolo_oriented_boxes(tmp_path: Path) -> None:
    diamond = [8.0, 0.0, 16.0, 4.0, 8.0, 8.0, 0.0, 4.0]
    images = [("a", "train", picture(16, 8), [object_of("on", polygons=[diamond]), object_of("on")])]
    root, _ = yolo(tmp_path, "oriented_detection", images)
    rotated, plain = lines_of(root, "train", 1)
    assert rotated == [0, 0.5, 0, 1, 0.5, 0.5, 1, 0, 0.5]
    assert plain == [0, 0.25, 0.25, 0.75, 0.25, 0.75, 1, 0.25, 1]


def test_coco_files(tmp_path: Path) -> None:
    rle = encode_rle(polygon_mask([SQUARE], 8, 16))
    images = [
        ("a", "train", picture(16, 8), []),
        ("b", "train", picture(16, 8), [
            object_of("dog", polygons=[SQUARE]),
            object_of("cat", rle={"size": [8, 16], "counts": rle.counts}, crowd=True),
        ]),
        ("c", "val", picture(16, 8), [object_of("cat")]),
    ]  # fmt: skip
    write_coco(dataset_of(tmp_path / "in", "instance_segmentation", ["cat", "dog"], images), tmp_path / "out")
    train, val, test = (
        json.loads((tmp_path / "out" / "annotations" / f"{split}.json").read_text()) for split in ("train", "val", "test")
    )
    assert [(image["id"], image["file_name"], image["width"], image["height"]) for image in train["images"]] == [
        (1, "000001.png", 16, 8), (2, "000002.png", 16, 8),
    ]  # fmt: skip
    assert train["categories"] == [{"id": COCO_FIRST_CATEGORY, "name": "cat"}, {"id": COCO_FIRST_CATEGORY + 1, "name": "dog"}]
    first, second = train["annotations"]
    assert first == {
        "id": 1, "image_id": 2, "category_id": COCO_FIRST_CATEGORY + 1, "bbox": [4, 2, 8, 6], "iscrowd": 0, "area": 48,
        "segmentation": [SQUARE],
    }  # fmt: skip
    assert (second["iscrowd"], second["segmentation"]) == (1, {"size": [8, 16], "counts": rle.counts})
    assert [item["area"] for item in val["annotations"]] == [48]
    assert (test["images"], test["annotations"], test["categories"]) == ([], [], train["categories"])


def test_coco_keypoints(tmp_path: Path) -> None:
    points = [[4, 2, 2], [0, 0, 0], [8, 4, 1]]
    images = [("a", "train", picture(16, 8), [object_of("cat", keypoints=points)])]
    write_coco(dataset_of(tmp_path / "in", "keypoint_detection", ["cat"], images, NOSE), tmp_path / "out")
    body = json.loads((tmp_path / "out" / "annotations" / "train.json").read_text())
    assert (body["annotations"][0]["keypoints"], body["annotations"][0]["num_keypoints"]) == ([4, 2, 2, 0, 0, 0, 8, 4, 1], 2)
    assert (body["categories"][0]["keypoints"], body["categories"][0]["skeleton"]) == (list(NOSE.names), [[1, 2], [1, 3]])


def test_mask_files(tmp_path: Path) -> None:
    images = [
        ("a", "train", picture(16, 8), [object_of("dog", polygons=[SQUARE])]),
        ("b", "val", picture(16, 8), []),
    ]  # fmt: skip
    write_masks(dataset_of(tmp_path / "in", "semantic_segmentation", ["cat", "dog"], images), tmp_path / "out")
    with Image.open(tmp_path / "out" / "masks" / "train" / "000001.png") as image:
        assert (np.asarray(image) == np.where(polygon_mask([SQUARE], 8, 16), 2, 0)).all()
    with Image.open(tmp_path / "out" / "masks" / "val" / "000001.png") as image:
        assert not np.asarray(image).any()
    assert names_below(tmp_path / "out" / "images") == ["train/000001.png", "val/000001.png"]
