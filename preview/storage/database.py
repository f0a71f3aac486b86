"""The store: its writer thread, its reader connections and its transactions."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from preview.core.errors import StoreError, Unavailable
from preview.core.passing_faults import as_passing
from preview.storage.migrations import migrate
from preview.storage.removal.compaction import try_compact
from preview.storage.sqlite import (
    BUSY_MILLISECONDS,
    Connection,
    SqliteError,
    connect,
    create_owner_only,
    passing_faults_translated,
)
from preview.storage.write_lock import WriteLock

T = TypeVar("T")

STEP_SECONDS = 0.015
"""How long a transaction of `Database.write_in_steps` goes on with further pieces."""

STEP_ROWS = 1000
"""The most rows that one such piece writes or deletes; it takes some milliseconds."""


def _execute_without_waiting(connection: Connection, lock: WriteLock, statement: str) -> None:
    """Run a statement that takes the write lock, with SQLite's own waiting switched off: `WriteLock` waits instead."""
    connection.execute("PRAGMA busy_timeout=0").fetchall()
    try:
        lock.execute(connection, statement)
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}").fetchall()


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
        with suppress(SqliteError):
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        raise


def _identity(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file, None if it is missing or cannot be reached."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


class Database:
    """The store file: one writer connection on its own thread, and one reader connection per thread that reads."""

    def __init__(self, path: Path, *, busy_seconds: float = 30.0) -> None:
        """Open or create the store and bring its schema up to date.

        Args:
            path: The store file.
            busy_seconds: How long a write waits for another process's write.

        Raises:
            StoreError: If the file is no store, or a later version of the program has written it.
            Unavailable: If it cannot be opened at the moment: the disk is full, or another program holds its lock.
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
            with passing_faults_translated(writing=True):
                create_owner_only(path)
                self._writer = connect(path, readonly=False)
                with transaction(self._writer, self._write_lock) as connection:
                    migrate(connection)
                self._version_connection = connect(path, readonly=True)
                self._version_cursor = self._version_connection.cursor()
        except OSError as error:
            fault = as_passing(error)
            raise Unavailable(f"The store cannot be opened. {fault.detail if fault else ''}") from error
        except SqliteError as error:
            raise StoreError(f"The store cannot be opened ({type(error).__name__}).") from error
        self._version_lock = threading.Lock()
        self._identity = _identity(path)
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

    def write_in_steps(self, piece: Callable[[Connection], bool]) -> None:
        """Do a piece of work again and again until none is left, in transactions of about `STEP_SECONDS`.

        Between two of them other writers get the write lock. Blocks: never call it on the event loop.

        Args:
            piece: Does the next piece in a write transaction, at most `STEP_ROWS` rows. Returns False if none is left.

        Raises:
            Unavailable: If the store is closing or busy. The pieces that were committed stay.
        """

        def write(connection: Connection) -> bool:
            deadline = time.perf_counter() + STEP_SECONDS
            while piece(connection):
                if time.perf_counter() >= deadline:
                    return True
            return False

        while self.write(write):
            pass

    def read(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation` in one read transaction. Blocks: never call it on the event loop.

        Args:
            operation: Is called with this thread's reader connection, on this thread.

        Returns:
            The result of `operation`.

        Raises:
            Unavailable: If the store cannot be read at the moment.
        """
        with passing_faults_translated(writing=False):
            connection = self._reader_connection()
            connection.execute("BEGIN")
            try:
                return operation(connection)
            finally:
                with suppress(SqliteError):  # some errors of the disk end the transaction
                    connection.execute("COMMIT")

    def check_in_place(self) -> None:
        """Check that the store is still the file at its path. Otherwise what is written would be lost with the old one.

        Raises:
            Unavailable: If the file is missing or another one.
        """
        if _identity(self.path) != self._identity:
            raise Unavailable(
                "The store is missing or was replaced by another. Put it back, or restart the program to use the other."
            )

    def data_version(self) -> int:
        """Return a number that differs after any commit by any process.

        It takes microseconds and never waits, so the event loop may call it.

        Raises:
            Unavailable: If the store cannot be read at the moment.
        """
        # A cursor of its own and no context manager for errors: each of them would take as long as the query itself.
        with self._version_lock:
            try:
                return self._version_cursor.execute("PRAGMA data_version").fetchall()[0][0]
            except SqliteError as error:
                with passing_faults_translated(writing=False):
                    raise error

    def read_briefly(self, operation: Callable[[Connection], T]) -> T:
        """Run `operation`, one statement on a few rows that it finds by their key, on the connection of `data_version`.

        It takes microseconds and waits for no writer, so the event loop may call it. A thread would take longer to do
        it than the event loop takes itself, and all the more while other threads compute.

        Raises:
            Unavailable: If the store cannot be read at the moment.
        """
        with self._version_lock, passing_faults_translated(writing=False):
            return operation(self._version_connection)

    def try_compact(self, should_stop: Callable[[], bool] = lambda: False) -> bool:
        """Rewrite the store without deleted content, if nothing is written to it meanwhile: no byte stays in a file.

        Blocks for as long as the store takes to be copied; other connections read and write in the meantime.

        Args:
            should_stop: Is asked now and then whether to give up.

        Returns:
            False if another write came first, or a reader held the log: try again later.

        Raises:
            Unavailable: If the disk has no room for a copy, or the store cannot be used.
        """
        self.check_in_place()
        return try_compact(self.path, self._write_lock, should_stop)

    def limit_waiting(self, seconds: float) -> None:
        """Let no write wait for the write lock for longer than so many seconds from now, and none after that.

        A write that does not get the lock is not carried out, and raises `Unavailable`. Call it when the program stops.
        """
        self._write_lock.limit_waiting(seconds)

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
        with suppress(SqliteError):
            self._writer.execute("PRAGMA optimize").fetchall()
        for connection in [*self._readers, self._version_connection, self._writer]:
            connection.close()

    def _reader_connection(self) -> Connection:
        connection = getattr(self._thread_local, "connection", None)
        if connection is None:
            self.check_in_place()  # else SQLite would make a new, empty store
            connection = self._thread_local.connection = connect(self.path, readonly=True)
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
                self.check_in_place()
                with passing_faults_translated(writing=True), transaction(self._writer, self._write_lock) as connection:
                    result = operation(connection)
            except BaseException as error:  # noqa: BLE001  (raised from the future)
                future.set_exception(error)
                continue
            # An operation that changed nothing calls no listener: a worker would wake itself after every empty poll.
            for listener in self._commit_listeners if self._writer.total_changes != changes_before else ():
                listener()
            future.set_result(result)
