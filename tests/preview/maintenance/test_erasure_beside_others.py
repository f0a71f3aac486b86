"""Erasure beside other processes and requests: it is resumed, it lets others in, and requests find nothing any more."""

import time
from collections.abc import Generator
from pathlib import Path

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from preview.cli.commands import build_cli
from preview.core.clock import now
from preview.core.errors import NotFound, Unavailable, ValidationError
from preview.core.ids import format_job_id
from preview.maintenance.erasure import OrganizationEraser
from preview.model.limits import Limits
from preview.model.resources import SnapshotDocument
from preview.parsing.delivery import parse_delivery
from preview.runtime.application import Application
from preview.storage import meta
from preview.storage.database import Database
from preview.storage.removal import erasure
from preview.storage.removal.erasure import organization_exists
from tests.api_handlers.sse_client import open_stream
from tests.builders.services import SampleService
from tests.support.erasure_helpers import bytes_found_in, identifying_bytes, immediate_eraser, populate
from tests.support.pipeline import aggregate, deliver, document, event_types, events, open_application, wait_until
from tests.support.server_process import running_server

WATCH = "/api/v1/aggregated-report-data/watch"


@pytest.fixture
def store(data_dir: Path) -> Generator[Application]:
    with open_application(data_dir) as application:
        yield application


def test_interrupted_erasure_is_resumed_at_next_start(data_dir: Path) -> None:
    erased, retained = SampleService(), SampleService()
    with open_application(data_dir) as application:
        populate(application, erased, retained)
        searched = application.database.read(lambda connection: identifying_bytes(connection, erased))
        with pytest.MonkeyPatch.context() as patch:

            def crash(*_: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(erasure, "delete_rows", crash)
            with pytest.raises(KeyboardInterrupt):
                immediate_eraser(application).erase(erased.organization_id, "test")
        assert erased.organization_id in {row.organization_id for row in events(application)}
        assert application.database.read(lambda connection: organization_exists(connection, erased.organization_id))
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
            assert (result.exit_code, result.stdout) == (0, f"{erased.organization_id} was erased\n")
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


def test_requests_find_nothing_and_deliveries_wait_while_rows_are_deleted(data_dir: Path) -> None:
    erased, other = SampleService(), SampleService()
    with open_application(data_dir, started=False) as application:
        deliver_now(application, erased)
        snapshot = application.snapshots.request(erased.organization_id, "2024", False, "test")[0].snapshot_id
        job = application.jobs.claim(application.worker_id)
        assert job is not None
        result = application.jobs.aggregate(job, lambda _: None)
        assert result is not None
        application.jobs.complete(job, result, 0.0)
        seen: list[object] = []

        def expect_nothing(organization_id: str) -> None:
            with pytest.raises(NotFound):
                application.previews.read(organization_id)
            assert not any(application.previews.history(organization_id, "2024").values())
            with pytest.raises(NotFound):
                application.snapshots.get(snapshot)
            assert application.snapshots.page(None, None, None, 1, 10)[:2] == ([], 0)
            assert application.organizations.page(1, 10)[:2] == ([], 0)
            assert application.organizations.list_options() == []
            assert application.overviews.read().entries == []
            with pytest.raises(NotFound):
                application.jobs.get(format_job_id(job.job))

        def look_before_snapshots_go(database: Database, organization_id: str) -> None:
            expect_nothing(organization_id)
            delete_events(database, organization_id)

        def look(database: Database, organization_id: str) -> None:
            expect_nothing(organization_id)
            with pytest.raises(ValidationError):
                application.snapshots.request(organization_id, "2024", False, "test")
            waiting = application.deliveries.receive([other.folder(1, "2024-01-01")], full=False, actor="test")
            seen.append(application.deliveries.claim(application.worker_id, waiting.delivery_id))
            delete(database, organization_id)

        delete, delete_events = erasure.delete_rows, erasure.delete_events
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(erasure, "delete_events", look_before_snapshots_go)
            patch.setattr(erasure, "delete_rows", look)
            immediate_eraser(application).erase(erased.organization_id, "test")
        assert seen == [None]
        with pytest.raises(NotFound):
            application.snapshots.get(snapshot)
        assert application.deliveries.claim(application.worker_id) is not None


def deliver_now(application: Application, service: SampleService) -> None:
    """Import a case of a service without a running worker."""
    application.deliveries.receive([service.folder(1, "2024-06-01", ["2024-02-01"])], full=False, actor="test")
    row = application.deliveries.claim(application.worker_id)
    assert row is not None
    application.deliveries.process(row, lambda path: parse_delivery(path, b"key", now(), Limits()))


def test_rewriting_waits_for_others_and_is_left_to_a_server(store: Application, data_dir: Path) -> None:
    service = SampleService()
    deliver(store, service.folder(1, "2024-01-01"))
    searched = store.database.read(lambda connection: identifying_bytes(connection, service, fewest=1))
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "try_compact", lambda *_: False)
        eraser = OrganizationEraser(
            store.database, data_dir / "forgetting.lock", event_grace_seconds=0.0, quiet_timeout_seconds=0.1
        )
        with pytest.raises(Unavailable, match="still to be rewritten"):
            eraser.erase(service.organization_id, "test", said.append)
        assert store.organizations.page(1, 10)[1] == 0
        assert len(said) == 1
        assert "Waiting" in said[0]
    wait_until(
        lambda: store.database.read(lambda connection: meta.get(connection, "forgetting")) is None,
        "the end of the erasure",
    )
    assert bytes_found_in(data_dir, searched) == set()
