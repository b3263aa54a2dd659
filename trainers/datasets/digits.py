"""Writes the 1,797 handwritten digits of scikit-learn as PNG files, one folder for each class.

    python3 digits.py OUT_DIR [--limit N] [--size 32]

Source: UCI "Optical Recognition of Handwritten Digits" test set (Alpaydin, Kaynak), 8×8 pixels with
16 grey levels, as shipped inside scikit-learn. The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from PIL import Image


def write_digits(folder: Path, limit: int | None, size: int) -> tuple[int, int]:
    """Writes ``folder/<class>/digit_0001.png`` …; returns the number of files and the number of new ones."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    count = len(digits.images) if limit is None else min(limit, len(digits.images))
    numbers = [0] * 10
    written = 0
    checked = False
    for pixels, label in zip(digits.images[:count], digits.target[:count], strict=True):
        numbers[label] += 1
        path = folder / str(label) / f"digit_{numbers[label]:04d}.png"
        if path.exists():
            if not checked:
                _check_size(path, size)
                checked = True
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        grey = Image.fromarray(np.round(pixels * (255 / 16)).astype(np.uint8), mode="L")
        partial = path.with_suffix(".partial")
        grey.resize((size, size), Image.Resampling.BICUBIC).save(partial, format="PNG", optimize=False)
        os.replace(partial, path)
        written += 1
    return count, written


def _check_size(path: Path, size: int) -> None:
    with Image.open(path) as image:
        if image.size != (size, size):
            raise SystemExit(f"the images in this folder are not {size} pixels large ({path}): choose another folder")


def main() -> None:
    parser = argparse.ArgumentParser(description="Writes the scikit-learn digits as PNG files.")
    parser.add_argument("out_dir", type=Path)
    parser.add_argument("--limit", type=int, help="only the first N images")
    parser.add_argument("--size", type=int, default=32, help="side in pixels (default 32)")
    options = parser.parse_args()
    if options.size < 8 or (options.limit is not None and options.limit < 1):
        parser.error("--size must be at least 8 and --limit at least 1")
    count, written = write_digits(options.out_dir, options.limit, options.size)
    state = f"{written} written" if written else "all there before"
    print(f"{count} digits in {options.out_dir}, {state}")


if __name__ == "__main__":
    main()
