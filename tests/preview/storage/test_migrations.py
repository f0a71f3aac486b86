"""A store that an earlier version wrote: it opens, migrates, and shows the same documents byte for byte.

`old_stores/schema_0005.zip` holds `store.sqlite` and `key` of the last version with Norwegian column names: three
organisations with v4 and 15F sources, listed names, figures, snapshots in several states, audit trail, events, an
idempotency key and a scheduled aggregation.
"""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlite_utils

from preview.core.ids import format_snapshot_id
from preview.storage import audit
from preview.storage.database import Connection
from preview.storage.migrations import migration_names
from tests.support.pipeline import aggregate, open_application

OLD_STORE = Path(__file__).parent / "old_stores" / "schema_0005.zip"
DOCUMENTS = "SELECT snapshot, document, etag FROM snapshot ORDER BY snapshot"
EVENTS = "SELECT event, type, organization_id, period_id, snapshot, data, at FROM event ORDER BY event"


@pytest.fixture
def old_store(data_dir: Path) -> Path:
    """Return a data folder with the store of the earlier version."""
    with zipfile.ZipFile(OLD_STORE) as archive:
        archive.extractall(data_dir)
    (data_dir / "key").chmod(0o600)
    return data_dir


def rows(query: str) -> Callable[[Connection], list[tuple[Any, ...]]]:
    """Return a read function that gives the rows of a query."""
    return lambda connection: connection.execute(query).fetchall()


def old_rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Return rows of the store as it was before this version opened it."""
    database = sqlite_utils.Database(folder / "store.sqlite")
    found = database.execute(query).fetchall()
    database.close()
    return found


def test_old_store_shows_the_same_documents(old_store: Path) -> None:
    before = old_rows(old_store, DOCUMENTS)
    assert len(before) == 7
    with open_application(old_store, started=False) as application:
        shown = [(number, application.snapshots.get(format_snapshot_id(number)).body) for number, _, _ in before]
        after = application.database.read(rows(DOCUMENTS))
    assert shown == [(number, document) for number, document, _ in before]
    assert after == before


def test_old_store_keeps_events_and_audit_trail(old_store: Path) -> None:
    events = old_rows(old_store, EVENTS)
    audit = old_rows(old_store, "SELECT audit, action, field_key, verdi_before, verdi_after FROM audit ORDER BY audit")
    assert events
    assert any(row[3] is not None for row in audit)
    with open_application(old_store, started=False) as application:
        assert application.database.read(rows(EVENTS)) == events
        query = "SELECT audit, action, field_key, value_before, value_after FROM audit ORDER BY audit"
        assert application.database.read(rows(query))[: len(audit)] == audit


def test_old_store_has_no_norwegian_columns_for_generic_things(old_store: Path) -> None:
    generic = {
        "kilde",
        "aar",
        "versjon",
        "fagsystem",
        "funn",
        "uttrekk",
        "levering",
        "innhold",
        "nokkel",
        "verdi",
        "stamp",
        "door",
    }
    with open_application(old_store, started=False) as application:
        tables = application.database.read(rows("SELECT name FROM sqlite_master WHERE type = 'table'"))
        columns = {
            column[1]
            for (table,) in tables
            for column in application.database.read(rows(f"SELECT * FROM pragma_table_xinfo('{table}')"))
        }
    assert {"source", "extract_at", "input_version", "scope"} <= columns
    assert columns & generic == set()
    assert {name for (name,) in tables} & {"kilde", "figur", "figurversjon", "lesing", "due", "verdi"} == set()


def test_old_store_aggregates_to_the_same_values(old_store: Path) -> None:
    with open_application(old_store) as application:
        before = application.snapshots.get("snap-004").body
        aggregate(application, "org-1043", "2024", force=True)
        newest = application.snapshots.page("org-1043", "2024", None, 1, 1)[0][0]
        after = application.snapshots.get(newest.snapshot_id).body
    assert after.split(b'"sections"')[1] == before.split(b'"sections"')[1]


def test_migrations_are_numbered_in_their_order() -> None:
    """Two with one number could be applied in either order, depending on the rest of their names."""
    numbers = [int(name.partition("_")[0]) for name in migration_names()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_old_audit_trail_gets_its_events_and_what_it_lacked(old_store: Path) -> None:
    query = """SELECT audit.event, action, type, audit.snapshot, job, delivery FROM audit JOIN event USING (event)
        WHERE changes_report IS NULL AND audit.organization_id = event.organization_id ORDER BY event"""
    with open_application(old_store, started=False) as application:
        actions = application.database.read(rows(query))
        values = application.database.read(
            rows("SELECT event, job, changes_report FROM audit WHERE field_key NOT NULL")
        )
        lineage = application.database.read(rows("SELECT job FROM job WHERE lineage IS NOT NULL"))
        covered = application.database.read(audit.coverage)
    expected = {
        "requested": "snapshot_created",
        "invalidated": "cache_invalidated",
        "deleted": "snapshot_deleted",
        "delivered": "source_received",
        "aggregated": "aggregation_completed",
    }
    assert {(action, kind) for _, action, kind, *_ in actions} == set(expected.items())
    reported = [kind for _, kind, *_ in old_rows(old_store, EVENTS)]
    invalidated_by_source = 2
    assert len(actions) == sum(kind in expected.values() for kind in reported) - invalidated_by_source
    assert [number for number, *_ in actions] == sorted({number for number, *_ in actions})
    assert values == [(32, 7, 0)] * 4
    assert lineage == []
    assert covered.event == 40


def test_store_and_sqlite_utils_use_one_library() -> None:
    """Two copies of SQLite that open one file in one process would break each other's locks."""
    assert isinstance(sqlite_utils.Database(memory=True).conn, Connection)
