"""The store's connections: transactions, commit listeners, compaction and fair access to the write lock."""

import random
import stat
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from preview.core.errors import StoreError, Unavailable
from preview.core.file_lock import FileLock
from preview.storage import meta
from preview.storage.database import Connection, Database
from preview.storage.removal import compaction
from tests.support import pipeline


@pytest.fixture
def database(data_dir: Path) -> Generator[Database]:
    """Open a new store."""
    opened = Database(data_dir / "store.sqlite")
    yield opened
    opened.close()


def test_changing_commit_calls_commit_listeners(database: Database) -> None:
    woken: list[None] = []
    database.on_commit(lambda: woken.append(None))
    database.write(lambda connection: meta.put(connection, "a", "1"))
    assert len(woken) == 1


def test_unchanging_commit_calls_no_commit_listener(database: Database) -> None:
    """Otherwise a worker would wake itself after every poll of an empty queue."""
    woken: list[None] = []
    database.on_commit(lambda: woken.append(None))
    database.write(lambda connection: meta.get(connection, "a"))
    database.write(lambda connection: connection.execute("DELETE FROM meta WHERE key = 'nothing'"))
    assert woken == []


def test_failed_transaction_rolls_back_and_calls_no_listener(database: Database) -> None:
    woken: list[None] = []
    database.on_commit(lambda: woken.append(None))

    def fail_after_write(connection: Connection) -> None:
        meta.put(connection, "a", "1")
        raise LookupError

    with pytest.raises(LookupError):
        database.write(fail_after_write)
    assert database.read(lambda connection: meta.get(connection, "a")) is None
    assert woken == []


def test_read_transaction_sees_one_state(database: Database) -> None:
    """A commit during the transaction is not visible in it."""

    def read_twice(connection: Connection) -> tuple[str | None, str | None]:
        before = meta.get(connection, "a")
        writer = threading.Thread(target=lambda: database.write(lambda other: meta.put(other, "a", "1")))
        writer.start()
        writer.join()
        return before, meta.get(connection, "a")

    assert database.read(read_twice) == (None, None)
    assert database.read(lambda connection: meta.get(connection, "a")) == "1"


def test_data_version_changes_after_any_commit(database: Database, data_dir: Path) -> None:
    other = Database(data_dir / "store.sqlite")
    try:
        before = database.data_version()
        assert database.data_version() == before
        database.write(lambda connection: meta.put(connection, "a", "1"))
        after_own_commit = database.data_version()
        other.write(lambda connection: meta.put(connection, "a", "2"))
        assert len({before, after_own_commit, database.data_version()}) == 3
    finally:
        other.close()


def test_brief_read_sees_commits_and_data_version_still_does(database: Database) -> None:
    before = database.data_version()
    database.write(lambda connection: meta.put(connection, "a", "1"))
    assert database.read_briefly(lambda connection: meta.get(connection, "a")) == "1"
    assert database.data_version() != before


def test_reader_connection_rejects_writes(database: Database) -> None:
    with pytest.raises(Exception, match="readonly"):
        database.read_briefly(lambda connection: meta.put(connection, "a", "1"))
    with pytest.raises(Exception, match="readonly"):
        database.read(lambda connection: meta.put(connection, "a", "1"))


def test_closed_database_rejects_operations(database: Database) -> None:
    database.close()
    with pytest.raises(Unavailable):
        database.write(lambda connection: meta.get(connection, "a"))


def test_opening_a_foreign_file_raises_store_error(data_dir: Path) -> None:
    (data_dir / "store.sqlite").write_bytes(b"something else " * 1000)
    with pytest.raises(StoreError):
        Database(data_dir / "store.sqlite")


def test_opening_in_a_missing_folder_is_a_passing_fault(data_dir: Path) -> None:
    with pytest.raises(Unavailable, match="No such file or directory"):
        Database(data_dir / "missing" / "store.sqlite")


def test_opening_a_newer_store_raises_store_error(database: Database, data_dir: Path) -> None:
    database.write(
        lambda connection: connection.execute(
            """INSERT INTO _sqlite_migrations (migration_set, name, applied_at)
            VALUES ('bufdir-preview', '9999_later', '2024-01-01')"""
        )
    )
    with pytest.raises(StoreError, match="newer"):
        Database(data_dir / "store.sqlite")


