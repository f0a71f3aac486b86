"""Compare a provisional report with the same days of the prior period (rule 7.3, docs/domain.md).

The values of the prior period up to a day are stored nowhere: they follow from the case base, and each day has its own.
They are computed when a page or an export asks for them, in its read transaction, so that both columns are of one state
of the store, and kept in memory until the source changes.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date

from preview.core.periods import Period, same_day_of_year_before
from preview.reports.aggregation_input import AggregationInput, current_input
from preview.reports.aggregation_result import aggregate_values
from preview.reports.deviation_check import AggregationMetadata, SnapshotValues
from preview.reports.reconcile import ReportConfig
from preview.storage.database import Connection

_Key = tuple[str, Period, date]

_MAX_ENTRIES = 512
"""More than the services of the country, each of which has one provisional year at a time."""


@dataclass(frozen=True)
class SameDay:
    """The comparison of a provisional report with the same days of the prior period.

    Attributes:
        period: The prior period.
        until: Its last day that counts: the day and month of the report's extract time.
        input: What the values are aggregated from.
    """

    period: Period
    until: date
    input: AggregationInput

    @property
    def is_offered(self) -> bool:
        """Whether the values up to that day are known: a KOSTRA 15F file stands for a whole year."""
        return self.input.selection.source.format == "v4"

    @property
    def is_incomplete(self) -> bool:
        """Whether cases that were closed before the source began may be missing (rule 5.3)."""
        return self.input.selection.incomplete


def same_day(
    connection: Connection, organization_id: str, period: Period, metadata: AggregationMetadata | None
) -> SameDay | None:
    """Return the comparison of a report with the same days of the prior period.

    Args:
        connection: A read transaction.
        organization_id: The organisation.
        period: The report's period.
        metadata: What the report was aggregated from; None if it has never completed.

    Returns:
        The comparison; None for a report that is not provisional, and without a source of the prior period.
    """
    if metadata is None or not period.is_provisional(metadata.extract_day):
        return None
    prior_input = current_input(connection, organization_id, period.prior)
    if prior_input is None:
        return None
    return SameDay(period.prior, same_day_of_year_before(date.fromisoformat(metadata.extract_day)), prior_input)


class SameDayValues:
    """Aggregates the values up to a day, and keeps the newest of them. Its method blocks: call it on a thread."""

    def __init__(self, report_config: ReportConfig) -> None:
        self._report_config = report_config
        self._entries: OrderedDict[_Key, tuple[str, SnapshotValues]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, connection: Connection, organization_id: str, comparison: SameDay) -> SnapshotValues:
        """Return the values of the prior period up to the day, of the case base as it is now.

        Supplementary figures stand for a whole period, so they are those of the prior period.

        Args:
            connection: The read transaction in which `same_day` was called.
            organization_id: The organisation.
            comparison: What `same_day` returned; it must be offered.
        """
        aggregation_input = comparison.input
        key = organization_id, comparison.period, comparison.until
        with self._lock:
            version, values = self._entries.get(key, ("", None))
        if values is not None and version == aggregation_input.input_version and not aggregation_input.is_importing:
            return values
        values = self._aggregate(connection, organization_id, comparison)
        if not aggregation_input.is_importing:  # half a delivery has the version of what was there before
            self._keep(key, aggregation_input.input_version, values)
        return values

    def drop(self, organization_id: str) -> None:
        """Keep no values of an organisation."""
        with self._lock:
            for key in [key for key in self._entries if key[0] == organization_id]:
                del self._entries[key]

    def _aggregate(self, connection: Connection, organization_id: str, comparison: SameDay) -> SnapshotValues:
        result = aggregate_values(
            connection,
            self._report_config,
            organization_id,
            comparison.period,
            comparison.input,
            lambda _: None,
            until=comparison.until,
        )
        return SnapshotValues.of(
            self._report_config.catalogue, self._report_config.suppress, result.values, result.metadata
        )

    def _keep(self, key: _Key, version: str, values: SnapshotValues) -> None:
        with self._lock:
            self._entries[key] = version, values
            self._entries.move_to_end(key)
            if len(self._entries) > _MAX_ENTRIES:
                self._entries.popitem(last=False)
