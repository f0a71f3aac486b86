"""Helpers that run the real pipeline: open an application, import deliveries, aggregate snapshots."""

import io
import time
import zipfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from preview.core.periods import Period
from preview.core.settings import Settings
from preview.events.log import EventRow
from preview.model.resources import DeliveryDocument, SnapshotDocument, SnapshotRequested, Value
from preview.reports.job_queue import claim, enqueue
from preview.reports.reconcile import reconcile
from preview.reports.snapshots import create_snapshot
from preview.runtime.application import Application
from preview.storage import snapshots
from preview.storage.database import Connection
from preview.storage.jobs import JobRow
from preview.storage.sqlite import STORE_FILE
from tests.support.empty_store import copy_empty_store
from tests.support.reporting_period import REPORTING_PERIOD

WAIT_SECONDS = 30.0


@contextmanager
def open_application(
    data_dir: Path, *, started: bool = True, fresh: bool = False, **settings: Any
) -> Generator[Application]:
    """Open an application, by default without automatic aggregation, for the duration of a block.

    Args:
        data_dir: Folder of its store.
        started: Whether its workers run.
        fresh: Whether it makes its folder and store itself, instead of finding an empty store.
        settings: Other settings than those of the tests.
    """
    given: dict[str, Any] = {
        "auto_aggregate": False,
        "reporting_period": Period.parse(REPORTING_PERIOD),
        **settings,
    }
    if not fresh:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy_empty_store(data_dir / STORE_FILE)
    application = Application.open(Settings(data_dir=data_dir, **given))
    try:
        if started:
            application.start()
        yield application
    finally:
        application.close()


def spool_files(data_dir: Path) -> list[Path]:
    """Return the files in the spool."""
    return list((data_dir / "spool").iterdir())


def wait_until(condition: Callable[[], bool], description: str = "it", limit: float = WAIT_SECONDS) -> None:
    """Wait until the condition is true; fail the test if it does not become true in time."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {description}"
        time.sleep(0.005)


def zip_files(files: list[bytes]) -> bytes:
    """Return a ZIP of the files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(files):
            archive.writestr(f"{number:05}.xml", file)
    return out.getvalue()


def deliver(application: Application, *files: bytes, full: bool = False, actor: str = "test") -> DeliveryDocument:
    """Deliver the files as one delivery and wait until it is imported or refused."""
    content = files[0] if len(files) == 1 else zip_files(list(files))
    receipt = application.deliveries.receive([content], full=full, actor=actor)
    wait_for_delivery(application, receipt.delivery_id)
    return application.deliveries.get(receipt.delivery_id)


def wait_for_delivery(application: Application, delivery_id: str) -> None:
    """Wait until the delivery is imported or refused, and return it."""

    def has_ended() -> bool:
        assert application.readiness_failures() == []
        return application.deliveries.get(delivery_id).completed_at is not None

    wait_until(has_ended, delivery_id)


def aggregate(
    application: Application, organization_id: str, period_id: str, *, force: bool = False, actor: str = "test"
) -> SnapshotRequested:
    """Request a snapshot and wait for its job."""
    requested, _ = application.snapshots.request(organization_id, period_id, force, actor)
    wait_for_job(application, requested.job_id)
    return requested


def start_job(application: Application, organization_id: str, period_id: str) -> JobRow:
    """Create a new snapshot with a running job that no worker claims, so that the test controls it."""

    def create_and_claim(connection: Connection) -> JobRow:
        _, job = create_snapshot(
            connection, application.report_config, organization_id, Period.parse(period_id), "test", automatic=False
        )
        claimed = claim(connection, application.worker_id, job.job)
        assert claimed is not None
        return claimed

    return application.database.write(create_and_claim)


def start_reaggregation(application: Application, snapshot_id: str) -> JobRow:
    """Create a running job of an existing snapshot that no worker claims."""

    def enqueue_and_claim(connection: Connection) -> JobRow:
        row = snapshots.snapshot(connection, int(snapshot_id.removeprefix("snap-")))
        assert row is not None
        job = enqueue(
            connection, row.snapshot, row.organization_id, row.period_id, actor="test", reason="again", automatic=False
        )
        reconcile(connection, application.report_config, row.organization_id)
        claimed = claim(connection, application.worker_id, job.job)
        assert claimed is not None
        return claimed

    return application.database.write(enqueue_and_claim)


def wait_for_job(application: Application, job_id: str) -> None:
    """Wait until the job has ended."""

    def has_ended() -> bool:
        assert application.readiness_failures() == []
        return application.jobs.get(job_id).ended_at is not None

    wait_until(has_ended, job_id)


def document(application: Application, snapshot_id: str) -> SnapshotDocument:
    """Return the document of the snapshot."""
    return msgspec.json.decode(application.snapshots.get(snapshot_id).body, type=SnapshotDocument)


def values(document: SnapshotDocument) -> dict[str, Value]:
    """Return the values of the period by field key."""
    return {field.field_key: field.value for section in document.sections for field in section.fields}


def events(application: Application, after: int = 0) -> list[EventRow]:
    """Return all events after that position."""
    return application.event_log.read_after(after, 100_000)


def event_types(rows: list[EventRow]) -> list[str]:
    """Return the types of the events, in order."""
    return [row.type for row in rows]
