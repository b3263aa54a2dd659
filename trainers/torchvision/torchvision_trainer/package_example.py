"""Runs the exported model.

    pip install -r requirements.txt
    python example.py                  checks the model against the golden images of this package
    python example.py photo.jpg …      prints what the model sees

It needs nothing of the platform. metadata.json describes everything that it does.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

HERE = Path(__file__).resolve().parent
METADATA: dict[str, Any] = json.loads((HERE / "metadata.json").read_text())
#: Mean difference of the pixels of 0 to 255, and largest difference of any output, that the check accepts.
PIXEL_TOLERANCE, OUTPUT_TOLERANCE = 2.0, 1e-2


def pixels_of(path: Path) -> tuple[np.ndarray, tuple[float, float], tuple[int, int]]:
    """uint8 ``[H,W,3]`` of the model's size, the factors on x and y that lead there, and the image's own size."""
    rules = METADATA["preprocessing"]
    height, width = rules["resize"]
    image = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    wide, high = width, height
    if rules.get("fit", "stretch") == "letterbox":
        share = min(width / image.width, height / image.height)
        wide, high = max(1, round(image.width * share)), max(1, round(image.height * share))
    method = {"nearest": Image.Resampling.NEAREST, "bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
    resized = np.asarray(image.resize((wide, high), method[rules["interpolation"]]))
    canvas = np.full((height, width, 3), rules.get("pad", 0), dtype=np.uint8)
    canvas[:high, :wide] = resized
    return canvas, (wide / image.width, high / image.height), image.size


def input_of(pixels: np.ndarray) -> np.ndarray:
    """float32 ``[1,3,H,W]``."""
    rules = METADATA["preprocessing"]
    values = (pixels.astype(np.float32) * rules["scale"] - np.float32(rules["mean"])) / np.float32(rules["std"])
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None].astype(np.float32))


class Model:
    """The exported file: in onnxruntime, or in torch when it is TorchScript."""

    def __init__(self) -> None:
        self.names = list(METADATA["outputs"].values()) if "outputs" in METADATA else [METADATA["outputName"]]
        if METADATA["format"] == "onnx":
            import onnxruntime

            self.session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
        else:
            import torch
            import torchvision  # It registers the operators of detectors.

            assert torchvision
            self.module = torch.jit.load(str(HERE / "model.pt"), map_location="cpu").eval()

    def __call__(self, values: np.ndarray) -> dict[str, np.ndarray]:
        if METADATA["format"] == "onnx":
            return dict(zip(self.names, self.session.run(self.names, {METADATA["inputName"]: values}), strict=True))
        import torch

        with torch.inference_mode():
            answer = self.module(torch.from_numpy(values))
        tensors = (answer,) if isinstance(answer, torch.Tensor) else answer
        return {name: tensor.numpy() for name, tensor in zip(self.names, tensors, strict=True)}


def described(outputs: dict[str, np.ndarray], scale: tuple[float, float], size: tuple[int, int]) -> Any:
    """The answer for people, in pixels of the image."""
    classes = METADATA["classes"]
    if METADATA["postprocessing"] == "softmax":
        powers = np.exp(outputs["logits"][0].astype(np.float64) - outputs["logits"].max())
        shares = powers / powers.sum()
        return [{"class": classes[index], "confidence": round(float(shares[index]), 4)} for index in np.argsort(-shares)[:5]]
    if METADATA["postprocessing"] == "argmax":
        rules = METADATA["preprocessing"]
        high, wide = (round(size[1] * scale[1]), round(size[0] * scale[0])) if rules.get("fit") == "letterbox" else rules["resize"]
        found = outputs["logits"][0].argmax(0)[:high, :wide]
        names = ["background", *classes]
        return {names[index]: round(float((found == index).mean()), 4) for index in np.unique(found)}
    factors = np.array([*scale, *scale])
    objects = []
    for index, (box, label, score) in enumerate(zip(outputs["boxes"], outputs["labels"], outputs["scores"], strict=True)):
        corners = np.clip(box / factors, 0, [*size, *size])
        found = {
            "class": classes[int(label)], "score": round(float(score), 4),
            "box": [round(float(value), 2) for value in (*corners[:2], *(corners[2:] - corners[:2]))],
        }  # fmt: skip
        if "keypoints" in outputs:
            points = outputs["keypoints"][index] / np.array([*scale, 1.0])
            found["keypoints"] = [[round(float(value), 2) for value in point] for point in points]
        if "masks" in outputs:
            found["maskPixels"] = int((outputs["masks"][index] >= METADATA["thresholds"]["mask"]).sum())
        objects.append(found)
    return objects


def check(model: Model) -> int:
    """Compares this program's pixels and the model's outputs with those of the golden images. Returns how many differ."""
    wrong = 0
    for image in sorted((HERE / "golden").glob("*.image")):
        golden = np.load(image.with_suffix(".npz"))
        pixels, _, _ = pixels_of(image)
        apart = float(np.abs(pixels.astype(np.int16) - golden["pixels"]).mean())
        outputs = model(input_of(golden["pixels"]))
        worst = max((difference(outputs[name], golden[name], name) for name in golden.files if name != "pixels"), default=0.0)
        right = apart <= PIXEL_TOLERANCE and worst <= OUTPUT_TOLERANCE
        wrong += not right
        print(f"{image.name}: pixels differ by {apart:.3f}, outputs by {worst:.2g}: {'ok' if right else 'WRONG'}")
    return wrong


def difference(got: np.ndarray, wanted: np.ndarray, name: str) -> float:
    """The largest one; of masks the share of pixels that differ; of boxes and keypoints in shares of the input's side."""
    if got.shape != wanted.shape:
        return float("inf")
    if not wanted.size:
        return 0.0
    if name == "masks":
        return float(((got >= METADATA["thresholds"]["mask"]) != wanted).mean())
    side = max(METADATA["preprocessing"]["resize"]) if name in ("boxes", "keypoints") else max(1.0, float(np.abs(wanted).max()))
    return float(np.abs(got.astype(np.float64) - wanted).max() / side)


def main() -> int:
    model = Model()
    if len(sys.argv) > 1:
        for name in sys.argv[1:]:
            pixels, scale, size = pixels_of(Path(name))
            print(json.dumps({name: described(model(input_of(pixels)), scale, size)}))
        return 0
    wrong = check(model)
    print("all golden images agree" if not wrong else f"{wrong} golden images differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
