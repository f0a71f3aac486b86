"""Snapshots: listed, shown, asked for, invalidated and deleted (contract 1 to 5). Each change is one transaction with its events."""

import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from preview.core.clock import format_rfc3339, now
from preview.core.errors import FieldError, NotFound, PreconditionFailed, ValidationError
from preview.core.ids import format_job_id, format_snapshot_id, parse_snapshot_id
from preview.core.periods import Period
from preview.events.log import CacheInvalidated, SnapshotCreated, SnapshotDeleted, record
from preview.model.resources import (
    MAX_REASON_LENGTH,
    SnapshotDeletion,
    SnapshotInvalidated,
    SnapshotRequested,
    SnapshotSummary,
)
from preview.reports.job_queue import NO_SOURCE, enqueue
from preview.reports.reconcile import ReportConfig, current_input, reconcile
from preview.reports.status import latest_completed_by_period
from preview.storage import audit, events, jobs, organizations, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.jobs import JobRow
from preview.storage.snapshots import SnapshotRow

_CACHE_SIZE = 512


@dataclass(frozen=True)
class RenderedDocument:
    """A document as bytes with its strong ETag (quoted), and the place in the event log that it reflects (contract H1)."""

    body: bytes
    etag: str
    position: int


class Snapshots:
    """All methods but `cached_document` block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config
        self._cache: OrderedDict[str, tuple[int, RenderedDocument]] = OrderedDict()

    def page(
        self, organization_id: str | None, period_id: str | None, snapshot_status: str | None, page: int, limit: int
    ) -> tuple[list[SnapshotSummary], int, int]:
        """(a page from 1, how many there are, place in the event log)."""

        def load_page(connection: Connection) -> tuple[list[SnapshotSummary], int, int]:
            rows, total = snapshots.page(connection, organization_id, period_id, snapshot_status, limit, (page - 1) * limit)
            summaries = [
                SnapshotSummary(
                    snapshot_id=format_snapshot_id(row.snapshot),
                    organization_id=row.organization_id,
                    organization_name=row.organization_name,
                    period_id=row.period_id,
                    snapshot_status=row.snapshot_status,  # pyright: ignore[reportArgumentType]  (a key of TRANSITIONS)
                    field_count=len(self._report_config.catalogue.fields),
                    populated_field_count=row.populated,
                    cache_valid=bool(row.cache_valid),
                    aggregated_at=row.aggregated_at,
                )
                for row in rows
            ]
            return summaries, total, events.last_event_id(connection)

        return self._database.read(load_page)

    def get(self, snapshot: str) -> RenderedDocument:
        """Raises `NotFound`."""
        version = self._database.data_version()

        def load_document(connection: Connection) -> RenderedDocument:
            document = snapshots.document(connection, _snapshot_number(snapshot))
            if document is None:
                raise NotFound("There is no such snapshot.")
            return RenderedDocument(document[0], document[1], events.last_event_id(connection))

        rendered = self._database.read(load_document)
        self._cache[snapshot] = (version, rendered)
        self._cache.move_to_end(snapshot)
        while len(self._cache) > _CACHE_SIZE:
            self._cache.popitem(last=False)
        return rendered

    def cached_document(self, snapshot: str) -> RenderedDocument | None:
        """The document from memory, where nobody has committed anything since it was read; waits for nothing."""
        cached = self._cache.get(snapshot)
        return cached[1] if cached is not None and cached[0] == self._database.data_version() else None

    def request(self, organization_id: str, period_id: str, force: bool, actor: str) -> tuple[SnapshotRequested, bool]:
        """POST (contract 3): (answer, whether a job of it waits or runs). Raises `Invalid` for an unknown organisation or no source."""
        period = Period.parse(period_id)

        def request_snapshot(connection: Connection) -> tuple[SnapshotRequested, bool]:
            if organizations.organization(connection, organization_id) is None:
                raise ValidationError("There is no such organisation.", [FieldError("/organization_id", "is not known")])
            rows = snapshots.list_for_period(connection, organization_id, period.sort_key)
            if rows and rows[0].snapshot_status == "processing":
                return _snapshot_requested(rows[0], self._job_for_request(connection, rows[0], actor)), True
            latest = latest_completed_by_period(rows).get(period_id)
            if latest is not None and latest.cache_valid and not force:
                return _snapshot_requested(latest, None), False
            if current_input(connection, organization_id, period) is None:
                raise ValidationError(NO_SOURCE, [FieldError("/period_id", "the organisation has no source data for it")])
            snapshots.unmark_period_deleted(connection, organization_id, period_id)
            row, job = create_snapshot(connection, self._report_config, organization_id, period, actor, automatic=False)
            return _snapshot_requested(row, job), True

        return self._database.write(request_snapshot)

    def invalidate(self, snapshot: str, reason: str, actor: str, if_match: str | None = None) -> SnapshotInvalidated:
        """PUT (contract 4). Raises `NotFound`, `PreconditionFailed`, and `Invalid` where the reason is empty or too long."""
        if not reason.strip() or len(reason) > MAX_REASON_LENGTH:
            raise ValidationError("A reason is required.", [FieldError("/reason", f"must have 1 to {MAX_REASON_LENGTH} characters")])

        def invalidate_snapshot(connection: Connection) -> SnapshotInvalidated:
            row = _get_existing(connection, snapshot, if_match)
            at = format_rfc3339(now())
            jobs.cancel_open(connection, row.snapshot, at)
            snapshots.set_invalidated(connection, row.snapshot)
            job = enqueue(connection, row.snapshot, row.organization_id, row.period_id, actor=actor, reason=reason, automatic=False)
            record(connection, CacheInvalidated(**_snapshot_key(row), reason=reason, invalidated_at=at), row.snapshot)
            audit.append(connection, [_audit_row(row, at, actor, "invalidated", job=job.job, reason=reason)])
            reconcile(connection, self._report_config, row.organization_id, initiated_by_caller=(row.snapshot,))
            return SnapshotInvalidated(
                **_snapshot_key(row),
                snapshot_status="processing",
                cache_valid=False,
                invalidation_reason=reason,
                job_id=format_job_id(job.job),
                invalidated_at=at,
            )

        return self._database.write(invalidate_snapshot)

    def delete(self, snapshot: str, actor: str, if_match: str | None = None) -> SnapshotDeletion:
        """DELETE (contract 5). Raises `NotFound`, `PreconditionFailed`."""

        def delete_snapshot(connection: Connection) -> SnapshotDeletion:
            row = _get_existing(connection, snapshot, if_match)
            snapshots.mark_period_deleted(connection, row.organization_id, row.period_id)
            remove_snapshot(connection, row, actor)
            reconcile(connection, self._report_config, row.organization_id)
            return SnapshotDeletion(deleted=True, snapshot_id=format_snapshot_id(row.snapshot), cache_cleared=True)

        return self._database.write(delete_snapshot)

    def deleted_by(self, snapshot: str) -> str | None:
        """Who deleted it, where the audit trail still tells."""
        rows = self._database.read(lambda connection: audit.list_for_snapshot(connection, _snapshot_number(snapshot)))
        return next((row.actor for row in rows if row.action == "deleted"), None)

    def _job_for_request(self, connection: Connection, row: SnapshotRow, actor: str) -> JobRow:
        """The job that answers a POST of a processing snapshot (contract 3a): a follow-up where the running one reads what has changed since."""
        open_jobs = jobs.list_open_for_snapshot(connection, row.snapshot)
        waiting = next((job for job in open_jobs if job.job_status == "waiting"), None)
        running = next((job for job in open_jobs if job.job_status == "running"), None)
        if running is None:
            assert waiting is not None  # or it would not be processing
            return waiting
        aggregation_input = current_input(connection, row.organization_id, Period.parse(row.period_id))
        if aggregation_input is None or (not aggregation_input.is_importing and aggregation_input.input_version == running.input_version):
            return running
        if waiting is None:
            waiting = enqueue(connection, row.snapshot, row.organization_id, row.period_id, actor=actor, reason=None, automatic=False)
        return waiting


def create_snapshot(
    connection: Connection, report_config: ReportConfig, organization_id: str, period: Period, actor: str, *, automatic: bool
) -> tuple[SnapshotRow, JobRow]:
    """A new snapshot with its job, in the caller's transaction (contract 3c)."""
    at = format_rfc3339(now())
    number = snapshots.insert(connection, organization_id, str(period), period.sort_key, at)
    job = enqueue(connection, number, organization_id, str(period), actor=actor, reason=None, automatic=automatic)
    row = snapshots.snapshot(connection, number)
    assert row is not None
    record(connection, SnapshotCreated(**_snapshot_key(row), job_id=format_job_id(job.job), created_at=at), number)
    audit.append(connection, [_audit_row(row, at, actor, "requested", job=job.job)])
    reconcile(connection, report_config, organization_id, initiated_by_caller=(number,))
    return row, job


