"""List, get, request, invalidate and delete snapshots (rules 1 to 5, docs/api.md).

Each change is one transaction with its events.
"""

from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.errors import FieldError, NotFound, PreconditionFailed, ValidationError
from preview.core.free_text import parse_free_text
from preview.core.ids import format_job_id, format_snapshot_id, parse_snapshot_id
from preview.core.periods import Period
from preview.events.log import CacheInvalidated, SnapshotCreated, SnapshotDeleted, record, snapshot_key
from preview.form.catalogue import Catalogue
from preview.model.resources import (
    MAX_REASON_LENGTH,
    SnapshotDeletion,
    SnapshotInvalidated,
    SnapshotRequested,
    SnapshotSummary,
)
from preview.reports.aggregation_input import current_input
from preview.reports.etag import etag_matches
from preview.reports.job_queue import NO_SOURCE, enqueue
from preview.reports.reconcile import ReportConfig, reconcile
from preview.reports.status import latest_completed_by_period
from preview.reports.value_changes import StoredValues, value_rows
from preview.storage import audit, events, jobs, organizations, snapshots
from preview.storage.audit import AuditRow
from preview.storage.database import Connection, Database
from preview.storage.idempotency import Once, always
from preview.storage.jobs import JobRow
from preview.storage.removal import erasure
from preview.storage.snapshots import SnapshotRow


@dataclass(frozen=True)
class RenderedDocument:
    """A snapshot's document as bytes, with its strong ETag (quoted) and the log position that it reflects (rule H1)."""

    body: bytes
    etag: str
    position: int


class DocumentVersion(NamedTuple):
    """Which version of a snapshot's document the store has: its ETag, and the log position as of which it has it."""

    etag: str
    position: int


