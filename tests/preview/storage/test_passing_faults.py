"""A store whose disk is full or whose lock another program holds: errors in the domain's words, and recovery."""

import os
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from preview.core.errors import InsufficientStorage, Unavailable
from preview.storage import meta
from preview.storage.database import Connection, Database
from tests.support.foreign_lock import lock_held
from tests.support.small_disk import SmallDisk, small_disk

ROW = "x" * 4000


@pytest.fixture
def disk(tmp_path: Path) -> Generator[SmallDisk]:
    """A file system of 8 MiB."""
    with small_disk(tmp_path / "disk", mebibytes=8) as mounted:
        yield mounted


def put_rows(connection: Connection) -> None:
    """Write some 2 MB."""
    for number in range(500):
        meta.put(connection, f"row {number} {os.urandom(4).hex()}", ROW)


def test_full_disk_is_reported_and_passes(disk: SmallDisk) -> None:
    database = Database(disk.path / "store.sqlite")
    database.write(lambda connection: meta.put(connection, "before", "1"))
    disk.fill()
    with pytest.raises(InsufficientStorage, match="disk is full"):
        database.write(put_rows)
    assert database.read(lambda connection: meta.get(connection, "before")) == "1"
    disk.free()
    database.write(put_rows)
    assert database.read(lambda connection: meta.get(connection, "before")) == "1"
    database.close()


def test_write_after_a_failed_commit_has_its_own_transaction(disk: SmallDisk) -> None:
    database = Database(disk.path / "store.sqlite")
    disk.fill()
    for _ in range(3):
        with pytest.raises(InsufficientStorage):
            database.write(put_rows)
    disk.free()
    database.write(lambda connection: meta.put(connection, "after", "1"))
    rows = database.read(
        lambda connection: connection.execute("SELECT count(*) FROM meta WHERE key LIKE 'row %'").fetchone()
    )
    assert rows == (0,)
    database.close()


def test_lock_held_by_another_program_is_reported_and_passes(data_dir: Path) -> None:
    store = data_dir / "store.sqlite"
    database = Database(store, busy_seconds=0.2)
    with lock_held(store):
        with pytest.raises(Unavailable, match="store is busy"):
            database.write(lambda connection: meta.put(connection, "a", "1"))
        assert database.read(lambda connection: meta.get(connection, "a")) is None
    database.write(lambda connection: meta.put(connection, "a", "1"))
    database.close()


def test_no_write_waits_for_the_lock_after_the_limit(data_dir: Path) -> None:
    """What is queued behind a write that waits is refused with it, and is not carried out when the lock is free."""
    store = data_dir / "store.sqlite"
    database = Database(store)

    def put(key: str) -> Callable[[Connection], None]:
        return lambda connection: meta.put(connection, key, "1")

    with lock_held(store):
        waiting = [database.submit(put(f"row {number}")) for number in range(20)]
        assert not any(future.done() for future in waiting)
        database.limit_waiting(0.1)
        for future in waiting:
            with pytest.raises(Unavailable, match="shutting down"):
                future.result(20)
    database.write(put("after"))
    keys = database.read(lambda connection: connection.execute("SELECT key FROM meta WHERE key LIKE '%r%'").fetchall())
    assert [key for (key,) in keys if key == "after" or key.startswith("row")] == ["after"]
    database.close()


def test_store_is_not_opened_on_a_full_disk_and_is_later(disk: SmallDisk) -> None:
    disk.fill()
    with pytest.raises(Unavailable):
        Database(disk.path / "store.sqlite")
    disk.free()
    Database(disk.path / "store.sqlite").close()
