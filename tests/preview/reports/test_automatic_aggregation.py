"""Automatic aggregation (contract S6), by the real worker with short times, and step by step where a moment is to be looked at."""

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from preview.core.clock import today
from preview.core.periods import Period
from preview.model.resources import Summary
from preview.reports.job_queue import Jobs
from preview.runtime.application import Application
from preview.storage import audit, jobs
from preview.storage.database import Connection
from tests.builders.case_records import mappe
from tests.builders.services import Service
from tests.support.manual_worker import ORGANIZATION, claim, complete, take, time_comes, work_off
from tests.support.pipeline import aggregate, deliver, document, events, kinds, opened, until, values, wait_for_job

RECEIVED = "antall_meldinger_mottatt"
DAYS = [f"2024-05-{day:02}" for day in range(1, 10)]


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Generator[Application]:
    """It aggregates at once; 2024 is its only open period."""
    folder: Path = tmp_path_factory.mktemp("quick")
    with opened(folder, auto_aggregate=True, auto_quiet_seconds=0.0, open_periods=(Period(2024),)) as application:
        yield application


@pytest.fixture
def stepped(data_dir: Path) -> Generator[Application]:
    """Worked by hand: one case of one melding in 2024, and a completed snapshot of 2024."""
    with opened(data_dir, started=False) as application:
        take(application, mappe(1, "a", 1))
        application.snapshots.request(ORGANIZATION, "2024", False, "someone")
        work_off(application)
        yield application


def settled(application: Application) -> None:
    """Waits until nothing is due, and no job waits or runs."""

    def nothing_left(connection: Connection) -> bool:
        return jobs.next_due(connection) is None and not connection.execute("SELECT 1 FROM job WHERE ended_at IS NULL").fetchone()

    until(lambda: application.database.read(nothing_left), "automatic aggregation")
    assert application.faults() == []


def snapshots(application: Application, service: Service) -> list[Summary]:
    """Of the service, newest period first."""
    return application.snapshots.page(service.organization_id, None, None, 1, 100)[0]


def asked_by(application: Application, snapshot_id: str) -> list[tuple[str, str]]:
    """(requested by, status) of the snapshot's jobs, oldest first."""
    number = int(snapshot_id.removeprefix("snap-"))
    return application.database.read(
        lambda connection: connection.execute(
            "SELECT requested_by, job_status FROM job WHERE snapshot = ? ORDER BY job", (number,)
        ).fetchall()
    )


# First snapshots.


def test_the_first_data_of_an_open_period_make_its_first_snapshot(quick: Application, service: Service) -> None:
    place = quick.events.newest()
    deliver(quick, service.folder(1, DAYS[0], ["2023-03-01", "2024-03-01"]))
    settled(quick)
    (only,) = snapshots(quick, service)
    assert (only.period_id, only.snapshot_status, only.cache_valid) == ("2024", "current", True)
    assert asked_by(quick, only.snapshot_id) == [("auto", "completed")]
    assert kinds(events(quick, place)) == ["source_received", "snapshot_created", "data_updated", "aggregation_completed"]
    rows = quick.database.read(lambda connection: audit.of_snapshot(connection, int(only.snapshot_id.removeprefix("snap-"))))
    assert [(row.actor, row.action) for row in rows] == [("auto", "requested")]


def test_without_data_for_an_open_period_none_is_made(quick: Application, service: Service) -> None:
    deliver(quick, service.folder(1, "2023-12-31", ["2023-03-01"]))
    settled(quick)
    assert snapshots(quick, service) == []
    deliver(quick, service.folder(1, "2024-01-01", ["2023-03-01"]))
    settled(quick)
    assert [row.period_id for row in snapshots(quick, service)] == ["2024"]


def test_this_year_and_the_last_are_open_where_no_other_are_named(data_dir: Path, service: Service) -> None:
    this_year = today().year
    with opened(data_dir, auto_aggregate=True, auto_quiet_seconds=0.0) as application:
        deliver(application, service.folder(1, f"{this_year}-01-01"))
        settled(application)
        assert [row.period_id for row in snapshots(application, service)] == [str(this_year), str(this_year - 1)]


