"""Automatic aggregation (rule S6), with a running worker and short times, and step by step for single states."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from preview.core.clock import today
from preview.core.periods import Period
from preview.model.resources import SnapshotSummary
from preview.reports.job_queue import JobQueue
from preview.runtime.application import Application
from preview.storage import audit, jobs
from preview.storage.database import Connection
from tests.builders.case_records import case_folder
from tests.builders.services import SampleService
from tests.support.manual_worker import (
    ORGANIZATION,
    claim_job,
    complete_job,
    complete_waiting_jobs,
    process_delivery,
    trigger_automatic_aggregation,
)
from tests.support.pipeline import (
    aggregate,
    deliver,
    document,
    event_types,
    events,
    open_application,
    values,
    wait_for_job,
    wait_until,
)

RECEIVED = "antall_meldinger_mottatt"
DAYS = [f"2024-05-{day:02}" for day in range(1, 10)]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """Open an application that aggregates at once; 2024 is its only open period."""
    folder: Path = tmp_path_factory.mktemp("quick")
    with open_application(
        folder, auto_aggregate=True, auto_quiet_seconds=0.0, open_periods=(Period(2024),)
    ) as application:
        yield application


@pytest.fixture
def stepped(data_dir: Path) -> Generator[Application]:
    """Open an application with one case of one melding in 2024 and a completed snapshot; the test is its worker."""
    with open_application(data_dir, started=False) as application:
        process_delivery(application, case_folder(1, "a", 1))
        application.snapshots.request(ORGANIZATION, "2024", False, "someone")
        complete_waiting_jobs(application)
        yield application


def wait_until_idle(application: Application) -> None:
    """Wait until no aggregation is scheduled and no job waits or runs."""

    def is_idle(connection: Connection) -> bool:
        return (
            jobs.next_due(connection, time.time(), 10.0) is None
            and not connection.execute("SELECT 1 FROM job WHERE ended_at IS NULL").fetchone()
        )

    wait_until(lambda: application.database.read(is_idle), "automatic aggregation")
    assert application.readiness_failures() == []


def snapshots(application: Application, service: SampleService) -> list[SnapshotSummary]:
    """Return the service's snapshots, newest period first."""
    return application.snapshots.page(service.organization_id, None, None, 1, 100)[0]


def job_history(application: Application, snapshot_id: str) -> list[tuple[str, str]]:
    """Return (requested by, status) of the snapshot's jobs, oldest first."""
    number = int(snapshot_id.removeprefix("snap-"))
    return application.database.read(
        lambda connection: connection.execute(
            "SELECT requested_by, job_status FROM job WHERE snapshot = ? ORDER BY job", (number,)
        ).fetchall()
    )


# First snapshots.


def test_first_data_of_an_open_period_create_a_snapshot(quick: Application, service: SampleService) -> None:
    position = quick.event_log.last_event_id()
    deliver(quick, service.folder(1, DAYS[0], ["2023-03-01", "2024-03-01"]))
    wait_until_idle(quick)
    (only,) = snapshots(quick, service)
    assert (only.period_id, only.snapshot_status, only.cache_valid) == ("2024", "current", True)
    assert job_history(quick, only.snapshot_id) == [("auto", "completed")]
    assert event_types(events(quick, position)) == [
        "source_received",
        "snapshot_created",
        "data_updated",
        "aggregation_completed",
    ]
    rows = quick.database.read(
        lambda connection: audit.list_for_snapshot(connection, int(only.snapshot_id.removeprefix("snap-")))
    )
    actions = [(row.actor, row.action) for row in rows if row.changes_report is None]
    assert actions == [("auto", "requested"), ("auto", "aggregated")]


def test_open_period_without_data_gets_no_snapshot(quick: Application, service: SampleService) -> None:
    deliver(quick, service.folder(1, "2023-12-31", ["2023-03-01"]))
    wait_until_idle(quick)
    assert snapshots(quick, service) == []
    deliver(quick, service.folder(1, "2024-02-01", ["2023-03-01"]))
    wait_until_idle(quick)
    assert [row.period_id for row in snapshots(quick, service)] == ["2024"]


def test_open_periods_default_to_this_and_last_year(data_dir: Path, service: SampleService) -> None:
    # Data of the year before reach far into it; whether those of this year do depends on the day of the test.
    this_year = today().year
    with open_application(data_dir, auto_aggregate=True, auto_quiet_seconds=0.0) as application:
        deliver(application, service.folder(1, f"{this_year - 1}-12-31"))
        wait_until_idle(application)
        assert [row.period_id for row in snapshots(application, service)] == [str(this_year - 1)]


