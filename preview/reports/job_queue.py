"""Jobs: aggregations that wait, run and end. Each change is one transaction with its events.

`TRANSITIONS` is the one table of legal moves. A claim has an attempt number, and each later write of it requires that number:
a worker that was thought dead, or whose job was cancelled, finds its claim lost (`ClaimLost`) and writes nothing.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.errors import LeaseLost, NotFound
from preview.core.ids import format_job_id, format_snapshot_id, parse_job_id
from preview.core.periods import Period
from preview.events.log import AggregationCompleted, AggregationFailed, record
from preview.form.aggregation import Parameters, aggregate
from preview.form.sources import data_source, extract_day
from preview.model.resources import JobDocument, Value
from preview.reports.deviation_check import AggregationMetadata
from preview.reports.reconcile import AggregationInput, ReportConfig, changed_field_keys, current_input, data_updated_event, reconcile
from preview.reports.rendering import visible_values
from preview.reports.status import latest_completed_by_period
from preview.storage import audit, figures, jobs, organizations, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "waiting": frozenset({"running", "cancelled"}),
    "running": frozenset({"waiting", "completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""Status of a job -> statuses that it may have next."""

MAX_ATTEMPTS = 3
"""So often is a job claimed whose worker dies; then it fails."""

NO_SOURCE = "There is no source data for the period."
INTERRUPTED = f"The aggregation was interrupted {MAX_ATTEMPTS} times."


@dataclass(frozen=True)
class AggregationResult:
    """What an aggregation gives: values and data sources by key, auxiliaries too; `input_version` says what was read."""

    input_version: str
    values: dict[str, tuple[Value, str | None]]
    metadata: AggregationMetadata


def estimate_seconds(connection: Connection, cases: int) -> int:
    """Whole seconds until a job over so many cases completes, by past run times and what waits before it; at least 1 (contract 3d)."""
    seconds, past_cases = jobs.recent_run_totals(connection)
    seconds_per_case = seconds / past_cases if past_cases else 0.0001
    return max(1, math.ceil(seconds_per_case * (cases + jobs.open_case_count(connection))))


def enqueue(
    connection: Connection, snapshot: int, organization_id: str, period_id: str, *, actor: str, reason: str | None, automatic: bool
) -> JobRow:
    """A waiting job of the snapshot, in the caller's transaction."""
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
    """The next job that may run, or that one, now running under the worker, in the caller's transaction."""
    row = jobs.claim(connection, worker, format_rfc3339(now()), number)
    if row is not None and (aggregation_input := current_input(connection, row.organization_id, Period.parse(row.period_id))):
        jobs.set_input_version(connection, row.job, row.attempt, aggregation_input.input_version)
        return jobs.job(connection, row.job)
    return row


def aggregate_values(
    connection: Connection,
    report_config: ReportConfig,
    organization_id: str,
    period: Period,
    aggregation_input: AggregationInput,
    on_progress: Callable[[float], None],
) -> AggregationResult:
    """The 34 fields over one read transaction: the catalogue's SQL, and supplementary figures for what no case gives."""
    source = aggregation_input.selection.source
    day = extract_day(source)
    assert day is not None  # a source that was chosen has been read
    parameters = Parameters(
        source_id=source.source_id,
        format=source.format,
        year=source.year,
        first_day=period.first_day,
        last_day=period.last_day,
        extract_day=day,
    )
    source_name = data_source(source)
    computed = aggregate(connection, report_config.catalogue, parameters, on_progress)
    values: dict[str, tuple[Value, str | None]] = {key: (value, source_name) for key, value in computed.items()}
    for key, figure in figures.figures(connection, organization_id, str(period)).items():
        values[key] = figure
    metadata = AggregationMetadata(
        data_source=source_name,
        case_system=source.case_system,
        extract_at=source.last_extract_at,
        last_full_at=source.last_full_at,
        extract_day=day.isoformat(),
        is_incomplete=aggregation_input.selection.incomplete,
        findings=organizations.finding_count(connection, source.source_id),
        case_count=organizations.case_counts(connection, organization_id).get(source.source_id, 0),
    )
    return AggregationResult(aggregation_input.input_version, values, metadata)


