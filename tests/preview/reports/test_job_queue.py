"""Jobs step by step: repeated requests (rules 3a, 3b), invalidation of a running job (4b), lost and released claims."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.core.errors import LeaseLost, NotFound, ValidationError
from preview.runtime.application import Application
from preview.storage.jobs import JobRow
from tests.builders.case_records import case_folder
from tests.support.manual_worker import (
    ORGANIZATION,
    claim_job,
    complete_job,
    complete_waiting_jobs,
    process_delivery,
    trigger_automatic_aggregation,
)
from tests.support.pipeline import document, event_types, events, open_application, values

RECEIVED = "antall_meldinger_mottatt"


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """Open an application with one case of one melding in 2024; the test is its worker."""
    with open_application(data_dir, started=False) as opened:
        process_delivery(opened, case_folder(1, "a", 1))
        yield opened


def post(application: Application, *, force: bool = False) -> tuple[str, str]:
    """Request an aggregation; return the ids of the snapshot and the job."""
    requested, _ = application.snapshots.request(ORGANIZATION, "2024", force, "someone")
    return requested.snapshot_id, requested.job_id


def status(application: Application, job: str) -> str:
    """Return the status of a job."""
    return application.jobs.get(job).job_status


def completed_snapshot(application: Application) -> str:
    """Return the id of a completed snapshot."""
    snapshot, _ = post(application)
    complete_waiting_jobs(application)
    return snapshot


# POST.


@pytest.mark.parametrize("force", [False, True])
def test_repeated_request_returns_the_same_job(application: Application, force: bool) -> None:
    first = post(application)
    assert post(application, force=force) == first
    claim_job(application)
    assert post(application, force=force) == first
    assert complete_waiting_jobs(application) == []


def test_request_adds_follow_up_if_source_changed_since_start(application: Application) -> None:
    snapshot, first = post(application)
    running = claim_job(application)
    process_delivery(application, case_folder(2, "b", 2))
    assert post(application)[0] == snapshot
    _, follow_up = post(application)
    assert follow_up != first
    assert post(application, force=True) == (snapshot, follow_up)
    complete_job(application, running)
    between = document(application, snapshot)
    assert (between.snapshot_status, status(application, first)) == ("processing", "completed")
    assert complete_waiting_jobs(application) == ["2024"]
    after = document(application, snapshot)
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", True, 1 + 2)
    assert event_types(events(application)).count("aggregation_completed") == 2


def test_waiting_job_gets_no_follow_up(application: Application) -> None:
    """A waiting job will read the new data anyway."""
    first = post(application)
    process_delivery(application, case_folder(2, "b", 2))
    assert post(application) == first
    complete_waiting_jobs(application)
    assert values(document(application, first[0]))[RECEIVED] == 1 + 2


def test_overtaken_job_completes_with_a_stale_snapshot(application: Application) -> None:
    """Rule S4."""
    snapshot, _ = post(application)
    running = claim_job(application)
    result = application.jobs.aggregate(running, lambda _: None)
    assert result is not None
    process_delivery(application, case_folder(2, "b", 2))
    application.jobs.complete(running, result, 0.1)
    after = document(application, snapshot)
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", False, 1)


def test_request_returns_a_valid_snapshot_without_a_job(application: Application) -> None:
    snapshot, job = post(application)
    complete_waiting_jobs(application)
    position = application.event_log.last_event_id()
    requested, runs = application.snapshots.request(ORGANIZATION, "2024", False, "someone")
    assert (requested.snapshot_id, requested.job_id, runs) == (snapshot, job, False)
    assert (requested.estimated_completion_seconds, requested.snapshot_status) == (0, "current")
    assert requested.aggregated_at == document(application, snapshot).aggregated_at
    assert application.event_log.last_event_id() == position


@pytest.mark.parametrize("cause", ["forced", "stale", "invalidated"])
def test_old_snapshot_stays_current_until_new_one_completes(application: Application, cause: str) -> None:
    snapshot = completed_snapshot(application)
    if cause == "stale":
        process_delivery(application, case_folder(2, "b", 2))
    if cause == "invalidated":
        application.snapshots.invalidate(snapshot, "A reason", "someone")
        application.jobs.fail(claim_job(application), "It failed.")
    new, _ = post(application, force=cause == "forced")
    assert new != snapshot
    assert document(application, snapshot).snapshot_status == "current"
    assert document(application, new).snapshot_status == "processing"
    complete_waiting_jobs(application)
    assert document(application, snapshot).snapshot_status == "historical"
    assert document(application, new).snapshot_status == "current"


def test_failed_new_snapshot_leaves_the_old_one_unchanged(application: Application) -> None:
    snapshot = completed_snapshot(application)
    before = application.snapshots.get(snapshot).body
    new, job = post(application, force=True)
    application.jobs.fail(claim_job(application), "It failed.")
    assert application.snapshots.get(snapshot).body == before
    assert document(application, new).snapshot_status == "failed"
    assert (status(application, job), application.jobs.get(job).detail) == ("failed", "It failed.")
    assert post(application) == (snapshot, post(application)[1])


def test_request_without_source_data_creates_nothing(application: Application) -> None:
    """The source has no data after March 2024."""
    position = application.event_log.last_event_id()
    for organization_id, period in ((ORGANIZATION, "2025"), ("org-nowhere", "2024")):
        with pytest.raises(ValidationError) as error:
            application.snapshots.request(organization_id, period, True, "someone")
        assert [field_error.pointer for field_error in error.value.field_errors] == [
            "/period_id" if period == "2025" else "/organization_id"
        ]
    assert application.snapshots.page(None, None, None, 1, 10)[1] == 0
    assert application.event_log.last_event_id() == position


def test_estimate_grows_with_source_size_and_queue(application: Application) -> None:
    completed_snapshot(application)
    job = application.jobs.get("job-agg-001")
    assert (job.estimated_completion_seconds, job.ended_at is not None) == (0, True)
    application.database.write(lambda connection: connection.execute("UPDATE job SET seconds = 10, cases = 1"))
    first = application.snapshots.request(ORGANIZATION, "2024", True, "someone")[0].estimated_completion_seconds
    second = application.snapshots.request(ORGANIZATION, "2024-H1", True, "someone")[0].estimated_completion_seconds
    assert (first, second) == (10, 20)
    process_delivery(application, *(case_folder(2, name, 1) for name in "bcd"))
    assert application.snapshots.request(ORGANIZATION, "2023", True, "someone")[0].estimated_completion_seconds == 60


# PUT.


@pytest.mark.parametrize("runs", [True, False])
def test_invalidation_replaces_the_open_job(application: Application, runs: bool) -> None:
    snapshot, first = post(application)
    running = claim_job(application) if runs else None
    second = application.snapshots.invalidate(snapshot, "A reason", "someone").job_id
    assert (status(application, first), status(application, second)) == ("cancelled", "waiting")
    if running is not None:
        assert_lease_lost(application, running)
    assert complete_waiting_jobs(application) == ["2024"]
    assert status(application, second) == "completed"


def assert_lease_lost(application: Application, job: JobRow) -> None:
    """Check that no operation with the claim writes anything."""
    position = application.event_log.last_event_id()
    result = application.jobs.aggregate(job, lambda _: None)
    assert result is not None
    with pytest.raises(LeaseLost):
        application.jobs.complete(job, result, 0.1)
    with pytest.raises(LeaseLost):
        application.jobs.fail(job, "It failed.")
    application.jobs.release(job)
    application.jobs.set_progress(job, 0.5)
    assert application.event_log.last_event_id() == position


def test_invalidated_snapshot_is_never_filled_with_older_data(application: Application) -> None:
    snapshot = completed_snapshot(application)
    application.snapshots.invalidate(snapshot, "First", "someone")
    running = claim_job(application)
    result = application.jobs.aggregate(running, lambda _: None)
    assert result is not None
    process_delivery(application, case_folder(2, "b", 2))
    application.snapshots.invalidate(snapshot, "Second", "someone")
    with pytest.raises(LeaseLost):
        application.jobs.complete(running, result, 0.1)
    between = document(application, snapshot)
    assert (between.snapshot_status, between.cache_valid, values(between)[RECEIVED]) == ("processing", False, 1)
    complete_waiting_jobs(application)
    after = document(application, snapshot)
    assert (after.snapshot_status, after.cache_valid, values(after)[RECEIVED]) == ("current", True, 1 + 2)


def test_deleted_snapshot_is_not_restored_by_its_job(application: Application) -> None:
    snapshot, job = post(application)
    running = claim_job(application)
    application.snapshots.delete(snapshot, "someone")
    assert status(application, job) == "cancelled"
    assert_lease_lost(application, running)
    with pytest.raises(NotFound):
        application.snapshots.get(snapshot)


# Claims given back.


def test_released_job_waits_again(application: Application) -> None:
    _, job = post(application)
    first = claim_job(application)
    application.jobs.release(first)
    assert (status(application, job), application.jobs.get(job).started_at) == ("waiting", None)
    second = claim_job(application)
    assert (second.job, second.attempt) == (first.job, first.attempt + 1)
    assert_lease_lost(application, first)
    complete_job(application, second)


def test_follow_up_replaces_a_released_job(application: Application) -> None:
    snapshot, first = post(application)
    running = claim_job(application)
    process_delivery(application, case_folder(2, "b", 2))
    _, second = post(application)
    application.jobs.release(running)
    assert (status(application, first), status(application, second)) == ("cancelled", "waiting")
    complete_waiting_jobs(application)
    assert document(application, snapshot).snapshot_status == "current"


def test_automatic_follow_up_never_replaces_requested_job(application: Application) -> None:
    """Otherwise the requested job would be cancelled, and the snapshot would no longer be processing."""
    snapshot = completed_snapshot(application)
    requested = application.snapshots.invalidate(snapshot, "A reason", "someone").job_id
    running = claim_job(application)
    process_delivery(application, case_folder(2, "b", 2))
    trigger_automatic_aggregation(application)
    automatic = f"job-agg-{int(requested.removeprefix('job-agg-')) + 1:03}"
    assert (status(application, automatic), application.jobs.get(automatic).requested_by) == ("waiting", "auto")
    application.jobs.release(running)
    assert (status(application, requested), status(application, automatic)) == ("waiting", "cancelled")
    assert document(application, snapshot).snapshot_status == "processing"
    complete_waiting_jobs(application)
    assert (status(application, requested), values(document(application, snapshot))[RECEIVED]) == ("completed", 1 + 2)
    assert post(application) == (snapshot, requested)


def test_job_waits_during_an_import_of_its_source(application: Application) -> None:
    """A job that was claimed just before the import waits too."""
    _, job = post(application)
    running = claim_job(application)
    application.database.write(lambda connection: connection.execute("INSERT INTO import_lock VALUES (1, 1)"))
    assert application.jobs.aggregate(running, lambda _: None) is None
    application.jobs.release(running)
    assert application.jobs.claim(application.worker_id) is None
    assert status(application, job) == "waiting"


def test_poll_without_runnable_job_takes_no_write_lock(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction of a large delivery wakes the workers, also those whose jobs wait for its end."""
    post(application)
    application.database.write(lambda connection: connection.execute("INSERT INTO import_lock VALUES (1, 1)"))
    monkeypatch.setattr(application.database, "submit", lambda _: pytest.fail("it took the write lock"))  # pyright: ignore[reportUnknownLambdaType]
    assert application.jobs.claim(application.worker_id) is None


