"""The real pipeline for tests: an application over a data folder, deliveries in, snapshots out."""

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

WAIT_SECONDS = 30.0


@contextmanager
def open_application(data_dir: Path, *, started: bool = True, **settings: Any) -> Generator[Application]:
    """An application that nothing aggregates by itself, unless asked to."""
    given: dict[str, Any] = {"auto_aggregate": False, **settings}
    application = Application.open(Settings(data_dir=data_dir, **given))
    try:
        if started:
            application.start()
        yield application
    finally:
        application.close()


def wait_until(condition: Callable[[], bool], description: str = "it") -> None:
    """Waits for the condition; fails the test where it does not come true."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {description}"
        time.sleep(0.005)


def zip_files(files: list[bytes]) -> bytes:
    """The files as one ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, file in enumerate(files):
            archive.writestr(f"{number:05}.xml", file)
    return out.getvalue()


def deliver(application: Application, *files: bytes, full: bool = False, actor: str = "test") -> DeliveryDocument:
    """Delivers the files as one delivery, and waits until it is taken or refused."""
    content = files[0] if len(files) == 1 else zip_files(list(files))
    receipt = application.deliveries.receive([content], full=full, actor=actor)
    wait_for_delivery(application, receipt.delivery_id)
    return application.deliveries.get(receipt.delivery_id)


def wait_for_delivery(application: Application, delivery_id: str) -> None:
    """Until it is taken or refused."""

    def has_ended() -> bool:
        assert application.readiness_failures() == []
        return application.deliveries.get(delivery_id).completed_at is not None

    wait_until(has_ended, delivery_id)


def aggregate(
    application: Application, organization_id: str, period_id: str, *, force: bool = False, actor: str = "test"
) -> SnapshotRequested:
    """Asks for a snapshot and waits for its job."""
    requested, _ = application.snapshots.request(organization_id, period_id, force, actor)
    wait_for_job(application, requested.job_id)
    return requested


def start_job(application: Application, organization_id: str, period_id: str) -> JobRow:
    """A job of a new snapshot that runs for as long as the test wants: no worker gets hold of it."""

    def create_and_claim(connection: Connection) -> JobRow:
        _, job = create_snapshot(connection, application.report_config, organization_id, Period.parse(period_id), "test", automatic=False)
        claimed = claim(connection, application.worker_id, job.job)
        assert claimed is not None
        return claimed

    return application.database.write(create_and_claim)


def start_reaggregation(application: Application, snapshot_id: str) -> JobRow:
    """A job that aggregates the snapshot anew, as `hold`."""

    def enqueue_and_claim(connection: Connection) -> JobRow:
        row = snapshots.snapshot(connection, int(snapshot_id.removeprefix("snap-")))
        assert row is not None
        job = enqueue(connection, row.snapshot, row.organization_id, row.period_id, actor="test", reason="again", automatic=False)
        reconcile(connection, application.report_config, row.organization_id)
        claimed = claim(connection, application.worker_id, job.job)
        assert claimed is not None
        return claimed

    return application.database.write(enqueue_and_claim)


def wait_for_job(application: Application, job_id: str) -> None:
    """Until it has ended."""

    def has_ended() -> bool:
        assert application.readiness_failures() == []
        return application.jobs.get(job_id).ended_at is not None

    wait_until(has_ended, job_id)


def document(application: Application, snapshot_id: str) -> SnapshotDocument:
    """The snapshot's document, parsed."""
    return msgspec.json.decode(application.snapshots.get(snapshot_id).body, type=SnapshotDocument)


def values(document: SnapshotDocument) -> dict[str, Value]:
    """Current values by field key."""
    return {field.field_key: field.value for section in document.sections for field in section.fields}


def events(application: Application, after: int = 0) -> list[EventRow]:
    """All events after that one."""
    return application.event_log.read_after(after, 100_000)


def event_types(rows: list[EventRow]) -> list[str]:
    """Their types, in order."""
    return [row.type for row in rows]
