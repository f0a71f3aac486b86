"""The numbers of single services: value, prior value and change, as they may be shown. Pure functions."""

from collections.abc import Mapping, Sequence

import msgspec

from preview.form.entries import Field
from preview.form.numbers import change_between
from preview.form.value_state import ValueState
from preview.model.resources import Value
from preview.totals.data import TotalsData
from preview.totals.reports import ServiceReport


class ServiceNumber(msgspec.Struct, frozen=True):
    """A field of one service.

    Attributes:
        value: The value of the period; None if there is none to show.
        state: Why there is none, or `present`.
        prior_value: The value of the prior period.
        prior_state: Why there is none, or `present`.
        change: The difference, in the field's unit; None unless both values are shown.
        percent: The same in per cent; None also for a share, and if the prior value is 0.
    """

    value: Value
    state: ValueState
    prior_value: Value
    prior_state: ValueState
    change: Value
    percent: int | None = None


def service_number(field: Field, report: ServiceReport | None, prior: ServiceReport | None) -> ServiceNumber:
    """Return a field of a service.

    Args:
        field: The field.
        report: The service's report of the period, None without one.
        prior: That of the prior period.
    """
    value = report.visible(field.key) if report else None
    prior_value = prior.visible(field.key) if prior else None
    change, percent = change_between(value, prior_value, field.unit)
    return ServiceNumber(
        value=value,
        state=report.state(field.key) if report else "no_report",
        prior_value=prior_value,
        prior_state=prior.state(field.key) if prior else "no_report",
        change=change,
        percent=percent,
    )


def numbers_by_service(data: TotalsData, fields: Sequence[Field]) -> Mapping[str, tuple[ServiceNumber, ...]]:
    """Return some fields of every service, in the order of the fields, by id of the organisation."""
    reports, prior_reports = data.reports, data.prior_reports
    return {
        each.organization_id: tuple(
            service_number(field, reports.get(each.organization_id), prior_reports.get(each.organization_id))
            for field in fields
        )
        for each in data.services
    }
