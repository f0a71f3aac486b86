"""What only one of the processes on a data folder shall do: who holds the lock on its file has the lead.

The kernel lets go of a dead process' lock, so that another takes over at once.
"""

import fcntl
import os
import threading
from pathlib import Path


class Lead:
    """One duty of this process. Its threads may ask side by side."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._lock: int | None = None
        self._closed = False

    def is_ours(self) -> bool:
        """Takes it where nobody has it."""
        with self._turn:
            if self._lock is None and not self._closed:
                descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                else:
                    self._lock = descriptor
            return self._lock is not None

    def close(self) -> None:
        """Another process may have it from now on."""
        with self._turn:
            self._closed = True
            if self._lock is not None:
                os.close(self._lock)
                self._lock = None
