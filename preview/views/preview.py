"""Reads the preview of one organisation and period: current values beside compared ones, with deviations and sources.

Independent of language and layout: the page, its live updates and the exports are all made from a `Preview`.
"""

import msgspec

from preview.activity.changes import ChangesQuery
from preview.core.clock import today
from preview.core.errors import NotFound
from preview.core.ids import format_snapshot_id
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.form.numbers import change_between
from preview.form.rules.base import Deviation
from preview.form.value_state import ValueState
from preview.ingest.delivery_view import DeliveryView, recent_for
from preview.model.resources import JobDocument, SnapshotStatus, SourceDocument, Value
from preview.reports.aggregation_input import current_input
from preview.reports.deviation_check import AggregationMetadata, SnapshotValues, find_deviations, visible_margins
from preview.reports.job_queue import job_document
from preview.reports.organizations import list_sources
from preview.reports.reconcile import ReportConfig
from preview.reports.status import latest_completed_by_period
from preview.reports.stored_values import stored_values
from preview.storage import events, jobs, organizations, snapshots
from preview.storage.database import Connection, Database
from preview.storage.snapshots import SnapshotRow
from preview.views.changes_since import ChangesSince, ReportChangesQuery
from preview.views.comparison import SAME_DAY, Comparison, ComparisonQuery, SameDayView, parse_comparison
from preview.views.history import RECENT_PERIODS, HistoricalValue, comparable_periods, read_series
from preview.views.report_review import ReportReview, read_review

_DELIVERY_LIMIT = 5


class SnapshotView(msgspec.Struct, frozen=True):
    """Status of a snapshot.

    Attributes:
        snapshot_id: Its id.
        status: Its status (rule S2, docs/api.md).
        cache_valid: Whether it is valid (rule S4).
        aggregated_at: Time of its values; None without values.
        populated: Number of fields whose value is shown.
        etag: Entity tag of its document; empty if the document is not rendered.
        deviation_counts: Numbers of fields with a deviation by severity, as they are stored with it.
    """

    snapshot_id: str
    status: SnapshotStatus
    cache_valid: bool
    aggregated_at: str | None
    populated: int
    etag: str
    deviation_counts: dict[str, int] = {}


class SourceView(msgspec.Struct, frozen=True):
    """The source that the values were read from.

    Attributes:
        data_source: Name of the source in the API, such as `fagsystem-cis`.
        case_system: Name of the case system; empty for 15F.
        extract_day: ISO day of the extract time.
        case_count: Number of cases.
        findings: Number of findings of the stored files.
        incomplete: Whether cases that were closed before the first extract may be missing (rule 5.3, docs/domain.md).
    """

    data_source: str
    case_system: str
    extract_day: str
    case_count: int
    findings: int
    incomplete: bool


class FieldRow(msgspec.Struct, frozen=True):
    """A field of the form with its values.

    Attributes:
        number: Number of the field, 1 to 34.
        field_key: Its key.
        section_id: The section that it belongs to.
        unit: `antall`, `prosent` or `årsverk`.
        part_of: Number of the field that it is a part of; None if it is no part.
        value: The value; None if there is none or it is withheld.
        state: Whether there is a value, or why not (rule 7.4, docs/domain.md).
        compared_value: The compared value, likewise.
        compared_state: Its state.
        data_source: The source of the value.
        change: Value minus compared value, in the unit of the field; None without both.
        percent: Change in whole per cent of the compared value; None for percentages, and if that value is 0 or None.
        deviations: Deviations of the field against the compared value, most severe first (rule 7.2).
        margin: By how much the value must differ from the compared one to be a large change, in the unit; None if the
            change is not judged.
    """

    number: int
    field_key: str
    section_id: str
    unit: str
    part_of: int | None
    value: Value
    state: ValueState
    compared_value: Value
    compared_state: ValueState
    data_source: str | None
    change: Value
    percent: int | None
    deviations: list[Deviation]
    margin: float | None = None


