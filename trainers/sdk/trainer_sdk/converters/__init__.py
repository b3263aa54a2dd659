"""Writes a dataset in the formats that frameworks read: ImageFolder, YOLO, COCO JSON, and masks as PNG files.

All of them keep the rules of the protocol: every image goes to the split of the manifest, images without objects stay,
a class has the index that it has in the version's ``classes`` whatever its name, and a framework sees the pixels of
:mod:`trainer_sdk.images` (upright, RGB). Files are named by position, because ``ImageEntry.path`` is text from a user:
it may hold ``..``, differ from another one by case only, or be too long for a file system. Needs Pillow and numpy.
"""

from .coco import COCO_FIRST_CATEGORY, write_coco
from .images import PlacedImage, place_images
from .image_folder import write_image_folder
from .mask_files import write_masks
from .yolo import write_yolo

__all__ = [
    "COCO_FIRST_CATEGORY", "PlacedImage", "place_images", "write_coco", "write_image_folder", "write_masks", "write_yolo",
]  # fmt: skip
