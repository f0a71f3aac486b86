"""The worker of a process: idle, stopping, failing, and taking over the work of processes that crashed."""

import fcntl
import threading
import time
from pathlib import Path

import pytest

from preview.core.periods import Period
from preview.ingest.deliveries import MAX_ATTEMPTS as DELIVERY_ATTEMPTS
from preview.reports.job_queue import MAX_ATTEMPTS as JOB_ATTEMPTS
from preview.reports.job_queue import JobQueue
from preview.runtime import worker
from preview.storage import worker_rows
from preview.storage.database import Database
from preview.storage.jobs import JobRow
from tests.builders.case_records import case_folder
from tests.builders.services import SampleService
from tests.support.manual_worker import ORGANIZATION, claim_job, process_delivery
from tests.support.pipeline import (
    aggregate,
    deliver,
    document,
    event_types,
    events,
    open_application,
    values,
    wait_for_delivery,
    wait_until,
    zip_files,
)

FOLDERS = 1500


def test_idle_worker_writes_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not take the write lock either."""
    with open_application(data_dir, auto_aggregate=True) as application:
        wait_until(lambda: application.readiness_failures() == [])
        submitted: list[str] = []
        submit = Database.submit

        def record_and_submit(database: Database, operation: object) -> object:
            submitted.append(threading.current_thread().name)
            return submit(database, operation)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportUnknownVariableType]

        monkeypatch.setattr(Database, "submit", record_and_submit)
        time.sleep(0.6)
        assert submitted == []
        monkeypatch.undo()


def test_work_of_another_process_is_found(data_dir: Path) -> None:
    service = SampleService()
    with open_application(data_dir) as application, open_application(data_dir, started=False) as other:
        deliver(application, service.folder(1, "2024-05-01"))
        requested, _ = other.snapshots.request(service.organization_id, "2024", False, "test")
        wait_until(
            lambda: document(other, requested.snapshot_id).aggregated_at is not None, "the job of another process"
        )
        receipt = other.deliveries.receive([service.folder(1, "2024-05-02")], full=False, actor="test")
        wait_for_delivery(other, receipt.delivery_id)


def test_commits_wake_threads_for_work_without_polling(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery, the automatic aggregation after it, and a requested one follow from commits alone."""
    monkeypatch.setattr(worker, "_POLL_SECONDS", 3600)
    service = SampleService()
    with open_application(
        data_dir, auto_aggregate=True, auto_quiet_seconds=0, open_periods=(Period(2024),)
    ) as application:
        wait_until(lambda: application.readiness_failures() == [])
        deliver(application, service.folder(1, "2024-05-01"))
        wait_until(lambda: "aggregation_completed" in event_types(events(application)), "the automatic aggregation")
        requested = aggregate(application, service.organization_id, "2024", force=True)
        assert document(application, requested.snapshot_id).aggregated_at is not None