class Preview(msgspec.Struct, frozen=True):
    """The preview of one organisation and period.

    Attributes:
        position: Id of the last event that the preview reflects.
        organization_id: The organisation.
        organization_name: Its name.
        number: Its organisation number, with the number of the bydel if it has one.
        period_id: The period.
        compare_period_id: The period that it is compared with.
        extract_until: ISO day of the data of a provisional report; None if it is not provisional (rule P3).
        same_day: The comparison to the same day (rule 7.3); None for a report that is not provisional.
        compared_until: ISO day up to which the compared period counts; None if all of it counts.
        reporting_period_id: The period that everyone works on (rule P1, docs/api.md).
        periods: Periods of the organisation with a snapshot, newest first.
        latest_period_id: The newest period with a completed snapshot; None without one.
        snapshot: The newest completed snapshot of the period, or the newest one if none has completed.
        newer_snapshot: A newer snapshot that is processing or has failed.
        compared_snapshot: The newest completed snapshot of the compared period.
        job: The open job of `newer_snapshot` or `snapshot`; without one, the last job if it failed.
        rows: The fields in form order.
        source: The source of the values; None without values.
        has_source: Whether there is a source for the period at present.
        sources: All sources of the organisation.
        deliveries: Its newest deliveries.
        completed_job: The job that the values of `snapshot` are from; None if it is no longer stored.
        history: Values of every field in the newest `RECENT_PERIODS` periods of the same kind, oldest first.
        review: What people have decided on the report; None if it has never completed.
        changes: What has changed in it since a moment.
    """

    position: int
    organization_id: str
    organization_name: str
    number: str
    period_id: str
    compare_period_id: str
    reporting_period_id: str
    periods: list[str]
    latest_period_id: str | None
    snapshot: SnapshotView | None
    newer_snapshot: SnapshotView | None
    compared_snapshot: SnapshotView | None
    job: JobDocument | None
    rows: list[FieldRow]
    source: SourceView | None
    has_source: bool
    sources: list[SourceDocument]
    deliveries: list[DeliveryView]
    completed_job: JobDocument | None = None
    extract_until: str | None = None
    same_day: SameDayView | None = None
    compared_until: str | None = None
    history: dict[str, list[HistoricalValue]] = {}
    review: ReportReview | None = None
    changes: ChangesSince = ChangesSince()

    @property
    def covered_period(self) -> str:
        """The period as `formatting.period` names it, up to the day of the data if the report is provisional."""
        return f"{self.period_id}/{self.extract_until}" if self.extract_until else self.period_id

    @property
    def compared_days(self) -> str:
        """The compared period likewise, up to the same day if it is cut off there."""
        return f"{self.compare_period_id}/{self.compared_until}" if self.compared_until else self.compare_period_id

    @property
    def compare_query(self) -> str:
        """The comparison as a query names it: the period, or `SAME_DAY`."""
        return SAME_DAY if self.compared_until else self.compare_period_id

    @property
    def own_comparison(self) -> str:
        """What the stored deviations are judged against, as a query names it: all of the prior period (rule 7.2)."""
        return str(Period.parse(self.period_id).prior)

    @property
    def is_own_comparison(self) -> bool:
        """Whether the page compares the report with what the stored deviations are judged against."""
        return self.compare_query == self.own_comparison


