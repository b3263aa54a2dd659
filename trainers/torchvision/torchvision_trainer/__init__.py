"""Trainer for classification, detection, segmentation and keypoints with torch and torchvision."""

__version__ = "1.0.0"