def test_commits_without_work_wake_no_thread(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    claim = JobQueue.claim

    def record_and_claim(queue: JobQueue, worker_id: int) -> JobRow | None:
        looks.append(threading.current_thread().name)
        return claim(queue, worker_id)

    monkeypatch.setattr(worker, "_POLL_SECONDS", 3600)
    service = SampleService()
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2024-05-01"))
        aggregate(application, service.organization_id, "2024")
        monkeypatch.setattr(JobQueue, "claim", record_and_claim)
        for number in range(50):
            application.reviews.comments.add(service.organization_id, "2024", None, f"{number}?", "test")
        aggregate(application, service.organization_id, "2024", force=True)
    # Both threads look when the job was requested, and the one that ran it again after it.
    assert 1 <= len(looks) < 10


@pytest.mark.parametrize("thread", ["jobs-1", "deliveries", "timer"])
def test_failed_worker_thread_makes_process_unready(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, thread: str
) -> None:
    with open_application(data_dir, started=False) as application:
        broken = {
            "jobs-1": (application.jobs, "claim"),
            "deliveries": (application.deliveries, "claim"),
            "timer": (application.jobs, "requeue_orphaned"),
        }
        application.start()
        monkeypatch.setattr(*broken[thread], lambda *_: 1 / 0)
        wait_until(lambda: f"worker thread {thread} has stopped" in application.readiness_failures())


def test_stopping_worker_releases_its_delivery(data_dir: Path) -> None:
    """The next process continues it, with the counts so far."""
    service = SampleService()
    content = zip_files([service.folder(case, "2024-05-01", ["2024-03-01"]) for case in range(FOLDERS)])
    with open_application(data_dir) as application:
        name = application.deliveries.receive([content], full=False, actor="test").delivery_id
        wait_until(lambda: application.deliveries.get(name).new_cases > 0, "a part of it")
    with open_application(data_dir, started=False) as application:
        released = application.deliveries.get(name)
        assert (released.delivery_status, 0 < released.new_cases < FOLDERS) == ("received", True)
        assert application.jobs.claim(application.worker_id) is None
    with open_application(data_dir) as application:
        wait_for_delivery(application, name)
        assert application.deliveries.get(name).new_cases == FOLDERS
        assert [event.type for event in events(application)] == ["source_received"]
        snapshot_id = aggregate(application, service.organization_id, "2024").snapshot_id
        assert values(document(application, snapshot_id))["antall_meldinger_mottatt"] == FOLDERS


def test_concurrent_recovery_of_a_job_is_safe(data_dir: Path) -> None:
    """The second process finds the job requeued already, and continues."""
    with open_application(data_dir, started=False) as one, open_application(data_dir, started=False) as other:
        process_delivery(one, case_folder(1, "a", 1))
        one.snapshots.request(ORGANIZATION, "2024", False, "test")
        for attempt in range(JOB_ATTEMPTS):
            claim_job(one)

            def is_alive(_: int) -> bool:
                other.jobs.requeue_orphaned(lambda _: False)
                return False

            one.jobs.requeue_orphaned(is_alive)
            assert one.jobs.get("job-agg-001").job_status == ("failed" if attempt == JOB_ATTEMPTS - 1 else "waiting")
        assert event_types(events(one)).count("aggregation_failed") == 1


def test_concurrent_recovery_of_a_delivery_is_safe(data_dir: Path) -> None:
    with open_application(data_dir, started=False) as one, open_application(data_dir, started=False) as other:
        name = one.deliveries.receive([b"content"], full=False, actor="test").delivery_id
        for attempt in range(DELIVERY_ATTEMPTS):
            assert one.deliveries.claim(one.worker_id) is not None

            def is_alive(_: int) -> bool:
                other.deliveries.requeue_orphaned(lambda _: False)
                return False

            one.deliveries.requeue_orphaned(is_alive)
            assert one.deliveries.get(name).delivery_status == (
                "refused" if attempt == DELIVERY_ATTEMPTS - 1 else "received"
            )
        assert one.deliveries.get(name).finding_count == 1


def test_worker_is_visible_only_while_locked(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker with a row but without a lock would be removed as dead."""
    visible_ids: list[list[int]] = []
    flock = fcntl.flock

    with open_application(data_dir, started=False) as other:

        def flock_and_list(descriptor: int, operation: int) -> None:
            flock(descriptor, operation)
            if operation & fcntl.LOCK_EX:
                visible_ids.append(other.database.read(worker_rows.list_ids))

        monkeypatch.setattr(fcntl, "flock", flock_and_list)
        with open_application(data_dir, started=False) as late:
            assert late.worker_id not in visible_ids[0]
            assert late.worker_id in other.database.read(worker_rows.list_ids)


def test_only_dead_workers_are_removed(data_dir: Path) -> None:
    with open_application(data_dir, started=False) as living:
        # the row of a crashed worker
        number = living.database.write(lambda connection: worker_rows.insert(connection, ""))
        (data_dir / "workers" / f"{number}.lock").touch()
        with open_application(data_dir):
            assert living.worker_id in living.database.read(worker_rows.list_ids)
            assert number not in living.database.read(worker_rows.list_ids)
        assert [file.name for file in (data_dir / "workers").iterdir()] == [f"{living.worker_id}.lock"]
