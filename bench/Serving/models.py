"""Writes the models and images of the serving bench: models.py FOLDER TRAINERS. The weights are random."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

FOLDER, TRAINERS = Path(sys.argv[1]), Path(sys.argv[2])
sys.path[:0] = [str(TRAINERS / "sdk"), str(TRAINERS / "torchvision")]

from torchvision_trainer.images import Preprocessing
from torchvision_trainer.models import build

numbers = np.random.default_rng(1)
for name, model, side, image in (("small", "small_cnn", 32, (64, 64)), ("resnet18", "resnet18", 224, (500, 375))):
    torch.manual_seed(1)
    network = build(model, 10).eval()
    torch.onnx.export(
        network, torch.zeros(2, 3, side, side), str(FOLDER / f"{name}.onnx"), opset_version=13, input_names=["input"],
        output_names=["logits"], dynamic_axes={"input": {0: "N"}, "logits": {0: "N"}},
    )  # fmt: skip
    metadata = {
        "framework": "torchvision", "model": model, "taskType": "image_classification", "format": "onnx", "inputName": "input",
        "outputName": "logits", "inputShape": ["N", 3, side, side], "inputDtype": "float32", "outputShape": ["N", 10],
        "classes": [str(label) for label in range(10)], "postprocessing": "softmax",
        "preprocessing": Preprocessing((side, side), (0.5,) * 3, (0.25,) * 3).to_json(),
    }  # fmt: skip
    (FOLDER / f"{name}.json").write_text(json.dumps(metadata))
    coarse = Image.fromarray(numbers.integers(0, 256, (12, 16, 3), dtype=np.uint8))
    coarse.resize(image, Image.Resampling.BICUBIC).save(FOLDER / f"{name}.jpg", quality=90)
