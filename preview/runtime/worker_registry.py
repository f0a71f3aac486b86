"""Registry of workers: a worker is alive as long as it holds the lock on its file.

The kernel releases the lock when the process ends, so no clock or heartbeat is needed. All processes of a store run on
one host.
"""

from contextlib import suppress
from pathlib import Path

from preview.core.clock import format_rfc3339, now
from preview.core.errors import Unavailable
from preview.core.file_lock import FileLock
from preview.storage import worker_rows
from preview.storage.database import Connection, Database


class WorkerRegistry:
    """Registers this process's worker, and tells whether others are alive."""

    def __init__(self, folder: Path, database: Database) -> None:
        """Register this process.

        Args:
            folder: Folder of the lock files; it is created if it is missing.
            database: The store.
        """
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._database = database
        self.worker_id, self._lock = database.write(self._register)

    def is_alive(self, worker_id: int) -> bool:
        """Return whether the worker with that id is alive: whether its lock is held."""
        path = self._path(worker_id)
        return path.exists() and not FileLock(path).is_free()

    def remove_dead_workers(self) -> None:
        """Remove rows and lock files of workers that are no longer alive."""
        for worker_id in self._database.read(worker_rows.list_ids):
            if not self.is_alive(worker_id):
                self._remove(worker_id)

    def close(self) -> None:
        """Unregister this process. If the store is busy, its row stays until a process starts."""
        if self._lock.is_acquired:
            self._lock.release()
            with suppress(Unavailable):
                self._remove(self.worker_id)

    def _register(self, connection: Connection) -> tuple[int, FileLock]:
        """Insert the worker. Its file is locked before the row is committed, so it never looks dead to others."""
        worker_id = worker_rows.insert(connection, format_rfc3339(now()))
        lock = FileLock(self._path(worker_id))
        lock.acquire()
        return worker_id, lock

    def _path(self, worker_id: int) -> Path:
        return self._folder / f"{worker_id}.lock"

    def _remove(self, worker_id: int) -> None:
        self._path(worker_id).unlink(missing_ok=True)
        self._database.write(lambda connection: worker_rows.delete(connection, worker_id))
