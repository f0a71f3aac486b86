"""The view-model of the overview: every organisation with where its newest snapshot stands, and key figures over the whole.

Free of language and layout, as `previews.py`.
"""

from typing import Literal

import msgspec

from preview.core.ids import format_snapshot_id
from preview.core.periods import Period
from preview.model.resources import SnapshotStatus
from preview.reports.reconcile import ReportConfig
from preview.storage import events, overviews
from preview.storage.database import Connection, Database
from preview.storage.overviews import OverviewRow

State = Literal["failed", "processing", "ready", "waiting", "silent"]
"""Exclusive: `failed` the last aggregation of it, whatever values stand, `processing` now, `ready` with values, `waiting` to be asked for
(data, no snapshot of the period), `silent` has delivered nothing."""


_KOSTRA_15F_LABEL = "KOSTRA 15F"


class OverviewEntry(msgspec.Struct, frozen=True):
    """An organisation. What is of a snapshot is None without one; `completed` is 0..1 of a job that runs or waits. `kommuner` are the
    municipalities that its deliveries name, each by number and name.

    `case_system` names the format where a file has no case system (15F), and is empty where nothing has been delivered.
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
    errors: int
    warnings: int
    notices: int
    completed: float | None
    kommuner: str = ""


class Overview(msgspec.Struct, frozen=True):
    """`period_id` is the chosen one, None for each organisation's newest. `periods` have snapshots, newest first. Lines are by name."""

    position: int
    period_id: str | None
    periods: list[str]
    field_count: int
    entries: list[OverviewEntry]


class OverviewQuery:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def read(self, period_id: str | None = None, organization_id: str | None = None) -> Overview:
        """Every organisation, or that one alone. Raises `Invalid` for what is no period."""
        period = str(Period.parse(period_id)) if period_id is not None else None

        def read_overview(connection: Connection) -> Overview:
            rows = overviews.rows(connection, period, organization_id)
            return Overview(
                position=events.last_event_id(connection),
                period_id=period,
                periods=overviews.periods(connection),
                field_count=len(self._report_config.catalogue.fields),
                entries=[_to_entry(row) for row in rows],
            )

        return self._database.read(read_overview)


def _state(row: OverviewRow) -> State:
    if row.completed is not None and row.latest_status == "processing":
        return "processing"
    if "failed" in (row.latest_status, row.latest_job_status):
        return "failed"
    if row.aggregated_at is not None:
        return "ready"
    return "waiting" if row.has_source else "silent"


def _to_entry(row: OverviewRow) -> OverviewEntry:
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
        errors=row.errors or 0,
        warnings=row.warnings or 0,
        notices=row.notices or 0,
        completed=row.completed,
        kommuner=row.kommuner or "",
    )
