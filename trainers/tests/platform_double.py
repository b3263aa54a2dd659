"""The platform of the tests: the one that the SDK offers to those who write a trainer."""

from trainer_sdk.mock_platform import MULTIPART_ABOVE, Attempt, Platform

__all__ = ["MULTIPART_ABOVE", "Attempt", "Platform"]
