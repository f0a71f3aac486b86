"""Connections, the writer thread and transactions of the store.

This is the only module that imports sqlite3, and it takes it from sqlite-utils: two copies of the SQLite library that
open the same file in one process would break each other's locks.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from preview.core.errors import InsufficientStorage, StoreError, Unavailable
from preview.storage.write_lock import WriteLock

# sqlite-utils imports pandas if it is installed (Panel depends on it), which would double the start time of a command.
# The import is blocked meanwhile: no data frames are used here.
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
"""First SQLite with which several processes may share a store.

Earlier versions can lose pages (the WAL-reset bug, sqlite.org/wal.html).
"""


_BUSY_MILLISECONDS = 30_000


_PASSING_FAULTS = {
    sqlite3.SQLITE_BUSY: "The store is busy.",
    sqlite3.SQLITE_LOCKED: "The store is busy.",
    sqlite3.SQLITE_READONLY: "The store is read-only.",
    sqlite3.SQLITE_IOERR: "The store cannot be read or written (I/O error).",
    sqlite3.SQLITE_FULL: "The disk is full.",
    sqlite3.SQLITE_CANTOPEN: "The store cannot be opened.",
    sqlite3.SQLITE_PROTOCOL: "The store is busy.",
}
"""SQLite's primary result codes that pass by themselves or when an operator acts, with a sentence for each."""


def supports_multiple_processes() -> bool:
    """Return whether this version of SQLite allows several processes to use one store."""
    return tuple(sqlite3.sqlite_version_info) >= MIN_MULTIPROCESS_SQLITE


def _chmod_owner_only(path: Path) -> None:
    """Create the file if it is missing, and make it readable and writable by its owner only.

    The -wal and -shm files inherit the mode. A file that exists is not opened here: closing it would release the locks
    that SQLite holds on it in this process.
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
    # Deleted content must not stay in the file (section 4, docs/domain.md).
    connection.execute("PRAGMA secure_delete=ON").fetchall()
    if readonly:
        connection.execute("PRAGMA query_only=ON")
    return connection


def _execute_without_waiting(connection: Connection, lock: WriteLock, statement: str) -> None:
    """Run a statement that takes the write lock, with SQLite's own waiting switched off: `WriteLock` waits instead."""
    connection.execute("PRAGMA busy_timeout=0").fetchall()
    try:
        lock.execute(connection, statement)
    finally:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}").fetchall()


