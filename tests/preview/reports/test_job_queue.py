"""Jobs step by step: a POST of what runs already (contract 3a, 3b), a PUT of what runs (4b), claims lost and given back."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.core.errors import ClaimLost, Invalid, NotFound
from preview.runtime.application import Application
from preview.storage.jobs import JobRow
from tests.builders.case_records import mappe
from tests.support.manual_worker import ORGANIZATION, claim, complete, take, time_comes, work_off
from tests.support.pipeline import document, events, kinds, opened, values

RECEIVED = "antall_meldinger_mottatt"


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """With one case of one melding in 2024, worked by hand."""
    with opened(data_dir, started=False) as made:
        take(made, mappe(1, "a", 1))
        yield made


def post(application: Application, *, force: bool = False) -> tuple[str, str]:
    """(snapshot, job) of the answer."""
    requested, _ = application.snapshots.request(ORGANIZATION, "2024", force, "someone")
    return requested.snapshot_id, requested.job_id


def status(application: Application, job: str) -> str:
    """Of a job."""
    return application.jobs.document(job).job_status


def made(application: Application) -> str:
    """A completed snapshot."""
    snapshot, _ = post(application)
    work_off(application)
    return snapshot


# POST.


@pytest.mark.parametrize("force", [False, True])
def test_two_clicks_make_one_job(application: Application, force: bool) -> None:
    first = post(application)
    assert post(application, force=force) == first
    claim(application)
    assert post(application, force=force) == first
    assert work_off(application) == []


def test_a_follow_up_where_the_source_has_changed_since_it_began_to_read(application: Application) -> None:
    snapshot, first = post(application)
    running = claim(application)
    take(application, mappe(2, "b", 2))
    assert post(application)[0] == snapshot
    _, follow_up = post(application)
    assert follow_up != first
    assert post(application, force=True) == (snapshot, follow_up)
    complete(application, running)
    between = document(application, snapshot)
    assert (between.snapshot_status, status(application, first)) == ("processing", "completed")
    assert work_off(application) == ["2024"]
    after = document(application, snapshot)
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", True, 1 + 2)
    assert kinds(events(application)).count("aggregation_completed") == 2


def test_no_follow_up_of_a_job_that_has_not_begun(application: Application) -> None:
    """It will read what the delivery has brought."""
    first = post(application)
    take(application, mappe(2, "b", 2))
    assert post(application) == first
    work_off(application)
    assert values(document(application, first[0]))[RECEIVED] == 1 + 2


def test_a_job_that_was_overtaken_completes_and_is_stale_at_once(application: Application) -> None:
    """Contract S4."""
    snapshot, _ = post(application)
    running = claim(application)
    result = application.jobs.read(running, lambda _: None)
    assert result is not None
    take(application, mappe(2, "b", 2))
    application.jobs.complete(running, result, 0.1)
    after = document(application, snapshot)
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", False, 1)


def test_a_valid_snapshot_is_answered_as_it_is(application: Application) -> None:
    snapshot, job = post(application)
    work_off(application)
    place = application.events.newest()
    requested, runs = application.snapshots.request(ORGANIZATION, "2024", False, "someone")
    assert (requested.snapshot_id, requested.job_id, runs) == (snapshot, job, False)
    assert (requested.estimated_completion_seconds, requested.snapshot_status) == (0, "current")
    assert requested.aggregated_at == document(application, snapshot).aggregated_at
    assert application.events.newest() == place


@pytest.mark.parametrize("why", ["forced", "stale", "invalidated"])
def test_else_a_new_one_is_made_and_the_old_one_keeps_its_status_until_then(application: Application, why: str) -> None:
    snapshot = made(application)
    if why == "stale":
        take(application, mappe(2, "b", 2))
    if why == "invalidated":
        application.snapshots.invalidate(snapshot, "A reason", "someone")
        application.jobs.fail(claim(application), "It failed.")
    new, _ = post(application, force=why == "forced")
    assert new != snapshot
    assert document(application, snapshot).snapshot_status == "current"
    assert document(application, new).snapshot_status == "processing"
    work_off(application)
    assert document(application, snapshot).snapshot_status == "historical"
    assert document(application, new).snapshot_status == "current"


def test_where_the_new_one_fails_nothing_else_changes(application: Application) -> None:
    snapshot = made(application)
    before = application.snapshots.document(snapshot).body
    new, job = post(application, force=True)
    application.jobs.fail(claim(application), "It failed.")
    assert application.snapshots.document(snapshot).body == before
    assert document(application, new).snapshot_status == "failed"
    assert (status(application, job), application.jobs.document(job).detail) == ("failed", "It failed.")
    assert post(application) == (snapshot, post(application)[1])


def test_without_source_nothing_is_made(application: Application) -> None:
    """The data end in March 2024."""
    place = application.events.newest()
    for organization_id, period in ((ORGANIZATION, "2025"), ("org-nowhere", "2024")):
        with pytest.raises(Invalid) as error:
            application.snapshots.request(organization_id, period, True, "someone")
        assert [fault.pointer for fault in error.value.faults] == ["/period_id" if period == "2025" else "/organization_id"]
    assert application.snapshots.page(None, None, None, 1, 10)[1] == 0
    assert application.events.newest() == place


def test_the_estimate_grows_with_the_source_and_with_what_waits(application: Application) -> None:
    made(application)
    job = application.jobs.document("job-agg-001")
    assert (job.estimated_completion_seconds, job.ended_at is not None) == (0, True)
    application.database.write(lambda connection: connection.execute("UPDATE job SET seconds = 10, cases = 1"))
    first = application.snapshots.request(ORGANIZATION, "2024", True, "someone")[0].estimated_completion_seconds
    second = application.snapshots.request(ORGANIZATION, "2024-H1", True, "someone")[0].estimated_completion_seconds
    assert (first, second) == (10, 20)
    take(application, *(mappe(2, name, 1) for name in "bcd"))
    assert application.snapshots.request(ORGANIZATION, "2023", True, "someone")[0].estimated_completion_seconds == 60


# PUT.


@pytest.mark.parametrize("runs", [True, False])
def test_a_put_replaces_the_job_that_waits_or_runs(application: Application, runs: bool) -> None:
    snapshot, first = post(application)
    running = claim(application) if runs else None
    second = application.snapshots.invalidate(snapshot, "A reason", "someone").job_id
    assert (status(application, first), status(application, second)) == ("cancelled", "waiting")
    if running is not None:
        lost(application, running)
    assert work_off(application) == ["2024"]
    assert status(application, second) == "completed"


def lost(application: Application, job: JobRow) -> None:
    """Whatever is done with the claim, nothing is written."""
    place = application.events.newest()
    result = application.jobs.read(job, lambda _: None)
    assert result is not None
    with pytest.raises(ClaimLost):
        application.jobs.complete(job, result, 0.1)
    with pytest.raises(ClaimLost):
        application.jobs.fail(job, "It failed.")
    application.jobs.release(job)
    application.jobs.progress(job, 0.5)
    assert application.events.newest() == place


def test_the_result_of_a_put_is_of_data_no_older_than_it(application: Application) -> None:
    snapshot = made(application)
    application.snapshots.invalidate(snapshot, "First", "someone")
    running = claim(application)
    result = application.jobs.read(running, lambda _: None)
    assert result is not None
    take(application, mappe(2, "b", 2))
    application.snapshots.invalidate(snapshot, "Second", "someone")
    with pytest.raises(ClaimLost):
        application.jobs.complete(running, result, 0.1)
    between = document(application, snapshot)
    assert (between.snapshot_status, between.cache_valid, values(between)[RECEIVED]) == ("processing", False, 1)
    work_off(application)
    after = document(application, snapshot)
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", True, 1 + 2)


def test_a_deleted_snapshot_is_not_brought_back_by_its_job(application: Application) -> None:
    snapshot, job = post(application)
    running = claim(application)
    application.snapshots.delete(snapshot, "someone")
    assert status(application, job) == "cancelled"
    lost(application, running)
    with pytest.raises(NotFound):
        application.snapshots.document(snapshot)


# Claims given back.


def test_a_claim_that_is_given_back_waits_again(application: Application) -> None:
    _, job = post(application)
    first = claim(application)
    application.jobs.release(first)
    assert (status(application, job), application.jobs.document(job).started_at) == ("waiting", None)
    second = claim(application)
    assert (second.job, second.attempt) == (first.job, first.attempt + 1)
    lost(application, first)
    complete(application, second)


def test_a_follow_up_takes_the_place_of_a_claim_that_is_given_back(application: Application) -> None:
    snapshot, first = post(application)
    running = claim(application)
    take(application, mappe(2, "b", 2))
    _, second = post(application)
    application.jobs.release(running)
    assert (status(application, first), status(application, second)) == ("cancelled", "waiting")
    work_off(application)
    assert document(application, snapshot).snapshot_status == "current"


def test_an_automatic_follow_up_does_not_take_the_place_of_what_a_person_asked_for(application: Application) -> None:
    """Whoever asked would see it cancelled, and the snapshot would not be processing any more."""
    snapshot = made(application)
    asked = application.snapshots.invalidate(snapshot, "A reason", "someone").job_id
    running = claim(application)
    take(application, mappe(2, "b", 2))
    time_comes(application)
    automatic = f"job-agg-{int(asked.removeprefix('job-agg-')) + 1:03}"
    assert (status(application, automatic), application.jobs.document(automatic).requested_by) == ("waiting", "auto")
    application.jobs.release(running)
    assert (status(application, asked), status(application, automatic)) == ("waiting", "cancelled")
    assert document(application, snapshot).snapshot_status == "processing"
    work_off(application)
    assert (status(application, asked), values(document(application, snapshot))[RECEIVED]) == ("completed", 1 + 2)
    assert post(application) == (snapshot, asked)


def test_a_job_waits_while_its_source_is_being_read(application: Application) -> None:
    """Also one that was claimed just before."""
    _, job = post(application)
    running = claim(application)
    application.database.write(lambda connection: connection.execute("INSERT INTO lesing VALUES (1, 1)"))
    assert application.jobs.read(running, lambda _: None) is None
    application.jobs.release(running)
    assert application.jobs.claim(application.worker_number) is None
    assert status(application, job) == "waiting"


def test_a_look_in_vain_takes_no_turn_at_the_write_lock(application: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each transaction of a large delivery wakes the workers, also those whose job waits for it to end."""
    post(application)
    application.database.write(lambda connection: connection.execute("INSERT INTO lesing VALUES (1, 1)"))
    monkeypatch.setattr(application.database, "submit", lambda _: pytest.fail("it asked for the write lock"))  # pyright: ignore[reportUnknownLambdaType]
    assert application.jobs.claim(application.worker_number) is None


def test_jobs_that_were_asked_for_come_first(application: Application) -> None:
    made(application)
    take(application, mappe(2, "b", 2))
    time_comes(application)
    application.snapshots.request(ORGANIZATION, "2023", True, "someone")
    assert [claim(application).requested_by for _ in range(2)] == ["someone", "auto"]


@pytest.mark.parametrize("job", ["job-agg-999", "job-agg-0001", "job-agg-1", "job-001", ""])
def test_an_unknown_job(application: Application, job: str) -> None:
    post(application)
    with pytest.raises(NotFound):
        application.jobs.document(job)