def test_deleted_period_is_recreated_only_by_a_request(quick: Application, service: SampleService) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    wait_until_idle(quick)
    quick.snapshots.delete(snapshots(quick, service)[0].snapshot_id, "someone")
    for step, day in enumerate(DAYS[1:3], 2):
        deliver(quick, service.folder(step, day, ["2024-03-01"]))
        wait_until_idle(quick)
        assert snapshots(quick, service) == []
    requested = aggregate(quick, service.organization_id, "2024").snapshot_id
    deliver(quick, service.folder(4, DAYS[3], ["2024-03-01"]))
    wait_until_idle(quick)
    (only,) = snapshots(quick, service)
    assert (only.snapshot_id, only.cache_valid) == (requested, True)
    assert job_history(quick, requested) == [("test", "completed"), ("auto", "completed")]


def test_deleting_all_snapshots_of_a_period_is_remembered(quick: Application, service: SampleService) -> None:
    deliver(quick, service.folder(1, DAYS[0]))
    wait_until_idle(quick)
    aggregate(quick, service.organization_id, "2024", force=True)
    for row in snapshots(quick, service):
        quick.snapshots.delete(row.snapshot_id, "someone")
    deliver(quick, service.folder(1, DAYS[1], ["2024-03-01"]))
    wait_until_idle(quick)
    assert snapshots(quick, service) == []


# What becomes stale.


def test_latest_snapshot_of_each_period_follows_its_source(quick: Application, service: SampleService) -> None:
    """The snapshot keeps its id; older snapshots of the period are history."""
    deliver(quick, service.folder(1, DAYS[0], ["2023-03-01", "2024-03-01"]))
    wait_until_idle(quick)
    (first,) = snapshots(quick, service)
    second = aggregate(quick, service.organization_id, "2024", force=True).snapshot_id
    prior = aggregate(quick, service.organization_id, "2023").snapshot_id
    deliver(quick, service.folder(2, DAYS[1], ["2023-03-01", "2024-03-01"]))
    wait_until_idle(quick)
    found = {row.snapshot_id: (row.snapshot_status, row.cache_valid) for row in snapshots(quick, service)}
    assert found == {second: ("current", True), first.snapshot_id: ("historical", True), prior: ("historical", True)}
    assert [values(document(quick, snapshot_id))[RECEIVED] for snapshot_id in (first.snapshot_id, second, prior)] == [
        1,
        2,
        2,
    ]
    assert [len(job_history(quick, snapshot_id)) for snapshot_id in (first.snapshot_id, second, prior)] == [1, 2, 2]


def test_supplementary_figures_trigger_aggregation(quick: Application, service: SampleService) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2023-03-01", "2024-03-01"]))
    wait_until_idle(quick)
    prior = aggregate(quick, service.organization_id, "2023").snapshot_id
    deliver(quick, service.figures("2024,antall_arsverk,7,"))
    wait_until_idle(quick)
    current = snapshots(quick, service)[0]
    assert (current.cache_valid, values(document(quick, current.snapshot_id))["antall_arsverk"]) == (True, 7)
    assert len(job_history(quick, prior)) == 1


def test_unchanged_delivery_creates_no_job(quick: Application, service: SampleService) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    wait_until_idle(quick)
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    wait_until_idle(quick)
    assert len(job_history(quick, snapshots(quick, service)[0].snapshot_id)) == 1


