"""The worker of a process among others: that it sleeps, stops, dies loudly, and takes over from the dead without a quarrel."""

import fcntl
import threading
import time
from pathlib import Path

import pytest

from preview.ingest.deliveries import ATTEMPTS as DELIVERY_ATTEMPTS
from preview.reports.job_queue import ATTEMPTS as JOB_ATTEMPTS
from preview.storage import worker_rows
from preview.storage.database import Database
from tests.builders.case_records import mappe
from tests.builders.services import Service
from tests.support.manual_worker import ORGANIZATION, claim, take
from tests.support.pipeline import aggregate, deliver, document, events, kinds, opened, until, values, wait_for_delivery, zipped

FOLDERS = 1500


def test_without_work_it_writes_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it take the write lock, which others may want."""
    with opened(data_dir, auto_aggregate=True) as application:
        until(lambda: application.faults() == [])
        submitted: list[str] = []
        submit = Database.submit

        def counting(database: Database, work: object) -> object:
            submitted.append(threading.current_thread().name)
            return submit(database, work)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportUnknownVariableType]

        monkeypatch.setattr(Database, "submit", counting)
        time.sleep(0.6)
        assert submitted == []
        monkeypatch.undo()


def test_work_of_this_and_of_another_process_is_found_at_once_or_soon(data_dir: Path) -> None:
    service = Service()
    with opened(data_dir) as application, opened(data_dir, started=False) as other:
        deliver(application, service.folder(1, "2024-05-01"))
        requested, _ = other.snapshots.request(service.organization_id, "2024", False, "test")
        until(lambda: document(other, requested.snapshot_id).aggregated_at is not None, "the job of another process")
        receipt = other.deliveries.receive([service.folder(1, "2024-05-02")], full=False, actor="test")
        wait_for_delivery(other, receipt.delivery_id)


@pytest.mark.parametrize("thread", ["jobs-1", "deliveries", "timer"])
def test_one_that_dies_takes_the_readiness_with_it(data_dir: Path, monkeypatch: pytest.MonkeyPatch, thread: str) -> None:
    with opened(data_dir, started=False) as application:
        broken = {
            "jobs-1": (application.jobs, "claim"),
            "deliveries": (application.deliveries, "claim"),
            "timer": (application.jobs, "reclaim"),
        }
        application.start()
        monkeypatch.setattr(*broken[thread], lambda *_: 1 / 0)
        until(lambda: f"worker thread {thread} has died" in application.faults())


def test_told_to_stop_it_gives_back_what_it_reads(data_dir: Path) -> None:
    """And the next process takes it, with what was counted so far."""
    service = Service()
    content = zipped([service.folder(case, "2024-05-01", ["2024-03-01"]) for case in range(FOLDERS)])
    with opened(data_dir) as application:
        name = application.deliveries.receive([content], full=False, actor="test").delivery_id
        until(lambda: application.deliveries.document(name).new_cases > 0, "a part of it")
    with opened(data_dir, started=False) as application:
        left = application.deliveries.document(name)
        assert (left.delivery_status, 0 < left.new_cases < FOLDERS) == ("received", True)
        assert application.jobs.claim(application.worker_number) is None
    with opened(data_dir) as application:
        wait_for_delivery(application, name)
        assert application.deliveries.document(name).new_cases == FOLDERS
        assert [event.type for event in events(application)] == ["source_received"]
        made = aggregate(application, service.organization_id, "2024").snapshot_id
        assert values(document(application, made))["antall_meldinger_mottatt"] == FOLDERS


def test_two_that_find_the_same_dead_worker_do_not_quarrel_about_its_job(data_dir: Path) -> None:
    """The one that comes second finds it done, and goes on."""
    with opened(data_dir, started=False) as one, opened(data_dir, started=False) as other:
        take(one, mappe(1, "a", 1))
        one.snapshots.request(ORGANIZATION, "2024", False, "test")
        for attempt in range(JOB_ATTEMPTS):
            claim(one)

            def is_alive(_: int) -> bool:
                other.jobs.reclaim(lambda _: False)
                return False

            one.jobs.reclaim(is_alive)
            assert one.jobs.document("job-agg-001").job_status == ("failed" if attempt == JOB_ATTEMPTS - 1 else "waiting")
        assert kinds(events(one)).count("aggregation_failed") == 1


def test_two_that_find_the_same_dead_worker_do_not_quarrel_about_its_delivery(data_dir: Path) -> None:
    with opened(data_dir, started=False) as one, opened(data_dir, started=False) as other:
        name = one.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id
        for attempt in range(DELIVERY_ATTEMPTS):
            assert one.deliveries.claim(one.worker_number) is not None

            def is_alive(_: int) -> bool:
                other.deliveries.reclaim(lambda _: False)
                return False

            one.deliveries.reclaim(is_alive)
            assert one.deliveries.document(name).delivery_status == ("refused" if attempt == DELIVERY_ATTEMPTS - 1 else "received")
        assert one.deliveries.document(name).finding_count == 1


def test_a_worker_is_known_to_others_only_when_its_lock_is_held(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the two it would be taken for a dead one, and its lock file away."""
    known: list[list[int]] = []
    flock = fcntl.flock

    with opened(data_dir, started=False) as other:

        def watched(descriptor: int, operation: int) -> None:
            flock(descriptor, operation)
            if operation & fcntl.LOCK_EX:
                known.append(other.database.read(worker_rows.numbers))

        monkeypatch.setattr(fcntl, "flock", watched)
        with opened(data_dir, started=False) as late:
            assert late.worker_number not in known[0]
            assert late.worker_number in other.database.read(worker_rows.numbers)


def test_the_dead_are_buried_and_the_living_are_not(data_dir: Path) -> None:
    with opened(data_dir, started=False) as living:
        number = living.database.write(lambda connection: worker_rows.insert(connection, ""))  # as one that died left it
        (data_dir / "workers" / f"{number}.lock").touch()
        with opened(data_dir):
            assert living.worker_number in living.database.read(worker_rows.numbers)
            assert number not in living.database.read(worker_rows.numbers)
        assert [file.name for file in (data_dir / "workers").iterdir()] == [f"{living.worker_number}.lock"]
