"""Erase an organisation: nothing of it stays in the store or in a file of it, and open pages and streams learn of it.

The erasure appends `snapshot_deleted` events in the transaction that deletes everything else. Every process dispatches
them to its clients. After a grace period the events are deleted too: a client that resumes later gets the remaining
events in order, under their ids. A `resync` event instead would make the clients of every organisation fetch everything
again.
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
    """Erases organisations. All methods block: call them on a thread."""

    def __init__(
        self,
        database: Database,
        lock_path: Path,
        *,
        event_grace_seconds: float = 1.0,
        import_timeout_seconds: float = 60.0,
    ) -> None:
        """Use a store.

        Args:
            database: The store.
            lock_path: File with which one erasure at a time runs, of all processes.
            event_grace_seconds: Time for all processes to dispatch the events before these are deleted.
            import_timeout_seconds: How long to wait for unfinished deliveries.
        """
        self._database = database
        self._lock_path = lock_path
        self._event_grace_seconds = event_grace_seconds
        self._import_timeout_seconds = import_timeout_seconds

    def erase(self, organization_id: str, actor: str) -> None:
        """Erase an organisation. A running aggregation of it finds its claim lost.

        Waits for unfinished deliveries, since they may contain the organisation. Files in the inbox are not deleted.

        Args:
            organization_id: The organisation.
            actor: Who erases it, for the audit trail.

        Raises:
            NotFound: If there is no such organisation.
            Conflict: If deliveries are still unfinished after the time limit.
            Unavailable: If the store is busy. The rest is done at the next start, or by another call.
        """
        with self._exclusive_lock(wait=True):
            self._finish_erasure()
            deadline = time.monotonic() + self._import_timeout_seconds
            while not self._database.write(
                lambda connection: self._delete_organization(connection, organization_id, actor)
            ):
                if time.monotonic() > deadline:
                    raise Conflict("Deliveries are still being imported. Try again when they are done.")
                time.sleep(_POLL_SECONDS)
            time.sleep(self._event_grace_seconds)
            self._finish_erasure()

    def resume_interrupted(self) -> None:
        """Finish an erasure that a crash interrupted."""
        with self._exclusive_lock(wait=False) as acquired:
            if acquired:
                self._finish_erasure()

    @contextmanager
    def _exclusive_lock(self, *, wait: bool) -> Generator[bool]:
        """Hold the erasure lock, across processes. Yield whether it was acquired; with `wait`, wait until it is."""
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
        """Delete everything but the events. Return False while a delivery is unfinished."""
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
                snapshot_id=format_snapshot_id(row.snapshot),
                organization_id=organization_id,
                period_id=row.period_id,
                deleted_at=at,
            )
            record(connection, event, row.snapshot)
        # The audit trail records the erasure without naming the organisation.
        audit.append(connection, [AuditRow(at=at, actor=actor, action="forgotten", organization_id="")])
        meta.put(connection, _UNFINISHED_KEY, organization_id)
        return True

    def _delete_events(self, connection: Connection) -> None:
        organization_id = meta.get(connection, _UNFINISHED_KEY)
        if organization_id:
            erasure.delete_events(connection, organization_id)
            meta.put(connection, _UNFINISHED_KEY, "")
