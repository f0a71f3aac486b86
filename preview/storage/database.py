"""Connections, the writer thread and transactions. The one module that imports sqlite3, and by way of sqlite-utils:
two SQLite libraries on one file in one process would break each other's locks.
"""

import fcntl
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeAlias, TypeVar

from preview.core.errors import StoreError, Unavailable

# Where pandas is there (Panel brings it), sqlite-utils loads it for data frames, of which there is none here: half of a command's start.
_HELD_BACK = "pandas" not in sys.modules
if _HELD_BACK:
    sys.modules["pandas"] = None  # pyright: ignore[reportArgumentType]
try:
    import sqlite_utils
    from sqlite_utils.utils import sqlite3  # pyright: ignore[reportPrivateImportUsage]

    from preview.storage.migrations import migrate
finally:
    if _HELD_BACK:
        del sys.modules["pandas"]

Connection: TypeAlias = sqlite3.Connection

T = TypeVar("T")

SAFE_SQLITE = (3, 51, 3)
"""From here on two processes may share a store: before it, the WAL-reset bug could lose pages (sqlite.org/wal.html)."""

_BUSY_SECONDS = 30.0
_RETRY_SECONDS = 0.001


def sqlite_is_safe() -> bool:
    """Whether this SQLite allows several processes on one store."""
    return tuple(sqlite3.sqlite_version_info) >= SAFE_SQLITE


def _make_private(path: Path) -> None:
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
        "busy_timeout=30000",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    # A case taken out leaves no bytes behind in the file (`domain.md` 4).
    connection.execute("PRAGMA secure_delete=ON").fetchall()
    if readonly:
        connection.execute("PRAGMA query_only=ON")
    return connection


def _when_free(connection: Connection, store: Path, statement: str) -> None:
    """Waits for the write lock by trying every millisecond: SQLite's own waiting sleeps up to 100 ms at a time.

    SQLite gives its lock to whoever asks at the right moment, so that one who writes transaction upon transaction (a large delivery)
    would keep other processes waiting to its end. So who waits holds the turn meanwhile, and no one tries without having the turn:
    whoever has just written comes after those who wait.
    """
    deadline = time.monotonic() + _BUSY_SECONDS
    turn = os.open(store.with_name(f"{store.name}-turn"), os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o600)
    connection.execute("PRAGMA busy_timeout=0").fetchall()
    try:
        while not (_is_taken(turn) and _is_done(connection, statement)):
            if time.monotonic() > deadline:
                raise Unavailable("The store is busy.")
            time.sleep(_RETRY_SECONDS)
    finally:
        connection.execute("PRAGMA busy_timeout=30000").fetchall()
        fcntl.flock(turn, fcntl.LOCK_UN)
        os.close(turn)


def _is_taken(turn: int) -> bool:
    """Whether the turn is ours, now or still."""
    try:
        fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_done(connection: Connection, statement: str) -> bool:
    """Whether the write lock was free for it."""
    try:
        connection.execute(statement)
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return False
        raise Unavailable("The store is busy.") from error
    return True


@contextmanager
def transaction(connection: Connection, store: Path) -> Iterator[Connection]:
    """One write transaction; all of it is committed, or none of it."""
    _when_free(connection, store, "BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class Database:
    """The store file: one writer connection on a thread of its own, a reader connection for each thread that reads."""

    def __init__(self, path: Path) -> None:
        """Opens or makes the store and brings its schema up to date. Raises `StoreError` where it is newer than the code."""
        self.path = path
        self._local = threading.local()
        self._readers: list[Connection] = []
        self._lock = threading.Lock()
        self._queue: SimpleQueue[tuple[Callable[[Connection], Any], Future[Any]] | None] = SimpleQueue()
        self._after_commit: list[Callable[[], None]] = []
        self._closed = False
        try:
            _make_private(path)
            self._writer = _connect(path, readonly=False)
            with transaction(self._writer, self.path) as connection:
                migrate(sqlite_utils.Database(connection), sqlite3.complete_statement)
        except (sqlite3.DatabaseError, OSError) as error:
            raise StoreError(f"The store cannot be opened ({type(error).__name__}).") from error
        self._watch = _connect(path, readonly=True)
        self._watch_lock = threading.Lock()
        self._thread = threading.Thread(target=self._write_loop, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Runs `work` in a write transaction of its own on the writer thread, in order of submission."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                raise Unavailable("The store is closing.")
            self._queue.put((work, future))
        return future

    def write(self, work: Callable[[Connection], T]) -> T:
        """`submit`, and wait for the commit. Never on the event loop."""
        return self.submit(work).result()

    def read(self, work: Callable[[Connection], T]) -> T:
        """Runs `work` over one read transaction (one state of the store) on this thread. Never on the event loop."""
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            return work(connection)
        finally:
            connection.execute("COMMIT")

    def version(self) -> int:
        """A number that differs after any commit by anyone. Costs microseconds and waits for nothing: the event loop may ask."""
        with self._watch_lock:
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def compact(self) -> None:
        """Rewrites the store without what was deleted, and empties the write-ahead log: no byte of it is left in a file.

        `secure_delete` alone leaves a row in ten thousand, on a page that was divided before. Others may read meanwhile, and wait to
        write. Raises `Unavailable` where one of them holds on for too long.
        """
        connection = _connect(self.path, readonly=False)
        try:
            connection.execute("PRAGMA temp_store=FILE")  # the whole store is copied once
            _when_free(connection, self.path, "VACUUM")
            if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                raise Unavailable("The store is busy.")
        finally:
            connection.close()

    def after_commit(self, listener: Callable[[], None]) -> None:
        """Calls `listener` on the writer thread after each commit of this process that changed something, to wake who waits for that."""
        self._after_commit.append(listener)

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
        for connection in [*self._readers, self._watch, self._writer]:
            connection.close()

    def _reader(self) -> Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self.path, readonly=True)
            with self._lock:
                self._readers.append(connection)
        return connection

    def _write_loop(self) -> None:
        while (item := self._queue.get()) is not None:
            work, future = item
            if not future.set_running_or_notify_cancel():
                continue
            before = self._writer.total_changes
            try:
                with transaction(self._writer, self.path) as connection:
                    result = work(connection)
            except BaseException as error:  # noqa: BLE001  (whoever waits for the future gets it)
                future.set_exception(error)
                continue
            # A worker that looks for work in vain must not wake itself to look again.
            for listener in self._after_commit if self._writer.total_changes != before else ():
                listener()
            future.set_result(result)