def remove_snapshot(connection: Connection, row: SnapshotRow, actor: str) -> None:
    """The snapshot is gone, and its jobs with it; what follows from that, the caller settles."""
    at = format_rfc3339(now())
    jobs.cancel_open(connection, row.snapshot, at)
    snapshots.delete(connection, row.snapshot)
    record(connection, SnapshotDeleted(**_snapshot_key(row), deleted_at=at), row.snapshot)
    audit.append(connection, [_audit_row(row, at, actor, "deleted")])


def etag_matches(if_match: str | None, etag: str) -> bool:
    """Whether `If-Match` (or `If-None-Match`) names the document: strong comparison (RFC 9110 8.8.3.2)."""
    return if_match is None or if_match.strip() == "*" or etag in re.findall(r'(?:W/)?"[^"]*"', if_match)


def _get_existing(connection: Connection, snapshot: str, if_match: str | None) -> SnapshotRow:
    row = snapshots.snapshot(connection, _snapshot_number(snapshot))
    if row is None:
        raise NotFound("There is no such snapshot.")
    if not etag_matches(if_match, row.etag or ""):
        raise PreconditionFailed("The snapshot has changed since.")
    return row


def _snapshot_number(snapshot: str) -> int:
    number = parse_snapshot_id(snapshot)
    if number is None:
        raise NotFound("There is no such snapshot.")
    return number


