"""Queue of aggregation jobs: enqueue, claim, aggregate, complete or fail.

Each change and its events are one transaction. `TRANSITIONS` is the only table of legal status changes. A claim has an
attempt number, and every later write of the claim requires that number: a worker that was presumed dead, or whose job
was cancelled, gets `LeaseLost` and writes nothing.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress

from preview.core.clock import format_rfc3339, now
from preview.core.errors import LeaseLost, NotFound
from preview.core.ids import format_job_id, format_snapshot_id, parse_job_id
from preview.core.periods import Period
from preview.events.log import AggregationFailed, record, snapshot_key
from preview.model.resources import JobDocument
from preview.reports.aggregation_input import current_input
from preview.reports.aggregation_result import AggregationResult, aggregate_values, job_audit_row, store_result
from preview.reports.reconcile import ReportConfig, reconcile
from preview.storage import audit, jobs, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow
from preview.storage.removal import erasure

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "waiting": frozenset({"running", "cancelled"}),
    "running": frozenset({"waiting", "completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""Status of a job -> statuses that can follow it."""

MAX_ATTEMPTS = 3
"""A job whose worker crashed this many times fails."""

NO_SOURCE = "There is no source data for the period."
INTERRUPTED = f"The aggregation was interrupted {MAX_ATTEMPTS} times."


def estimate_seconds(connection: Connection, cases: int) -> int:
    """Estimate when a job will complete, from past run times and the jobs that wait (rule 3d, docs/api.md).

    Args:
        connection: A transaction.
        cases: Number of cases that the job reads.

    Returns:
        Whole seconds, at least 1.
    """
    seconds, past_cases = jobs.recent_run_totals(connection)
    seconds_per_case = seconds / past_cases if past_cases else 0.0001
    return max(1, math.ceil(seconds_per_case * (cases + jobs.open_case_count(connection))))


def enqueue(
    connection: Connection,
    snapshot: int,
    organization_id: str,
    period_id: str,
    *,
    actor: str,
    reason: str | None,
    automatic: bool,
) -> JobRow:
    """Insert a waiting job for a snapshot, in the caller's transaction.

    Args:
        connection: The caller's write transaction.
        snapshot: Number of the snapshot that the job fills.
        organization_id: The snapshot's organisation.
        period_id: The snapshot's period.
        actor: Who requested the job; `auto` for an automatic one.
        reason: The reason of a PUT, or None.
        automatic: Whether the job was started by a delivery rather than requested (rule S6).

    Returns:
        The row of the new job.
    """
    cases = sum(organizations.case_counts(connection, organization_id).values())
    number = jobs.insert(
        connection,
        snapshot,
        organization_id,
        period_id,
        automatic=automatic,
        actor=actor,
        reason=reason,
        estimate=estimate_seconds(connection, cases),
        cases=cases,
        at=format_rfc3339(now()),
    )
    snapshots.set_last_job(connection, snapshot, number)
    row = jobs.job(connection, number)
    assert row is not None
    return row


def claim(connection: Connection, worker: int, number: int | None = None) -> JobRow | None:
    """Claim the next runnable job, or the job with that number, for a worker, in the caller's transaction.

    Args:
        connection: The caller's write transaction.
        worker: Id of the worker that will run the job.
        number: Number of a job; None for the next runnable one.

    Returns:
        The running job, or None if no job is runnable.
    """
    row = jobs.claim(connection, worker, format_rfc3339(now()), number)
    if row is not None and (
        aggregation_input := current_input(connection, row.organization_id, Period.parse(row.period_id))
    ):
        jobs.set_input_version(connection, row.job, row.attempt, aggregation_input.input_version)
        return jobs.job(connection, row.job)
    return row


