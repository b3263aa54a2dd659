"""Trainer for image classification with torch and torchvision."""

__version__ = "1.0.0"
