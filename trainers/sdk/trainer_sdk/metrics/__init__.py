"""Measures of each task, under the names and by the definitions of the protocol. Needs numpy.

A measure collects one image or batch after another with ``add`` and gives an :class:`Evaluation` at the end, which
``JobContext.evaluation`` reports.
"""

from .classification import ClassificationMeasure, classification
from .detection import DetectionMeasure, Objects
from .evaluation import Evaluation
from .overlap import box_overlaps, keypoint_similarities, mask_overlaps, sigmas_of
from .semantic import SemanticMeasure

__all__ = [
    "ClassificationMeasure", "DetectionMeasure", "Evaluation", "Objects", "SemanticMeasure", "box_overlaps",
    "classification", "keypoint_similarities", "mask_overlaps", "sigmas_of",
]  # fmt: skip