class JobQueue:
    """The queue of one store. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def get(self, job: str) -> JobDocument:
        """Return a job as the API shows it.

        Raises:
            NotFound: If there is no job with that id.
        """
        return job_document(self._database.read(lambda connection: _get_visible(connection, job)))

    def replaced_fields(self, job: str) -> set[str]:
        """Return the keys of the fields whose values a job replaced by others; empty for the first job of a snapshot.

        Raises:
            NotFound: If there is no job with that id.
        """

        def read_replaced(connection: Connection) -> set[str]:
            row = _get_visible(connection, job)
            keys = audit.replaced_fields(connection, row.snapshot, row.job)
            return keys & {field.field_key for field in self._report_config.catalogue.fields}

        return self._database.read(read_replaced)

    def claim(self, worker: int) -> JobRow | None:
        """Claim the next runnable job for a worker, and store the version of the source that it will read (rule 3a).

        Args:
            worker: Id of the worker.

        Returns:
            The running job, or None if no job is runnable.
        """
        if self._database.read(jobs.next_runnable) is None:  # a poll of an empty queue must not take the write lock
            return None
        return self._database.write(lambda connection: claim(connection, worker))

    def aggregate(self, job: JobRow, on_progress: Callable[[float], None]) -> AggregationResult | None:
        """Aggregate the job's period over one read transaction.

        Args:
            job: A claimed job.
            on_progress: Is called with the completed part, 0..1.

        Returns:
            The result, or None while the source is being imported (rule S5).

        Raises:
            NotFound: If no source supplies the period.
        """
        period = Period.parse(job.period_id)

        def aggregate_period(connection: Connection) -> AggregationResult | None:
            aggregation_input = current_input(connection, job.organization_id, period)
            if aggregation_input is None:
                raise NotFound(NO_SOURCE)
            return (
                None
                if aggregation_input.is_importing
                else aggregate_values(
                    connection, self._report_config, job.organization_id, period, aggregation_input, on_progress
                )
            )

        return self._database.read(aggregate_period)

    def set_progress(self, job: JobRow, completed: float) -> None:
        """Store the completed part of a running job, 0..1, without waiting for the commit."""
        self._database.submit(lambda connection: jobs.set_progress(connection, job.job, job.attempt, completed))

    def release(self, job: JobRow) -> None:
        """Return a claimed job to the queue; a waiting follow-up job of the same snapshot takes its place."""

        def release_claim(connection: Connection) -> None:
            if jobs.release(connection, job.job, job.attempt, format_rfc3339(now())):
                (waiting,) = jobs.list_open_for_snapshot(connection, job.snapshot)
                snapshots.set_last_job(connection, job.snapshot, waiting.job)

        self._database.write(release_claim)

    def complete(self, job: JobRow, result: AggregationResult, seconds: float) -> None:
        """Store the values of an aggregation, reconcile, and append the events, in one transaction.

        Args:
            job: The claimed job.
            result: What `aggregate` returned.
            seconds: Run time, for later estimates.

        Raises:
            LeaseLost: If the job was taken over or cancelled.
        """

        def complete_job(connection: Connection) -> None:
            at = format_rfc3339(now())
            if not jobs.finish(connection, job.job, job.attempt, "completed", at, seconds=seconds):
                raise LeaseLost("The job was taken over or cancelled.")
            store_result(connection, self._report_config, job, result, at)
            reconcile(connection, self._report_config, job.organization_id, initiated_by_caller=(job.snapshot,))

        self._database.write(complete_job)

    def fail(self, job: JobRow, detail: str) -> None:
        """End a job as failed. The snapshot keeps the values it had (rule 4c).

        Args:
            job: The claimed job.
            detail: One sentence for people, without case data.

        Raises:
            LeaseLost: If the job was taken over or cancelled.
        """

        def fail_job(connection: Connection) -> None:
            at = format_rfc3339(now())
            if not jobs.finish(connection, job.job, job.attempt, "failed", at, detail=detail):
                raise LeaseLost("The job was taken over or cancelled.")
            event = AggregationFailed(**snapshot_key(job), job_id=format_job_id(job.job), detail=detail, failed_at=at)
            failed = job_audit_row(job, at, "failed", event=record(connection, event, job.snapshot), reason=detail)
            audit.append(connection, [failed])
            reconcile(connection, self._report_config, job.organization_id, initiated_by_caller=(job.snapshot,))

        self._database.write(fail_job)

    def requeue_orphaned(self, is_alive: Callable[[int], bool]) -> None:
        """Requeue running jobs of workers that are no longer alive; fail a job that has used up its attempts.

        Args:
            is_alive: Tells whether the worker with that id is alive.
        """
        for job in self._database.read(jobs.list_running):
            if job.worker is None or is_alive(job.worker):
                continue
            if job.attempt >= MAX_ATTEMPTS:
                with suppress(LeaseLost):  # another process has requeued or failed it first
                    self.fail(job, INTERRUPTED)
            else:
                self.release(job)


def _get_visible(connection: Connection, job: str) -> JobRow:
    number = parse_job_id(job)
    row = None if number is None else jobs.job(connection, number)
    if row is None or erasure.is_being_erased(connection, row.organization_id):
        raise NotFound("There is no such job.")
    return row


def job_document(row: JobRow) -> JobDocument:
    """Return the job as the API shows it (Jobs, docs/api.md)."""
    return JobDocument(
        job_id=format_job_id(row.job),
        snapshot_id=format_snapshot_id(row.snapshot),
        organization_id=row.organization_id,
        period_id=row.period_id,
        job_status=row.job_status,  # pyright: ignore[reportArgumentType]  (a key of TRANSITIONS)
        requested_by=row.requested_by,
        reason=row.reason,
        completed=row.completed,
        estimated_completion_seconds=row.estimate if row.ended_at is None else 0,
        detail=row.detail,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )
