"""The store's connections: what wakes whom, and that a transaction is whole or nothing."""

import random
import stat
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from preview.core.errors import StoreError, Unavailable
from preview.core.file_lock import FileLock
from preview.storage import meta
from preview.storage.database import Connection, Database
from tests.support import pipeline


@pytest.fixture
def database(data_dir: Path) -> Generator[Database]:
    """A store of its own."""
    opened = Database(data_dir / "store.sqlite")
    yield opened
    opened.close()


def test_a_commit_that_changes_something_wakes(database: Database) -> None:
    woken: list[None] = []
    database.after_commit(lambda: woken.append(None))
    database.write(lambda connection: meta.put(connection, "a", "1"))
    assert len(woken) == 1


def test_a_look_that_changes_nothing_wakes_nobody(database: Database) -> None:
    """Or a worker that finds nothing to claim would wake itself to look again, for ever."""
    woken: list[None] = []
    database.after_commit(lambda: woken.append(None))
    database.write(lambda connection: meta.get(connection, "a"))
    database.write(lambda connection: connection.execute("DELETE FROM meta WHERE key = 'nothing'"))
    assert woken == []


def test_a_transaction_that_fails_leaves_nothing_and_wakes_nobody(database: Database) -> None:
    woken: list[None] = []
    database.after_commit(lambda: woken.append(None))

    def work(connection: Connection) -> None:
        meta.put(connection, "a", "1")
        raise LookupError

    with pytest.raises(LookupError):
        database.write(work)
    assert database.read(lambda connection: meta.get(connection, "a")) is None
    assert woken == []


def test_a_read_sees_one_state(database: Database) -> None:
    """What is committed meanwhile is not seen."""

    def work(connection: Connection) -> tuple[str | None, str | None]:
        before = meta.get(connection, "a")
        writer = threading.Thread(target=lambda: database.write(lambda other: meta.put(other, "a", "1")))
        writer.start()
        writer.join()
        return before, meta.get(connection, "a")

    assert database.read(work) == (None, None)
    assert database.read(lambda connection: meta.get(connection, "a")) == "1"


def test_the_version_differs_after_any_commit(database: Database, data_dir: Path) -> None:
    other = Database(data_dir / "store.sqlite")
    try:
        before = database.version()
        assert database.version() == before
        database.write(lambda connection: meta.put(connection, "a", "1"))
        own = database.version()
        other.write(lambda connection: meta.put(connection, "a", "2"))
        assert len({before, own, database.version()}) == 3
    finally:
        other.close()


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match="readonly"):
        database.read(lambda connection: meta.put(connection, "a", "1"))


def test_nothing_is_taken_on_when_closing(database: Database) -> None:
    database.close()
    with pytest.raises(Unavailable):
        database.write(lambda connection: meta.get(connection, "a"))


def test_a_file_that_is_no_store(data_dir: Path) -> None:
    (data_dir / "store.sqlite").write_bytes(b"something else " * 1000)
    with pytest.raises(StoreError):
        Database(data_dir / "store.sqlite")


def test_a_store_that_cannot_be_opened(data_dir: Path) -> None:
    with pytest.raises(StoreError):
        Database(data_dir / "missing" / "store.sqlite")


def test_a_store_newer_than_the_program(database: Database, data_dir: Path) -> None:
    database.write(
        lambda connection: connection.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('bufdir-preview', '9999_later', '2024-01-01')"
        )
    )
    with pytest.raises(StoreError, match="newer"):
        Database(data_dir / "store.sqlite")


def test_its_files_are_the_owners_alone_from_the_start(database: Database, data_dir: Path) -> None:
    database.write(lambda connection: meta.put(connection, "a", "1"))
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in data_dir.iterdir()}
    assert modes == dict.fromkeys(("store.sqlite", "store.sqlite-turn", "store.sqlite-wal", "store.sqlite-shm"), 0o600)


def test_what_was_deleted_is_in_no_file_once_the_store_is_compacted(database: Database, data_dir: Path) -> None:
    """Keys in no order, as hashes are: pages are divided again and again, and keep copies of what they gave away."""
    chance = random.Random(7)
    keys = [(number, chance.randbytes(32)) for number in range(6_000)]
    database.write(lambda connection: connection.execute("CREATE TABLE hashed (own INTEGER, key BLOB PRIMARY KEY) WITHOUT ROWID").rowcount)
    for start in range(0, len(keys), 200):
        database.write(
            lambda connection, start=start: connection.executemany("INSERT INTO hashed VALUES (?, ?)", keys[start : start + 200])
        )
    database.write(lambda connection: connection.execute("DELETE FROM hashed WHERE own % 2").rowcount)
    assert any(key in _bytes(data_dir) for number, key in keys if number % 2)
    database.compact()
    left = _bytes(data_dir)
    assert [key for number, key in keys if number % 2 and key in left] == []
    assert all(key in left for number, key in keys if not number % 2)


def test_the_store_is_not_compacted_while_another_writes(data_dir: Path) -> None:
    database, other = Database(data_dir / "store.sqlite", busy_seconds=0.05), Database(data_dir / "store.sqlite")

    def work(connection: Connection) -> None:
        meta.put(connection, "a", "1")
        with pytest.raises(Unavailable):
            database.compact()

    other.write(work)
    database.compact()
    assert database.read(lambda connection: meta.get(connection, "a")) == "1"
    other.close()
    database.close()


def test_who_waits_for_the_write_lock_comes_next(data_dir: Path) -> None:
    """Though the other has many transactions to write and asks for the lock again at once."""
    busy, waiting = Database(data_dir / "store.sqlite"), Database(data_dir / "store.sqlite")
    order: list[str] = []
    holding, let_go = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        holding.set()
        let_go.wait()

    busy.submit(hold)
    rest = [busy.submit(lambda _: order.append("busy")) for _ in range(20)]
    holding.wait()
    once = waiting.submit(lambda _: order.append("waiting"))
    try:
        pipeline.until(lambda: not FileLock(data_dir / "store.sqlite-turn").is_free(), "the turn")
    finally:
        let_go.set()
    for future in (once, *rest):
        future.result()
    assert order == ["waiting"] + ["busy"] * 20
    busy.close()
    waiting.close()


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
