"""Who deleted a report that pages still show: read once for all sessions that show it."""

import asyncio

from components.context import AppContext
from preview.core.actor import SYSTEM_ACTORS


class DeletionAuthors:
    """Finds out who deleted reports. It lives on the event loop; nothing is kept once it is read."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._pending: dict[str, asyncio.Task[str | None]] = {}

    async def find(self, snapshot_id: str) -> str | None:
        """Return who deleted a report; None for a channel, such as the API, that names no person."""
        pending = self._pending.get(snapshot_id)
        if pending is None:
            pending = self._pending[snapshot_id] = asyncio.ensure_future(self._read(snapshot_id))
            pending.add_done_callback(lambda _: self._pending.pop(snapshot_id, None))
        return await asyncio.shield(pending)

    async def _read(self, snapshot_id: str) -> str | None:
        actor = await self._context.run_blocking(self._context.application.snapshots.deleted_by, snapshot_id)
        return None if actor in SYSTEM_ACTORS else actor
