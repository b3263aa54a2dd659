"""Writes small ONNX models, each with the metadata of an export beside it: models.py FOLDER."""

import json
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

FOLDER = Path(sys.argv[1])
CLASSES = ["red", "green", "blue"]
PREPROCESSING = {"mean": [0.0] * 3, "std": [1.0] * 3, "scale": 1 / 255, "interpolation": "bilinear", "colorMode": "RGB", "layout": "NCHW"}


def tensor(name, values, kind=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype=kind), name)


def write(name, nodes, constants, outputs, metadata, batch="N", side=32):
    """``outputs``: name, type and shape of each."""
    graph = helper.make_graph(
        nodes, name,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, side, side])],
        [helper.make_tensor_value_info(*output) for output in outputs],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    checker.check_model(model)
    save(model, str(FOLDER / f"{name}.onnx"))
    described = {
        "taskType": "test", "format": "onnx", "inputName": "input", "inputShape": [batch, 3, side, side], "inputDtype": "float32",
        "classes": CLASSES, "preprocessing": PREPROCESSING, **metadata,
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(described))


def classifier(name, ballast=0, hog=0):
    """The logit of a class is ten times the mean of its channel. ``ballast``: megabytes of weights; ``hog``: megabytes of work."""
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("Mul", ["means", "ten"], ["scaled"]),
    ]
    constants = [tensor("ten", [10.0])]
    last = "scaled"
    if ballast:
        constants.append(tensor("ballast", np.random.default_rng(1).standard_normal(ballast * 250_000)))
        # The weights depend on the input, so that the runtime cannot compute them when it loads the model.
        nodes += [
            helper.make_node("ReduceMax", ["input"], ["top"], keepdims=0),
            helper.make_node("Mul", ["ballast", "top"], ["weighed"]),
            helper.make_node("ReduceSum", ["weighed"], ["sum"], keepdims=0),
            helper.make_node("Mul", ["sum", "zero"], ["nothing"]),
            helper.make_node("Add", ["scaled", "nothing"], ["more"]),
        ]
        constants.append(tensor("zero", 0.0))
        last = "more"
    if hog:
        nodes += [
            helper.make_node("ReduceMax", ["input"], ["peak"], keepdims=0),
            helper.make_node("Expand", ["peak", "wide"], ["much"]),
            helper.make_node("Sin", ["much"], ["work"]),
            helper.make_node("ReduceSum", ["work"], ["total"], keepdims=0),
            helper.make_node("Mul", ["total", "none"], ["nought"]),
            helper.make_node("Add", [last, "nought"], ["heavy"]),
        ]
        constants += [tensor("wide", [hog * 250_000], np.int64), tensor("none", 0.0)]
        last = "heavy"
    nodes.append(helper.make_node("Identity", [last], ["logits"]))
    write(name, nodes, constants, [("logits", TensorProto.FLOAT, ["N", 3])],
          {"outputName": "logits", "outputShape": ["N", 3], "postprocessing": "softmax",
           "preprocessing": {**PREPROCESSING, "resize": [32, 32], "antialias": True}})