def test_requested_jobs_run_before_automatic_jobs(application: Application) -> None:
    completed_snapshot(application)
    process_delivery(application, case_folder(2, "b", 2))
    trigger_automatic_aggregation(application)
    application.snapshots.request(ORGANIZATION, "2023", True, "someone")
    assert [claim_job(application).requested_by for _ in range(2)] == ["someone", "auto"]


@pytest.mark.parametrize("job", ["job-agg-999", "job-agg-0001", "job-agg-1", "job-001", ""])
def test_unknown_job_id_raises_not_found(application: Application, job: str) -> None:
    post(application)
    with pytest.raises(NotFound):
        application.jobs.get(job)


def test_job_knows_which_fields_it_replaced(application: Application) -> None:
    snapshot = completed_snapshot(application)
    first = application.jobs.get(application.previews.read(ORGANIZATION).completed_job.job_id)  # pyright: ignore[reportOptionalMemberAccess]
    assert application.jobs.replaced_fields(first.job_id) == set()
    unchanged = application.snapshots.invalidate(snapshot, "A check", "someone", None).job_id
    complete_waiting_jobs(application)
    assert application.jobs.replaced_fields(unchanged) == set()
    process_delivery(application, case_folder(2, "a", 2))
    changed = application.snapshots.invalidate(snapshot, "Two meldinger", "someone", None).job_id
    complete_waiting_jobs(application)
    assert RECEIVED in application.jobs.replaced_fields(changed)
    completed = application.previews.read(ORGANIZATION).completed_job
    assert completed is not None
    assert (completed.job_id, completed.requested_by, completed.reason) == (changed, "someone", "Two meldinger")
    with pytest.raises(NotFound):
        application.jobs.replaced_fields("job-agg-999")
