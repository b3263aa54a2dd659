"""Images of a split that cannot be read: they are left out and named, and too many of them end the job."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from .dataset import ImageEntry
from .errors import TrainerError

#: Share of a split's images that may be unreadable; one always may.
UNREADABLE_SHARE = 0.1

_log = logging.getLogger("trainer.images")


class Unreadable:
    """Collects the unreadable images of one split. Several threads may use it."""

    def __init__(self, entries: Sequence[ImageEntry]) -> None:
        self._entries = entries
        self._allowed = min(len(entries) - 1, max(1, int(len(entries) * UNREADABLE_SHARE)))
        self._found: set[int] = set()
        self._noting = threading.Lock()

    def __len__(self) -> int:
        return len(self._found)

    def __contains__(self, index: object) -> bool:
        return index in self._found

    @property
    def paths(self) -> list[str]:
        """The paths of the images, in the order of the split."""
        return [self._entries[index].path for index in sorted(self._found)]

    def note(self, index: int, error: Exception) -> None:
        """Leaves out image ``index``, with a warning that names it. The message of ``error`` completes the sentence
        "The image …". Raises ``DATASET_INVALID`` when there are more than a tenth of the split, or no other image."""
        entry = self._entries[index]
        with self._noting:
            if index in self._found:
                return
            self._found.add(index)
            if len(self._found) > self._allowed:
                raise TrainerError(
                    "DATASET_INVALID",
                    f"{len(self._found)} of {len(self._entries)} {entry.split} images cannot be read, more than a tenth "
                    f"of them; the last one is {entry.path}, which {error}.",
                ) from error
        _log.warning("Image %s is left out: it %s.", entry.path, error)
