"""Forgetting an organisation: nothing of it is left, in the store or in any file of it, and nobody is left with it on a screen.

Whoever watches must learn that its snapshots are gone, and what tells of it must be gone too. So the `snapshot_deleted` events of the
contract are written in the transaction that takes everything else out, are handed on by every process that follows the log, and a moment
later are taken out themselves. Who was not there then finds none of it: a resumed stream has what is left, in order, under its old numbers.
A `resync` in their place would have every reader of every organisation fetch everything afresh, and would tell them less.
"""

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from preview.core.clock import format_rfc3339, now
from preview.core.errors import Conflict, NotFound
from preview.core.file_lock import FileLock
from preview.core.ids import format_snapshot_id
from preview.events.log import SnapshotDeleted, record
from preview.storage import audit, deliveries, erasure, meta, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database

_UNFINISHED_KEY = "forgetting"
_POLL_SECONDS = 0.05


class OrganizationEraser:
    """All methods block: call them on a thread. `event_grace_seconds` is how long the processes that follow the log have to hand on the events."""

    def __init__(
        self, database: Database, lock_path: Path, *, event_grace_seconds: float = 1.0, import_timeout_seconds: float = 60.0
    ) -> None:
        self._database = database
        self._lock_path = lock_path
        self._event_grace_seconds = event_grace_seconds
        self._import_timeout_seconds = import_timeout_seconds

    def erase(self, organization_id: str, actor: str) -> None:
        """Takes it out; what is being aggregated of it finds its claim lost. Files that a watched folder holds are not the store's.

        Waits for deliveries that are not read yet, as nobody knows whose they are: raises `Conflict` where they take too long. Raises
        `NotFound`, and `Unavailable` where the store stays busy: then the rest is made up for at the next start, or by trying again.
        """
        with self._exclusive_lock(wait=True):
            self._finish_erasure()
            deadline = time.monotonic() + self._import_timeout_seconds
            while not self._database.write(lambda connection: self._delete_organization(connection, organization_id, actor)):
                if time.monotonic() > deadline:
                    raise Conflict("Deliveries are still being read; try again when they are done.")
                time.sleep(_POLL_SECONDS)
            time.sleep(self._event_grace_seconds)
            self._finish_erasure()

    def resume_interrupted(self) -> None:
        """Ends what a process that died had begun."""
        with self._exclusive_lock(wait=False) as acquired:
            if acquired:
                self._finish_erasure()

    @contextmanager
    def _exclusive_lock(self, *, wait: bool) -> Generator[bool]:
        """One at a time, of all processes; the kernel lets go of a dead one's lock. False where another is at it."""
        lock = FileLock(self._lock_path)
        try:
            if wait:
                lock.acquire()
            yield wait or lock.try_acquire()
        finally:
            lock.release()

    def _finish_erasure(self) -> None:
        if self._database.read(lambda connection: meta.get(connection, _UNFINISHED_KEY)) is None:
            return
        self._database.write(self._delete_events)
        self._database.compact()
        self._database.write(lambda connection: meta.delete(connection, _UNFINISHED_KEY))

    def _delete_organization(self, connection: Connection, organization_id: str, actor: str) -> bool:
        """False while a delivery waits or is being read."""
        if not erasure.organization_exists(connection, organization_id):
            raise NotFound("There is no such organisation.")
        if deliveries.has_unfinished(connection):
            return False
        at = format_rfc3339(now())
        deleted_snapshots = snapshots.list_for_organization(connection, organization_id)
        erasure.delete_events(connection, organization_id)
        erasure.delete_organization(connection, organization_id)
        for row in deleted_snapshots:
            event = SnapshotDeleted(
                snapshot_id=format_snapshot_id(row.snapshot), organization_id=organization_id, period_id=row.period_id, deleted_at=at
            )
            record(connection, event, row.snapshot)
        # That one was forgotten is told, not which.
        audit.append(connection, [AuditRow(at=at, actor=actor, action="forgotten", organization_id="")])
        meta.put(connection, _UNFINISHED_KEY, organization_id)
        return True

    def _delete_events(self, connection: Connection) -> None:
        organization_id = meta.get(connection, _UNFINISHED_KEY)
        if organization_id:
            erasure.delete_events(connection, organization_id)
            meta.put(connection, _UNFINISHED_KEY, "")