def detector():
    """Three boxes, whatever the image: one of each kind, the third in the padding of a wide image. Masks are the left half of each box."""
    boxes = [[8.0, 4.0, 24.0, 12.0], [0.0, 0.0, 32.0, 16.0], [4.0, 20.0, 12.0, 30.0]]
    masks = np.zeros((3, 1, 32, 32), dtype=np.float32)
    for index, (left, top, right, bottom) in enumerate(boxes):
        masks[index, 0, int(top):int(bottom), int(left):int((left + right) / 2)] = 0.9
    keypoints = [[[8, 4, 0.9], [24, 12, 0.4]], [[0, 0, 0.5], [40, 16, 0.5]], [[4, 20, 0.1], [12, 30, 0.1]]]
    outputs = {"boxes": boxes, "scores": [0.9, 0.6, 0.5], "masks": masks, "keypoints": np.asarray(keypoints, dtype=np.float32)}
    nodes = [
        helper.make_node("ReduceMax", ["input"], ["top"], keepdims=0),
        helper.make_node("Mul", ["top", "zero"], ["nothing"]),
        helper.make_node("Identity", ["the_labels"], ["labels"]),
    ]
    constants = [tensor("zero", 0.0), tensor("the_labels", [2, 0, 1], np.int64)]
    for role, values in outputs.items():
        constants.append(tensor(f"the_{role}", values))
        nodes.append(helper.make_node("Add", [f"the_{role}", "nothing"], [role]))
    write("detector", nodes, constants,
          [("labels", TensorProto.INT64, ["M"]), ("boxes", TensorProto.FLOAT, ["M", 4]), ("scores", TensorProto.FLOAT, ["M"]),
           ("masks", TensorProto.FLOAT, ["M", 1, 32, 32]), ("keypoints", TensorProto.FLOAT, ["M", 2, 3])],
          {"postprocessing": "detections", "outputs": {role: role for role in ("boxes", "labels", "scores", "masks", "keypoints")},
           "preprocessing": {**PREPROCESSING, "resize": "letterbox"}, "thresholds": {"score": 0.05, "iou": 0.5, "mask": 0.5},
           "keypoints": {"names": ["start", "end"], "skeleton": [[0, 1]]}}, batch=1)


def segmenter():
    """The class of a pixel is its strongest channel; a dark pixel is background."""
    weights = np.zeros((4, 3, 1, 1), dtype=np.float32)
    for channel in range(3):
        weights[channel + 1, channel] = 10
    write("segmenter",
          [helper.make_node("Conv", ["input", "weights", "bias"], ["logits"])],
          [tensor("weights", weights), tensor("bias", [5.0, 0.0, 0.0, 0.0])],
          [("logits", TensorProto.FLOAT, ["N", 4, 32, 32])],
          {"outputs": {"logits": "logits"}, "postprocessing": "argmax", "preprocessing": {**PREPROCESSING, "resize": "letterbox"}})


def yolo():
    """Anchors: a box, nearly the same box with a lower score, the same place with another class, and one below the threshold."""
    anchors = np.zeros((1, 4 + 3 + 4, 4), dtype=np.float32)
    for index, (box, label, score) in enumerate(
        [((16, 8, 16, 8), 0, 0.9), ((16.5, 8, 16, 8), 0, 0.8), ((16, 8, 16, 8), 1, 0.7), ((4, 4, 4, 4), 2, 0.01)]
    ):
        anchors[0, :4, index] = box
        anchors[0, 4 + label, index] = score
        anchors[0, 7:, index] = [1, 0, 0, 0]
    protos = np.full((1, 4, 8, 8), -9, dtype=np.float32)
    protos[0, 0, :, :4] = 9
    nodes = [
        helper.make_node("ReduceMax", ["input"], ["tops"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Mul", ["tops", "zero"], ["nothings"]),
        helper.make_node("Squeeze", ["nothings", "last"], ["flat"]),
        helper.make_node("Add", ["the_anchors", "flat"], ["output0"]),
        helper.make_node("Add", ["the_protos", "nothings"], ["output1"]),
    ]
    write("yolo", nodes, [tensor("zero", 0.0), tensor("last", [3], np.int64), tensor("the_anchors", anchors), tensor("the_protos", protos)],
          [("output0", TensorProto.FLOAT, ["N", 11, 4]), ("output1", TensorProto.FLOAT, ["N", 4, 8, 8])],
          {"outputs": {"predictions": "output0", "protos": "output1"}, "postprocessing": "yolo", "thresholds": {"score": 0.25, "iou": 0.7, "mask": 0.5},
           "preprocessing": {**PREPROCESSING, "fit": "letterbox"}})


classifier("classifier")
classifier("heavy", ballast=20)
classifier("hog", hog=2000)
detector()
segmenter()
yolo()
