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

from preview.core.clock import now, timestamp
from preview.core.errors import Conflict, NotFound
from preview.core.file_lock import FileLock
from preview.events.log import SnapshotDeleted, record
from preview.model.resources import snapshot_id
from preview.storage import audit, deliveries, erasure, meta, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database

_UNFINISHED = "forgetting"
_LOOK_SECONDS = 0.05


class Forgetting:
    """All methods block: call them on a thread. `told_seconds` is how long the processes that follow the log have to hand on the events."""

    def __init__(self, database: Database, lock: Path, *, told_seconds: float = 1.0, patience_seconds: float = 60.0) -> None:
        self._database = database
        self._lock = lock
        self._told_seconds = told_seconds
        self._patience_seconds = patience_seconds

    def forget(self, organization_id: str, actor: str) -> None:
        """Takes it out; what is being aggregated of it finds its claim lost. Files that a watched folder holds are not the store's.

        Waits for deliveries that are not read yet, as nobody knows whose they are: raises `Conflict` where they take too long. Raises
        `NotFound`, and `Unavailable` where the store stays busy: then the rest is made up for at the next start, or by trying again.
        """
        with self._alone(wait=True):
            self._end()
            deadline = time.monotonic() + self._patience_seconds
            while not self._database.write(lambda connection: self._take_out(connection, organization_id, actor)):
                if time.monotonic() > deadline:
                    raise Conflict("Deliveries are still being read; try again when they are done.")
                time.sleep(_LOOK_SECONDS)
            time.sleep(self._told_seconds)
            self._end()

    def make_up(self) -> None:
        """Ends what a process that died had begun."""
        with self._alone(wait=False) as mine:
            if mine:
                self._end()

    @contextmanager
    def _alone(self, *, wait: bool) -> Generator[bool]:
        """One at a time, of all processes; the kernel lets go of a dead one's lock. False where another is at it."""
        lock = FileLock(self._lock)
        try:
            if wait:
                lock.acquire()
            yield wait or lock.try_acquire()
        finally:
            lock.release()

    def _end(self) -> None:
        if self._database.read(lambda connection: meta.get(connection, _UNFINISHED)) is None:
            return
        self._database.write(self._take_out_events)
        self._database.compact()
        self._database.write(lambda connection: meta.delete(connection, _UNFINISHED))

    def _take_out(self, connection: Connection, organization_id: str, actor: str) -> bool:
        """False while a delivery waits or is being read."""
        if not erasure.is_known(connection, organization_id):
            raise NotFound("There is no such organisation.")
        if deliveries.any_open(connection):
            return False
        at = timestamp(now())
        gone = snapshots.of_organization(connection, organization_id)
        erasure.forget_events(connection, organization_id)
        erasure.forget(connection, organization_id)
        for row in gone:
            deleted = SnapshotDeleted(
                snapshot_id=snapshot_id(row.snapshot), organization_id=organization_id, period_id=row.period_id, deleted_at=at
            )
            record(connection, deleted, row.snapshot)
        # That one was forgotten is told, not which.
        audit.append(connection, [AuditRow(at=at, actor=actor, action="forgotten", organization_id="")])
        meta.put(connection, _UNFINISHED, organization_id)
        return True

    def _take_out_events(self, connection: Connection) -> None:
        organization_id = meta.get(connection, _UNFINISHED)
        if organization_id:
            erasure.forget_events(connection, organization_id)
            meta.put(connection, _UNFINISHED, "")
