"""What only one of the processes on a data folder shall do: who holds the lock on its file has the lead.

The kernel lets go of a dead process' lock, so that another takes over at once.
"""

import threading
from pathlib import Path

from preview.core.file_lock import FileLock


class LeaderLock:
    """One duty of this process. Its threads may ask side by side."""

    def __init__(self, path: Path) -> None:
        self._mutex = threading.Lock()
        self._descriptor = FileLock(path)
        self._closed = False

    def try_acquire(self) -> bool:
        """Takes it where nobody has it."""
        with self._mutex:
            return not self._closed and self._descriptor.try_acquire()

    def close(self) -> None:
        """Another process may have it from now on."""
        with self._mutex:
            self._closed = True
            self._descriptor.release()
