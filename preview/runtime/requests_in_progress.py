"""Count the requests that a process has begun to carry out, so that its shutdown can wait for their responses."""

import asyncio


class RequestsInProgress:
    """The requests of one process. All methods run on the event loop's thread."""

    def __init__(self) -> None:
        """Begin without requests."""
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def begin(self) -> None:
        """Count a request."""
        self._count += 1
        self._none.clear()

    def end(self) -> None:
        """Count a request no longer: its response has been written, or its client is gone."""
        self._count -= 1
        if self._count == 0:
            self._none.set()

    async def wait_until_none(self, seconds: float) -> bool:
        """Wait until there is none, at most so long, and return whether there is none."""
        try:
            await asyncio.wait_for(self._none.wait(), seconds)
        except TimeoutError:
            return False
        return True
