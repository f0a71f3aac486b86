"""Locks between processes, by `flock` on a file.

The kernel releases the locks of a process when it ends, however it ends.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FileLock:
    """An exclusive lock on one file or folder.

    The lock belongs to the object and not to a thread: threads that share the object must serialise its calls. The
    file is created, readable by its owner only, when the lock is acquired for the first time.

    Args:
        path: The file to lock.
        folder: Whether `path` is a folder, which must exist.
    """

    def __init__(self, path: Path, *, folder: bool = False) -> None:
        self.path = path
        mode = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW if folder else os.O_CREAT | os.O_RDWR
        self._flags = os.O_CLOEXEC | mode
        self._descriptor: int | None = None

    @property
    def is_acquired(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Wait for the lock and acquire it.

        Raises:
            OSError: If the file cannot be opened.
        """
        self._lock(fcntl.LOCK_EX)

    def try_acquire(self) -> bool:
        """Acquire the lock if it is free.

        Returns:
            True if this object holds the lock now, also if it did before; False if another one does.

        Raises:
            OSError: If the file cannot be opened.
        """
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_free(self) -> bool:
        """Return whether no process holds the lock, without acquiring it.

        Several processes may ask at the same moment.

        Raises:
            OSError: If the file cannot be opened.
        """
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(descriptor)
        return True

    def release(self) -> None:
        """Release the lock, if this object holds it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "FileLock":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int:
        return os.open(self.path, self._flags, 0o600)

    def _lock(self, operation: int) -> None:
        if self._descriptor is not None:
            return
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, operation)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
