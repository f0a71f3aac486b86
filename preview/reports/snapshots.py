"""Snapshots: listed, shown, asked for, invalidated and deleted (contract 1 to 5). Each change is one transaction with its events."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from preview.core.clock import now, timestamp
from preview.core.errors import Fault, Invalid, NotFound, PreconditionFailed
from preview.core.periods import Period
from preview.events.log import CacheInvalidated, SnapshotCreated, SnapshotDeleted, record
from preview.model.resources import Deleted, Invalidated, Requested, Summary, job_id, snapshot_id
from preview.reports.job_queue import NO_SOURCE, add
from preview.reports.reconcile import Form, reading_now, settle
from preview.reports.status import newest_completed
from preview.storage import audit, events, jobs, organizations, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow
from preview.storage.snapshots import SnapshotRow

REASON_LENGTH = 500
_CACHED = 512


@dataclass(frozen=True)
class Rendered:
    """A document as bytes with its strong ETag (quoted), and the place in the event log that it reflects (contract H1)."""

    body: bytes
    etag: str
    place: int


class Snapshots:
    """All methods but `document_now` block: call them on a thread."""

    def __init__(self, database: Database, form: Form) -> None:
        self._database = database
        self._form = form
        self._cache: OrderedDict[str, tuple[int, Rendered]] = OrderedDict()

    def page(
        self, organization_id: str | None, period_id: str | None, snapshot_status: str | None, page: int, limit: int
    ) -> tuple[list[Summary], int, int]:
        """(a page from 1, how many there are, place in the event log)."""

        def work(connection: Connection) -> tuple[list[Summary], int, int]:
            rows, total = snapshots.page(connection, organization_id, period_id, snapshot_status, limit, (page - 1) * limit)
            summaries = [
                Summary(
                    snapshot_id=snapshot_id(row.snapshot),
                    organization_id=row.organization_id,
                    organization_name=row.organization_name,
                    period_id=row.period_id,
                    snapshot_status=row.snapshot_status,  # pyright: ignore[reportArgumentType]  (a key of MOVES)
                    field_count=len(self._form.catalogue.fields),
                    populated_field_count=row.populated,
                    cache_valid=bool(row.cache_valid),
                    aggregated_at=row.aggregated_at,
                )
                for row in rows
            ]
            return summaries, total, events.newest(connection)

        return self._database.read(work)

    def document(self, snapshot: str) -> Rendered:
        """Raises `NotFound`."""
        version = self._database.version()

        def work(connection: Connection) -> Rendered:
            found = snapshots.document(connection, _number(snapshot))
            if found is None:
                raise NotFound("There is no such snapshot.")
            return Rendered(found[0], found[1], events.newest(connection))

        rendered = self._database.read(work)
        self._cache[snapshot] = (version, rendered)
        self._cache.move_to_end(snapshot)
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return rendered

    def document_now(self, snapshot: str) -> Rendered | None:
        """The document from memory, where nobody has committed anything since it was read; waits for nothing."""
        cached = self._cache.get(snapshot)
        return cached[1] if cached is not None and cached[0] == self._database.version() else None

    def request(self, organization_id: str, period_id: str, force: bool, actor: str) -> tuple[Requested, bool]:
        """POST (contract 3): (answer, whether a job of it waits or runs). Raises `Invalid` for an unknown organisation or no source."""
        period = Period.parse(period_id)

        def work(connection: Connection) -> tuple[Requested, bool]:
            if organizations.organization(connection, organization_id) is None:
                raise Invalid("There is no such organisation.", [Fault("/organization_id", "is not known")])
            rows = snapshots.of_period(connection, organization_id, period.order)
            if rows and rows[0].snapshot_status == "processing":
                return _requested(rows[0], self._job_of(connection, rows[0], actor)), True
            newest = newest_completed(rows).get(period_id)
            if newest is not None and newest.cache_valid and not force:
                return _requested(newest, None), False
            if reading_now(connection, organization_id, period) is None:
                raise Invalid(NO_SOURCE, [Fault("/period_id", "the organisation has no source data for it")])
            snapshots.forget_deleted(connection, organization_id, period_id)
            row, job = create(connection, self._form, organization_id, period, actor, automatic=False)
            return _requested(row, job), True

        return self._database.write(work)

    def invalidate(self, snapshot: str, reason: str, actor: str, if_match: str | None = None) -> Invalidated:
        """PUT (contract 4). Raises `NotFound`, `PreconditionFailed`, and `Invalid` where the reason is empty or too long."""
        if not reason.strip() or len(reason) > REASON_LENGTH:
            raise Invalid("A reason is required.", [Fault("/reason", f"must have 1 to {REASON_LENGTH} characters")])

        def work(connection: Connection) -> Invalidated:
            row = _existing(connection, snapshot, if_match)
            at = timestamp(now())
            jobs.cancel_open(connection, row.snapshot, at)
            snapshots.set_invalidated(connection, row.snapshot)
            job = add(connection, row.snapshot, row.organization_id, row.period_id, actor=actor, reason=reason, automatic=False)
            record(connection, CacheInvalidated(**_place(row), reason=reason, invalidated_at=at), row.snapshot)
            audit.append(connection, [_audit(row, at, actor, "invalidated", job=job.job, reason=reason)])
            settle(connection, self._form, row.organization_id, own=(row.snapshot,))
            return Invalidated(
                **_place(row),
                snapshot_status="processing",
                cache_valid=False,
                invalidation_reason=reason,
                job_id=job_id(job.job),
                invalidated_at=at,
            )

        return self._database.write(work)

    def delete(self, snapshot: str, actor: str, if_match: str | None = None) -> Deleted:
        """DELETE (contract 5). Raises `NotFound`, `PreconditionFailed`."""

        def work(connection: Connection) -> Deleted:
            row = _existing(connection, snapshot, if_match)
            snapshots.remember_deleted(connection, row.organization_id, row.period_id)
            remove(connection, row, actor)
            settle(connection, self._form, row.organization_id)
            return Deleted(deleted=True, snapshot_id=snapshot_id(row.snapshot), cache_cleared=True)

        return self._database.write(work)

    def deleted_by(self, snapshot: str) -> str | None:
        """Who deleted it, where the audit trail still tells."""
        rows = self._database.read(lambda connection: audit.of_snapshot(connection, _number(snapshot)))
        return next((row.actor for row in rows if row.action == "deleted"), None)

    def _job_of(self, connection: Connection, row: SnapshotRow, actor: str) -> JobRow:
        """The job that answers a POST of a processing snapshot (contract 3a): a follow-up where the running one reads what has changed since."""
        open_jobs = jobs.open_of_snapshot(connection, row.snapshot)
        waiting = next((job for job in open_jobs if job.job_status == "waiting"), None)
        running = next((job for job in open_jobs if job.job_status == "running"), None)
        if running is None:
            assert waiting is not None  # or it would not be processing
            return waiting
        reading = reading_now(connection, row.organization_id, Period.parse(row.period_id))
        if reading is None or (not reading.being_read and reading.stamp == running.stamp):
            return running
        if waiting is None:
            waiting = add(connection, row.snapshot, row.organization_id, row.period_id, actor=actor, reason=None, automatic=False)
        return waiting


def create(
    connection: Connection, form: Form, organization_id: str, period: Period, actor: str, *, automatic: bool
) -> tuple[SnapshotRow, JobRow]:
    """A new snapshot with its job, in the caller's transaction (contract 3c)."""
    at = timestamp(now())
    number = snapshots.insert(connection, organization_id, str(period), period.order, at)
    job = add(connection, number, organization_id, str(period), actor=actor, reason=None, automatic=automatic)
    row = snapshots.snapshot(connection, number)
    assert row is not None
    record(connection, SnapshotCreated(**_place(row), job_id=job_id(job.job), created_at=at), number)
    audit.append(connection, [_audit(row, at, actor, "requested", job=job.job)])
    settle(connection, form, organization_id, own=(number,))
    return row, job