def test_invalidated_snapshot_gets_no_automatic_job(
    quick: Application, service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the failed job of a PUT the snapshot is invalid, but its source has not changed."""
    deliver(quick, service.folder(1, DAYS[0]))
    wait_until_idle(quick)
    snapshot = snapshots(quick, service)[0].snapshot_id
    with monkeypatch.context() as broken:
        broken.setattr(JobQueue, "aggregate", lambda *_: 1 / 0)
        wait_for_job(quick, quick.snapshots.invalidate(snapshot, "A reason", "someone").job_id)
    deliver(quick, service.figures("2023,antall_arsverk,7,"))
    wait_until_idle(quick)
    assert job_history(quick, snapshot) == [("auto", "completed"), ("someone", "failed")]
    assert not document(quick, snapshot).cache_valid


def test_failed_automatic_job_is_retried_only_on_request(
    quick: Application, service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    wait_until_idle(quick)
    snapshot = snapshots(quick, service)[0].snapshot_id
    with monkeypatch.context() as broken:
        broken.setattr(JobQueue, "aggregate", lambda *_: 1 / 0)
        deliver(quick, service.folder(2, DAYS[1], ["2024-03-01"]))
        wait_until_idle(quick)
    failed = document(quick, snapshot)
    assert (failed.snapshot_status, failed.cache_valid, values(failed)[RECEIVED]) == ("current", False, 1)
    # schedules the organisation again; the source is unchanged
    deliver(quick, service.figures("2023,antall_arsverk,7,"))
    wait_until_idle(quick)
    assert job_history(quick, snapshot) == [("auto", "completed"), ("auto", "failed")]
    wait_for_job(quick, quick.snapshots.invalidate(snapshot, "Try again", "someone").job_id)
    assert values(document(quick, snapshot))[RECEIVED] == 2


def test_failed_first_snapshot_is_not_recreated(
    quick: Application, service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(JobQueue, "aggregate", lambda *_: 1 / 0)
        deliver(quick, service.folder(1, DAYS[0]))
        wait_until_idle(quick)
    deliver(quick, service.folder(2, DAYS[1], ["2024-03-01"]))
    wait_until_idle(quick)
    (only,) = snapshots(quick, service)
    assert (only.snapshot_status, job_history(quick, only.snapshot_id)) == ("failed", [("auto", "failed")])


# An automatic job beside the statuses and other jobs.


def test_automatic_job_keeps_the_snapshot_status(stepped: Application) -> None:
    process_delivery(stepped, case_folder(2, "b", 2))
    stale = stepped.snapshots.get("snap-001").body
    assert document(stepped, "snap-001").cache_valid is False
    position = stepped.event_log.last_event_id()
    trigger_automatic_aggregation(stepped)
    job = claim_job(stepped)
    assert (job.automatic, job.requested_by, job.snapshot) == (1, "auto", 1)
    assert stepped.snapshots.get("snap-001").body == stale
    assert stepped.event_log.last_event_id() == position
    complete_job(stepped, job)
    after = document(stepped, "snap-001")
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", True, 1 + 2)
    assert event_types(events(stepped, position)) == ["data_updated", "aggregation_completed"]


def test_at_most_one_automatic_job_waits_per_snapshot(stepped: Application) -> None:
    for step in (2, 3, 4):
        process_delivery(stepped, case_folder(step, f"{step}", 2))
        trigger_automatic_aggregation(stepped)
        trigger_automatic_aggregation(stepped)
    assert job_history(stepped, "snap-001") == [("someone", "completed"), ("auto", "waiting")]


def test_running_job_gets_follow_up_only_if_source_changed(stepped: Application) -> None:
    process_delivery(stepped, case_folder(2, "b", 2))
    trigger_automatic_aggregation(stepped)
    running = claim_job(stepped)
    trigger_automatic_aggregation(stepped)
    assert job_history(stepped, "snap-001")[1:] == [("auto", "running")]
    process_delivery(stepped, case_folder(3, "c", 2))
    trigger_automatic_aggregation(stepped)
    assert job_history(stepped, "snap-001")[1:] == [("auto", "running"), ("auto", "waiting")]
    complete_job(stepped, running)
    complete_waiting_jobs(stepped)
    assert values(document(stepped, "snap-001"))[RECEIVED] == 1 + 2 + 2


def test_automatic_job_cancels_no_requested_job(stepped: Application) -> None:
    requested = stepped.snapshots.invalidate("snap-001", "A reason", "someone").job_id
    process_delivery(stepped, case_folder(2, "b", 2))
    trigger_automatic_aggregation(stepped)
    assert stepped.jobs.get(requested).job_status == "waiting"
    running = claim_job(stepped)
    process_delivery(stepped, case_folder(3, "c", 2))
    trigger_automatic_aggregation(stepped)
    assert stepped.jobs.get(requested).job_status == "running"
    complete_job(stepped, running)
    assert job_history(stepped, "snap-001")[1:] == [("someone", "completed"), ("auto", "waiting")]


def test_invalidation_cancels_the_automatic_job(stepped: Application) -> None:
    process_delivery(stepped, case_folder(2, "b", 2))
    trigger_automatic_aggregation(stepped)
    stepped.snapshots.invalidate("snap-001", "A reason", "someone")
    assert job_history(stepped, "snap-001")[1:] == [("auto", "cancelled"), ("someone", "waiting")]


# When.


def scheduled(application: Application) -> list[tuple[str, float, float]]:
    """Return (organisation, quiet time, latest time) of the scheduled aggregations."""
    return application.database.read(
        lambda connection: connection.execute("SELECT * FROM scheduled_aggregation ORDER BY organization_id").fetchall()
    )


def test_delivery_extends_quiet_time_but_not_the_deadline(data_dir: Path) -> None:
    with open_application(
        data_dir, started=False, auto_aggregate=True, auto_quiet_seconds=5.0, auto_latest_seconds=60.0
    ) as application:
        began = time.time()
        process_delivery(application, case_folder(1, "a", 1))
        between = time.time()
        ((organization_id, quiet, latest),) = scheduled(application)
        assert organization_id == ORGANIZATION
        assert began + 5 <= quiet <= between + 5
        assert began + 60 <= latest <= between + 60
        process_delivery(application, case_folder(2, "a", 2))
        ((_, quiet, still),) = scheduled(application)
        assert between + 5 <= quiet <= time.time() + 5
        assert still == latest


def test_unchanged_delivery_schedules_nothing(data_dir: Path) -> None:
    with open_application(data_dir, started=False, auto_aggregate=True) as application:
        process_delivery(application, case_folder(1, "a", 1))
        application.database.write(lambda connection: connection.execute("DELETE FROM scheduled_aggregation"))
        process_delivery(application, case_folder(1, "a", 1))
        assert scheduled(application) == []


@pytest.mark.parametrize(("at", "due"), [(9.9, None), (10.0, ORGANIZATION), (21.0, ORGANIZATION)])
def test_aggregation_is_due_after_quiet_time_or_deadline(stepped: Application, at: float, due: str | None) -> None:
    for quiet, latest in ((10.0, 20.0), (25.0, 10.0)):
        stepped.database.write(
            lambda connection, quiet=quiet, latest=latest: jobs.schedule(connection, ORGANIZATION, quiet, latest)
        )
        assert stepped.database.read(lambda connection: jobs.next_due(connection, 5.0, 100.0)) == 10.0
        assert stepped.database.write(lambda connection: jobs.pop_due(connection, at, 100.0)) == due
        stepped.database.write(lambda connection: jobs.pop_due(connection, 100.0, 100.0))


def test_aggregation_is_not_due_during_an_import(stepped: Application) -> None:
    def pop_during_and_after(connection: Connection) -> tuple[str | None, str | None]:
        jobs.schedule(connection, ORGANIZATION, 1.0, 1.0)
        connection.execute("INSERT INTO import_lock VALUES (1, 1)")
        during = jobs.pop_due(connection, 2.0, 100.0)
        connection.execute("DELETE FROM import_lock")
        return during, jobs.pop_due(connection, 2.0, 100.0)

    assert stepped.database.write(pop_during_and_after) == (None, ORGANIZATION)


def test_worker_waits_for_the_quiet_time(data_dir: Path, service: SampleService) -> None:
    with open_application(
        data_dir, auto_aggregate=True, auto_quiet_seconds=0.4, auto_latest_seconds=60.0, open_periods=(Period(2024),)
    ) as application:
        began = time.time()
        deliver(application, service.folder(1, DAYS[0]))
        wait_until(lambda: snapshots(application, service) != [], "the first snapshot")
        assert time.time() >= began + 0.4
        wait_until_idle(application)


def test_worker_waits_no_longer_than_the_deadline(data_dir: Path, service: SampleService) -> None:
    with open_application(
        data_dir, auto_aggregate=True, auto_quiet_seconds=600.0, auto_latest_seconds=0.1, open_periods=(Period(2024),)
    ) as application:
        deliver(application, service.folder(1, DAYS[0]))
        wait_until_idle(application)
        assert len(snapshots(application, service)) == 1


def test_disabled_automatic_aggregation_schedules_nothing(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, DAYS[0]))
    assert scheduled(application) == []


def test_scheduled_aggregation_survives_a_restart(data_dir: Path, service: SampleService) -> None:
    """As after an import by the command line, which ends before the aggregation is due."""
    settings: dict[str, Any] = {"auto_aggregate": True, "auto_latest_seconds": 600.0, "open_periods": (Period(2024),)}
    with open_application(data_dir, auto_quiet_seconds=0.5, **settings) as application:
        deliver(application, service.folder(1, DAYS[0]))
    with open_application(data_dir, auto_quiet_seconds=0.5, **settings) as application:
        wait_until_idle(application)
        assert len(snapshots(application, service)) == 1
