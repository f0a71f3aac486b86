"""Leader election among the processes of a data folder: one process at a time holds the lock of a task.

The kernel releases the lock of a process that ends, so that another process takes over at once.
"""

import threading
from pathlib import Path

from preview.core.file_lock import FileLock


class LeaderLock:
    """The lock of one task. The threads of a process may share it."""

    def __init__(self, path: Path) -> None:
        self._mutex = threading.Lock()
        self._file_lock = FileLock(path)
        self._closed = False

    def try_acquire(self) -> bool:
        """Acquire the lock if no other process holds it.

        Returns:
            True if this process holds the lock now, also if it did before; always False after `close`.

        Raises:
            OSError: If the lock file cannot be opened.
        """
        with self._mutex:
            return not self._closed and self._file_lock.try_acquire()

    def close(self) -> None:
        """Release the lock and do not acquire it again."""
        with self._mutex:
            self._closed = True
            self._file_lock.release()
