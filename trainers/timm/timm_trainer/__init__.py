"""Trainer for image classification with timm, on the training loop of ``torchvision_trainer``."""