def test_what_a_person_has_deleted_is_never_made_again_until_a_person_asks_for_it(quick: Application, service: Service) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    settled(quick)
    quick.snapshots.delete(snapshots(quick, service)[0].snapshot_id, "someone")
    for step, day in enumerate(DAYS[1:3], 2):
        deliver(quick, service.folder(step, day, ["2024-03-01"]))
        settled(quick)
        assert snapshots(quick, service) == []
    asked = aggregate(quick, service.organization_id, "2024").snapshot_id
    deliver(quick, service.folder(4, DAYS[3], ["2024-03-01"]))
    settled(quick)
    (only,) = snapshots(quick, service)
    assert (only.snapshot_id, only.cache_valid) == (asked, True)
    assert asked_by(quick, asked) == [("test", "completed"), ("auto", "completed")]


def test_deleting_one_of_several_of_a_period_is_remembered_too(quick: Application, service: Service) -> None:
    deliver(quick, service.folder(1, DAYS[0]))
    settled(quick)
    aggregate(quick, service.organization_id, "2024", force=True)
    for row in snapshots(quick, service):
        quick.snapshots.delete(row.snapshot_id, "someone")
    deliver(quick, service.folder(1, DAYS[1], ["2024-03-01"]))
    settled(quick)
    assert snapshots(quick, service) == []


# What becomes stale.


def test_the_newest_completed_snapshot_of_each_period_follows_its_source(quick: Application, service: Service) -> None:
    """It keeps its id; older ones of the period are history."""
    deliver(quick, service.folder(1, DAYS[0], ["2023-03-01", "2024-03-01"]))
    settled(quick)
    (first,) = snapshots(quick, service)
    second = aggregate(quick, service.organization_id, "2024", force=True).snapshot_id
    prior = aggregate(quick, service.organization_id, "2023").snapshot_id
    deliver(quick, service.folder(2, DAYS[1], ["2023-03-01", "2024-03-01"]))
    settled(quick)
    found = {row.snapshot_id: (row.snapshot_status, row.cache_valid) for row in snapshots(quick, service)}
    assert found == {second: ("current", True), first.snapshot_id: ("historical", True), prior: ("historical", True)}
    assert [values(document(quick, each))[RECEIVED] for each in (first.snapshot_id, second, prior)] == [1, 2, 2]
    assert [len(asked_by(quick, each)) for each in (first.snapshot_id, second, prior)] == [1, 2, 2]


def test_figures_make_it_follow_too(quick: Application, service: Service) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2023-03-01", "2024-03-01"]))
    settled(quick)
    prior = aggregate(quick, service.organization_id, "2023").snapshot_id
    deliver(quick, service.figures("2024,antall_arsverk,7,"))
    settled(quick)
    current = snapshots(quick, service)[0]
    assert (current.cache_valid, values(document(quick, current.snapshot_id))["antall_arsverk"]) == (True, 7)
    assert len(asked_by(quick, prior)) == 1


def test_a_delivery_that_changes_nothing_makes_no_job(quick: Application, service: Service) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    settled(quick)
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    settled(quick)
    assert len(asked_by(quick, snapshots(quick, service)[0].snapshot_id)) == 1