def remove(connection: Connection, row: SnapshotRow, actor: str) -> None:
    """The snapshot is gone, and its jobs with it; what follows from that, the caller settles."""
    at = timestamp(now())
    jobs.cancel_open(connection, row.snapshot, at)
    snapshots.delete(connection, row.snapshot)
    record(connection, SnapshotDeleted(**_place(row), deleted_at=at), row.snapshot)
    audit.append(connection, [_audit(row, at, actor, "deleted")])


def matches(if_match: str | None, etag: str) -> bool:
    """Whether `If-Match` (or `If-None-Match`) names the document: strong comparison (RFC 9110 8.8.3.2)."""
    return if_match is None or if_match.strip() == "*" or etag in re.findall(r'(?:W/)?"[^"]*"', if_match)


def _existing(connection: Connection, snapshot: str, if_match: str | None) -> SnapshotRow:
    row = snapshots.snapshot(connection, _number(snapshot))
    if row is None:
        raise NotFound("There is no such snapshot.")
    if not matches(if_match, row.etag or ""):
        raise PreconditionFailed("The snapshot has changed since.")
    return row


def _number(snapshot: str) -> int:
    match = re.fullmatch(r"snap-([0-9]{3,18})", snapshot)
    if match is None or snapshot_id(int(match[1])) != snapshot:
        raise NotFound("There is no such snapshot.")
    return int(match[1])


