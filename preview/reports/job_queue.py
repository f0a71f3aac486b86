"""Jobs: aggregations that wait, run and end. Each change is one transaction with its events.

`MOVES` is the one table of legal moves. A claim has an attempt number, and each later write of it requires that number:
a worker that was thought dead, or whose job was cancelled, finds its claim lost (`ClaimLost`) and writes nothing.
"""

import math
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from preview.core.clock import now, timestamp
from preview.core.errors import ClaimLost, NotFound
from preview.core.periods import Period
from preview.events.log import AggregationCompleted, AggregationFailed, record
from preview.form.aggregation import Parameters, aggregate
from preview.form.sources import data_source, extract_day
from preview.model.resources import JobDocument, Value, job_id, snapshot_id
from preview.reports.deviation_check import ReadFacts
from preview.reports.reconcile import Form, Reading, changed_keys, data_updated, reading_now, settle
from preview.reports.rendering import shown
from preview.reports.status import newest_completed
from preview.storage import audit, figures, jobs, organizations, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow

MOVES: Mapping[str, frozenset[str]] = {
    "waiting": frozenset({"running", "cancelled"}),
    "running": frozenset({"waiting", "completed", "failed", "cancelled"}),
    "completed": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""Status of a job -> statuses that it may have next."""

ATTEMPTS = 3
"""So often is a job claimed whose worker dies; then it fails."""

NO_SOURCE = "There is no source data for the period."
INTERRUPTED = f"The aggregation was interrupted {ATTEMPTS} times."


@dataclass(frozen=True)
class Result:
    """What an aggregation gives: values and data sources by key, auxiliaries too; `stamp` says what was read."""

    stamp: str
    values: dict[str, tuple[Value, str | None]]
    facts: ReadFacts


def estimate(connection: Connection, cases: int) -> int:
    """Whole seconds until a job over so many cases completes, by past run times and what waits before it; at least 1 (contract 3d)."""
    seconds, past_cases = jobs.past_runs(connection)
    per_case = seconds / past_cases if past_cases else 0.0001
    return max(1, math.ceil(per_case * (cases + jobs.open_cases(connection))))


def add(
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
        estimate=estimate(connection, cases),
        cases=cases,
        at=timestamp(now()),
    )
    snapshots.set_last_job(connection, snapshot, number)
    row = jobs.job(connection, number)
    assert row is not None
    return row


def claim(connection: Connection, worker: int, number: int | None = None) -> JobRow | None:
    """The next job that may run, or that one, now running under the worker, in the caller's transaction."""
    row = jobs.claim(connection, worker, timestamp(now()), number)
    if row is not None and (reading := reading_now(connection, row.organization_id, Period.parse(row.period_id))):
        jobs.set_stamp(connection, row.job, row.attempt, reading.stamp)
        return jobs.job(connection, row.job)
    return row


def read_values(
    connection: Connection, form: Form, organization_id: str, period: Period, reading: Reading, on_progress: Callable[[float], None]
) -> Result:
    """The 34 fields over one read transaction: the catalogue's SQL, and supplementary figures for what no case gives."""
    source = reading.choice.source
    day = extract_day(source)
    assert day is not None  # a source that was chosen has been read
    parameters = Parameters(kilde=source.kilde, format=source.format, aar=source.year, fra=period.first, til=period.last, uttrekk=day)
    supplier = data_source(source)
    computed = aggregate(connection, form.catalogue, parameters, on_progress)
    values: dict[str, tuple[Value, str | None]] = {key: (value, supplier) for key, value in computed.items()}
    for key, figure in figures.figures(connection, organization_id, str(period)).items():
        values[key] = figure
    facts = ReadFacts(
        data_source=supplier,
        fagsystem=source.fagsystem,
        uttrekk=source.siste_uttrekk,
        siste_fulle=source.siste_fulle,
        extract_day=day.isoformat(),
        ufullstendig=reading.choice.ufullstendig,
        funn=organizations.finding_count(connection, source.kilde),
        case_count=organizations.case_counts(connection, organization_id).get(source.kilde, 0),
    )
    return Result(reading.stamp, values, facts)


class Jobs:
    """The queue. All methods block: call them on a thread."""

    def __init__(self, database: Database, form: Form) -> None:
        self._database = database
        self._form = form

    def document(self, job: str) -> JobDocument:
        """Raises `NotFound`."""
        match = re.fullmatch(r"job-agg-([0-9]{3,18})", job)
        row = self._database.read(lambda connection: jobs.job(connection, int(match[1]))) if match else None
        if row is None or job_id(row.job) != job:
            raise NotFound("There is no such job.")
        return job_document(row)

    def claim(self, worker: int) -> JobRow | None:
        """The next job that may run, now running under this worker; what it will read is noted with it (contract 3a)."""
        if self._database.read(jobs.next_free) is None:  # a look in vain takes no turn at the write lock
            return None
        return self._database.write(lambda connection: claim(connection, worker))

    def read(self, job: JobRow, on_progress: Callable[[float], None]) -> Result | None:
        """Aggregates over one read transaction. None while the source is being read (contract S5). Raises `NotFound` without source."""
        period = Period.parse(job.period_id)

        def work(connection: Connection) -> Result | None:
            reading = reading_now(connection, job.organization_id, period)
            if reading is None:
                raise NotFound(NO_SOURCE)
            return None if reading.being_read else read_values(connection, self._form, job.organization_id, period, reading, on_progress)

        return self._database.read(work)

    def progress(self, job: JobRow, completed: float) -> None:
        """Notes how far it is, 0..1; waits for nothing."""
        self._database.submit(lambda connection: jobs.set_progress(connection, job.job, job.attempt, completed))

    def release(self, job: JobRow) -> None:
        """Gives the claim back: the job waits again, or gives way to a follow-up that waits."""

        def work(connection: Connection) -> None:
            if jobs.release(connection, job.job, job.attempt, timestamp(now())):
                (waiting,) = jobs.open_of_snapshot(connection, job.snapshot)
                snapshots.set_last_job(connection, job.snapshot, waiting.job)

        self._database.write(work)

    def complete(self, job: JobRow, result: Result, seconds: float) -> None:
        """Values, statuses, documents and events in one transaction. Raises `ClaimLost`."""

        def work(connection: Connection) -> None:
            at = timestamp(now())
            if not jobs.end(connection, job.job, job.attempt, "completed", at, seconds=seconds):
                raise ClaimLost("The job was taken over or cancelled.")
            self._write_result(connection, job, result, at)
            settle(connection, self._form, job.organization_id, own=(job.snapshot,))

        self._database.write(work)

    def fail(self, job: JobRow, detail: str) -> None:
        """The snapshot keeps its last values, if it has any (contract 4c). Raises `ClaimLost`."""

        def work(connection: Connection) -> None:
            at = timestamp(now())
            if not jobs.end(connection, job.job, job.attempt, "failed", at, detail=detail):
                raise ClaimLost("The job was taken over or cancelled.")
            failed = AggregationFailed(**_place(job), job_id=job_id(job.job), detail=detail, failed_at=at)
            record(connection, failed, job.snapshot)
            audit.append(connection, [_audit(job, at, "failed", reason=detail)])
            settle(connection, self._form, job.organization_id, own=(job.snapshot,))

        self._database.write(work)

    def reclaim(self, is_alive: Callable[[int], bool]) -> None:
        """Gives back the jobs of workers that have died; one that died `ATTEMPTS` times fails."""
        for job in self._database.read(jobs.running):
            if job.worker is None or is_alive(job.worker):
                continue
            if job.attempt >= ATTEMPTS:
                with suppress(ClaimLost):  # another process was quicker
                    self.fail(job, INTERRUPTED)
            else:
                self.release(job)

    def _write_result(self, connection: Connection, job: JobRow, result: Result, at: str) -> None:
        form = self._form
        row = snapshots.snapshot(connection, job.snapshot)
        assert row is not None  # a deleted snapshot's jobs are cancelled with it
        before = snapshots.values(connection, job.snapshot)
        compared = before
        if not row.completion:
            replaced = newest_completed(snapshots.of_period(connection, row.organization_id, row.period_order)).get(row.period_id)
            compared = snapshots.values(connection, replaced.snapshot) if replaced else {}
        shown_now = shown(form.catalogue, result.values, form.suppress)
        changed = changed_keys(form.catalogue, shown(form.catalogue, compared, form.suppress), shown_now)
        snapshots.put_values(connection, job.snapshot, result.values)
        snapshots.complete(connection, job.snapshot, at, result.stamp, msgspec.json.encode(result.facts).decode())
        if changed:
            record(connection, data_updated(form.catalogue, changed, _place(job), at), job.snapshot)
        record(connection, AggregationCompleted(**_place(job), job_id=job_id(job.job), aggregated_at=at), job.snapshot)
        if row.completion:
            # Each replaced value is kept (contract 4a).
            audit.append(
                connection,
                [
                    _audit(
                        job, at, "replaced", reason=job.reason, field_key=key, before=_value(before, key), after=_value(result.values, key)
                    )
                    for key in (entry.key for entry in form.catalogue.entries)
                    if _value(before, key) != _value(result.values, key)
                ],
            )


def job_document(row: JobRow) -> JobDocument:
    """The job as the contract shows it."""
    return JobDocument(
        job_id=job_id(row.job),
        snapshot_id=snapshot_id(row.snapshot),
        organization_id=row.organization_id,
        period_id=row.period_id,
        job_status=row.job_status,  # pyright: ignore[reportArgumentType]  (a key of MOVES)
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


def _place(job: JobRow) -> dict[str, str]:
    return {"snapshot_id": snapshot_id(job.snapshot), "organization_id": job.organization_id, "period_id": job.period_id}


def _audit(
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
        verdi_before=before,
        verdi_after=after,
    )