def test_store_files_are_owner_only_from_creation(database: Database, data_dir: Path) -> None:
    database.write(lambda connection: meta.put(connection, "a", "1"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data_dir.iterdir()}
    assert modes == dict.fromkeys(("store.sqlite", "store.sqlite-turn", "store.sqlite-wal", "store.sqlite-shm"), 0o600)


def test_compacted_store_holds_no_bytes_of_deleted_rows(database: Database, data_dir: Path) -> None:
    """Random keys, like hashes, split pages again and again, and split pages keep copies of moved rows."""
    chance = random.Random(7)
    keys = [(number, chance.randbytes(32)) for number in range(6_000)]
    database.write(
        lambda connection: (
            connection.execute("CREATE TABLE hashed (own INTEGER, key BLOB PRIMARY KEY) WITHOUT ROWID").rowcount
        )
    )
    for start in range(0, len(keys), 200):
        database.write(
            lambda connection, start=start: connection.executemany(
                "INSERT INTO hashed VALUES (?, ?)", keys[start : start + 200]
            )
        )
    database.write(lambda connection: connection.execute("DELETE FROM hashed WHERE own % 2").rowcount)
    assert any(key in _bytes(data_dir) for number, key in keys if number % 2)
    assert database.try_compact()
    remaining = _bytes(data_dir)
    assert [key for number, key in keys if number % 2 and key in remaining] == []
    assert all(key in remaining for number, key in keys if not number % 2)


def test_compacting_gives_way_to_other_writes(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To one that holds the lock, to one that comes while the store is copied, and to one that waits for the copy."""
    database, other = Database(data_dir / "store.sqlite"), Database(data_dir / "store.sqlite")

    def put(value: str) -> None:
        other.write(lambda connection: meta.put(connection, "a", value))

    def write_and_compact(connection: Connection) -> None:
        meta.put(connection, "a", "1")
        assert not database.try_compact()

    other.write(write_and_compact)
    copy, write_back = compaction._copy, compaction._write_back  # pyright: ignore[reportPrivateUsage]

    def copy_and_write(path: Path, target: Path, is_outdated: Callable[[], bool]) -> None:
        copy(path, target, lambda: False)
        put("2")

    monkeypatch.setattr(compaction, "_copy", copy_and_write)
    assert not database.try_compact()
    monkeypatch.setattr(compaction, "_copy", copy)

    waiting: list[threading.Thread] = []

    def begin_writing() -> bool:
        if not waiting:
            waiting.append(threading.Thread(target=put, args=("3",)))
            waiting[0].start()
            pipeline.wait_until(lambda: not FileLock(data_dir / "store.sqlite-turn").is_free(), "the queued write")
            return False
        return True

    monkeypatch.setattr(
        compaction, "_write_back", lambda path, copied, _, same: write_back(path, copied, begin_writing, same)
    )
    assert not database.try_compact()
    waiting[0].join()
    assert database.read(lambda connection: meta.get(connection, "a")) == "3"
    assert database.try_compact()
    assert sorted(file.name for file in data_dir.iterdir() if "compacted" in file.name) == []
    assert database.read(lambda connection: meta.get(connection, "a")) == "3"
    other.close()
    database.close()


def test_waiting_writer_gets_the_write_lock_next(data_dir: Path) -> None:
    """The other process has many transactions to write and asks for the lock again at once."""
    busy, waiting = Database(data_dir / "store.sqlite"), Database(data_dir / "store.sqlite")
    order: list[str] = []
    holding, released = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        holding.set()
        released.wait()

    busy.submit(hold)
    rest = [busy.submit(lambda _: order.append("busy")) for _ in range(20)]
    holding.wait()
    once = waiting.submit(lambda _: order.append("waiting"))
    try:
        pipeline.wait_until(lambda: not FileLock(data_dir / "store.sqlite-turn").is_free(), "the queued write")
    finally:
        released.set()
    for future in (once, *rest):
        future.result()
    assert order == ["waiting"] + ["busy"] * 20
    busy.close()
    waiting.close()


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
