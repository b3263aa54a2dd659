"""The package of an export: the file with everything that somebody without the platform needs to run it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from importlib import metadata as installed
from pathlib import Path
from typing import Any

import numpy as np

from trainer_sdk.images import UnreadableImage

from .certificate import Proof
from .images import ImageSet, decode
from .runtimes import open_model

GOLDEN_IMAGES = 3
#: A program for the package; nothing here imports it.
EXAMPLE = Path(__file__).with_name("package_example.py")
#: Licence (https://spdx.org/licenses/), copyright and home of the library that the network comes from.
LICENCES = {
    "torchvision": ("BSD-3-Clause", "Soumith Chintala and the contributors of torchvision", "https://github.com/pytorch/vision"),
    "timm": ("Apache-2.0", "Ross Wightman and the contributors of timm", "https://github.com/huggingface/pytorch-image-models"),
    "huggingface": ("Apache-2.0", "The Hugging Face team", "https://github.com/huggingface/transformers"),
}  # fmt: skip
REQUIREMENTS = {"onnx": ("numpy", "pillow", "onnxruntime"), "torchscript": ("numpy", "pillow", "torch", "torchvision")}


def pack(
    path: Path, proof: Proof, metadata: Mapping[str, Any], certificate: Mapping[str, Any], images: ImageSet, threads: int
) -> None:
    """Writes the zip."""
    licence, holder, home = LICENCES[metadata["framework"]]
    described = {**metadata, "frameworkLicence": licence}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        package.write(proof.path, proof.path.name, zipfile.ZIP_STORED)
        package.writestr("metadata.json", json.dumps(described, indent=2))
        package.writestr("certificate.json", json.dumps(certificate, indent=2))
        package.writestr("example.py", EXAMPLE.read_text(encoding="utf-8"))
        package.writestr("requirements.txt", "".join(f"{name}\n" for name in REQUIREMENTS[proof.format]))
        package.writestr("LICENCE.txt", _licence(metadata["framework"], licence, holder, home))
        for number, (data, values) in enumerate(_golden(proof, images, threads)):
            package.writestr(f"golden/{number}.image", data, zipfile.ZIP_STORED)
            buffer = io.BytesIO()
            np.savez_compressed(buffer, **values)
            package.writestr(f"golden/{number}.npz", buffer.getvalue(), zipfile.ZIP_STORED)


def _golden(proof: Proof, images: ImageSet, threads: int) -> list[tuple[bytes, dict[str, np.ndarray]]]:
    """Held-out files as they are, with their pixels in the model's size and what the exported file makes of them."""
    import torch

    runtime = open_model(proof.path, proof.format, threads)
    found = []
    for entry in images.entries:
        data = entry.file.read_bytes()
        try:
            pixels = decode(data, proof.checkpoint.preprocessing, entry.max_pixels)
        except UnreadableImage:
            continue
        inputs = proof.preprocessing.normalize(torch.from_numpy(np.array(pixels)).permute(2, 0, 1).unsqueeze(0))
        outputs = runtime.outputs(np.ascontiguousarray(inputs.numpy()))
        if "masks" in outputs:
            outputs["masks"] = outputs["masks"] >= 0.5
        found.append((data, {"pixels": pixels, **outputs}))
        if len(found) == GOLDEN_IMAGES:
            break
    return found


def _licence(framework: str, licence: str, holder: str, home: str) -> str:
    name = {"huggingface": "transformers"}.get(framework, framework)
    try:
        version = installed.version(name)
    except installed.PackageNotFoundError:
        version = ""
    return (
        f"The network of this model was built and exported with {name} {version}\n{home}\nCopyright (c) {holder}\n"
        f"Licence: {licence} (https://spdx.org/licenses/{licence}.html)\n\n"
        "Its weights were trained on the platform from random numbers or from a checkpoint of yours: they belong to those\n"
        "who trained them. The golden images are files of the dataset version that the model was measured on.\n"
    )
