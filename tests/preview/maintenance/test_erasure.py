"""Forgetting an organisation: no row, no byte and no event of it is left, all others' are as they were, and whoever watches is told."""

import time
from collections.abc import Generator
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from preview.cli.commands import build_cli
from preview.core.errors import ClaimLost, Conflict, NotFound
from preview.maintenance.erasure import Forgetting
from preview.model.resources import Document
from preview.runtime.application import Application
from preview.runtime.idempotency import Answer
from preview.storage import jobs, meta
from preview.storage.database import Connection
from tests.api_handlers.in_process_server import serving
from tests.api_handlers.sse_client import watching
from tests.builders import case_xml
from tests.builders.services import Service
from tests.support.pipeline import aggregate, deliver, document, events, kinds, opened, until, zipped
from tests.support.server_process import running

WATCH = "/api/v1/aggregated-report-data/watch"
PERIODS = ("2023", "2024", "2024-H1")
TELLS_WHOSE = ("organization_id", "kilde", "snapshot", "delivery", "job")
"""Columns by which a row belongs to an organisation, or to something of it."""

NOT_OF_ORGANISATIONS = {"worker", "meta", "lesing", "_sqlite_migrations"}
CHANGED_OTHERWISE = {"finding", "delivery", "audit", "idempotency", "sqlite_sequence"}
"""Tables that keep rows of others in another way, each with an assertion or a test of its own."""


def filled(application: Application, *services: Service) -> None:
    """Each service with all that an organisation can have, in deliveries of its own and in one with the others."""
    for service in services:
        deliver(application, service.listing(service.organization_id, f"Navnet til {service.organization_id}"))
        whole = {
            "undersokelser": [case_xml.undersokelse("2023-02-01")],
            "planer": [case_xml.plan("2023-02-01", evaluert=["2023-03-01"])],
            "tiltak": [case_xml.tiltak("2023-02-01", kategori="2.1", tilsyn=["2023-04-01"])],
            "flyttinger": [case_xml.flytting("2023-05-01")],
        }
        first = [service.folder(case, "2023-06-01", ["2023-02-01"], **whole) for case in range(1, 4)]
        deliver(application, *first)
        deliver(application, service.figures("2024,antall_arsverk,7.5,manuell", "2024,antall_arsverk_ubesatt,1,manuell"))
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
        kept = aggregate(application, service.organization_id, "2024", force=True)
        application.snapshots.delete(aggregate(application, service.organization_id, "2023", force=True).snapshot_id, "test")
        deliver(application, service.folder(2, "2024-07-01", ["2024-03-01"]))
        application.snapshots.invalidate(kept.snapshot_id, "for a reason", "test")
        until(lambda kept=kept: application.snapshots.document(kept.snapshot_id).body.find(b'"processing"') < 0, "the job")
        body = b'{"organization_id":"%s","period_id":"2024"}' % service.organization_id.encode()
        application.database.write(lambda connection, each=service: jobs.put_due(connection, each.organization_id, 0, 0))
        application.idempotency.finish("snapshots", service.organization_id, body, Answer(202, "/snap", body))


def quick(application: Application) -> Forgetting:
    """That waits for nobody."""
    lock = application.settings.data_dir / "forgetting.lock"
    return Forgetting(application.database, lock, told_seconds=0.0, patience_seconds=0.0)


def state(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, the events by their numbers."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()]
    return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}


def columns(connection: Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()]


def owned(connection: Connection, organization_id: str) -> dict[str, set[object]]:
    """By column, the values that tell that a row is of this organisation alone."""
    found: dict[str, set[object]] = {"organization_id": {organization_id}}
    for column, query in (
        ("kilde", "SELECT kilde FROM kilde WHERE organization_id = ?"),
        ("snapshot", "SELECT snapshot FROM snapshot WHERE organization_id = ?"),
        ("job", "SELECT job FROM job WHERE organization_id = ?"),
        (
            "delivery",
            """SELECT delivery FROM delivery_organization WHERE organization_id = ? AND delivery IN
                (SELECT delivery FROM delivery_organization GROUP BY delivery HAVING count(*) = 1)""",
        ),
    ):
        found[column] = {value for (value,) in connection.execute(query, (organization_id,)).fetchall()}
        assert found[column]
    return found