@contextmanager
def transaction(connection: Connection, lock: WriteLock) -> Iterator[Connection]:
    """Run the block in one write transaction: commit at its end, or roll back if it raises.

    Args:
        connection: A connection in autocommit mode.
        lock: The write lock of the store.

    Raises:
        Unavailable: If the write lock was not free within the time limit.
    """
    _execute_without_waiting(connection, lock, "BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # SQLite itself rolls back after some errors of the disk, and a commit that failed leaves the transaction open.
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise


@contextmanager
def passing_faults_translated() -> Iterator[None]:
    """Raise SQLite's errors that pass as the domain's: `InsufficientStorage` for a full disk, else `Unavailable`."""
    try:
        yield
    except sqlite3.Error as error:
        code: int | None = getattr(error, "sqlite_errorcode", None)
        if code is None or code & 0xFF not in _PASSING_FAULTS:
            raise
        fault = _PASSING_FAULTS[code & 0xFF]
        raise InsufficientStorage(fault) if code & 0xFF == sqlite3.SQLITE_FULL else Unavailable(fault) from error


class Database:
    """The store file: one writer connection on its own thread, and one reader connection per thread that reads."""

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        """Open or create the store and bring its schema up to date.

        Args:
            path: The store file.
            busy_seconds: How long a write waits for another process's write.

        Raises:
            StoreError: If the file cannot be opened, or a later version of the program has written it.
        """
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
        """Run `operation` in a write transaction of its own on the writer thread, in order of submission.

        Args:
            operation: Is called with the writer connection. It must not wait for another write.

        Returns:
            A future with its result; it completes after the commit.

        Raises:
            Unavailable: If the store is closing.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise Unavailable("The store is closing.")
            self._queue.put((operation, future))
        return future

    def write(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in a write transaction and wait for the commit. Blocks: never call it on the event loop.

        Args:
            operation: Is called with the writer connection, on the writer thread.

        Returns:
            The result of `operation`.

        Raises:
            Unavailable: If the store is closing, or the write lock was not free within the time limit.
        """
        return self.submit(operation).result()

    def read(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in one read transaction. Blocks: never call it on the event loop.

        Args:
            operation: Is called with this thread's reader connection, on this thread.

        Returns:
            The result of `operation`.

        Raises:
            Unavailable: If the store cannot be read at the moment.
        """
        with passing_faults_translated():
            connection = self._reader_connection()
            connection.execute("BEGIN")
            try:
                return operation(connection)
            finally:
                with suppress(sqlite3.Error):  # some errors of the disk end the transaction
                    connection.execute("COMMIT")

    def data_version(self) -> int:
        """Return a number that differs after any commit by any process.

        It takes microseconds and never waits, so the event loop may call it.

        Raises:
            Unavailable: If the store cannot be read at the moment.
        """
        with self._version_lock, passing_faults_translated():
            return int(self._version_connection.execute("PRAGMA data_version").fetchone()[0])

    def compact(self) -> None:
        """Rewrite the store without deleted content and empty the write-ahead log: no byte of it stays in a file.

        `secure_delete` alone leaves about one row in ten thousand, on pages that were split before. Other connections
        can read in the meantime; their writes wait.

        Raises:
            Unavailable: If another connection holds the store for too long, or the disk has no room for a copy.
        """
        with passing_faults_translated(), closing(_connect(self.path, readonly=False)) as connection:
            connection.execute("PRAGMA temp_store=FILE")  # VACUUM copies the whole store
            _execute_without_waiting(connection, self._write_lock, "VACUUM")
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise Unavailable("The store is busy.")

    def on_commit(self, listener: Callable[[], None]) -> None:
        """Call `listener` on the writer thread after each commit of this process that changed a row.

        Commits of other processes do not call it: poll `data_version` for those.
        """
        self._commit_listeners.append(listener)

    def close(self) -> None:
        """Finish the submitted operations, then close every connection."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        # Optimising is useful but not worth waiting for while another process writes.
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
                with passing_faults_translated(), transaction(self._writer, self._write_lock) as connection:
                    result = operation(connection)
            except BaseException as error:  # noqa: BLE001  (raised from the future)
                future.set_exception(error)
                continue
            # An operation that changed nothing calls no listener: a worker would wake itself after every empty poll.
            for listener in self._commit_listeners if self._writer.total_changes != changes_before else ():
                listener()
            future.set_result(result)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database file as of one moment, beside processes that use it, to one file without a write-ahead log.

    Args:
        source: The file to copy.
        target: The file to make, readable by its owner only.

    Raises:
        StoreError: If either cannot be opened or written, or the target exists.
    """
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        with (
            closing(
                sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=_BUSY_MILLISECONDS / 1000)
            ) as reader,
            closing(sqlite3.connect(str(target), isolation_level=None)) as writer,
        ):
            reader.backup(writer)
            writer.execute("PRAGMA journal_mode=DELETE").fetchall()
        with target.open("rb") as file:
            os.fsync(file.fileno())
    except (sqlite3.DatabaseError, OSError) as error:
        raise StoreError(f"The store could not be copied to {target}: {error}.") from error


@contextmanager
def connect_to_copy(path: Path) -> Iterator[Connection]:
    """Open a database file that no other process uses, for one transaction that is committed at the end of the block.

    Raises:
        StoreError: If the file is no database, or cannot be read or written.
    """
    try:
        with closing(sqlite3.connect(str(path), isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise StoreError(f"{path.name} cannot be used ({error}).") from error


@contextmanager
def read_existing(path: Path) -> Iterator[Connection]:
    """Open a store for one read transaction beside processes that use it; nothing is made and nothing is changed.

    Raises:
        StoreError: If there is no store, it is no database, or it cannot be read.
    """
    if not path.is_file():
        raise StoreError(f"There is no store in {path.parent}.")
    try:
        address = f"file:{quote(str(path))}?mode=ro"
        with closing(
            sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_MILLISECONDS / 1000)
        ) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The store in {path.parent} cannot be read ({error}).") from error
