"""The tasks of this trainer by their type."""

from __future__ import annotations

from .tasks.base import Task
from .tasks.classification import Classification
from .tasks.detection import Detection
from .tasks.instance_segmentation import InstanceSegmentation
from .tasks.keypoints import Keypoints
from .tasks.semantic_segmentation import SemanticSegmentation

TASKS: dict[str, Task] = {
    task.task_type: task
    for task in (Classification(), Detection(), InstanceSegmentation(), SemanticSegmentation(), Keypoints())
}
