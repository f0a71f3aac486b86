"""A loop that brings sessions up to date after changes: one round at a time, and once for all changes that collect."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from preview.core.passing_faults import PassingFault, as_passing

log = logging.getLogger(__name__)

# Pause after each round, in which further changes collect.
_DEBOUNCE_SECONDS = 0.1
_RETRY_SECONDS = 1.0


class RefreshLoop:
    """Runs a refresh until no change is pending. It lives on the event loop.

    Only one round runs, so that no session gets an older state after a newer one.
    """

    def __init__(self, refresh: Callable[[], Awaitable[None]], subject: str) -> None:
        """Create a loop that is idle.

        Args:
            refresh: Reads and sends the present state. If it raises, it is tried again.
            subject: What is read, for the log.
        """
        self._refresh = refresh
        self._subject = subject
        self._has_changes = False
        self._task: asyncio.Task[None] | None = None
        self._fault = PassingFault(f"reading {subject}")

    def note_change(self) -> None:
        """Refresh now, or after the round that runs."""
        self._has_changes = True
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._has_changes:
            self._has_changes = False
            try:
                await self._refresh()
                self._fault.succeeded()
            except Exception as error:
                passing = as_passing(error)
                if passing is None:
                    log.exception("Failed to read %s; reading is retried.", self._subject)
                self._has_changes = True
                await asyncio.sleep(_RETRY_SECONDS if passing is None else self._fault.failed(passing))
            await asyncio.sleep(_DEBOUNCE_SECONDS)
        self._task = None
