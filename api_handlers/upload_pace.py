"""Measures how fast a client sends a body, and detects one that stops in the middle of it."""

import asyncio
from collections.abc import Callable


class UploadPace:
    """The pace of one upload. It calls a function once if nothing is received for a time.

    Only time in which the server waits for the client counts. Runs on the event loop that creates it.

    Args:
        idle_seconds: How long a pause may be.
        least_bytes_per_second: The least rate, for `lag_seconds`.
        on_idle: Is called after a longer pause.
    """

    def __init__(self, idle_seconds: float, least_bytes_per_second: float, on_idle: Callable[[], None]) -> None:
        self._idle_seconds = idle_seconds
        self._least_bytes_per_second = least_bytes_per_second
        self._on_idle = on_idle
        self._loop = asyncio.get_running_loop()
        self._waiting_since: float | None = self._loop.time()
        self._waited_seconds = 0.0
        self._received_bytes = 0
        self._handle: asyncio.TimerHandle | None = self._loop.call_later(idle_seconds, self._check)

    def pause(self, received_bytes: int) -> None:
        """Stop the clock, because the client is waiting for the server, which has received something."""
        self._received_bytes += received_bytes
        self._waited_seconds += self._pause_seconds()
        self._waiting_since = None

    def resume(self) -> None:
        """Start the clock again, with a new pause of the client."""
        if self._handle is not None:
            self._waiting_since = self._loop.time()

    def stop(self) -> None:
        """End the measurement, because everything has arrived or the connection is closed."""
        self._waiting_since, self._waited_seconds = None, 0.0
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def seconds_behind(self, grace_seconds: float) -> float:
        """Return by how many seconds of waiting the client is behind the least rate, which it has after a grace."""
        waited = self._waited_seconds + self._pause_seconds()
        return waited - grace_seconds - self._received_bytes / self._least_bytes_per_second

    def lag_seconds(self) -> float:
        """Return how long the client lets others wait: its present pause, or how far it is behind the least rate."""
        return max(self._pause_seconds(), self.seconds_behind(0.0), 0.0)

    def _pause_seconds(self) -> float:
        return 0.0 if self._waiting_since is None else self._loop.time() - self._waiting_since

    def _check(self) -> None:
        remaining_seconds = self._idle_seconds - self._pause_seconds()
        if remaining_seconds > 0:
            self._handle = self._loop.call_later(remaining_seconds, self._check)
        else:
            self._handle = None
            self._on_idle()
