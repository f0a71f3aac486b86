"""A timer that runs at each midnight in Norway, when "today" and the days until a deadline change."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta

from preview.core.clock import OSLO, now, today


class MidnightTimer:
    """Calls a function on the event loop after each midnight in Norway, from `start` on."""

    def __init__(self, on_midnight: Callable[[], None]) -> None:
        self._on_midnight = on_midnight
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Wait for midnight, on the running event loop; without effect if the timer runs."""
        if self._timer is None:
            self._schedule()

    def _schedule(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(_seconds_to_midnight() + 1, self._run)

    def _run(self) -> None:
        self._schedule()
        self._on_midnight()


def _seconds_to_midnight() -> float:
    """Return the seconds until midnight in Norway."""
    return (datetime.combine(today() + timedelta(days=1), time(), OSLO) - now()).total_seconds()
