"""Keeps totals in memory as long as the store has not changed: a page reads them again for each row that is opened."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from preview.core.periods import Period
from preview.reports.reconcile import ReportConfig
from preview.storage.database import Database
from preview.totals.data import TotalsData, load_totals_data
from preview.totals.reports import forget_hidden
from preview.totals.view import Totals, build_totals

_MAX_PERIODS = 4


@dataclass(frozen=True)
class _Kept:
    """The totals of a period, by county, and the version of the store before they were read."""

    store_version: int
    country: TotalsData
    by_county: dict[str | None, tuple[TotalsData, Totals]] = field(default_factory=dict)


class TotalsCache:
    """The totals of the periods that were asked for last. Its method blocks: call it on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig) -> None:
        self._database = database
        self._report_config = report_config
        self._lock = threading.Lock()
        self._periods: OrderedDict[Period, _Kept] = OrderedDict()

    def get(self, period: Period, county: str | None) -> tuple[TotalsData, Totals]:
        """Return the totals, and what they were made from.

        Requests wait for each other, so that many for the same totals read them once.

        Args:
            period: The period.
            county: The number of a county; None for the whole country.

        Raises:
            ValidationError: There is no such county in the period's year.
        """
        with self._lock:
            kept = self._read(period)
            if county not in kept.by_county:
                data = kept.country if county is None else kept.country.of_county(county)
                kept.by_county[county] = data, build_totals(self._report_config.catalogue, data)
            return kept.by_county[county]

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._periods.clear()
        forget_hidden()

    def _read(self, period: Period) -> _Kept:
        # The version is read first: a commit in between makes what is kept outdated at once, never wrong.
        store_version = self._database.data_version()
        kept = self._periods.get(period)
        if kept is None or kept.store_version != store_version:
            country = self._database.read(lambda connection: load_totals_data(connection, self._report_config, period))
            kept = self._periods[period] = _Kept(store_version, country)
        self._periods.move_to_end(period)
        if len(self._periods) > _MAX_PERIODS:
            self._periods.popitem(last=False)
        return kept
