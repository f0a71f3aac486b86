"""Detection of a client that stops sending in the middle of a request."""

import asyncio
from collections.abc import Callable


class IdleTimer:
    """Calls a function once when no activity was reported for a time. Runs on the event loop that creates it."""

    def __init__(self, timeout_seconds: float, on_timeout: Callable[[], None]) -> None:
        self._timeout_seconds = timeout_seconds
        self._on_timeout = on_timeout
        self._loop = asyncio.get_running_loop()
        self._last_activity_at = self._loop.time()
        self._is_paused = False
        self._handle: asyncio.TimerHandle | None = self._loop.call_later(timeout_seconds, self._check)

    def pause(self) -> None:
        """Stop the clock, because the client is waiting for the server."""
        self._is_paused = True

    def resume(self) -> None:
        """Start the clock again from zero."""
        self._is_paused = False
        self._last_activity_at = self._loop.time()

    def stop(self) -> None:
        """Cancel the timer."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _check(self) -> None:
        idle_seconds = 0 if self._is_paused else self._loop.time() - self._last_activity_at
        remaining_seconds = self._timeout_seconds - idle_seconds
        if remaining_seconds > 0:
            self._handle = self._loop.call_later(remaining_seconds, self._check)
        else:
            self._handle = None
            self._on_timeout()
