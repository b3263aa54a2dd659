"""Measures: hand-made cases, and average precision against a second implementation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from coco_reference import average_precision, box_iou

from trainer_sdk.metrics import (
    ClassificationMeasure,
    DetectionMeasure,
    Evaluation,
    Objects,
    SemanticMeasure,
    classification,
    keypoint_similarities,
    mask_overlaps,
    sigmas_of,
)
from trainer_sdk.metrics.overlap import COCO_KEYPOINTS, COCO_SIGMAS, polygon_overlaps

Boxes = list[tuple[float, float, float, float]]


def true(boxes: Boxes, labels: list[int] | None = None, crowd: list[bool] | None = None, **more: Any) -> Objects:
    return Objects(
        np.array(labels if labels is not None else [0] * len(boxes), dtype=np.int64),
        np.array(boxes, dtype=float).reshape(-1, 4), crowd=None if crowd is None else np.array(crowd), **more,
    )  # fmt: skip


def found(boxes: Boxes, scores: list[float], labels: list[int] | None = None, **more: Any) -> Objects:
    return Objects(
        np.array(labels if labels is not None else [0] * len(boxes), dtype=np.int64),
        np.array(boxes, dtype=float).reshape(-1, 4), np.array(scores, dtype=float), **more,
    )  # fmt: skip


def measure(*images: tuple[Objects, Objects], classes: tuple[str, ...] = ("a",), **options: Any) -> Evaluation:
    whole = DetectionMeasure(classes, **options)
    for predicted, target in images:
        whole.add(predicted, target)
    return whole.result()


SQUARE = (0.0, 0.0, 10.0, 10.0)
FAR = (50.0, 50.0, 60.0, 60.0)


def test_finding_everything_exactly_is_1() -> None:
    result = measure((found([SQUARE, FAR], [0.9, 0.3]), true([SQUARE, FAR])))
    assert (result.metrics["mAP50"], result.metrics["mAP50-95"]) == pytest.approx((1, 1))
    assert (result.metrics["precision"], result.metrics["recall"]) == (1, 1)
    assert result.primary == pytest.approx(1)


def test_finding_nothing_is_0() -> None:
    result = measure((found([], []), true([SQUARE])))
    assert result.metrics == {"mAP50": 0, "mAP50-95": 0, "precision": 0, "recall": 0}
    assert result.confusion == [[0, 1], [0, 0]]


def test_an_overlap_counts_at_the_levels_that_it_reaches() -> None:
    # 8 of 10 rows: IoU 0.8, which reaches 0.5 to 0.8: seven of ten levels.
    result = measure((found([(0, 0, 10, 8)], [0.9]), true([SQUARE])))
    assert (result.metrics["mAP50"], result.metrics["mAP50-95"]) == pytest.approx((1, 0.7))


def test_a_false_detection_before_the_right_one_halves_the_precision() -> None:
    result = measure((found([FAR, SQUARE], [0.9, 0.8]), true([SQUARE])))
    assert result.metrics["mAP50"] == pytest.approx(0.5)
    after = measure((found([FAR, SQUARE], [0.7, 0.8]), true([SQUARE])))
    assert after.metrics["mAP50"] == pytest.approx(1)


def test_half_of_the_objects_found_is_51_of_101_recalls() -> None:
    result = measure((found([SQUARE], [0.9]), true([SQUARE, FAR])))
    assert result.metrics["mAP50"] == pytest.approx(51 / 101)


def test_a_second_detection_of_one_object_is_false() -> None:
    result = measure((found([SQUARE, SQUARE], [0.9, 0.8]), true([SQUARE, FAR])))
    assert result.metrics["mAP50"] == pytest.approx(51 / 101)
    assert result.confusion == [[1, 1], [1, 0]]


def test_detections_in_a_crowd_are_neither_right_nor_wrong() -> None:
    crowd = (100.0, 100.0, 200.0, 200.0)
    inside = [(110.0, 110.0, 120.0, 120.0), (150.0, 150.0, 160.0, 160.0)]
    result = measure((found([*inside, SQUARE], [0.95, 0.9, 0.5]), true([SQUARE, crowd], crowd=[False, True])))
    assert result.metrics["mAP50"] == pytest.approx(1)
    assert result.per_class[0]["support"] == 1
    assert result.confusion == [[1, 0], [0, 0]]


def test_an_object_is_preferred_to_a_crowd_around_it() -> None:
    crowd = (0.0, 0.0, 40.0, 40.0)
    result = measure((found([SQUARE], [0.9]), true([crowd, SQUARE], crowd=[True, False])))
    assert result.metrics["mAP50-95"] == pytest.approx(1)


def test_only_the_100_most_confident_detections_of_an_image_and_class_count() -> None:
    boxes: Boxes = [(200.0 + n, 200, 201 + n, 201) for n in range(100)]
    result = measure((found([*boxes, SQUARE], [0.9] * 100 + [0.1]), true([SQUARE])))
    assert result.metrics["mAP50"] == 0


def test_a_class_without_objects_is_left_out_of_the_mean() -> None:
    result = measure((found([SQUARE, FAR], [0.9, 0.9], [0, 1]), true([SQUARE])), classes=("a", "b"))
    assert result.metrics["mAP50"] == pytest.approx(1)
    assert [(row["class"], row["support"], row["metrics"].get("mAP50")) for row in result.per_class] == [
        ("a", 1, pytest.approx(1)), ("b", 0, None),
    ]  # fmt: skip


def test_detections_of_images_without_objects_are_false() -> None:
    empty = (found([FAR], [0.95]), true([]))
    result = measure((found([SQUARE], [0.9]), true([SQUARE])), empty)
    assert result.metrics["mAP50"] == pytest.approx(0.5)


def test_a_wrong_class_is_seen_in_the_confusion_matrix() -> None:
    result = measure((found([SQUARE], [0.9], [1]), true([SQUARE])), classes=("a", "b"))
    assert result.confusion == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]


def test_unsure_detections_are_not_in_the_confusion_matrix() -> None:
    assert measure((found([SQUARE], [0.24]), true([SQUARE]))).confusion == [[0, 1], [0, 0]]


def test_precision_and_recall_are_those_of_the_best_confidence() -> None:
    others: Boxes = [(100.0 * n, 0, 100.0 * n + 10, 10) for n in range(2, 6)]
    result = measure((found([SQUARE, FAR, *others], [0.9, 0.8, 0.1, 0.1, 0.1, 0.1]), true([SQUARE, FAR])))
    assert (result.metrics["precision"], result.metrics["recall"]) == (1, 1)


def test_pr_points_fall_from_recall_0_to_1() -> None:
    result = measure((found([SQUARE, FAR], [0.9, 0.8]), true([SQUARE, (0, 90, 10, 100)])))
    assert result.pr_points == [{"class": "a", "precision": [1.0] * 11 + [0.0] * 10}]


def random_scene(numbers: np.random.Generator) -> dict[str, Any]:
    targets, detections = [], []
    for _ in range(numbers.integers(0, 7)):
        x, y = numbers.integers(0, 60, 2)
        width, height = numbers.integers(4, 30, 2)
        targets.append((int(numbers.integers(0, 3)), (x, y, x + width, y + height), bool(numbers.random() < 0.15)))
    for label, box, _ in targets * 2:
        shift = numbers.integers(-4, 5, 4)
        moved = (box[0] + shift[0], box[1] + shift[1], max(box[0] + shift[0] + 1, box[2] + shift[2]), max(box[1] + shift[1] + 1, box[3] + shift[3]))
        name = label if numbers.random() < 0.8 else int(numbers.integers(0, 3))
        # Coarse scores, so that many are equal.
        detections.append((name, float(numbers.integers(1, 8)) / 10, tuple(float(value) for value in moved)))
    return {"true": targets, "found": detections}


@pytest.mark.parametrize("seed", range(8))
def test_average_precision_is_that_of_a_second_implementation(seed: int) -> None:
    numbers = np.random.default_rng(seed)
    images = [random_scene(numbers) for _ in range(12)]
    result = measure(
        *((
            found([box for *_, box in image["found"]], [score for _, score, _ in image["found"]], [name for name, *_ in image["found"]]),
            true([box for _, box, _ in image["true"]], [name for name, *_ in image["true"]], [crowd for *_, crowd in image["true"]]),
        ) for image in images), classes=("a", "b", "c"),
    )  # fmt: skip
    levels = np.linspace(0.5, 0.95, 10)  # Overlaps such as 0.6 lie on a level, so that rounding matters.
    expected = [[average_precision(images, label, level, box_iou, 100) for level in levels] for label in range(3)]
    rows = [row for row in expected if row[0] is not None]
    assert result.metrics["mAP50"] == pytest.approx(np.mean([row[0] for row in rows]), abs=1e-9)
    assert result.metrics["mAP50-95"] == pytest.approx(np.mean(rows), abs=1e-9)


def test_agrees_with_pycocotools() -> None:
    pytest.importorskip("pycocotools")
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    numbers = np.random.default_rng(5)
    images = [random_scene(numbers) for _ in range(12)]
    truth = COCO()
    annotations: list[dict[str, Any]] = []
    detections: list[dict[str, Any]] = []
    for number, image in enumerate(images, 1):
        for label, (x1, y1, x2, y2), crowd in image["true"]:
            box = [float(x1), float(y1), float(x2 - x1), float(y2 - y1)]
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": label, "bbox": box, "area": box[2] * box[3], "iscrowd": int(crowd)})
        for label, score, (x1, y1, x2, y2) in image["found"]:
            detections.append({"image_id": number, "category_id": label, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": score})
    truth.dataset = {"images": [{"id": n} for n in range(1, 13)], "annotations": annotations, "categories": [{"id": n} for n in range(3)]}
    truth.createIndex()
    run = COCOeval(truth, truth.loadRes(detections), "bbox")
    run.evaluate()
    run.accumulate()
    run.summarize()
    result = measure(
        *((
            found([box for *_, box in image["found"]], [score for _, score, _ in image["found"]], [name for name, *_ in image["found"]]),
            true([box for _, box, _ in image["true"]], [name for name, *_ in image["true"]], [crowd for *_, crowd in image["true"]]),
        ) for image in images), classes=("a", "b", "c"),
    )  # fmt: skip
    assert (result.metrics["mAP50-95"], result.metrics["mAP50"]) == pytest.approx((run.stats[0], run.stats[1]), abs=1e-9)


def test_mask_precision_compares_pixels_and_not_boxes() -> None:
    triangle = np.triu(np.ones((20, 20), dtype=bool))
    other = np.tril(np.ones((20, 20), dtype=bool))
    box: Boxes = [(0, 0, 20, 20)]
    result = measure(
        (found(box, [0.9], masks=other[None]), true(box, masks=triangle[None])), kinds=("mask", "box"), task_type="instance_segmentation"
    )
    assert result.metrics["mAP50-95"] == pytest.approx(1)
    assert (result.metrics["mAP_mask50"], result.primary) == (0, 0)
    same = measure(
        (found(box, [0.9], masks=triangle[None]), true(box, masks=triangle[None])), kinds=("mask", "box"), task_type="instance_segmentation"
    )
    assert same.primary == pytest.approx(1)


def test_mask_overlap_with_a_crowd_is_a_share_of_the_prediction() -> None:
    whole, part = np.ones((1, 4, 4), dtype=bool), np.zeros((1, 4, 4), dtype=bool)
    part[0, :2] = True
    assert mask_overlaps(part, whole, np.array([False]))[0, 0] == 0.5
    assert mask_overlaps(part, whole, np.array([True]))[0, 0] == 1


def test_oks_is_the_mean_over_labelled_keypoints() -> None:
    sigmas = np.array([0.1, 0.05])
    target = np.array([[[10.0, 10, 2], [20, 20, 1]]])
    predicted = np.array([[[13.0, 14, 1], [20, 20, 1]]])
    value = keypoint_similarities(predicted, target, np.array([[0.0, 0, 40, 40]]), np.array([900.0]), sigmas)
    # d² = 25, area = 900, (2σ)² = 0.04
    assert value[0, 0] == pytest.approx((math.exp(-25 / (2 * 900 * 0.04)) + 1) / 2)
    unlabelled = target.copy()
    unlabelled[0, 0] = 0
    value = keypoint_similarities(predicted, unlabelled, np.array([[0.0, 0, 40, 40]]), np.array([900.0]), sigmas)
    assert value[0, 0] == pytest.approx(1)


def test_objects_without_labelled_keypoints_are_ignored() -> None:
    box: Boxes = [(0, 0, 40, 40)]
    target = true(box, keypoints=np.zeros((1, 2, 3)))
    predicted = found(box, [0.9], keypoints=np.full((1, 2, 3), 10.0))
    result = measure((predicted, target), kinds=("keypoints", "box"), task_type="keypoint_detection", sigmas=np.array([0.1, 0.1]))
    assert result.metrics["mAP_keypoints50-95"] == 0
    assert result.metrics["mAP50"] == pytest.approx(1)
    assert result.per_class[0]["support"] == 0


def test_keypoint_precision_falls_with_the_distance() -> None:
    box: Boxes = [(0, 0, 40, 40)]
    points = np.array([[[10.0, 10, 2], [30, 30, 2]]])

    def value(shift: float) -> float:
        moved = points + np.array([shift, 0, 0])
        images = (found(box, [0.9], keypoints=moved), true(box, keypoints=points))
        return measure(images, kinds=("keypoints",), task_type="keypoint_detection", sigmas=np.array([0.05, 0.05])).primary

    assert value(0) == pytest.approx(1)
    assert value(0) > value(2) > value(3) > value(15) == 0


def test_overlap_of_rotated_boxes_by_hand() -> None:
    square = np.array([[[0.0, 0], [10, 0], [10, 10], [0, 10]]])
    diamond = np.array([[[5.0, -5], [15, 5], [5, 15], [-5, 5]]])
    no_crowd = np.array([False])
    assert polygon_overlaps(square, diamond, no_crowd)[0, 0] == pytest.approx(100 / 200)
    assert polygon_overlaps(square, diamond[:, ::-1], no_crowd)[0, 0] == pytest.approx(0.5)
    assert polygon_overlaps(square, square + [5, 0], no_crowd)[0, 0] == pytest.approx(50 / 150)
    assert polygon_overlaps(square, square + [20, 0], no_crowd)[0, 0] == 0
    assert polygon_overlaps(square, square, no_crowd)[0, 0] == pytest.approx(1)


def test_rotated_boxes_are_compared_by_their_corners() -> None:
    flat = np.array([[[0.0, 0], [20, 0], [20, 4], [0, 4]]])
    upright = np.array([[[8.0, -8], [12, -8], [12, 12], [8, 12]]])
    box: Boxes = [(0, 0, 20, 4)]
    options: dict[str, Any] = {"kinds": ("rotated",), "task_type": "oriented_detection"}
    assert measure((found(box, [0.9], polygons=flat), true(box, polygons=flat)), **options).primary == pytest.approx(1)
    assert measure((found(box, [0.9], polygons=upright), true(box, polygons=flat)), **options).primary == 0


def test_sigmas_are_cocos_for_its_own_keypoints() -> None:
    assert sigmas_of([name.replace("_", " ") for name in COCO_KEYPOINTS]).tolist() == list(COCO_SIGMAS)
    assert sigmas_of(["tip", "base"]).tolist() == pytest.approx([0.0669, 0.0669], abs=1e-4)


def test_semantic_measures_by_hand() -> None:
    measure_ = SemanticMeasure(["road", "car"])
    truth = np.array([[0, 0, 1, 1], [2, 2, 255, 1]])
    predicted = np.array([[0, 1, 1, 1], [2, 0, 2, 1]])
    measure_.add(predicted, truth, 0.5)
    result = measure_.result()
    # background: 1 hit, union 3; road: 3 hits, union 4; car: 1 hit, union 2.
    assert result.metrics["mIoU"] == pytest.approx((1 / 3 + 3 / 4 + 1 / 2) / 3)
    assert result.metrics["pixel_accuracy"] == pytest.approx(5 / 7)
    assert result.metrics["dice"] == pytest.approx((2 / 4 + 6 / 7 + 2 / 3) / 3)
    assert result.confusion == [[3, 0, 0], [0, 1, 1], [1, 0, 1]]
    assert [(row["class"], row["support"]) for row in result.per_class] == [("road", 3), ("car", 2), ("background", 2)]
    assert result.primary == result.metrics["mIoU"]


def test_a_class_that_never_occurs_does_not_lower_the_miou() -> None:
    measure_ = SemanticMeasure(["road", "car"])
    measure_.add(np.array([[0, 1]]), np.array([[0, 1]]))
    assert measure_.result().metrics["mIoU"] == 1


def test_classification_measures_by_hand() -> None:
    result = classification([[6, 2], [0, 4]], ("a", "b"), 0.3)
    assert [(row["precision"], row["recall"], row["support"]) for row in result.per_class] == [(1, 6 / 8, 8), (4 / 6, 1, 4)]
    assert result.metrics["accuracy"] == pytest.approx(10 / 12)
    assert result.metrics["f1"] == pytest.approx((2 * 0.75 / 1.75 + 2 * (4 / 6) / (1 + 4 / 6)) / 2)
    assert result.rank > classification([[6, 2], [0, 4]], ("a", "b"), 0.4).rank


def test_top5_counts_labels_among_the_five_best_scores() -> None:
    measure_ = ClassificationMeasure([str(n) for n in range(7)])
    scores = np.array([[7, 6, 5, 4, 3, 2, 1]] * 3, dtype=float)
    measure_.add(scores, np.array([0, 4, 5]), 3.0)
    result = measure_.result()
    assert (result.metrics["accuracy"], result.metrics["top5_accuracy"]) == pytest.approx((1 / 3, 2 / 3))
    assert result.metrics["loss"] == pytest.approx(1)
    assert "top5_accuracy" not in classification([[1, 0], [0, 1]], ("a", "b")).metrics
