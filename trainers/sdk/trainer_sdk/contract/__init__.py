"""The protocol as a test suite: what every trainer must do, tried on a running one.

``python3 -m trainer_sdk.contract URL`` runs it. Standard library only.
"""

from .checks import CHECKS
from .client import TrainerClient
from .lab import Lab, NotOffered, expect

__all__ = ["CHECKS", "Lab", "NotOffered", "TrainerClient", "expect"]
