"""The values of an organisation's fields in the periods of one kind: years, first half-years or second half-years."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from preview.core.periods import Period
from preview.form.value_state import ValueState
from preview.model.resources import Value
from preview.reports.deviation_check import AggregationMetadata
from preview.reports.reconcile import ReportConfig
from preview.reports.stored_values import stored_values_of
from preview.storage.database import Connection
from preview.storage.snapshots import SnapshotRow

RECENT_PERIODS = 8
"""The most periods of a row's or section's history; the history of an opened row has all."""
MAX_PERIODS = 40
"""The most periods of any history, so that one stray period of another century makes no table of hundreds."""


class HistoricalValue(NamedTuple):
    """Value of a field in the newest completed snapshot of a period; None unless its state is `present`.

    `is_partial` tells that the snapshot does not cover the whole period: it is provisional (rule P3), or cases that
    were closed before the first extract may be missing (rule 5.3, docs/domain.md).
    """

    period_id: str
    value: Value
    state: ValueState = "present"
    is_partial: bool = False


Series = Mapping[str, Sequence[HistoricalValue]]
"""The values of each field by its key, oldest first, for the same periods in all fields."""


def comparable_periods(period_ids: Iterable[str], shown: str, limit: int = MAX_PERIODS) -> list[str]:
    """Return the periods of a history, oldest first, with those between that have no report.

    Args:
        period_ids: Ids of the periods with a report.
        shown: Id of the period whose kind the periods are of.
        limit: The most periods: the newest, moved back as far as it takes to include the shown one.
    """
    shown_period = Period.parse(shown)
    years = {period.year for each in period_ids if (period := Period.parse(each)).half == shown_period.half}
    if not years:
        return []
    last = max(years)
    if shown_period.year in years:
        last = min(last, shown_period.year + limit - 1)
    first = max(min(years), last - limit + 1)
    return [str(Period(year, shown_period.half)) for year in range(first, last + 1)]


def read_series(
    connection: Connection, report_config: ReportConfig, completed: Mapping[str, SnapshotRow], period_ids: Sequence[str]
) -> dict[str, list[HistoricalValue]]:
    """Return the values of every field in some periods, in their order.

    Args:
        connection: A read transaction.
        report_config: The form, and whether small counts are suppressed.
        completed: The newest completed snapshots of the organisation by `period_id`.
        period_ids: The periods; those without a snapshot have no value.
    """
    rows = [completed[period_id] for period_id in period_ids if period_id in completed]
    by_period = dict(
        zip((row.period_id for row in rows), stored_values_of(connection, report_config, rows), strict=True)
    )
    partial = {period_id for period_id, values in by_period.items() if _is_partial(period_id, values.metadata)}
    series: dict[str, list[HistoricalValue]] = {}
    for key in (field.field_key for field in report_config.catalogue.fields):
        series[key] = [
            HistoricalValue(period_id, values.visible_value(key), values.state(key), period_id in partial)
            if (values := by_period.get(period_id))
            else HistoricalValue(period_id, None, "no_report")
            for period_id in period_ids
        ]
    return series


def _is_partial(period_id: str, metadata: AggregationMetadata | None) -> bool:
    return metadata is not None and (
        metadata.is_incomplete or Period.parse(period_id).is_provisional(metadata.extract_day)
    )
