"""Loads the services and their newest completed reports of a period, which totals and field lists are made from."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.suppression import suppressed_fields
from preview.form.value_state import ValueState, value_state
from preview.model.resources import Value
from preview.model.reviews import ReviewStatus
from preview.reports.reconcile import ReportConfig
from preview.storage.database import Connection
from preview.storage.reviews import period_reports
from preview.totals.counties import Counties

_VALUES = msgspec.json.Decoder(dict[str, int | float | None])
_KEPT_REPORTS = 4096


@dataclass(frozen=True)
class Service:
    """An organisation. `county` is the number of its county in the year of the period, None if it is not known."""

    organization_id: str
    organization_name: str
    listed: bool
    county: str | None


@dataclass(frozen=True)
class ServiceReport:
    """The newest completed report of a service in a period.

    Attributes:
        organization_id: The service.
        snapshot: Number of its snapshot.
        review_status: Its review.
        provisional: Whether its data end before the period does (rule P3).
        values: Stored values by key, those of auxiliaries too; the key of what nothing supplies is absent.
        hidden: Keys of the withheld values (rule 8, docs/domain.md).
    """

    organization_id: str
    snapshot: int
    review_status: ReviewStatus
    provisional: bool
    values: Mapping[str, Value]
    hidden: frozenset[str]

    def visible(self, key: str) -> Value:
        """Return the value of a field as it may leave the store."""
        return None if key in self.hidden else self.values.get(key)

    def state(self, key: str) -> ValueState:
        """Return the state of a field."""
        return value_state(key, self.values, self.hidden)


ReportsByService = Mapping[str, ServiceReport]
"""Reports of one period by id of the organisation."""


def load_services(connection: Connection, year: int) -> list[Service]:
    """Return every organisation with its county in a year, ordered by id."""
    return [
        Service(
            row.organization_id, row.organization_name, bool(row.listed), county_number(row.municipality_numbers, year)
        )
        for row in period_reports.services(connection)
    ]


def load_reports(connection: Connection, report_config: ReportConfig, period: Period) -> ReportsByService:
    """Return the newest completed reports of a period."""
    loaded: dict[str, ServiceReport] = {}
    for row in period_reports.reports(connection, period.sort_key):
        values = _VALUES.decode(row.field_values)
        loaded[row.organization_id] = ServiceReport(
            organization_id=row.organization_id,
            snapshot=row.snapshot,
            review_status=row.review_status,  # pyright: ignore[reportArgumentType]  (the column's CHECK)
            provisional=bool(row.provisional),
            values=values,
            hidden=_hidden(report_config.catalogue, row.field_values) if report_config.suppress else frozenset(),
        )
    return loaded


@lru_cache(_KEPT_REPORTS)
def _hidden(catalogue: Catalogue, field_values: str) -> frozenset[str]:
    """Return the keys of the withheld values of a report: a reader asks for the same reports again and again."""
    return suppressed_fields(catalogue, _VALUES.decode(field_values))


def forget_hidden() -> None:
    """Keep the values of no report in memory."""
    _hidden.cache_clear()


@lru_cache(_KEPT_REPORTS)
def county_number(municipality_numbers: str, year: int) -> str | None:
    """Return the number of a service's county in a year, None if it is not known.

    Args:
        municipality_numbers: The numbers of its municipalities, which a comma separates.
        year: The year.
    """
    county = Counties.load().county_of([number for number in municipality_numbers.split(",") if number], year)
    return county.number if county else None
