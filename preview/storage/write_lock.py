"""Fair access to SQLite's write lock for the processes and threads of one store.

SQLite's write lock is not fair: a process that writes in a tight loop, as a large delivery does, starves the others.
Waiting writers therefore queue on a file lock and hold it before they try SQLite's.
"""

import math
import time
from pathlib import Path
from typing import Any, Protocol

from preview.core.errors import Unavailable
from preview.core.file_lock import FileLock

_BUSY = 5
"""SQLITE_BUSY, the low byte of its extended codes (sqlite.org/rescode.html)."""

_RETRY_SECONDS = 0.001
"""SQLite's own back-off sleeps up to 100 ms at a time, which a PUT beside an import would notice."""


class Connection(Protocol):
    """The part of a database connection that is needed here."""

    def execute(self, sql: str, /) -> Any:
        """Run one statement."""
        ...


class WriteLock:
    """The queue in front of the write lock of one store."""

    def __init__(self, store: Path, timeout_seconds: float = 30.0) -> None:
        self._path = store.with_name(f"{store.name}-turn")
        self._timeout_seconds = timeout_seconds
        self._latest = math.inf

    def limit_waiting(self, seconds: float) -> None:
        """Let no statement wait for longer than so many seconds from now, and none wait after that.

        Call it when the program stops. A statement that gets the lock at once still runs.
        """
        self._latest = time.monotonic() + seconds

    def execute(self, connection: Connection, statement: str) -> None:
        """Run a statement that takes SQLite's write lock, as soon as the lock is free.

        Args:
            connection: Its busy timeout must be 0, so that SQLite does not wait by itself.
            statement: Such as `BEGIN IMMEDIATE`.

        Raises:
            Unavailable: If the lock was not free within the time limit, or before the limit of `limit_waiting`.
        """
        deadline = time.monotonic() + self._timeout_seconds
        queue = FileLock(self._path)
        try:
            while not (queue.try_acquire() and self._try_execute(connection, statement)):
                if time.monotonic() > self._latest:
                    raise Unavailable("The server is shutting down, and the store is busy.")
                if time.monotonic() > deadline:
                    raise Unavailable("The store is busy.")
                time.sleep(_RETRY_SECONDS)
        finally:
            queue.release()

    def has_waiting(self) -> bool:
        """Return whether a writer waits for the lock, if this is asked while the lock is held."""
        return not FileLock(self._path).is_free()

    def _try_execute(self, connection: Connection, statement: str) -> bool:
        """Return False if the lock is held by somebody else."""
        try:
            connection.execute(statement)
        except Exception as error:
            code: int | None = getattr(error, "sqlite_errorcode", None)
            if code is None or code & 0xFF != _BUSY:
                raise
            return False
        return True
