"""Erasure of an organisation: its rows, bytes and events go, all others stay, and clients are notified."""

import time
from collections.abc import Generator
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from preview.cli.commands import build_cli
from preview.core.errors import Conflict, LeaseLost, NotFound
from preview.maintenance.erasure import OrganizationEraser
from preview.model.resources import SnapshotDocument
from preview.runtime.application import Application
from preview.storage import idempotency, jobs, meta
from preview.storage.database import Connection
from preview.storage.idempotency import StoredResponseRow
from tests.api_handlers.in_process_server import run_in_process_server
from tests.api_handlers.sse_client import open_stream
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import (
    aggregate,
    deliver,
    document,
    event_types,
    events,
    open_application,
    wait_until,
    zip_files,
)
from tests.support.server_process import running_server

WATCH = "/api/v1/aggregated-report-data/watch"
PERIODS = ("2023", "2024", "2024-H1")
OWNER_COLUMNS = ("organization_id", "source", "snapshot", "delivery", "job")
"""Columns by which a row belongs to an organisation or to something of it."""

TABLES_WITHOUT_ORGANIZATION = {"worker", "meta", "import_lock", "_sqlite_migrations"}
TABLES_CHECKED_SEPARATELY = {"finding", "delivery", "audit", "idempotency", "sqlite_sequence"}
"""Tables with rows that are handled in another way, each with an assertion or a test of its own."""


def populate(application: Application, *services: SampleService) -> None:
    """Give each service everything that an organisation can have, in separate deliveries and in a shared one."""
    for service in services:
        deliver(application, service.listing(service.organization_id, f"Navnet til {service.organization_id}"))
        case_contents = {
            "undersokelser": [case_xml.undersokelse("2023-02-01")],
            "planer": [case_xml.plan("2023-02-01", evaluert=["2023-03-01"])],
            "tiltak": [case_xml.tiltak("2023-02-01", kategori="2.1", tilsyn=["2023-04-01"])],
            "flyttinger": [case_xml.flytting("2023-05-01")],
        }
        first = [service.folder(case, "2023-06-01", ["2023-02-01"], **case_contents) for case in range(1, 4)]
        deliver(application, *first)
        deliver(
            application, service.figures("2024,antall_arsverk,7.5,manuell", "2024,antall_arsverk_ubesatt,1,manuell")
        )
    deliver(
        application,
        *(
            service.folder(1, "2024-06-01", ["2024-02-01"], slettinger=[case_xml.slettet("Melding", case_xml.uid())])
            for service in services
        ),
    )
    for service in services:
        for period in PERIODS:
            aggregate(application, service.organization_id, period)
        retained = aggregate(application, service.organization_id, "2024", force=True)
        application.snapshots.delete(
            aggregate(application, service.organization_id, "2023", force=True).snapshot_id, "test"
        )
        deliver(application, service.folder(2, "2024-07-01", ["2024-03-01"]))
        application.snapshots.invalidate(retained.snapshot_id, "for a reason", "test")
        wait_until(
            lambda retained=retained: application.snapshots.get(retained.snapshot_id).body.find(b'"processing"') < 0,
            "the job",
        )
        insert_job_and_response(application, service.organization_id)


def insert_job_and_response(application: Application, owner: str) -> None:
    response = StoredResponseRow(b"", 202, "/snap", b'{"organization_id":"%s"}' % owner.encode())
    application.database.write(lambda connection: jobs.schedule(connection, owner, 0, 0))
    application.database.write(lambda connection: idempotency.insert(connection, "snapshots", owner, response, ""))


def immediate_eraser(application: Application) -> OrganizationEraser:
    """Return an eraser that waits for nothing."""
    lock = application.settings.data_dir / "forgetting.lock"
    return OrganizationEraser(application.database, lock, event_grace_seconds=0.0, import_timeout_seconds=0.0)


def all_rows(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    tables = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
    ]
    return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}


def columns(connection: Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()]


def owned_keys(connection: Connection, organization_id: str) -> dict[str, set[object]]:
    """Return, by column, the values that mark a row as belonging to this organisation alone."""
    keys: dict[str, set[object]] = {"organization_id": {organization_id}}
    for column, query in (
        ("source", "SELECT source FROM source WHERE organization_id = ?"),
        ("snapshot", "SELECT snapshot FROM snapshot WHERE organization_id = ?"),
        ("job", "SELECT job FROM job WHERE organization_id = ?"),
        (
            "delivery",
            """SELECT delivery FROM delivery_organization WHERE organization_id = ? AND delivery IN
                (SELECT delivery FROM delivery_organization GROUP BY delivery HAVING count(*) = 1)""",
        ),
    ):
        keys[column] = {value for (value,) in connection.execute(query, (organization_id,)).fetchall()}
        assert keys[column]
    return keys