class Snapshots:
    """Operations on snapshots. All methods but `version` block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def page(
        self, organization_id: str | None, period_id: str | None, snapshot_status: str | None, page: int, limit: int
    ) -> tuple[list[SnapshotSummary], int, int]:
        """Return one page of the snapshot list (rule 1).

        Args:
            organization_id: Only snapshots of this organisation; None for all.
            period_id: Only snapshots of this period; None for all.
            snapshot_status: Only snapshots with this status; None for all.
            page: Page number from 1.
            limit: Items per page.

        Returns:
            The items of the page, the number of items on all pages, and the log position that the answer reflects.
        """

        def load_page(connection: Connection) -> tuple[list[SnapshotSummary], int, int]:
            rows, total = snapshots.page(
                connection, organization_id, period_id, snapshot_status, limit, (page - 1) * limit
            )
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
        """Return a snapshot's document.

        Raises:
            NotFound: If there is no snapshot with that id.
        """

        def load_document(connection: Connection) -> RenderedDocument:
            document = snapshots.visible_document(connection, _snapshot_number(snapshot))
            if document is None:
                raise NotFound("There is no such snapshot.")
            return RenderedDocument(document[0], document[1], events.last_event_id(connection))

        return self._database.read(load_document)

    def version(self, snapshot: str) -> DocumentVersion | None:
        """Return the version of a snapshot's document, None if there is no snapshot with that id.

        The event loop may call it, as `Database.read_briefly`.
        """
        number = parse_snapshot_id(snapshot)
        if number is None:
            return None
        version = self._database.read_briefly(lambda connection: snapshots.visible_version(connection, number))
        return None if version is None else DocumentVersion(*version)

    def request(
        self,
        organization_id: str,
        period_id: str,
        force: bool,
        actor: str,
        once: Once[tuple[SnapshotRequested, bool]] = always,
    ) -> tuple[SnapshotRequested, bool]:
        """Request an aggregation (POST, rule 3).

        Args:
            organization_id: The organisation.
            period_id: The period, `YYYY`, `YYYY-H1` or `YYYY-H2`.
            force: Whether to make a new snapshot although the present one is valid.
            actor: Who requests it, for the audit trail.
            once: Recognises a repeated request.

        Returns:
            The answer, and whether a job of the snapshot waits or runs (202 rather than 200).

        Raises:
            ValidationError: If the organisation is unknown or no source supplies the period.
        """
        period = Period.parse(period_id)

        def request_snapshot(connection: Connection) -> tuple[SnapshotRequested, bool]:
            if organizations.visible_organization(connection, organization_id) is None:
                raise ValidationError(
                    "There is no such organisation.", [FieldError("/organization_id", "is not known")]
                )
            rows = snapshots.list_for_period(connection, organization_id, period.sort_key)
            if rows and rows[0].snapshot_status == "processing":
                return _snapshot_requested(rows[0], self._job_for_request(connection, rows[0], actor)), True
            latest = latest_completed_by_period(rows).get(period_id)
            if latest is not None and latest.cache_valid and not force:
                return _snapshot_requested(latest, None), False
            if current_input(connection, organization_id, period) is None:
                raise ValidationError(
                    NO_SOURCE, [FieldError("/period_id", "the organisation has no source data for it")]
                )
            snapshots.unmark_period_deleted(connection, organization_id, period_id)
            row, job = create_snapshot(connection, self._report_config, organization_id, period, actor, automatic=False)
            return _snapshot_requested(row, job), True

        return self._database.write(once(request_snapshot))

    def invalidate(self, snapshot: str, reason: str, actor: str, if_match: str | None = None) -> SnapshotInvalidated:
        """Invalidate a snapshot's cache and request a new aggregation of it (PUT, rule 4).

        Args:
            snapshot: Id of the snapshot.
            reason: Reason for the audit trail and the event, 1 to `MAX_REASON_LENGTH` characters.
            actor: Who invalidates it, for the audit trail.
            if_match: Value of the header `If-Match`, or None.

        Raises:
            NotFound: If there is no such snapshot.
            PreconditionFailed: If `if_match` names another version of the document.
            ValidationError: If the reason is blank or too long, or holds a number that identifies a person.
        """
        parse_free_text(reason, "/reason", MAX_REASON_LENGTH)

        def invalidate_snapshot(connection: Connection) -> SnapshotInvalidated:
            row = _get_existing(connection, snapshot, if_match)
            at = format_rfc3339(now())
            jobs.cancel_open(connection, row.snapshot, at)
            snapshots.set_invalidated(connection, row.snapshot)
            job = enqueue(
                connection,
                row.snapshot,
                row.organization_id,
                row.period_id,
                actor=actor,
                reason=reason,
                automatic=False,
            )
            event = record(
                connection, CacheInvalidated(**snapshot_key(row), reason=reason, invalidated_at=at), row.snapshot
            )
            audit.append(
                connection, [_audit_row(row, at, actor, "invalidated", event=event, job=job.job, reason=reason)]
            )
            reconcile(connection, self._report_config, row.organization_id, initiated_by_caller=(row.snapshot,))
            return SnapshotInvalidated(
                **snapshot_key(row),
                snapshot_status="processing",
                cache_valid=False,
                invalidation_reason=reason,
                job_id=format_job_id(job.job),
                invalidated_at=at,
            )

        return self._database.write(invalidate_snapshot)

    def delete(self, snapshot: str, actor: str, if_match: str | None = None) -> SnapshotDeletion:
        """Delete a snapshot, its document and its open jobs (DELETE, rule 5).

        Args:
            snapshot: Id of the snapshot.
            actor: Who deletes it, for the audit trail.
            if_match: Value of the header `If-Match`, or None.

        Raises:
            NotFound: If there is no such snapshot.
            PreconditionFailed: If `if_match` names another version of the document.
        """

        def delete_snapshot(connection: Connection) -> SnapshotDeletion:
            row = _get_existing(connection, snapshot, if_match)
            snapshots.mark_period_deleted(connection, row.organization_id, row.period_id)
            remove_snapshot(connection, self._report_config.catalogue, row, actor)
            reconcile(connection, self._report_config, row.organization_id)
            return SnapshotDeletion(deleted=True, snapshot_id=format_snapshot_id(row.snapshot), cache_cleared=True)

        return self._database.write(delete_snapshot)

    def deleted_by(self, snapshot: str) -> str | None:
        """Return the actor that deleted the snapshot, or None if the audit trail no longer has the deletion."""
        rows = self._database.read(lambda connection: audit.list_for_snapshot(connection, _snapshot_number(snapshot)))
        return next((row.actor for row in rows if row.action == "deleted"), None)

    def _job_for_request(self, connection: Connection, row: SnapshotRow, actor: str) -> JobRow:
        """Return the job that answers a POST for a snapshot that is already processing (rule 3a).

        It is the waiting job, else the running one; if the source has changed since the running job began to read, a
        follow-up job is enqueued.
        """
        open_jobs = jobs.list_open_for_snapshot(connection, row.snapshot)
        waiting = next((job for job in open_jobs if job.job_status == "waiting"), None)
        running = next((job for job in open_jobs if job.job_status == "running"), None)
        if running is None:
            assert waiting is not None  # a processing snapshot has an open job
            return waiting
        aggregation_input = current_input(connection, row.organization_id, Period.parse(row.period_id))
        if aggregation_input is None or (
            not aggregation_input.is_importing and aggregation_input.input_version == running.input_version
        ):
            return running
        if waiting is None:
            waiting = enqueue(
                connection, row.snapshot, row.organization_id, row.period_id, actor=actor, reason=None, automatic=False
            )
        return waiting


def create_snapshot(
    connection: Connection,
    report_config: ReportConfig,
    organization_id: str,
    period: Period,
    actor: str,
    *,
    automatic: bool,
) -> tuple[SnapshotRow, JobRow]:
    """Create a snapshot and its job in the caller's transaction (rule 3c).

    Args:
        connection: The caller's write transaction.
        report_config: What shapes the document.
        organization_id: The organisation.
        period: The period.
        actor: Who requested it, for the audit trail.
        automatic: Whether a delivery started it (rule S6).

    Returns:
        The new snapshot and its waiting job.
    """
    at = format_rfc3339(now())
    number = snapshots.insert(connection, organization_id, str(period), period.sort_key, at)
    job = enqueue(connection, number, organization_id, str(period), actor=actor, reason=None, automatic=automatic)
    row = snapshots.snapshot(connection, number)
    assert row is not None
    created = SnapshotCreated(**snapshot_key(row), job_id=format_job_id(job.job), created_at=at)
    event = record(connection, created, number)
    audit.append(connection, [_audit_row(row, at, actor, "requested", event=event, job=job.job)])
    reconcile(connection, report_config, organization_id, initiated_by_caller=(number,))
    return row, job


def remove_snapshot(connection: Connection, catalogue: Catalogue, row: SnapshotRow, actor: str) -> None:
    """Delete a snapshot and cancel its jobs in the caller's transaction. The caller has to reconcile afterwards.

    If it was the newest completed one, the report shows the values of the one before from now on.
    """
    at = format_rfc3339(now())
    shown_before = _newest_values(connection, row)
    jobs.cancel_open(connection, row.snapshot, at)
    snapshots.delete(connection, row.snapshot)
    event = record(connection, SnapshotDeleted(**snapshot_key(row), deleted_at=at), row.snapshot)
    deleted = _audit_row(row, at, actor, "deleted", event=event)
    restored = msgspec.structs.replace(deleted, action="restored", changes_report=1)
    audit.append(connection, [deleted, *value_rows(catalogue, restored, shown_before, _newest_values(connection, row))])


def _newest_values(connection: Connection, row: SnapshotRow) -> StoredValues:
    """Return the values of the newest completed snapshot of a snapshot's report; empty if there is none."""
    rows = snapshots.list_for_period(connection, row.organization_id, row.period_order)
    newest = latest_completed_by_period(rows).get(row.period_id)
    return snapshots.values(connection, newest.snapshot) if newest else {}


def _get_existing(connection: Connection, snapshot: str, if_match: str | None) -> SnapshotRow:
    row = snapshots.snapshot(connection, _snapshot_number(snapshot))
    if row is None or erasure.is_being_erased(connection, row.organization_id):
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
    status = "processing" if job else row.snapshot_status
    return SnapshotRequested(
        **snapshot_key(row),
        snapshot_status=status,  # pyright: ignore[reportArgumentType]  (a key of TRANSITIONS)
        job_id=format_job_id(job.job if job else row.last_job),
        estimated_completion_seconds=job.estimate if job else 0,
        aggregated_at=row.aggregated_at,
        created_at=row.created_at,
    )


def _audit_row(
    row: SnapshotRow,
    at: str,
    actor: str,
    action: str,
    *,
    event: int,
    job: int | None = None,
    reason: str | None = None,
) -> AuditRow:
    return AuditRow(
        at=at,
        actor=actor,
        action=action,
        organization_id=row.organization_id,
        period_id=row.period_id,
        snapshot=row.snapshot,
        job=job,
        reason=reason,
        event=event,
    )
