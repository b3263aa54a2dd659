"""Trainer for classification, semantic segmentation and detection with transformers, on the loop of ``torchvision_trainer``."""