def _requested(row: SnapshotRow, job: JobRow | None) -> Requested:
    return Requested(
        **_place(row),
        snapshot_status="processing" if job else row.snapshot_status,  # pyright: ignore[reportArgumentType]  (a key of MOVES)
        job_id=job_id(job.job if job else row.last_job),
        estimated_completion_seconds=job.estimate if job else 0,
        aggregated_at=row.aggregated_at,
        created_at=row.created_at,
    )


def _place(row: SnapshotRow) -> dict[str, str]:
    return {"snapshot_id": snapshot_id(row.snapshot), "organization_id": row.organization_id, "period_id": row.period_id}


def _audit(row: SnapshotRow, at: str, actor: str, action: str, *, job: int | None = None, reason: str | None = None) -> AuditRow:
    return AuditRow(
        at=at,
        actor=actor,
        action=action,
        organization_id=row.organization_id,
        period_id=row.period_id,
        snapshot=row.snapshot,
        job=job,
        reason=reason,
    )


def automatic(connection: Connection, form: Form, organization_id: str, open_periods: Sequence[Period]) -> None:
    """What is to be aggregated by itself once an organisation's source has changed (contract S6), in the caller's transaction."""
    rows = snapshots.of_organization(connection, organization_id)
    for row in newest_completed(rows).values():
        reading = reading_now(connection, organization_id, Period.parse(row.period_id))
        open_jobs = jobs.open_of_snapshot(connection, row.snapshot)
        last = jobs.last_of_snapshot(connection, row.snapshot)
        if (
            reading is None
            or reading.stamp == row.stamp
            or any(job.job_status == "waiting" or job.stamp == reading.stamp for job in open_jobs)
        ):
            continue
        if last is not None and last.job_status == "failed" and last.stamp == reading.stamp:
            continue  # failed ones are tried again by people only
        add(connection, row.snapshot, organization_id, row.period_id, actor="auto", reason=None, automatic=True)
    known = {row.period_id for row in rows} | snapshots.deleted_periods(connection, organization_id)
    for period in open_periods:
        if str(period) not in known and reading_now(connection, organization_id, period) is not None:
            create(connection, form, organization_id, period, "auto", automatic=True)
    settle(connection, form, organization_id)
