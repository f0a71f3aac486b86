"""Lock between processes by `flock` on a file. The kernel releases the lock of a process that ends, however it ends."""

import fcntl
import os
from pathlib import Path
from types import TracebackType


class FileLock:
    """An exclusive lock on one file, or on a folder where `folder` is true.

    The file is created, readable by its owner only, when the lock is first asked for. A lock belongs to this object and not to a
    thread: whoever shares the object must serialise its calls.
    """

    def __init__(self, path: Path, *, folder: bool = False) -> None:
        self.path = path
        self._flags = os.O_CLOEXEC | (os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW if folder else os.O_CREAT | os.O_RDWR)
        self._descriptor: int | None = None

    @property
    def is_acquired(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Wait for the lock and take it.

        Raises:
            OSError: If the file cannot be opened.
        """
        self._lock(fcntl.LOCK_EX)

    def try_acquire(self) -> bool:
        """Take the lock if it is free.

        Returns:
            True if this object holds the lock now, also if it did before; False if somebody else does.

        Raises:
            OSError: If the file cannot be opened.
        """
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_free(self) -> bool:
        """Tell whether nobody holds the lock exclusively, without taking it: several processes may ask at the same moment.

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
        """Give the lock up. Does nothing if this object does not hold it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> "FileLock":
        self.acquire()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
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