def test_what_a_person_has_invalidated_is_left_to_people(quick: Application, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failed job of a PUT leaves it invalid: that is no staleness by its source."""
    deliver(quick, service.folder(1, DAYS[0]))
    settled(quick)
    snapshot = snapshots(quick, service)[0].snapshot_id
    with monkeypatch.context() as broken:
        broken.setattr(Jobs, "read", lambda *_: 1 / 0)
        wait_for_job(quick, quick.snapshots.invalidate(snapshot, "A reason", "someone").job_id)
    deliver(quick, service.figures("2023,antall_arsverk,7,"))
    settled(quick)
    assert asked_by(quick, snapshot) == [("auto", "completed"), ("someone", "failed")]
    assert not document(quick, snapshot).cache_valid


def test_failed_ones_are_tried_again_by_people_only(quick: Application, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(quick, service.folder(1, DAYS[0], ["2024-03-01"]))
    settled(quick)
    snapshot = snapshots(quick, service)[0].snapshot_id
    with monkeypatch.context() as broken:
        broken.setattr(Jobs, "read", lambda *_: 1 / 0)
        deliver(quick, service.folder(2, DAYS[1], ["2024-03-01"]))
        settled(quick)
    failed = document(quick, snapshot)
    assert (failed.snapshot_status, failed.cache_valid, values(failed)[RECEIVED]) == ("current", False, 1)
    deliver(quick, service.figures("2023,antall_arsverk,7,"))  # its organisation is due again, the snapshot's source is as it was
    settled(quick)
    assert asked_by(quick, snapshot) == [("auto", "completed"), ("auto", "failed")]
    wait_for_job(quick, quick.snapshots.invalidate(snapshot, "Try again", "someone").job_id)
    assert values(document(quick, snapshot))[RECEIVED] == 2


def test_a_first_one_that_failed_is_not_made_again(quick: Application, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Jobs, "read", lambda *_: 1 / 0)
        deliver(quick, service.folder(1, DAYS[0]))
        settled(quick)
    deliver(quick, service.folder(2, DAYS[1], ["2024-03-01"]))
    settled(quick)
    (only,) = snapshots(quick, service)
    assert (only.snapshot_status, asked_by(quick, only.snapshot_id)) == ("failed", [("auto", "failed")])


# An automatic job beside the statuses and other jobs.


def test_it_changes_no_status_of_a_snapshot_with_values(stepped: Application) -> None:
    take(stepped, mappe(2, "b", 2))
    stale = stepped.snapshots.document("snap-001").body
    assert document(stepped, "snap-001").cache_valid is False
    place = stepped.events.newest()
    time_comes(stepped)
    job = claim(stepped)
    assert (job.automatic, job.requested_by, job.snapshot) == (1, "auto", 1)
    assert stepped.snapshots.document("snap-001").body == stale
    assert stepped.events.newest() == place
    complete(stepped, job)
    after = document(stepped, "snap-001")
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", True, 1 + 2)
    assert kinds(events(stepped, place)) == ["data_updated", "aggregation_completed"]


def test_at_most_one_waits(stepped: Application) -> None:
    for step in (2, 3, 4):
        take(stepped, mappe(step, f"{step}", 2))
        time_comes(stepped)
        time_comes(stepped)
    assert asked_by(stepped, "snap-001") == [("someone", "completed"), ("auto", "waiting")]


def test_one_that_runs_is_followed_only_where_the_source_has_changed_since(stepped: Application) -> None:
    take(stepped, mappe(2, "b", 2))
    time_comes(stepped)
    running = claim(stepped)
    time_comes(stepped)
    assert asked_by(stepped, "snap-001")[1:] == [("auto", "running")]
    take(stepped, mappe(3, "c", 2))
    time_comes(stepped)
    assert asked_by(stepped, "snap-001")[1:] == [("auto", "running"), ("auto", "waiting")]
    complete(stepped, running)
    work_off(stepped)
    assert values(document(stepped, "snap-001"))[RECEIVED] == 1 + 2 + 2


def test_it_cancels_nothing(stepped: Application) -> None:
    asked = stepped.snapshots.invalidate("snap-001", "A reason", "someone").job_id
    take(stepped, mappe(2, "b", 2))
    time_comes(stepped)
    assert stepped.jobs.document(asked).job_status == "waiting"
    running = claim(stepped)
    take(stepped, mappe(3, "c", 2))
    time_comes(stepped)
    assert stepped.jobs.document(asked).job_status == "running"
    complete(stepped, running)
    assert asked_by(stepped, "snap-001")[1:] == [("someone", "completed"), ("auto", "waiting")]


def test_a_put_cancels_it(stepped: Application) -> None:
    take(stepped, mappe(2, "b", 2))
    time_comes(stepped)
    stepped.snapshots.invalidate("snap-001", "A reason", "someone")
    assert asked_by(stepped, "snap-001")[1:] == [("auto", "cancelled"), ("someone", "waiting")]


# When.


def due(application: Application) -> list[tuple[str, float, float]]:
    """(organisation, when quiet, at the latest)."""
    return application.database.read(lambda connection: connection.execute("SELECT * FROM due ORDER BY organization_id").fetchall())


def test_each_delivery_puts_off_the_quiet_time_and_not_the_latest(data_dir: Path) -> None:
    with opened(data_dir, started=False, auto_aggregate=True, auto_quiet_seconds=5.0, auto_latest_seconds=60.0) as application:
        began = time.time()
        take(application, mappe(1, "a", 1))
        between = time.time()
        ((organization_id, quiet, latest),) = due(application)
        assert organization_id == ORGANIZATION
        assert began + 5 <= quiet <= between + 5
        assert began + 60 <= latest <= between + 60
        take(application, mappe(2, "a", 2))
        ((_, quiet, still),) = due(application)
        assert between + 5 <= quiet <= time.time() + 5
        assert still == latest


def test_a_delivery_that_changes_nothing_makes_nothing_due(data_dir: Path) -> None:
    with opened(data_dir, started=False, auto_aggregate=True) as application:
        take(application, mappe(1, "a", 1))
        application.database.write(lambda connection: connection.execute("DELETE FROM due"))
        take(application, mappe(1, "a", 1))
        assert due(application) == []


@pytest.mark.parametrize(("at", "taken"), [(9.9, []), (10.0, [ORGANIZATION]), (21.0, [ORGANIZATION])])
def test_it_is_due_when_quiet_or_at_the_latest(stepped: Application, at: float, taken: list[str]) -> None:
    for quiet, latest in ((10.0, 20.0), (25.0, 10.0)):
        stepped.database.write(lambda connection, quiet=quiet, latest=latest: jobs.put_due(connection, ORGANIZATION, quiet, latest))
        assert stepped.database.read(jobs.next_due) == 10.0
        assert stepped.database.write(lambda connection: jobs.take_due(connection, at)) == taken
        stepped.database.write(lambda connection: jobs.take_due(connection, 100.0))


def test_it_waits_while_the_source_is_being_read(stepped: Application) -> None:
    def work(connection: Connection) -> tuple[list[str], list[str]]:
        jobs.put_due(connection, ORGANIZATION, 1.0, 1.0)
        connection.execute("INSERT INTO lesing VALUES (1, 1)")
        during = jobs.take_due(connection, 2.0)
        connection.execute("DELETE FROM lesing")
        return during, jobs.take_due(connection, 2.0)

    assert stepped.database.write(work) == ([], [ORGANIZATION])


def test_the_worker_waits_for_the_quiet_time(data_dir: Path, service: Service) -> None:
    with opened(
        data_dir, auto_aggregate=True, auto_quiet_seconds=0.4, auto_latest_seconds=60.0, open_periods=(Period(2024),)
    ) as application:
        began = time.time()
        deliver(application, service.folder(1, DAYS[0]))
        until(lambda: snapshots(application, service) != [], "the first snapshot")
        assert time.time() >= began + 0.4
        settled(application)


def test_the_worker_waits_no_longer_than_the_latest(data_dir: Path, service: Service) -> None:
    with opened(
        data_dir, auto_aggregate=True, auto_quiet_seconds=600.0, auto_latest_seconds=0.1, open_periods=(Period(2024),)
    ) as application:
        deliver(application, service.folder(1, DAYS[0]))
        settled(application)
        assert len(snapshots(application, service)) == 1


def test_where_it_is_switched_off_nothing_is_due(application: Application, service: Service) -> None:
    deliver(application, service.folder(1, DAYS[0]))
    assert due(application) == []


def test_what_is_due_outlives_a_restart(data_dir: Path, service: Service) -> None:
    """As when the command line imports, and ends before the time has come."""
    settings: dict[str, Any] = {"auto_aggregate": True, "auto_latest_seconds": 600.0, "open_periods": (Period(2024),)}
    with opened(data_dir, auto_quiet_seconds=0.5, **settings) as application:
        deliver(application, service.folder(1, DAYS[0]))
    with opened(data_dir, auto_quiet_seconds=0.5, **settings) as application:
        settled(application)
        assert len(snapshots(application, service)) == 1
