"""One field of every service: value, prior value, change, rank and review (rule T3). Pure functions."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from preview.form.entries import Field
from preview.form.numbers import change_between
from preview.i18n.name_search import collation_key
from preview.model.resources import Value
from preview.totals.data import TotalsData
from preview.totals.documents import ServiceValue
from preview.totals.reports import Service, ServiceReport

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


def field_list(data: TotalsData, field: Field, sort: SortKey) -> list[ServiceValue]:
    """Return a field of every service that is listed or has a completed report of the period.

    Args:
        data: The services and their reports.
        field: The field.
        sort: The order; services without a value in that column are last, and equal ones are ordered by name.
    """
    services = [each for each in data.services if each.listed or each.organization_id in data.reports]
    values = [_visible(data.reports.get(each.organization_id), field) for each in services]
    ranks = _ranks(values)
    rows = [_row(data, field, service, ranks.get(value)) for service, value in zip(services, values, strict=True)]
    return _sorted(rows, sort)


def _visible(report: ServiceReport | None, field: Field) -> Value:
    return report.visible(field.key) if report is not None else None


def _ranks(values: Sequence[Value]) -> dict[Value, int]:
    """Return the rank of each value: 1 for the highest, and of equal ones the best."""
    ranks: dict[Value, int] = {}
    for index, value in enumerate(sorted((each for each in values if each is not None), reverse=True), 1):
        ranks.setdefault(value, index)
    return ranks


def _row(data: TotalsData, field: Field, service: Service, rank: int | None) -> ServiceValue:
    report = data.reports.get(service.organization_id)
    value = _visible(report, field)
    prior = _visible(data.prior_reports.get(service.organization_id), field)
    return ServiceValue(
        organization_id=service.organization_id,
        organization_name=service.organization_name,
        value=value,
        prior_period_value=prior,
        change=change_between(value, prior, field.unit)[0],
        rank=rank,
        review_status=report.review_status if report else None,
        value_state=report.state(field.key) if report else "no_report",
    )


def _sorted(rows: list[ServiceValue], sort: SortKey) -> list[ServiceValue]:
    column, descending = sort.removeprefix("-"), sort.startswith("-")
    key = _KEYS.get(column, lambda value: value)
    by_name = sorted(rows, key=lambda row: (collation_key(row.organization_name), row.organization_id))
    present = [row for row in by_name if getattr(row, column) is not None]
    absent = [row for row in by_name if getattr(row, column) is None]
    # `reverse` keeps the order of equal rows.
    return [*sorted(present, key=lambda row: key(getattr(row, column)), reverse=descending), *absent]


_KEYS: dict[str, Callable[[Any], Any]] = {"organization_name": collation_key, "review_status": _REVIEW_ORDER.index}