def _snapshot_requested(row: SnapshotRow, job: JobRow | None) -> SnapshotRequested:
    return SnapshotRequested(
        **_snapshot_key(row),
        snapshot_status="processing" if job else row.snapshot_status,  # pyright: ignore[reportArgumentType]  (a key of TRANSITIONS)
        job_id=format_job_id(job.job if job else row.last_job),
        estimated_completion_seconds=job.estimate if job else 0,
        aggregated_at=row.aggregated_at,
        created_at=row.created_at,
    )


def _snapshot_key(row: SnapshotRow) -> dict[str, str]:
    return {"snapshot_id": format_snapshot_id(row.snapshot), "organization_id": row.organization_id, "period_id": row.period_id}


def _audit_row(row: SnapshotRow, at: str, actor: str, action: str, *, job: int | None = None, reason: str | None = None) -> AuditRow:
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


def schedule_automatic_aggregations(
    connection: Connection, report_config: ReportConfig, organization_id: str, open_periods: Sequence[Period]
) -> None:
    """What is to be aggregated by itself once an organisation's source has changed (contract S6), in the caller's transaction."""
    rows = snapshots.list_for_organization(connection, organization_id)
    for row in latest_completed_by_period(rows).values():
        aggregation_input = current_input(connection, organization_id, Period.parse(row.period_id))
        open_jobs = jobs.list_open_for_snapshot(connection, row.snapshot)
        latest_job = jobs.latest_for_snapshot(connection, row.snapshot)
        if (
            aggregation_input is None
            or aggregation_input.input_version == row.input_version
            or any(job.job_status == "waiting" or job.input_version == aggregation_input.input_version for job in open_jobs)
        ):
            continue
        if latest_job is not None and latest_job.job_status == "failed" and latest_job.input_version == aggregation_input.input_version:
            continue  # failed ones are tried again by people only
        enqueue(connection, row.snapshot, organization_id, row.period_id, actor="auto", reason=None, automatic=True)
    existing_periods = {row.period_id for row in rows} | snapshots.deleted_periods(connection, organization_id)
    for period in open_periods:
        if str(period) not in existing_periods and current_input(connection, organization_id, period) is not None:
            create_snapshot(connection, report_config, organization_id, period, "auto", automatic=True)
    reconcile(connection, report_config, organization_id)
