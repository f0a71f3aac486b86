"""SQLite: connections, copies of a database file, and which of its errors pass.

This is the only module that imports sqlite3, and it chooses the same library as sqlite-utils: two copies of SQLite that
open the same file in one process would break each other's locks.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote

from preview.core.errors import InsufficientStorage, StoreError, Unavailable

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        import pysqlite3 as sqlite3
    except ImportError:
        import sqlite3

__all__ = [
    "BUSY_MILLISECONDS",
    "STORE_FILE",
    "Connection",
    "SqliteError",
    "connect",
    "connect_plain",
    "connect_to_copy",
    "copy_database",
    "create_owner_only",
    "is_complete_statement",
    "passing_faults_translated",
    "read_existing",
    "require_multiple_processes",
    "require_store",
    "sqlite_version",
    "supports_multiple_processes",
]

Connection: TypeAlias = sqlite3.Connection
SqliteError = sqlite3.Error
is_complete_statement = sqlite3.complete_statement

STORE_FILE = "store.sqlite"
"""Name of the store in its data folder."""

MIN_MULTIPROCESS_SQLITE = (3, 51, 3)
"""First SQLite with which several processes may share a store.

Earlier versions can lose pages (the WAL-reset bug, sqlite.org/wal.html).
"""


BUSY_MILLISECONDS = 30_000


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


def sqlite_version() -> str:
    """Return the version of SQLite that is in use."""
    return sqlite3.sqlite_version


def supports_multiple_processes() -> bool:
    """Return whether this version of SQLite allows several processes to use one store."""
    return tuple(sqlite3.sqlite_version_info) >= MIN_MULTIPROCESS_SQLITE


def require_multiple_processes() -> None:
    """Raise `StoreError` if this version of SQLite allows only one process on a store."""
    if not supports_multiple_processes():
        version = ".".join(map(str, MIN_MULTIPROCESS_SQLITE))
        raise StoreError(
            f"This SQLite is too old for several processes. Use {version} or later, or set processes to 1."
        )


def create_owner_only(path: Path) -> None:
    """Create the file if it is missing, and make it readable and writable by its owner only.

    The -wal and -shm files inherit the mode. A file that exists is not opened here: closing it would release the locks
    that SQLite holds on it in this process.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)


def connect(path: Path, *, readonly: bool) -> Connection:
    connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False, cached_statements=512)
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MILLISECONDS}",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    # Deleted content must not stay in the file (section 4, docs/domain.md).
    connection.execute("PRAGMA secure_delete=ON").fetchall()
    if readonly:
        connection.execute("PRAGMA query_only=ON")
    return connection


def connect_plain(path: Path) -> Connection:
    """Open a database file that exists, for reading, without a write-ahead log of its own."""
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)


@contextmanager
def passing_faults_translated(*, writing: bool) -> Iterator[None]:
    """Raise SQLite's errors that pass as the domain's: `InsufficientStorage` for a full disk, else `Unavailable`.

    A read that meets SQLITE_READONLY has tried to write: an error of the program, which does not pass.
    """
    try:
        yield
    except sqlite3.Error as error:
        code: int | None = getattr(error, "sqlite_errorcode", None)
        if (
            code is None
            or code & 0xFF not in _PASSING_FAULTS
            or (code & 0xFF == sqlite3.SQLITE_READONLY and not writing)
        ):
            raise
        fault = _PASSING_FAULTS[code & 0xFF]
        raise InsufficientStorage(fault) if code & 0xFF == sqlite3.SQLITE_FULL else Unavailable(fault) from error


def require_store(data_dir: Path) -> None:
    """Raise `StoreError` if the folder holds no store, so that a command with a mistyped folder does not make one."""
    if not (data_dir / STORE_FILE).is_file():
        raise StoreError(f"There is no store in {data_dir}. Check --data-dir; `serve` or `import` makes a new store.")


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
                sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=BUSY_MILLISECONDS / 1000)
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
    require_store(path.parent)
    try:
        address = f"file:{quote(str(path))}?mode=ro"
        with closing(
            sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
        ) as connection:
            connection.execute("BEGIN")
            yield connection
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The store in {path.parent} cannot be read ({error}).") from error
