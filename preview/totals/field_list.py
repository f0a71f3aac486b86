"""One field of every service: value, prior value, change, rank and review (rule T3). Pure functions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from preview.form.entries import Field
from preview.form.value_state import ValueState
from preview.i18n.name_search import collation_key
from preview.model.resources import Value
from preview.totals.data import TotalsData
from preview.totals.documents import ServiceValue
from preview.totals.reports import Service, ServiceReport
from preview.totals.service_numbers import ServiceNumber, service_number

SortKey = Literal[
    "rank",
    "-rank",
    "organization_name",
    "-organization_name",
    "value",
    "-value",
    "prior_period_value",
    "-prior_period_value",
    "change",
    "-change",
    "review_status",
    "-review_status",
]
"""A column of the list, with a minus for descending order."""

_REVIEW_ORDER = ("open", "changed", "approved")


@dataclass(frozen=True)
class FieldEntry:
    """A field of one service: the row of the API, and what the page of the field shows beside it.

    Attributes:
        row: The row of the API.
        percent: The change in per cent; None without one, and for a share.
        prior_state: Why there is no prior value, or `present`.
        provisional: Whether the data of the report end before the period does (rule P3).
    """

    row: ServiceValue
    percent: int | None
    prior_state: ValueState
    provisional: bool


def field_entries(data: TotalsData, field: Field, sort: SortKey) -> list[FieldEntry]:
    """Return a field of every service that is listed or has a completed report of the period.

    Args:
        data: The services and their reports.
        field: The field.
        sort: The order; services without a value in that column are last, and equal ones are ordered by name.
    """
    services = [each for each in data.services if each.listed or each.organization_id in data.reports]
    reports, prior_reports = data.reports, data.prior_reports
    numbers = [
        service_number(field, reports.get(each.organization_id), prior_reports.get(each.organization_id))
        for each in services
    ]
    ranks = _ranks([number.value for number in numbers])
    entries = [
        _entry(service, number, ranks.get(number.value), reports.get(service.organization_id))
        for service, number in zip(services, numbers, strict=True)
    ]
    return _sorted(entries, sort)


def field_list(data: TotalsData, field: Field, sort: SortKey) -> list[ServiceValue]:
    """Return the rows of the API, as `field_entries`."""
    return [entry.row for entry in field_entries(data, field, sort)]


def _ranks(values: Sequence[Value]) -> dict[Value, int]:
    """Return the rank of each value: 1 for the highest, and of equal ones the best."""
    ranks: dict[Value, int] = {}
    for index, value in enumerate(sorted((each for each in values if each is not None), reverse=True), 1):
        ranks.setdefault(value, index)
    return ranks


def _entry(service: Service, number: ServiceNumber, rank: int | None, report: ServiceReport | None) -> FieldEntry:
    row = ServiceValue(
        organization_id=service.organization_id,
        organization_name=service.organization_name,
        value=number.value,
        prior_period_value=number.prior_value,
        change=number.change,
        rank=rank,
        review_status=report.review_status if report else None,
        value_state=number.state,
    )
    return FieldEntry(row, number.percent, number.prior_state, report is not None and report.provisional)


def _sorted(entries: list[FieldEntry], sort: SortKey) -> list[FieldEntry]:
    column, descending = sort.removeprefix("-"), sort.startswith("-")
    key = _KEYS.get(column, lambda value: value)
    by_name = sorted(entries, key=lambda each: (collation_key(each.row.organization_name), each.row.organization_id))
    present = [entry for entry in by_name if getattr(entry.row, column) is not None]
    absent = [entry for entry in by_name if getattr(entry.row, column) is None]
    # `reverse` keeps the order of equal rows.
    return [*sorted(present, key=lambda entry: key(getattr(entry.row, column)), reverse=descending), *absent]


_KEYS: dict[str, Callable[[Any], Any]] = {"organization_name": collation_key, "review_status": _REVIEW_ORDER.index}