class PreviewQuery:
    """Reads previews. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig, settings: Settings) -> None:
        self._database = database
        self._report_config = report_config
        self._comparisons = ComparisonQuery(report_config)
        self._changes = ReportChangesQuery(ChangesQuery(database, report_config), report_config)
        self._settings = settings

    def read(
        self,
        organization_id: str,
        period_id: str | None = None,
        compare: str | None = None,
        since: str | None = None,
    ) -> Preview:
        """Return the preview of an organisation.

        Args:
            organization_id: The organisation.
            period_id: The period; None for the reporting period.
            compare: The period to compare with. None for the default, which is also taken where `compare` is of another
                length than the period, or the period itself: the prior period, of a provisional report only the same
                days of it (rule 7.3), if they are known. `SAME_DAY` asks for that default by name.
            since: The moment from which changes count, as `parse_moment` reads it; None for the approval in force. What
                is no moment is a fact of the result, not an error.

        Raises:
            NotFound: There is no such organisation.
            ValidationError: `period_id` or `compare` is no period.
        """
        reporting = self._settings.reporting_period_on(today())
        period = Period.parse(period_id) if period_id is not None else reporting
        compare_period = parse_comparison(compare)
        return self._database.read(
            lambda connection: self._read_preview(
                connection, organization_id, reporting, period, compare_period, since or ""
            )
        )

    def on_erased(self, organization_id: str) -> None:
        """Keep nothing of an organisation that is being erased in memory."""
        self._comparisons.same_day_values.drop(organization_id)

    def history(self, organization_id: str, shown: str) -> dict[str, list[HistoricalValue]]:
        """Return the values of every field in all periods of the shown one's kind (`comparable_periods`).

        Returns:
            By field key, the values in order of period, oldest first; none for an organisation that does not exist.
        """

        def read_history(connection: Connection) -> dict[str, list[HistoricalValue]]:
            is_gone = organizations.visible_organization(connection, organization_id) is None
            rows = [] if is_gone else snapshots.list_for_organization(connection, organization_id)
            completed = latest_completed_by_period(rows)
            return read_series(connection, self._report_config, completed, comparable_periods(completed, shown))

        return self._database.read(read_history)

    def _read_preview(
        self,
        connection: Connection,
        organization_id: str,
        reporting: Period,
        period: Period,
        requested_compare: Period | None,
        since: str,
    ) -> Preview:
        organization = organizations.visible_organization(connection, organization_id)
        if organization is None:
            raise NotFound("There is no such organisation.")
        rows = snapshots.list_for_organization(connection, organization_id)
        completed = latest_completed_by_period(rows)
        period_rows = [row for row in rows if row.period_id == str(period)]
        displayed = completed.get(str(period)) or next(iter(period_rows), None)
        newer = period_rows[0] if displayed is not None and period_rows[0].snapshot > displayed.snapshot else None
        current = stored_values(connection, self._report_config, displayed)
        comparison = self._comparisons.read(
            connection, organization_id, period, current.metadata, completed, requested_compare
        )
        review = read_review(connection, self._report_config, organization_id, str(period))
        return Preview(
            position=events.last_event_id(connection),
            organization_id=organization_id,
            organization_name=organization.organization_name,
            number=organization.organisasjonsnummer
            + (f"-{organization.bydelsnummer}" if organization.bydelsnummer else ""),
            period_id=str(period),
            compare_period_id=str(comparison.period),
            reporting_period_id=str(reporting),
            periods=list(dict.fromkeys(row.period_id for row in rows)),
            latest_period_id=next(iter(completed), None),
            snapshot=_snapshot_view(displayed),
            newer_snapshot=_snapshot_view(newer),
            compared_snapshot=_snapshot_view(comparison.snapshot),
            job=_displayed_job(connection, newer, displayed),
            completed_job=_completed_job(connection, displayed),
            rows=self._field_rows(period, current, comparison),
            source=_source_view(current.metadata),
            has_source=current_input(connection, organization_id, period) is not None,
            sources=list_sources(connection, organization_id),
            deliveries=recent_for(connection, organization_id, _DELIVERY_LIMIT),
            extract_until=_extract_until(period, current.metadata),
            same_day=comparison.same_day,
            compared_until=comparison.until,
            history=read_series(
                connection,
                self._report_config,
                completed,
                comparable_periods(completed, str(period), RECENT_PERIODS),
            ),
            review=review,
            changes=self._changes.read(connection, (organization_id, str(period)), since, review, period_rows),
        )

    def _field_rows(self, period: Period, current: SnapshotValues, comparison: Comparison) -> list[FieldRow]:
        deviations: dict[str, list[Deviation]] = {}
        compared = comparison.values
        judged = (self._report_config.catalogue, period, current, compared, comparison.period, comparison.until)
        margins = visible_margins(*judged)
        for deviation in find_deviations(*judged):
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
                    state=current.state(key),
                    compared_value=compared_value,
                    compared_state=compared.state(key),
                    data_source=current.sources.get(key),
                    change=change,
                    percent=percent,
                    deviations=deviations.get(key, []),
                    margin=margins.get(key),
                )
            )
        return rows


def _source_view(facts: AggregationMetadata | None) -> SourceView | None:
    if facts is None:
        return None
    return SourceView(
        facts.data_source, facts.case_system, facts.extract_day, facts.case_count, facts.findings, facts.is_incomplete
    )


def _extract_until(period: Period, metadata: AggregationMetadata | None) -> str | None:
    """Return the day of the data of a provisional report, None for any other (rule P3)."""
    return metadata.extract_day if metadata and period.is_provisional(metadata.extract_day) else None


def _snapshot_view(row: SnapshotRow | None) -> SnapshotView | None:
    if row is None:
        return None
    status: SnapshotStatus = row.snapshot_status  # pyright: ignore[reportAssignmentType]  (a key of TRANSITIONS)
    return SnapshotView(
        format_snapshot_id(row.snapshot),
        status,
        bool(row.cache_valid),
        row.aggregated_at,
        row.populated,
        row.etag or "",
        {"error": row.errors, "warning": row.warnings, "notice": row.notices},
    )


def _displayed_job(
    connection: Connection, newer: SnapshotRow | None, displayed: SnapshotRow | None
) -> JobDocument | None:
    """Return the open job of the newer or the displayed snapshot; without one, the last job of either if it failed."""
    candidates = [row for row in (newer, displayed) if row is not None]
    for row in candidates:
        if open_jobs := jobs.list_open_for_snapshot(connection, row.snapshot):
            return job_document(open_jobs[0])
    for row in candidates:
        last = jobs.latest_for_snapshot(connection, row.snapshot)
        if last is not None and last.job_status == "failed":
            return job_document(last)
    return None


def _completed_job(connection: Connection, displayed: SnapshotRow | None) -> JobDocument | None:
    row = jobs.latest_completed_for_snapshot(connection, displayed.snapshot) if displayed is not None else None
    return None if row is None else job_document(row)
