"""The view-model of the preview: one organisation and period as a person sees it, current beside compared, with what deviates.

Free of language and layout: one `Preview` feeds the page's HTML, its live cells and later its exports, so they cannot disagree.
"""

from typing import NamedTuple

import msgspec

from preview.core.clock import today
from preview.core.errors import NotFound
from preview.core.ids import format_snapshot_id
from preview.core.periods import Period
from preview.form.numbers import rounded_percent_change, to_decimal
from preview.form.rules.base import Deviation
from preview.form.sources import extract_day
from preview.ingest.deliveries import DeliveryView, recent_for
from preview.model.resources import JobDocument, SnapshotStatus, SourceDocument, Value
from preview.reports.deviation_check import EMPTY, AggregationMetadata, SnapshotValues, find_deviations
from preview.reports.job_queue import job_document
from preview.reports.organizations import list_sources
from preview.reports.reconcile import ReportConfig, current_input, source_from_row
from preview.reports.status import latest_completed_by_period
from preview.storage import events, jobs, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.snapshots import SnapshotRow

_DELIVERY_LIMIT = 5


class SnapshotView(msgspec.Struct, frozen=True):
    """Where a snapshot stands. `populated` counts the fields with a value that is shown."""

    snapshot_id: str
    status: SnapshotStatus
    cache_valid: bool
    aggregated_at: str | None
    populated: int
    etag: str


class SourceView(msgspec.Struct, frozen=True):
    """What the values were read from. `extract_day` is an ISO day."""

    data_source: str
    case_system: str
    extract_day: str
    case_count: int
    findings: int
    incomplete: bool


class FieldRow(msgspec.Struct, frozen=True):
    """A field of the form. `change` is in the field's unit; `percent` whole per cent, None for shares and where the compared value is 0 or null.

    `hidden` and `compared_hidden` say that the value is there and not shown (`domain.md` 8). Deviations are worst first.
    """

    number: int
    field_key: str
    section_id: str
    unit: str
    part_of: int | None
    value: Value
    hidden: bool
    compared_value: Value
    compared_hidden: bool
    data_source: str | None
    change: Value
    percent: int | None
    deviations: list[Deviation]


class HistoricalValue(NamedTuple):
    """A field in the newest completed snapshot of a period."""

    period_id: str
    value: Value
    hidden: bool = False


class Preview(msgspec.Struct, frozen=True):
    """What a page shows. `place` is the place in the event log that it reflects.

    `snapshot` is the newest completed one of the period, or the newest where none has completed; `newer` a newer one that runs or failed.
    `job` is the one that runs or waits for either, or else its last where that failed. `periods` have a snapshot, newest first.
    `held` is all that is held of the organisation, whatever the values are of; `deliveries` are its newest.
    """

    position: int
    organization_id: str
    organization_name: str
    number: str
    period_id: str
    compare_period_id: str
    periods: list[str]
    snapshot: SnapshotView | None
    newer_snapshot: SnapshotView | None
    compared_snapshot: SnapshotView | None
    job: JobDocument | None
    rows: list[FieldRow]
    source: SourceView | None
    has_source: bool
    sources: list[SourceDocument]
    deliveries: list[DeliveryView]


