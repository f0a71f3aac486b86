"""Remembers which files of the watched folder could not be moved, and when each is tried again."""

import time
from collections.abc import Callable, Collection, Hashable

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 5.0, 600.0


class Postponed:
    """Waiting times by key, each twice as long as the one before.

    Args:
        monotonic: Returns the present time in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._pauses: dict[Hashable, tuple[float, float]] = {}  # the last pause, and the time when it ends

    def __len__(self) -> int:
        """Return how many keys wait."""
        return len(self._pauses)

    def keys(self) -> Collection[Hashable]:
        """Return the keys that wait."""
        return self._pauses.keys()

    def is_due(self, key: Hashable) -> bool:
        """Return whether a key does not wait, or has waited long enough."""
        return key not in self._pauses or self._monotonic() >= self._pauses[key][1]

    def postpone(self, key: Hashable) -> float:
        """Let a key wait, longer than the last time, and return for how many seconds."""
        pause = _FIRST_PAUSE_SECONDS
        if key in self._pauses:
            pause = min(2 * self._pauses[key][0], _LONGEST_PAUSE_SECONDS)
        self._pauses[key] = pause, self._monotonic() + pause
        return pause

    def keep_only(self, keys: Collection[Hashable]) -> None:
        """Forget every other key."""
        self._pauses = {key: pause for key, pause in self._pauses.items() if key in keys}
