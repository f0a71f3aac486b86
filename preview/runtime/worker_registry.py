"""Whether a worker lives: it holds a lock on a file of its own, which the kernel lets go when it dies, whatever the clock says.

All processes of a store share a host.
"""

from pathlib import Path

from preview.core.clock import format_rfc3339, now
from preview.core.file_lock import FileLock
from preview.storage import worker_rows
from preview.storage.database import Connection, Database


class WorkerRegistry:
    """This process's worker number, and a look at the others'."""

    def __init__(self, folder: Path, database: Database) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._database = database
        self.worker_id, self._lock = database.write(self._register)

    def is_alive(self, worker_id: int) -> bool:
        """A lock that can be taken means a dead worker. Taken shared: two that look at once do not see each other."""
        path = self._path(worker_id)
        return path.exists() and not FileLock(path).is_free()

    def remove_dead_workers(self) -> None:
        """Takes away what dead workers have left."""
        for worker_id in self._database.read(worker_rows.list_ids):
            if not self.is_alive(worker_id):
                self._remove(worker_id)

    def close(self) -> None:
        """Says goodbye."""
        if self._lock.is_acquired:
            self._lock.release()
            self._remove(self.worker_id)

    def _register(self, connection: Connection) -> tuple[int, FileLock]:
        """The lock is held before anyone can see the number, and so take this worker for a dead one."""
        worker_id = worker_rows.insert(connection, format_rfc3339(now()))
        lock = FileLock(self._path(worker_id))
        lock.acquire()
        return worker_id, lock

    def _path(self, worker_id: int) -> Path:
        return self._folder / f"{worker_id}.lock"

    def _remove(self, worker_id: int) -> None:
        self._path(worker_id).unlink(missing_ok=True)
        self._database.write(lambda connection: worker_rows.delete(connection, worker_id))