class PreviewQuery:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config

    def read(self, organization_id: str, period_id: str | None = None, compare: str | None = None) -> Preview:
        """Without a period, the organisation's newest; compared with the prior period where no other is named.

        Raises `NotFound` for an unknown organisation, `Invalid` for what is no period.
        """
        period = Period.parse(period_id) if period_id is not None else None
        compare_period = Period.parse(compare, "/compare") if compare is not None else None
        return self._database.read(lambda connection: self._read_preview(connection, organization_id, period, compare_period))

    def history(self, organization_id: str) -> dict[str, list[HistoricalValue]]:
        """By field key, of every period with a completed snapshot, oldest first; hidden values are null."""

        def read_history(connection: Connection) -> dict[str, list[HistoricalValue]]:
            completed = latest_completed_by_period(snapshots.list_for_organization(connection, organization_id))
            values_by_period = {period_id: self._snapshot_values(connection, row) for period_id, row in reversed(completed.items())}
            return {
                key: [
                    HistoricalValue(period_id, snapshot_values.visible_value(key), key in snapshot_values.hidden)
                    for period_id, snapshot_values in values_by_period.items()
                ]
                for key in (field.field_key for field in self._report_config.catalogue.fields)
            }

        return self._database.read(read_history)

    def _read_preview(
        self, connection: Connection, organization_id: str, requested_period: Period | None, requested_compare: Period | None
    ) -> Preview:
        organization = organizations.organization(connection, organization_id)
        if organization is None:
            raise NotFound("There is no such organisation.")
        rows = snapshots.list_for_organization(connection, organization_id)
        completed = latest_completed_by_period(rows)
        period = requested_period or _default_period(connection, organization_id, rows, completed)
        compare = requested_compare or period.prior
        period_rows = [row for row in rows if row.period_id == str(period)]
        displayed = completed.get(str(period)) or next(iter(period_rows), None)
        newer = period_rows[0] if displayed is not None and period_rows[0].snapshot > displayed.snapshot else None
        current = self._snapshot_values(connection, displayed)
        compared_row = completed.get(str(compare))
        compared = self._snapshot_values(connection, compared_row)
        prior = compared if compare == period.prior else self._snapshot_values(connection, completed.get(str(period.prior)))
        return Preview(
            position=events.last_event_id(connection),
            organization_id=organization_id,
            organization_name=organization.organization_name,
            number=organization.organisasjonsnummer + (f"-{organization.bydelsnummer}" if organization.bydelsnummer else ""),
            period_id=str(period),
            compare_period_id=str(compare),
            periods=list(dict.fromkeys(row.period_id for row in rows)),
            snapshot=_snapshot_view(displayed),
            newer_snapshot=_snapshot_view(newer),
            compared_snapshot=_snapshot_view(compared_row),
            job=_displayed_job(connection, newer, displayed),
            rows=self._field_rows(period, current, compared, prior),
            source=_source_view(current.metadata),
            has_source=current_input(connection, organization_id, period) is not None,
            sources=list_sources(connection, organization_id),
            deliveries=recent_for(connection, organization_id, _DELIVERY_LIMIT),
        )

    def _snapshot_values(self, connection: Connection, row: SnapshotRow | None) -> SnapshotValues:
        if row is None or not row.completion:
            return EMPTY
        return SnapshotValues.from_rows(
            self._report_config.catalogue, self._report_config.suppress, snapshots.values(connection, row.snapshot), row.facts
        )

    def _field_rows(self, period: Period, current: SnapshotValues, compared: SnapshotValues, prior: SnapshotValues) -> list[FieldRow]:
        deviations: dict[str, list[Deviation]] = {}
        for deviation in find_deviations(self._report_config.catalogue, period, current, prior):
            deviations.setdefault(deviation.field_key, []).append(deviation)
        rows: list[FieldRow] = []
        for field in self._report_config.catalogue.fields:
            key = field.field_key
            value, compared_value = current.visible_value(key), compared.visible_value(key)
            change, percent = change_between(value, compared_value, field.unit)
            rows.append(
                FieldRow(
                    number=field.number,
                    field_key=key,
                    section_id=field.section_id,
                    unit=field.unit,
                    part_of=field.part_of,
                    value=value,
                    hidden=key in current.hidden,
                    compared_value=compared_value,
                    compared_hidden=key in compared.hidden,
                    data_source=current.sources.get(key),
                    change=change,
                    percent=percent,
                    deviations=deviations.get(key, []),
                )
            )
        return rows


def change_between(value: Value, previous: Value, unit: str) -> tuple[Value, int | None]:
    """(change in the unit, whole per cent of what was before); shares have no per cent of a per cent."""
    if value is None or previous is None:
        return None, None
    change = to_decimal(value) - to_decimal(previous)
    percent = None if unit == "prosent" or not previous else rounded_percent_change(change, to_decimal(previous))
    return (int(change) if unit == "antall" else float(change)), percent


def _default_period(connection: Connection, organization_id: str, rows: list[SnapshotRow], completed: dict[str, SnapshotRow]) -> Period:
    """The newest with a completed snapshot, else the newest asked for, else that of the newest data, else this year."""
    newest = next(iter(completed), None) or next((row.period_id for row in rows), None)
    if newest is not None:
        return Period.parse(newest)
    extract_days = [day for row in organizations.sources(connection, organization_id) if (day := extract_day(source_from_row(row)))]
    return Period(max(extract_days, default=today()).year)


def _source_view(facts: AggregationMetadata | None) -> SourceView | None:
    if facts is None:
        return None
    return SourceView(facts.data_source, facts.case_system, facts.extract_day, facts.case_count, facts.findings, facts.is_incomplete)


def _snapshot_view(row: SnapshotRow | None) -> SnapshotView | None:
    if row is None:
        return None
    status: SnapshotStatus = row.snapshot_status  # pyright: ignore[reportAssignmentType]  (a key of TRANSITIONS)
    return SnapshotView(format_snapshot_id(row.snapshot), status, bool(row.cache_valid), row.aggregated_at, row.populated, row.etag or "")


def _displayed_job(connection: Connection, newer: SnapshotRow | None, displayed: SnapshotRow | None) -> JobDocument | None:
    """What runs or waits, of the newer snapshot first; or else the last where it failed."""
    candidates = [row for row in (newer, displayed) if row is not None]
    for row in candidates:
        if open_jobs := jobs.list_open_for_snapshot(connection, row.snapshot):
            return job_document(open_jobs[0])
    for row in candidates:
        last = jobs.latest_for_snapshot(connection, row.snapshot)
        if last is not None and last.job_status == "failed":
            return job_document(last)
    return None
