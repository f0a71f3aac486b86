"""Erase an organisation: nothing of it stays in the store or in a file of it, and open pages and streams learn of it.

The rows are deleted in steps, so that no other write waits for it. To requests the organisation is gone from the first
step on. Each snapshot is deleted with a `snapshot_deleted` event, which every process dispatches to its clients. After
a grace period the events are deleted too: a client that resumes later gets the remaining events in order, under their
ids. A `resync` event instead would make the clients of every organisation fetch everything again.

At the end the file is rewritten, at a moment at which nothing else is written (`storage/compaction.py`).
"""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from preview.core.clock import format_rfc3339, now
from preview.core.errors import Conflict, NotFound, Unavailable
from preview.core.file_lock import FileLock
from preview.core.ids import format_snapshot_id
from preview.events.log import SnapshotDeleted, record
from preview.storage import audit, deliveries, meta, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.removal import erasure

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 5.0
_SNAPSHOTS_PER_PIECE = 4


class OrganizationEraser:
    """Erases organisations. All methods block: call them on a thread."""

    def __init__(
        self,
        database: Database,
        lock_path: Path,
        *,
        event_grace_seconds: float = 1.0,
        import_timeout_seconds: float = 60.0,
        quiet_timeout_seconds: float = 600.0,
    ) -> None:
        """Use a store.

        Args:
            database: The store.
            lock_path: File with which one erasure at a time runs, of all processes.
            event_grace_seconds: Time for all processes to dispatch the events before these are deleted.
            import_timeout_seconds: How long to wait for unfinished deliveries.
            quiet_timeout_seconds: How long to wait for a moment at which nothing is written, to rewrite the file.
        """
        self._database = database
        self._lock_path = lock_path
        self._event_grace_seconds = event_grace_seconds
        self._import_timeout_seconds = import_timeout_seconds
        self._quiet_timeout_seconds = quiet_timeout_seconds
        self._next_attempt = 0.0
        self._pause = _POLL_SECONDS

    def erase(self, organization_id: str, actor: str, report: Callable[[str], None] = lambda _: None) -> None:
        """Erase an organisation. A running aggregation of it finds its claim lost.

        Waits for unfinished deliveries, since they may contain the organisation, and for a moment at which nothing is
        written. Files in the inbox are not deleted.

        Args:
            organization_id: The organisation.
            actor: Who erases it, for the audit trail.
            report: Called with what is being waited for.

        Raises:
            NotFound: If there is no such organisation.
            Conflict: If deliveries are still unfinished after the time limit.
            Unavailable: If the store is busy. The rest is done by a running server or by another call.
        """
        with self._exclusive_lock(wait=True):
            self._finish_erasure(report)
            deadline = time.monotonic() + self._import_timeout_seconds
            while not self._database.write(lambda connection: self._begin(connection, organization_id, actor)):
                if time.monotonic() > deadline:
                    raise Conflict("Deliveries are still being imported. Try again when they are done.")
                time.sleep(_POLL_SECONDS)
            self._finish_erasure(report)

    def resume_interrupted(self, should_stop: Callable[[], bool] = lambda: False) -> None:
        """Finish an erasure that a crash interrupted, or whose rewriting of the file still waits for a quiet moment.

        Returns when other writes come first: call it again.

        Args:
            should_stop: Is asked now and then whether to give up.
        """
        if time.monotonic() < self._next_attempt or self._database.read(self._unfinished) is None:
            return
        with self._exclusive_lock(wait=False) as acquired:
            if not acquired or not self._delete_unfinished():
                return
            if self._database.try_compact(should_stop):
                self._end()
                self._pause = _POLL_SECONDS
            else:
                self._next_attempt = time.monotonic() + self._pause
                self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)

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

    def _finish_erasure(self, report: Callable[[str], None]) -> None:
        if not self._delete_unfinished():
            return
        deadline = time.monotonic() + self._quiet_timeout_seconds
        pause = _POLL_SECONDS
        while not self._database.try_compact():
            if time.monotonic() > deadline:
                raise Unavailable(
                    "All rows are deleted. The file of the store is still to be rewritten at a moment without writes: "
                    "a running server does so, or the next start."
                )
            if pause == _POLL_SECONDS:
                report("All rows are deleted. Waiting for a moment without writes to rewrite the file of the store.")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        self._end()

    @staticmethod
    def _unfinished(connection: Connection) -> str | None:
        return meta.get(connection, erasure.UNFINISHED_KEY)

    def _begin(self, connection: Connection, organization_id: str, actor: str) -> bool:
        """Mark the organisation as being erased. Return False while a delivery is unfinished."""
        if not erasure.organization_exists(connection, organization_id):
            raise NotFound("There is no such organisation.")
        if deliveries.has_unfinished(connection):
            return False
        at = format_rfc3339(now())
        erasure.begin(connection, organization_id, at)
        # The audit trail records the erasure without naming the organisation.
        audit.append(connection, [AuditRow(at=at, actor=actor, action="forgotten", organization_id="")])
        return True

    def _delete_unfinished(self) -> bool:
        """Delete all rows of the organisation that is being erased. Return False if there is none to be erased."""
        organization_id = self._database.read(self._unfinished)
        if organization_id is None:
            return False
        if organization_id:
            log.info("an organisation is being erased; deliveries wait until its rows are deleted")
            erasure.delete_events(self._database, organization_id)
            self._database.write_in_steps(lambda connection: self._delete_snapshots(connection, organization_id))
            erasure.delete_rows(self._database, organization_id)
            time.sleep(self._event_grace_seconds)
            erasure.delete_events(self._database, organization_id)
            self._database.write(lambda connection: meta.put(connection, erasure.UNFINISHED_KEY, ""))
        return True

    def _delete_snapshots(self, connection: Connection, organization_id: str) -> bool:
        at = format_rfc3339(now())
        rows = snapshots.list_for_organization(connection, organization_id)[-_SNAPSHOTS_PER_PIECE:]
        for row in rows:
            snapshots.delete(connection, row.snapshot)
            event = SnapshotDeleted(
                snapshot_id=format_snapshot_id(row.snapshot),
                organization_id=organization_id,
                period_id=row.period_id,
                deleted_at=at,
            )
            record(connection, event, row.snapshot)
        return bool(rows)

    def _end(self) -> None:
        self._database.write(lambda connection: meta.delete(connection, erasure.UNFINISHED_KEY))
