"""Connections, the writer thread and transactions. The one module that imports sqlite3, and by way of sqlite-utils:
two SQLite libraries on one file in one process would break each other's locks.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from preview.core.errors import StoreError, Unavailable
from preview.storage.write_lock import WriteLock

# Where pandas is there (Panel brings it), sqlite-utils loads it for data frames, of which there is none here: half of a command's start.
_PANDAS_BLOCKED = "pandas" not in sys.modules
if _PANDAS_BLOCKED:
    sys.modules["pandas"] = None  # pyright: ignore[reportArgumentType]
try:
    import sqlite_utils
    from sqlite_utils.utils import sqlite3  # pyright: ignore[reportPrivateImportUsage]

    from preview.storage.migrations import migrate
finally:
    if _PANDAS_BLOCKED:
        del sys.modules["pandas"]

Connection: TypeAlias = sqlite3.Connection

T = TypeVar("T")

MIN_MULTIPROCESS_SQLITE = (3, 51, 3)
"""From here on two processes may share a store: before it, the WAL-reset bug could lose pages (sqlite.org/wal.html)."""


_BUSY_MILLISECONDS = 30_000


def supports_multiple_processes() -> bool:
    """Whether this SQLite allows several processes on one store."""
    return tuple(sqlite3.sqlite_version_info) >= MIN_MULTIPROCESS_SQLITE


def _chmod_owner_only(path: Path) -> None:
    """A new store is its owner's alone from its first byte; its -wal and -shm take the mode over when they are made.

    A store that is there is not opened here: closing a file lets go of the locks that SQLite holds on it in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


def _connect(path: Path, *, readonly: bool) -> Connection:
    connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    # A case taken out leaves no bytes behind in the file (`domain.md` 4).
    connection.execute("PRAGMA secure_delete=ON").fetchall()
    if readonly:
        connection.execute("PRAGMA query_only=ON")
    return connection


def _execute_without_waiting(connection: Connection, lock: WriteLock, statement: str) -> None:
    """Run a statement that takes the write lock; SQLite's own waiting is off meanwhile, as `WriteLock` waits better."""
    connection.execute("PRAGMA busy_timeout=0").fetchall()
    try:
        lock.execute(connection, statement)
    finally:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}").fetchall()


@contextmanager
def transaction(connection: Connection, lock: WriteLock) -> Iterator[Connection]:
    """One write transaction; all of it is committed, or none of it."""
    _execute_without_waiting(connection, lock, "BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Database:
    """The store file: one writer connection on a thread of its own, a reader connection for each thread that reads."""

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        """Opens or makes the store and brings its schema up to date. Raises `StoreError` where it is newer than the code."""
        self.path = path
        self._write_lock = WriteLock(path, busy_seconds)
        self._thread_local = threading.local()
        self._readers: list[Connection] = []
        self._lock = threading.Lock()
        self._queue: SimpleQueue[tuple[Callable[[Connection], Any], Future[Any]] | None] = SimpleQueue()
        self._commit_listeners: list[Callable[[], None]] = []
        self._closed = False
        try:
            _chmod_owner_only(path)
            self._writer = _connect(path, readonly=False)
            with transaction(self._writer, self._write_lock) as connection:
                migrate(sqlite_utils.Database(connection), sqlite3.complete_statement)
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreError(f"The store cannot be opened ({type(error).__name__}).") from error
        self._version_connection = _connect(path, readonly=True)
        self._version_lock = threading.Lock()
        self._thread = threading.Thread(target=self._write_loop, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Callable[[Connection], T]) -> Future[T]:
        """Runs `operation` in a write transaction of its own on the writer thread, in order of submission."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise Unavailable("The store is closing.")
            self._queue.put((operation, future))
        return future

    def write(self, operation: Callable[[Connection], T]) -> T:
        """`submit`, and wait for the commit. Never on the event loop."""
        return self.submit(operation).result()

    def read(self, operation: Callable[[Connection], T]) -> T:
        """Runs `operation` over one read transaction (one state of the store) on this thread. Never on the event loop."""
        connection = self._reader_connection()
        connection.execute("BEGIN")
        try:
            return operation(connection)
        finally:
            connection.execute("COMMIT")

    def data_version(self) -> int:
        """A number that differs after any commit by anyone. Costs microseconds and waits for nothing: the event loop may ask."""
        with self._version_lock:
            return int(self._version_connection.execute("PRAGMA data_version").fetchone()[0])

    def compact(self) -> None:
        """Rewrites the store without what was deleted, and empties the write-ahead log: no byte of it is left in a file.

        `secure_delete` alone leaves a row in ten thousand, on a page that was divided before. Others may read meanwhile, and wait to
        write. Raises `Unavailable` where one of them holds on for too long.
        """
        connection = _connect(self.path, readonly=False)
        try:
            connection.execute("PRAGMA temp_store=FILE")  # the whole store is copied once
            _execute_without_waiting(connection, self._write_lock, "VACUUM")
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise Unavailable("The store is busy.")
        finally:
            connection.close()

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Calls `listener` on the writer thread after each commit of this process that changed something, to wake who waits for that."""
        self._commit_listeners.append(listener)

    def close(self) -> None:
        """Lets what was submitted finish, then closes every connection."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        # Good to have, but not to wait for: another process may be writing on and on.
        self._writer.execute("PRAGMA busy_timeout=0").fetchall()
        with suppress(sqlite3.OperationalError):
            self._writer.execute("PRAGMA optimize").fetchall()
        for connection in [*self._readers, self._version_connection, self._writer]:
            connection.close()

    def _reader_connection(self) -> Connection:
        connection = getattr(self._thread_local, "connection", None)
        if connection is None:
            connection = self._thread_local.connection = _connect(self.path, readonly=True)
            with self._lock:
                self._readers.append(connection)
        return connection

    def _write_loop(self) -> None:
        while (item := self._queue.get()) is not None:
            operation, future = item
            if not future.set_running_or_notify_cancel():
                continue
            changes_before = self._writer.total_changes
            try:
                with transaction(self._writer, self._write_lock) as connection:
                    result = operation(connection)
            except BaseException as error:  # noqa: BLE001  (whoever waits for the future gets it)
                future.set_exception(error)
                continue
            # A worker that looks for work in vain must not wake itself to look again.
            for listener in self._commit_listeners if self._writer.total_changes != changes_before else ():
                listener()
            future.set_result(result)
