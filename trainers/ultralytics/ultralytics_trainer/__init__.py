"""Trainer for detection, segmentation, poses, oriented boxes and classification with Ultralytics YOLO."""
