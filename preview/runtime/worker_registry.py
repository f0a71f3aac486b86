"""Whether a worker lives: it holds a lock on a file of its own, which the kernel lets go when it dies, whatever the clock says.

All processes of a store share a host.
"""

from pathlib import Path

from preview.core.clock import now, timestamp
from preview.core.file_lock import FileLock
from preview.storage import worker_rows
from preview.storage.database import Connection, Database


class Liveness:
    """This process's worker number, and a look at the others'."""

    def __init__(self, folder: Path, database: Database) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._database = database
        self.worker, self._lock = database.write(self._register)

    def is_alive(self, worker: int) -> bool:
        """A lock that can be taken means a dead worker. Taken shared: two that look at once do not see each other."""
        path = self._path(worker)
        return path.exists() and not FileLock(path).is_free()

    def bury(self) -> None:
        """Takes away what dead workers have left."""
        for worker in self._database.read(worker_rows.numbers):
            if not self.is_alive(worker):
                self._remove(worker)

    def close(self) -> None:
        """Says goodbye."""
        if self._lock.is_acquired:
            self._lock.release()
            self._remove(self.worker)

    def _register(self, connection: Connection) -> tuple[int, FileLock]:
        """The lock is held before anyone can see the number, and so take this worker for a dead one."""
        worker = worker_rows.insert(connection, timestamp(now()))
        lock = FileLock(self._path(worker))
        lock.acquire()
        return worker, lock

    def _path(self, worker: int) -> Path:
        return self._folder / f"{worker}.lock"

    def _remove(self, worker: int) -> None:
        self._path(worker).unlink(missing_ok=True)
        self._database.write(lambda connection: worker_rows.delete(connection, worker))