class JobQueue:
    """The queue. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def get(self, job: str) -> JobDocument:
        """Raises `NotFound`."""
        number = parse_job_id(job)
        row = None if number is None else self._database.read(lambda connection: jobs.job(connection, number))
        if row is None:
            raise NotFound("There is no such job.")
        return job_document(row)

    def claim(self, worker: int) -> JobRow | None:
        """The next job that may run, now running under this worker; what it will read is noted with it (contract 3a)."""
        if self._database.read(jobs.next_runnable) is None:  # a look in vain takes no turn at the write lock
            return None
        return self._database.write(lambda connection: claim(connection, worker))

    def aggregate(self, job: JobRow, on_progress: Callable[[float], None]) -> AggregationResult | None:
        """Aggregates over one read transaction. None while the source is being read (contract S5). Raises `NotFound` without source."""
        period = Period.parse(job.period_id)

        def aggregate_period(connection: Connection) -> AggregationResult | None:
            aggregation_input = current_input(connection, job.organization_id, period)
            if aggregation_input is None:
                raise NotFound(NO_SOURCE)
            return (
                None
                if aggregation_input.is_importing
                else aggregate_values(connection, self._report_config, job.organization_id, period, aggregation_input, on_progress)
            )

        return self._database.read(aggregate_period)

    def set_progress(self, job: JobRow, completed: float) -> None:
        """Notes how far it is, 0..1; waits for nothing."""
        self._database.submit(lambda connection: jobs.set_progress(connection, job.job, job.attempt, completed))

    def release(self, job: JobRow) -> None:
        """Gives the claim back: the job waits again, or gives way to a follow-up that waits."""

        def release_claim(connection: Connection) -> None:
            if jobs.release(connection, job.job, job.attempt, format_rfc3339(now())):
                (waiting,) = jobs.list_open_for_snapshot(connection, job.snapshot)
                snapshots.set_last_job(connection, job.snapshot, waiting.job)

        self._database.write(release_claim)

    def complete(self, job: JobRow, result: AggregationResult, seconds: float) -> None:
        """Values, statuses, documents and events in one transaction. Raises `ClaimLost`."""

        def complete_job(connection: Connection) -> None:
            at = format_rfc3339(now())
            if not jobs.finish(connection, job.job, job.attempt, "completed", at, seconds=seconds):
                raise LeaseLost("The job was taken over or cancelled.")
            self._store_result(connection, job, result, at)
            reconcile(connection, self._report_config, job.organization_id, initiated_by_caller=(job.snapshot,))

        self._database.write(complete_job)

    def fail(self, job: JobRow, detail: str) -> None:
        """The snapshot keeps its last values, if it has any (contract 4c). Raises `ClaimLost`."""

        def fail_job(connection: Connection) -> None:
            at = format_rfc3339(now())
            if not jobs.finish(connection, job.job, job.attempt, "failed", at, detail=detail):
                raise LeaseLost("The job was taken over or cancelled.")
            event = AggregationFailed(**_snapshot_key(job), job_id=format_job_id(job.job), detail=detail, failed_at=at)
            record(connection, event, job.snapshot)
            audit.append(connection, [_audit_row(job, at, "failed", reason=detail)])
            reconcile(connection, self._report_config, job.organization_id, initiated_by_caller=(job.snapshot,))

        self._database.write(fail_job)

    def requeue_orphaned(self, is_alive: Callable[[int], bool]) -> None:
        """Gives back the jobs of workers that have died; one that died `MAX_ATTEMPTS` times fails."""
        for job in self._database.read(jobs.list_running):
            if job.worker is None or is_alive(job.worker):
                continue
            if job.attempt >= MAX_ATTEMPTS:
                with suppress(LeaseLost):  # another process was quicker
                    self.fail(job, INTERRUPTED)
            else:
                self.release(job)

    def _store_result(self, connection: Connection, job: JobRow, result: AggregationResult, at: str) -> None:
        report_config = self._report_config
        row = snapshots.snapshot(connection, job.snapshot)
        assert row is not None  # a deleted snapshot's jobs are cancelled with it
        old_values = snapshots.values(connection, job.snapshot)
        compared_values = old_values
        if not row.completion:
            replaced = latest_completed_by_period(snapshots.list_for_period(connection, row.organization_id, row.period_order)).get(
                row.period_id
            )
            compared_values = snapshots.values(connection, replaced.snapshot) if replaced else {}
        new_visible = visible_values(report_config.catalogue, result.values, report_config.suppress)
        changed = changed_field_keys(
            report_config.catalogue, visible_values(report_config.catalogue, compared_values, report_config.suppress), new_visible
        )
        snapshots.replace_values(connection, job.snapshot, result.values)
        snapshots.complete(connection, job.snapshot, at, result.input_version, msgspec.json.encode(result.metadata).decode())
        if changed:
            record(connection, data_updated_event(report_config.catalogue, changed, _snapshot_key(job), at), job.snapshot)
        record(connection, AggregationCompleted(**_snapshot_key(job), job_id=format_job_id(job.job), aggregated_at=at), job.snapshot)
        if row.completion:
            # Each replaced value is kept (contract 4a).
            audit.append(
                connection,
                [
                    _audit_row(
                        job,
                        at,
                        "replaced",
                        reason=job.reason,
                        field_key=key,
                        before=_value(old_values, key),
                        after=_value(result.values, key),
                    )
                    for key in (entry.key for entry in report_config.catalogue.entries)
                    if _value(old_values, key) != _value(result.values, key)
                ],
            )


def job_document(row: JobRow) -> JobDocument:
    """The job as the contract shows it."""
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


def _value(values: dict[str, tuple[Value, str | None]], key: str) -> Value:
    return values[key][0] if key in values else None


def _snapshot_key(job: JobRow) -> dict[str, str]:
    return {"snapshot_id": format_snapshot_id(job.snapshot), "organization_id": job.organization_id, "period_id": job.period_id}


def _audit_row(
    job: JobRow, at: str, action: str, *, reason: str | None = None, field_key: str | None = None, before: Value = None, after: Value = None
) -> AuditRow:
    return AuditRow(
        at=at,
        actor=job.requested_by,
        action=action,
        organization_id=job.organization_id,
        period_id=job.period_id,
        snapshot=job.snapshot,
        job=job.job,
        reason=reason,
        field_key=field_key,
        value_before=before,
        value_after=after,
    )