def marks(connection: Connection, service: Service) -> list[bytes]:
    """Byte strings that are of this organisation and of nothing else. (Two cases of the same content have the same digest of it.)"""
    hashes = connection.execute(
        """SELECT nokkel, levering FROM sak JOIN sak_id USING (kilde, sak) JOIN kilde USING (kilde) WHERE organization_id = ?""",
        (service.organization_id,),
    ).fetchall()
    etags = connection.execute("SELECT etag FROM snapshot WHERE organization_id = ?", (service.organization_id,)).fetchall()
    found = [each for row in hashes for each in row if each] + [etag.encode() for (etag,) in etags]
    assert len(found) > 6
    return [*found, service.organization_id.encode(), service.organisasjonsnummer.encode()]


def found_in(folder: Path, searched: list[bytes]) -> set[bytes]:
    """Those of them that stand in any file below."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {mark for mark in searched if any(mark in content for content in contents)}


@pytest.fixture
def store(data_dir: Path) -> Generator[Application]:
    with opened(data_dir) as application:
        yield application


def test_no_row_and_no_byte_is_left_and_all_others_stay(store: Application, data_dir: Path) -> None:
    gone, kept = Service(), Service()
    filled(store, gone, kept)
    searched = store.database.read(lambda connection: marks(connection, gone))
    others = store.database.read(lambda connection: marks(connection, kept))
    its = store.database.read(lambda connection: owned(connection, gone.organization_id))
    before = store.database.read(state)
    assert found_in(data_dir, searched) == set(searched)

    quick(store).forget(gone.organization_id, "test")

    assert found_in(data_dir, searched) == set()
    assert found_in(data_dir, others) == set(others)
    after = store.database.read(state)

    def of_it(connection: Connection, table: str, row: tuple[object, ...]) -> bool:
        values = dict(zip(columns(connection, table), row, strict=True))
        return any(column in values and values[column] in its[column] for column in TELLS_WHOSE)

    def look(connection: Connection) -> None:
        for table in before.keys() - CHANGED_OTHERWISE:
            remains = [row for row in before[table] if not of_it(connection, table, row)]
            assert remains == after[table], table
            assert len(remains) < len(before[table]) or table in NOT_OF_ORGANISATIONS, table
        assert [row for rows in after.values() for row in rows if gone.organization_id in row] == []
        assert [row for table, rows in after.items() for row in rows if of_it(connection, table, row)] == []
        told = [row for row in after["audit"] if row not in before["audit"]]
        assert [dict(zip(columns(connection, "audit"), row, strict=True))["action"] for row in told] == ["forgotten"]

    store.database.read(look)
    assert gone.organization_id not in str(after["idempotency"])
    assert len(after["idempotency"]) == 1
    assert store.database.read(lambda connection: meta.get(connection, "forgetting")) is None


def test_a_delivery_that_holds_others_too_stays_theirs_without_its_findings(store: Application) -> None:
    gone, kept = Service(), Service()
    wrong = [case_xml.slettet("Melding", case_xml.uid())]
    shared = deliver(store, gone.folder(1, "2024-01-01", slettinger=wrong), kept.folder(1, "2024-01-01", slettinger=wrong))
    alone = deliver(store, gone.folder(2, "2024-01-01", slettinger=wrong))
    assert (shared.finding_count, alone.finding_count) == (2, 1)
    quick(store).forget(gone.organization_id, "test")
    (left,) = store.deliveries.page(None, None, 1, 10)[0]
    assert (left.delivery_id, left.organizations, left.finding_count) == (shared.delivery_id, [kept.organization_id], 0)
    assert store.deliveries.document(shared.delivery_id).findings == []
    with pytest.raises(NotFound):
        store.deliveries.document(alone.delivery_id)


def test_what_is_delivered_afterwards_begins_anew_under_new_numbers(store: Application) -> None:
    service = Service()
    filled(store, service)
    newest = events(store)[-1].event
    old = store.snapshots.page(service.organization_id, None, None, 1, 100)[0]
    quick(store).forget(service.organization_id, "test")
    assert store.snapshots.page(None, None, None, 1, 100)[1] == store.organizations.page(1, 10)[1] == 0
    delivery = deliver(store, service.folder(1, "2024-06-01", ["2024-02-01"]))
    assert (delivery.new_cases, delivery.organizations) == (1, [service.organization_id])
    requested = aggregate(store, service.organization_id, "2024")
    assert requested.snapshot_id not in {row.snapshot_id for row in old}
    assert all(row.event > newest for row in events(store))
    assert document(store, requested.snapshot_id).prior_period is None


def test_who_watches_is_told_and_who_comes_back_finds_nothing_of_it(data_dir: Path) -> None:
    gone, kept = Service(), Service()
    with serving(data_dir) as served:
        application = served.application
        filled(application, gone, kept)
        before = events(application)
        its = {row.snapshot_id for row in application.snapshots.page(gone.organization_id, None, None, 1, 100)[0]}
        assert len(its) > 3
        with watching(served.url, f"{WATCH}?organization_id={gone.organization_id}") as watcher:
            application.forgetting.forget(gone.organization_id, "test")
            told = watcher.events_until(before[-1].event + len(its))
            assert {block.event for block in told} == {"snapshot_deleted"}
            assert {block.data["snapshot_id"] for block in told} == its
        left = [row.event for row in before if row.organization_id == kept.organization_id]
        assert [row.event for row in events(application)] == left
        for place in (0, before[3].event, before[-1].event):
            with watching(served.url, WATCH, last_event_id=str(place)) as resumed:
                later = deliver(application, kept.folder(9, "2024-08-01")) and events(application)[-1].event
                blocks = resumed.events_until(later)
                assert [block.id for block in blocks] == [row.event for row in events(application) if row.event > place]
                assert all(gone.organization_id not in str(block) for block in blocks)
                assert "resync" not in {block.event for block in blocks}


def test_a_reader_whom_only_forgotten_events_lie_behind_goes_on_without_a_resync(data_dir: Path) -> None:
    gone, kept = Service(), Service()
    with serving(data_dir) as served:
        deliver(served.application, kept.folder(1, "2024-01-01"))
        place = events(served.application)[-1].event
        deliver(served.application, gone.folder(1, "2024-01-01"))
        aggregate(served.application, gone.organization_id, "2024")
        quick(served.application).forget(gone.organization_id, "test")
        with watching(served.url, WATCH, last_event_id=str(place)) as resumed:
            deliver(served.application, kept.folder(2, "2024-01-01"))
            (block,) = resumed.events_until(events(served.application)[-1].event)
            assert block.event == "source_received"


def test_a_running_job_finds_its_claim_lost(data_dir: Path) -> None:
    service = Service()
    with opened(data_dir) as application:
        filled(application, service)
    with opened(data_dir, started=False) as application:
        application.snapshots.request(service.organization_id, "2024", True, "test")
        job = application.jobs.claim(application.worker_number)
        assert job is not None
        result = application.jobs.read(job, lambda _: None)
        assert result is not None
        quick(application).forget(service.organization_id, "test")
        application.jobs.progress(job, 0.5)
        with pytest.raises(ClaimLost):
            application.jobs.complete(job, result, 0.1)
        with pytest.raises(ClaimLost):
            application.jobs.fail(job, "It failed.")
        application.jobs.release(job)
        assert application.snapshots.page(None, None, None, 1, 10)[1] == 0
        assert application.database.read(state)["job"] == []


def test_it_waits_until_what_may_hold_more_of_it_is_read(data_dir: Path) -> None:
    service, other = Service(), Service()
    with opened(data_dir) as application:
        filled(application, service)
    with opened(data_dir, started=False) as application:
        application.deliveries.receive([service.folder(5, "2024-09-01")], full=False, actor="test")
        application.deliveries.receive([zipped([other.folder(1, "2024-09-01")])], full=False, actor="test")
        with pytest.raises(Conflict, match="still being read"):
            quick(application).forget(service.organization_id, "test")
        assert application.snapshots.page(service.organization_id, None, None, 1, 100)[1] > 0
        application.start()
        application.forgetting.forget(service.organization_id, "test")
        assert [each.organization_id for each in application.organizations.all()] == [other.organization_id]
        assert list((data_dir / "spool").iterdir()) == []


def test_an_organisation_that_is_not_known_is_told(store: Application) -> None:
    with pytest.raises(NotFound):
        quick(store).forget("org-nobody", "test")
    service = Service()
    deliver(store, service.folder(1, "2024-01-01"))
    quick(store).forget(service.organization_id, "test")
    with pytest.raises(NotFound):
        quick(store).forget(service.organization_id, "test")


def test_what_broke_off_is_made_up_for_at_the_next_start(data_dir: Path) -> None:
    gone, kept = Service(), Service()
    with opened(data_dir) as application:
        filled(application, gone, kept)
        searched = application.database.read(lambda connection: marks(connection, gone))
        broken = Forgetting(application.database, data_dir / "forgetting.lock", told_seconds=3600)
        assert application.database.write(lambda connection: broken._take_out(connection, gone.organization_id, "test"))  # pyright: ignore[reportPrivateUsage]
        assert gone.organization_id in {row.organization_id for row in events(application)}
    with opened(data_dir) as application:
        until(lambda: application.database.read(lambda connection: meta.get(connection, "forgetting")) is None, "it to end")
        assert found_in(data_dir, searched) == set()
        assert {row.organization_id for row in events(application)} == {kept.organization_id}


def test_one_that_another_process_is_at_is_left_to_it(data_dir: Path, store: Application) -> None:
    forgetting = quick(store)
    with forgetting._alone(wait=True):  # pyright: ignore[reportPrivateUsage]
        store.database.write(lambda connection: meta.put(connection, "forgetting", "org-x"))
        quick(store).make_up()
        assert store.database.read(lambda connection: meta.get(connection, "forgetting")) == "org-x"
    quick(store).make_up()
    assert store.database.read(lambda connection: meta.get(connection, "forgetting")) is None


def test_the_store_is_written_and_read_while_it_is_compacted(store: Application) -> None:
    """By this process, over connections that were open before."""
    service, busy = Service(), Service()
    filled(store, service)
    for case in range(1, 30):
        store.deliveries.receive([busy.folder(case, "2024-01-01", ["2024-01-01"])], full=False, actor="test")
        if case == 15:
            store.forgetting.forget(service.organization_id, "test")
    until(lambda: all(row.completed_at for row in store.deliveries.page(None, None, 1, 100)[0]), "the deliveries")
    requested = aggregate(store, busy.organization_id, "2024")
    assert document(store, requested.snapshot_id).sections[0].fields[0].value == 29
    assert kinds(events(store))[-1] == "aggregation_completed"


def test_by_the_command_line_beside_a_running_server(data_dir: Path) -> None:
    gone, kept = Service(), Service()
    with opened(data_dir) as application:
        filled(application, gone, kept)
        searched = application.database.read(lambda connection: marks(connection, gone))
    with running(data_dir) as server, httpx.Client(base_url=server.url) as client:
        base = "/api/v1/aggregated-report-data"
        (mine, *_), (others, *_) = (
            client.get(base, params={"organization_id": each.organization_id}).json()["data"] for each in (gone, kept)
        )
        shown = client.get(f"{base}/{mine['snapshot_id']}")
        assert msgspec.json.decode(shown.content, type=Document).organization_id == gone.organization_id
        with watching(server.url, f"{WATCH}?organization_id={gone.organization_id}") as watcher:
            result = CliRunner().invoke(
                build_cli(lambda _: None), ["forget", "--organization", gone.organization_id, "--data-dir", str(data_dir)]
            )
            assert (result.exit_code, result.output) == (0, f"{gone.organization_id} is forgotten\n")
            block = watcher.next()
            while block is not None and not block.event:
                block = watcher.next()
            assert block is not None
            assert block.event == "snapshot_deleted"
        assert client.get(f"{base}/{mine['snapshot_id']}").status_code == 404
        assert client.get(f"{base}/{others['snapshot_id']}").status_code == 200
        assert client.get(base, params={"organization_id": gone.organization_id}).json()["data"] == []
        assert found_in(data_dir, searched) == set()
        assert client.post(base, json={"organization_id": kept.organization_id, "period_id": "2024"}).status_code in (200, 202)
        time.sleep(0.1)
        assert found_in(data_dir, searched) == set()
        again = CliRunner().invoke(
            build_cli(lambda _: None), ["forget", "--organization", gone.organization_id, "--data-dir", str(data_dir)]
        )
        assert (again.exit_code, again.stderr) == (1, "Error: There is no such organisation.\n")
