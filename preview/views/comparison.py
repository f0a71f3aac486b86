"""What a preview is compared with: another period, or the same days of the prior one (rules 7.2 and 7.3)."""

from typing import NamedTuple

import msgspec

from preview.core.periods import Period
from preview.reports.deviation_check import AggregationMetadata, SnapshotValues
from preview.reports.reconcile import ReportConfig
from preview.reports.same_day import SameDayValues, same_day
from preview.reports.stored_values import stored_values
from preview.storage.database import Connection
from preview.storage.snapshots import SnapshotRow
from preview.views.compared_period import compared_period

SAME_DAY = "same-day"
"""Stands for the comparison to the same day where a query names a period to compare with."""


def parse_comparison(compare: str | None) -> Period | None:
    """Return the period that a query asks to compare with; None for `SAME_DAY`, and if it names nothing.

    Raises:
        ValidationError: If the text is no period.
    """
    return None if compare is None or compare == SAME_DAY else Period.parse(compare, "/compare")


class SameDayView(msgspec.Struct, frozen=True):
    """The comparison of a provisional report with the same days of the prior period.

    Attributes:
        period_id: The prior period.
        until: ISO day up to which it counts.
        is_offered: Whether there is such a comparison; not with a KOSTRA 15F file, which stands for a whole year.
        is_incomplete: Whether cases that were closed before the source began may be missing.
    """

    period_id: str
    until: str
    is_offered: bool
    is_incomplete: bool


class Comparison(NamedTuple):
    """What a report is compared with.

    Attributes:
        period: The period.
        values: Its values.
        snapshot: Its newest completed snapshot, which the values are of unless `is_same_day`.
        same_day: The comparison to the same day; None for a report that is not provisional.
        is_same_day: Whether the values are those up to the same day.
    """

    period: Period
    values: SnapshotValues
    snapshot: SnapshotRow | None
    same_day: SameDayView | None
    is_same_day: bool

    @property
    def until(self) -> str | None:
        """ISO day up to which the period counts; None if all of it counts."""
        return self.same_day.until if self.same_day and self.is_same_day else None


class ComparisonQuery:
    """Reads what a report is compared with, on the connection of a reader."""

    def __init__(self, report_config: ReportConfig) -> None:
        self._report_config = report_config
        self.same_day_values = SameDayValues(report_config)

    def read(
        self,
        connection: Connection,
        organization_id: str,
        period: Period,
        metadata: AggregationMetadata | None,
        completed: dict[str, SnapshotRow],
        requested: Period | None,
    ) -> Comparison:
        """Return what a report is compared with.

        It is the period that was asked for, if it is another one of the same length (rule 7.2); else the same days of
        the prior period where the report is provisional and they are known (rule 7.3); else the prior period.

        Args:
            connection: A connection within a transaction.
            organization_id: The organisation.
            period: The report's period.
            metadata: What the report was aggregated from; None without values.
            completed: The newest completed snapshots of the organisation by `period_id`.
            requested: The period that was asked for; None for the default.
        """
        compared, is_default = compared_period(period, requested)
        row = completed.get(str(compared))
        offer = same_day(connection, organization_id, period, metadata)
        view = offer and SameDayView(str(offer.period), offer.until.isoformat(), offer.is_offered, offer.is_incomplete)
        if offer is not None and offer.is_offered and is_default:
            values = self.same_day_values.get(connection, organization_id, offer)
            return Comparison(compared, values, row, view, is_same_day=True)
        return Comparison(compared, stored_values(connection, self._report_config, row), row, view, is_same_day=False)
