"""Erasure of an organisation: its rows, bytes and events go, all others stay, and clients are notified."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.core.errors import Conflict, LeaseLost, NotFound
from preview.runtime.application import Application
from preview.storage import meta
from preview.storage.database import Connection
from tests.api_handlers.in_process_server import run_in_process_server
from tests.api_handlers.sse_client import open_stream
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.erasure_helpers import (
    all_rows,
    bytes_found_in,
    columns,
    identifying_bytes,
    immediate_eraser,
    owned_keys,
    populate,
)
from tests.support.pipeline import (
    aggregate,
    deliver,
    document,
    events,
    open_application,
    zip_files,
)

WATCH = "/api/v1/aggregated-report-data/watch"
OWNER_COLUMNS = ("organization_id", "source", "figure_set", "snapshot", "delivery", "job", "approval")
"""Columns by which a row belongs to an organisation or to something of it."""

TABLES_WITHOUT_ORGANIZATION = {"worker", "meta", "import_lock", "staged_figure", "detached_case"} | {
    "_sqlite_migrations"
}
TABLES_CHECKED_SEPARATELY = {"finding", "delivery", "audit", "idempotency", "sqlite_sequence"}
"""Tables with rows that are handled in another way, each with an assertion or a test of its own."""


@pytest.fixture
def store(data_dir: Path) -> Generator[Application]:
    with open_application(data_dir) as application:
        yield application


def test_erasure_removes_every_row_and_byte_of_one_only(store: Application, data_dir: Path) -> None:
    erased, retained = SampleService(), SampleService()
    populate(store, erased, retained)
    searched = store.database.read(lambda connection: identifying_bytes(connection, erased))
    others = store.database.read(lambda connection: identifying_bytes(connection, retained))
    erased_keys = store.database.read(lambda connection: owned_keys(connection, erased.organization_id))
    before = store.database.read(all_rows)
    assert bytes_found_in(data_dir, searched) == set(searched)

    immediate_eraser(store).erase(erased.organization_id, "test")

    assert bytes_found_in(data_dir, searched) == set()
    assert bytes_found_in(data_dir, others) == set(others)
    after = store.database.read(all_rows)

    def is_erased(connection: Connection, table: str, row: tuple[object, ...]) -> bool:
        values = dict(zip(columns(connection, table), row, strict=True))
        return any(column in values and values[column] in erased_keys[column] for column in OWNER_COLUMNS)

    def check_tables(connection: Connection) -> None:
        for table in before.keys() - TABLES_CHECKED_SEPARATELY:
            remains = [row for row in before[table] if not is_erased(connection, table, row)]
            assert remains == after[table], table
            assert len(remains) < len(before[table]) or table in TABLES_WITHOUT_ORGANIZATION, table
        assert [row for rows in after.values() for row in rows if erased.organization_id in row] == []
        assert [row for table, rows in after.items() for row in rows if is_erased(connection, table, row)] == []
        new_audit_rows = [row for row in after["audit"] if row not in before["audit"]]
        assert [dict(zip(columns(connection, "audit"), row, strict=True))["action"] for row in new_audit_rows] == [
            "forgotten"
        ]

    store.database.read(check_tables)
    assert erased.organization_id not in str(after["idempotency"])
    assert len(after["idempotency"]) == 1
    assert store.database.read(lambda connection: meta.get(connection, "forgetting")) is None


def test_shared_delivery_stays_without_its_findings(store: Application) -> None:
    erased, retained = SampleService(), SampleService()
    wrong = [case_xml.slettet("Melding", case_xml.uid())]
    shared = deliver(
        store, erased.folder(1, "2024-01-01", slettinger=wrong), retained.folder(1, "2024-01-01", slettinger=wrong)
    )
    alone = deliver(store, erased.folder(2, "2024-01-01", slettinger=wrong))
    assert (shared.finding_count, alone.finding_count) == (2, 1)
    immediate_eraser(store).erase(erased.organization_id, "test")
    (remaining,) = store.deliveries.page(None, None, 1, 10)[0]
    assert (remaining.delivery_id, remaining.organizations, remaining.finding_count) == (
        shared.delivery_id,
        [retained.organization_id],
        0,
    )
    assert store.deliveries.get(shared.delivery_id).findings == []
    with pytest.raises(NotFound):
        store.deliveries.get(alone.delivery_id)


def test_later_delivery_starts_over_with_new_ids(store: Application) -> None:
    service = SampleService()
    populate(store, service)
    last_event_id = events(store)[-1].event_id
    old = store.snapshots.page(service.organization_id, None, None, 1, 100)[0]
    immediate_eraser(store).erase(service.organization_id, "test")
    assert store.snapshots.page(None, None, None, 1, 100)[1] == store.organizations.page(1, 10)[1] == 0
    delivery = deliver(store, service.folder(1, "2024-06-01", ["2024-02-01"]))
    assert (delivery.new_cases, delivery.organizations) == (1, [service.organization_id])
    requested = aggregate(store, service.organization_id, "2024")
    assert requested.snapshot_id not in {row.snapshot_id for row in old}
    assert all(row.event_id > last_event_id for row in events(store))
    assert document(store, requested.snapshot_id).prior_period is None


def test_watchers_get_deletions_and_resumed_streams_nothing(data_dir: Path) -> None:
    erased, retained = SampleService(), SampleService()
    with run_in_process_server(data_dir) as served:
        application = served.application
        populate(application, erased, retained)
        before = events(application)
        erased_snapshots = {
            row.snapshot_id for row in application.snapshots.page(erased.organization_id, None, None, 1, 100)[0]
        }
        assert len(erased_snapshots) > 3
        with open_stream(served.url, f"{WATCH}?organization_id={erased.organization_id}") as watcher:
            application.eraser.erase(erased.organization_id, "test")
            deletions = watcher.events_until(before[-1].event_id + len(erased_snapshots))
            assert {block.event for block in deletions} == {"snapshot_deleted"}
            assert {block.data["snapshot_id"] for block in deletions} == erased_snapshots
        remaining = [row.event_id for row in before if row.organization_id == retained.organization_id]
        assert [row.event_id for row in events(application)] == remaining
        for position in (0, before[3].event_id, before[-1].event_id):
            with open_stream(served.url, WATCH, last_event_id=str(position)) as resumed:
                later = deliver(application, retained.folder(9, "2024-08-01")) and events(application)[-1].event_id
                blocks = resumed.events_until(later)
                assert [block.id for block in blocks] == [
                    row.event_id for row in events(application) if row.event_id > position
                ]
                assert all(erased.organization_id not in str(block) for block in blocks)
                assert "resync" not in {block.event for block in blocks}


def test_stream_resumes_without_resync_past_erased_events(data_dir: Path) -> None:
    erased, retained = SampleService(), SampleService()
    with run_in_process_server(data_dir) as served:
        deliver(served.application, retained.folder(1, "2024-01-01"))
        position = events(served.application)[-1].event_id
        deliver(served.application, erased.folder(1, "2024-01-01"))
        aggregate(served.application, erased.organization_id, "2024")
        immediate_eraser(served.application).erase(erased.organization_id, "test")
        with open_stream(served.url, WATCH, last_event_id=str(position)) as resumed:
            deliver(served.application, retained.folder(2, "2024-01-01"))
            (block,) = resumed.events_until(events(served.application)[-1].event_id)
            assert block.event == "source_received"


def test_running_job_of_an_erased_organization_loses_lease(data_dir: Path) -> None:
    service = SampleService()
    with open_application(data_dir) as application:
        populate(application, service)
    with open_application(data_dir, started=False) as application:
        application.snapshots.request(service.organization_id, "2024", True, "test")
        job = application.jobs.claim(application.worker_id)
        assert job is not None
        result = application.jobs.aggregate(job, lambda _: None)
        assert result is not None
        immediate_eraser(application).erase(service.organization_id, "test")
        application.jobs.set_progress(job, 0.5)
        with pytest.raises(LeaseLost):
            application.jobs.complete(job, result, 0.1)
        with pytest.raises(LeaseLost):
            application.jobs.fail(job, "It failed.")
        application.jobs.release(job)
        assert application.snapshots.page(None, None, None, 1, 10)[1] == 0
        assert application.database.read(all_rows)["job"] == []


def test_erasure_waits_for_unfinished_deliveries(data_dir: Path) -> None:
    service, other = SampleService(), SampleService()
    with open_application(data_dir) as application:
        populate(application, service)
    with open_application(data_dir, started=False) as application:
        application.deliveries.receive([service.folder(5, "2024-09-01")], full=False, actor="test")
        application.deliveries.receive([zip_files([other.folder(1, "2024-09-01")])], full=False, actor="test")
        with pytest.raises(Conflict, match="still being imported"):
            immediate_eraser(application).erase(service.organization_id, "test")
        assert application.snapshots.page(service.organization_id, None, None, 1, 100)[1] > 0
        application.start()
        application.eraser.erase(service.organization_id, "test")
        assert [option.organization_id for option in application.organizations.list_options()] == [
            other.organization_id
        ]
        assert list((data_dir / "spool").iterdir()) == []


def test_erasing_an_unknown_organization_raises_not_found(store: Application) -> None:
    with pytest.raises(NotFound):
        immediate_eraser(store).erase("org-nobody", "test")
    service = SampleService()
    deliver(store, service.folder(1, "2024-01-01"))
    immediate_eraser(store).erase(service.organization_id, "test")
    with pytest.raises(NotFound):
        immediate_eraser(store).erase(service.organization_id, "test")
