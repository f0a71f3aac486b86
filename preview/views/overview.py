"""Reads the overview: every organisation with the state of its newest snapshot. Independent of language and layout."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from preview.core.clock import today
from preview.core.ids import format_snapshot_id
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.model.resources import SnapshotStatus
from preview.model.reviews import DecisionState
from preview.reports.decision_state import blocking_codes, decision_state
from preview.reports.reconcile import ReportConfig
from preview.storage import events, overviews
from preview.storage.database import Connection, Database
from preview.storage.overviews import OverviewRow
from preview.totals.reports import county_number
from preview.views.approval_candidates import ApprovalCandidate, read_candidates
from preview.views.counted_changes import CountedChanges, read_counts

State = Literal["failed", "processing", "ready", "waiting", "silent"]
"""State of an organisation:

- `failed`: the last aggregation failed, also if there are values of an earlier one
- `processing`: an aggregation waits or runs
- `ready`: there are values
- `waiting`: there is data, but no snapshot of the period
- `silent`: nothing has been delivered
"""

_KOSTRA_15F_LABEL = "KOSTRA 15F"


class OverviewEntry(msgspec.Struct, frozen=True):
    """An organisation with its snapshot of the period. Snapshot fields are None, False or 0 if there is no snapshot.

    Attributes:
        organization_id: Its id.
        organization_name: Its name.
        number: Organisation number, with the number of the bydel if it has one.
        listed: Whether an organisations file names it (rule 3.1, docs/domain.md).
        state: Its state.
        case_system: The case system; the name of the format for 15F, empty if nothing has been delivered.
        snapshot_id: Id of the snapshot.
        period_id: Period of the snapshot.
        status: Status of the snapshot.
        cache_valid: Whether the snapshot is valid (rule S4, docs/api.md).
        aggregated_at: Time of its values.
        populated: Number of fields whose value is shown.
        missing: Number of fields that no source or figure gives (rule 7.4, docs/domain.md).
        errors: Number of fields with a deviation of severity error.
        warnings: Number of fields with a deviation of severity warning.
        notices: Number of fields with a deviation of severity notice.
        completed: Completed part (0..1) of a job that waits or runs.
        kommuner: Numbers and names of the municipalities that its deliveries name, for the search.
        decision: What the report needs next on its way to being approved.
        can_be_approved: Whether nothing stands in the way of an approval now (rule R2, docs/api.md).
        etag: ETag of the document; the `If-Match` of an approval.
        data_until: The day, ISO text, on which the data of a provisional report end; None for any other.
        approved_by: Who has approved the report: the name that the person has stated, or else the actor.
        approved_at: When the approval in force was made.
        open_comments: Number of comments on the report that are not resolved.
        changed: Number of fields that have changed since the chosen moment; None if none is chosen, or there is nothing
            to count from.
        latest_period: The newest period of which an organisation without this report has a completed snapshot.
        county: Number of its county in the year of the period (rule T4, docs/api.md); None if it is not known.
    """

    organization_id: str
    organization_name: str
    number: str
    listed: bool
    state: State
    case_system: str
    snapshot_id: str | None
    period_id: str | None
    status: SnapshotStatus | None
    cache_valid: bool
    aggregated_at: str | None
    populated: int
    missing: int
    errors: int
    warnings: int
    notices: int
    completed: float | None
    kommuner: str = ""
    decision: DecisionState = "not_delivered"
    can_be_approved: bool = False
    etag: str | None = None
    data_until: str | None = None
    approved_by: str | None = None
    approved_at: str | None = None
    open_comments: int = 0
    latest_period: str | None = None
    county: str | None = None
    changed: int | None = None


class Overview(msgspec.Struct, frozen=True):
    """The overview at one position of the event log.

    Attributes:
        position: Id of the last event that the overview reflects.
        period_id: The period of all rows.
        reporting_period_id: The period that everyone works on (rule P1, docs/api.md).
        periods: Periods with a snapshot, newest first.
        field_count: Number of fields of the form.
        entries: The organisations, by name.
        changes: How many fields have changed since the chosen moment; None if none is chosen.
    """

    position: int
    period_id: str
    reporting_period_id: str
    periods: list[str]
    field_count: int
    entries: list[OverviewEntry]
    changes: CountedChanges | None = None


class OverviewQuery:
    """Reads overviews. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig, settings: Settings) -> None:
        self._database = database
        self._report_config = report_config
        self._settings = settings

    def read(self, period_id: str | None = None, organization_id: str | None = None, since: str = "") -> Overview:
        """Return the overview.

        Args:
            period_id: Show this period; None for the reporting period.
            organization_id: Return only this organisation; None for all.
            since: Count the changes since this moment, as `parse_moment` reads it; empty for none. What is no moment is
                a fact of the result.

        Raises:
            ValidationError: `period_id` is no period.
        """
        reporting = str(self._settings.reporting_period_on(today()))
        shown = Period.parse(reporting if period_id is None else period_id)
        period = str(shown)

        def read_overview(connection: Connection) -> Overview:
            rows = overviews.rows(connection, period, organization_id)
            changes = read_counts(connection, self._report_config, period, since, organization_id)
            return Overview(
                position=events.last_event_id(connection),
                period_id=period,
                reporting_period_id=reporting,
                periods=overviews.periods(connection),
                field_count=len(self._report_config.catalogue.fields),
                entries=[
                    _to_entry(row, shown.year, changes.counts.get(row.organization_id) if changes else None)
                    for row in rows
                ],
                changes=changes,
            )

        return self._database.read(read_overview)

    def candidates(self, reports: Iterable[tuple[str, str]]) -> list[ApprovalCandidate]:
        """Return reports as they are now, for somebody who wants to approve them.

        Args:
            reports: Organisation and period of each report; those that do not exist are left out.
        """
        listed = list(reports)
        return self._database.read(lambda connection: read_candidates(connection, self._report_config, listed))