def identifying_bytes(connection: Connection, service: SampleService) -> list[bytes]:
    """Return byte strings that occur only in data of this organisation.

    Content hashes are not among them: two cases with the same content have the same one.
    """
    hashes = connection.execute(
        """SELECT key, delivery_hash FROM sak JOIN sak_id USING (source, sak) JOIN source USING (source)
        WHERE organization_id = ?""",
        (service.organization_id,),
    ).fetchall()
    etags = connection.execute(
        "SELECT etag FROM snapshot WHERE organization_id = ?", (service.organization_id,)
    ).fetchall()
    identifiers = [value for row in hashes for value in row if value] + [etag.encode() for (etag,) in etags]
    assert len(identifiers) > 6
    return [*identifiers, service.organization_id.encode(), service.organisasjonsnummer.encode()]


def bytes_found_in(folder: Path, searched: list[bytes]) -> set[bytes]:
    """Return those of the byte strings that occur in a file of the folder."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {value for value in searched if any(value in content for content in contents)}


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


def test_interrupted_erasure_is_resumed_at_next_start(data_dir: Path) -> None:
    erased, retained = SampleService(), SampleService()
    with open_application(data_dir) as application:
        populate(application, erased, retained)
        searched = application.database.read(lambda connection: identifying_bytes(connection, erased))
        eraser = OrganizationEraser(application.database, data_dir / "forgetting.lock", event_grace_seconds=3600)
        delete = eraser._delete_organization  # pyright: ignore[reportPrivateUsage]
        assert application.database.write(lambda connection: delete(connection, erased.organization_id, "test"))
        assert erased.organization_id in {row.organization_id for row in events(application)}
    with open_application(data_dir) as application:
        wait_until(
            lambda: application.database.read(lambda connection: meta.get(connection, "forgetting")) is None,
            "the end of the erasure",
        )
        assert bytes_found_in(data_dir, searched) == set()
        assert {row.organization_id for row in events(application)} == {retained.organization_id}


def test_erasure_locked_by_another_process_is_not_resumed(data_dir: Path, store: Application) -> None:
    eraser = immediate_eraser(store)
    with eraser._exclusive_lock(wait=True):  # pyright: ignore[reportPrivateUsage]
        store.database.write(lambda connection: meta.put(connection, "forgetting", "org-x"))
        immediate_eraser(store).resume_interrupted()
        assert store.database.read(lambda connection: meta.get(connection, "forgetting")) == "org-x"
    immediate_eraser(store).resume_interrupted()
    assert store.database.read(lambda connection: meta.get(connection, "forgetting")) is None


def test_store_is_readable_and_writable_during_compaction(store: Application) -> None:
    """By this process, with connections that were open before."""
    service, busy = SampleService(), SampleService()
    populate(store, service)
    for case in range(1, 30):
        store.deliveries.receive([busy.folder(case, "2024-01-01", ["2024-01-01"])], full=False, actor="test")
        if case == 15:
            store.eraser.erase(service.organization_id, "test")
    wait_until(lambda: all(row.completed_at for row in store.deliveries.page(None, None, 1, 100)[0]), "the deliveries")
    requested = aggregate(store, busy.organization_id, "2024")
    assert document(store, requested.snapshot_id).sections[0].fields[0].value == 29
    assert event_types(events(store))[-1] == "aggregation_completed"


def test_erasure_by_command_line_beside_a_running_server(data_dir: Path) -> None:
    erased, retained = SampleService(), SampleService()
    with open_application(data_dir) as application:
        populate(application, erased, retained)
        searched = application.database.read(lambda connection: identifying_bytes(connection, erased))
    with running_server(data_dir) as server, httpx.Client(base_url=server.url) as client:
        base = "/api/v1/aggregated-report-data"
        (erased_snapshot, *_), (retained_snapshot, *_) = (
            client.get(base, params={"organization_id": service.organization_id}).json()["data"]
            for service in (erased, retained)
        )
        response = client.get(f"{base}/{erased_snapshot['snapshot_id']}")
        assert msgspec.json.decode(response.content, type=SnapshotDocument).organization_id == erased.organization_id
        with open_stream(server.url, f"{WATCH}?organization_id={erased.organization_id}") as watcher:
            result = CliRunner().invoke(
                build_cli(lambda _: None),
                ["forget", "--organization", erased.organization_id, "--data-dir", str(data_dir)],
            )
            assert (result.exit_code, result.output) == (0, f"{erased.organization_id} was erased\n")
            block = watcher.next_block()
            while block is not None and not block.event:
                block = watcher.next_block()
            assert block is not None
            assert block.event == "snapshot_deleted"
        assert client.get(f"{base}/{erased_snapshot['snapshot_id']}").status_code == 404
        assert client.get(f"{base}/{retained_snapshot['snapshot_id']}").status_code == 200
        assert client.get(base, params={"organization_id": erased.organization_id}).json()["data"] == []
        assert bytes_found_in(data_dir, searched) == set()
        assert client.post(
            base, json={"organization_id": retained.organization_id, "period_id": "2024"}
        ).status_code in (200, 202)
        time.sleep(0.1)
        assert bytes_found_in(data_dir, searched) == set()
        repeated = CliRunner().invoke(
            build_cli(lambda _: None), ["forget", "--organization", erased.organization_id, "--data-dir", str(data_dir)]
        )
        assert (repeated.exit_code, repeated.stderr) == (1, "Error: There is no such organisation.\n")
