"""What trainers see: writes each file of SOURCE, resized to WIDTH × HEIGHT, as raw RGB: resized.py SOURCE TARGET WIDTH HEIGHT INTERPOLATION."""

import sys
from pathlib import Path

sys.path.insert(0, sys.argv[6])

import numpy as np
from PIL import Image

from trainer_sdk.images import UnreadableImage, resized_rgb

source, target, width, height, interpolation = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
for file in sorted(source.iterdir()):
    try:
        image = resized_rgb(file.read_bytes(), (width, height), Image.Resampling[interpolation.upper()])
    except UnreadableImage:
        continue
    (target / f"{file.name}.rgb").write_bytes(np.asarray(image).tobytes())
