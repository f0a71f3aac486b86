"""What only one of the processes on a data folder shall do: who holds the lock on its file has the lead.

The kernel lets go of a dead process' lock, so that another takes over at once.
"""

import threading
from pathlib import Path

from preview.core.file_lock import FileLock


class Lead:
    """One duty of this process. Its threads may ask side by side."""

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        self._lock = FileLock(path)
        self._closed = False

    def is_ours(self) -> bool:
        """Takes it where nobody has it."""
        with self._turn:
            return not self._closed and self._lock.try_acquire()

    def close(self) -> None:
        """Another process may have it from now on."""
        with self._turn:
            self._closed = True
            self._lock.release()