def _state(row: OverviewRow) -> State:
    if row.completed is not None and row.latest_status == "processing":
        return "processing"
    if "failed" in (row.latest_status, row.latest_job_status):
        return "failed"
    if row.aggregated_at is not None:
        return "ready"
    return "waiting" if row.has_source else "silent"


def _to_entry(row: OverviewRow, year: int, changed: int | None) -> OverviewEntry:
    blocking = blocking_codes(
        processing="processing" in (row.latest_status, row.snapshot_status),
        stale=not row.cache_valid,
        provisional=bool(row.provisional),
        errors=row.review_errors or 0,
        open_warnings=row.open_warnings or 0,
    )
    return OverviewEntry(
        organization_id=row.organization_id,
        organization_name=row.organization_name,
        number=row.number,
        listed=bool(row.listed),
        state=_state(row),
        case_system=row.case_system or (_KOSTRA_15F_LABEL if row.is_15f else ""),
        snapshot_id=format_snapshot_id(row.snapshot) if row.snapshot is not None else None,
        period_id=row.period_id,
        status=row.snapshot_status,  # pyright: ignore[reportArgumentType]  (the column's CHECK)
        cache_valid=bool(row.cache_valid),
        aggregated_at=row.aggregated_at,
        populated=row.populated or 0,
        missing=row.missing or 0,
        errors=row.errors or 0,
        warnings=row.warnings or 0,
        notices=row.notices or 0,
        completed=row.completed,
        kommuner=row.kommuner or "",
        decision=decision_state(row.review_status, blocking),
        can_be_approved=row.review_status is not None and not blocking,
        etag=row.etag,
        data_until=row.extract_day,
        approved_by=row.stated_name or row.approved_by,
        approved_at=row.approved_at,
        open_comments=row.open_comments,
        latest_period=row.latest_completed_period,
        county=county_number(row.municipality_numbers, year),
        changed=changed,
    )
