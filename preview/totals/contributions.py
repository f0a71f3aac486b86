"""Which services the change of a total comes from (the waterfall of the page of the country). Pure functions."""

from decimal import Decimal
from fractions import Fraction

import msgspec

from preview.form.entries import Field
from preview.form.numbers import change_between, one_decimal, to_decimal
from preview.model.resources import Value
from preview.totals.data import TotalsData
from preview.totals.reports import ServiceReport
from preview.totals.sums import FieldTotal, exact_sum, is_reported, share_parts


class Contribution(msgspec.Struct, frozen=True):
    """What a service adds to the change of a total, with its own values."""

    organization_id: str
    organization_name: str
    prior_value: Value
    value: Value
    contribution: int | float


class Contributions(msgspec.Struct, frozen=True, kw_only=True):
    """The change of a total, split by service: `prior_value`, all contributions and `rest` add up to `matched_value`.

    Attributes:
        field_key: The field.
        prior_value: The prior value of the total.
        matched_value: The current value of the same services.
        change: Their difference.
        services: The services that contribute most, greatest contribution of either sign first.
        rest: What all other services contribute together, those with withheld values included.
        rest_count: Number of these services.
    """

    field_key: str
    prior_value: int | float
    matched_value: int | float
    change: int | float
    services: list[Contribution]
    rest: int | float
    rest_count: int


def contributions_to_change(data: TotalsData, field: Field, total: FieldTotal, limit: int) -> Contributions | None:
    """Return the services that contribute most to the change of a field.

    A service contributes the change of its own number. To the change of a share it contributes what its cases above or
    below the prior share of all made of the share now, less what they made of it then: with the share `S` of all
    before, and numerator `a` and denominator `b` of the service and `B` of all, `(a - S b) / B` now less the same
    before. These add up to the change of the share, and a service that only grows at the common share adds nothing.

    Args:
        data: The services and their reports.
        field: The field.
        total: Its total, as it may be shown.
        limit: The most services that are returned.

    Returns:
        The contributions; None if there is no change to explain, or it must not be shown.
    """
    change, _ = change_between(total.matched_value, total.prior_value, field.unit)
    if change is None or total.matched_value is None or total.prior_value is None:
        return None
    matched = [
        (service, data.reports[service.organization_id], data.prior_reports[service.organization_id])
        for service in data.services
        if is_reported(field.key, data.reports.get(service.organization_id))
        and is_reported(field.key, data.prior_reports.get(service.organization_id))
    ]
    exact = _exact_contributions(field, [(now, before) for _, now, before in matched])
    rows = [
        Contribution(
            service.organization_id,
            service.organization_name,
            before.values[field.key],
            now.values[field.key],
            _rounded(amount, field),
        )
        for (service, now, before), amount in zip(matched, exact, strict=True)
        if amount and field.key not in now.hidden and field.key not in before.hidden
    ]
    rows.sort(key=lambda row: (-abs(row.contribution), row.organization_id))
    shown = [row for row in rows[:limit] if row.contribution]
    rest = to_decimal(change) - sum((to_decimal(row.contribution) for row in shown), Decimal(0))
    return Contributions(
        field_key=field.key,
        prior_value=total.prior_value,
        matched_value=total.matched_value,
        change=change,
        services=shown,
        rest=int(rest) if field.unit == "antall" else float(rest),
        rest_count=len(matched) - len(shown),
    )


def _exact_contributions(field: Field, matched: list[tuple[ServiceReport, ServiceReport]]) -> list[Fraction]:
    if field.share is None:
        return [
            Fraction(to_decimal(now.values[field.key] or 0)) - Fraction(to_decimal(before.values[field.key] or 0))
            for now, before in matched
        ]
    share = exact_sum(field, [before.values for _, before in matched])
    now_parts = [share_parts(field, now.values) for now, _ in matched]
    prior_parts = [share_parts(field, before.values) for _, before in matched]
    now_whole, prior_whole = sum(whole for _, whole in now_parts), sum(whole for _, whole in prior_parts)
    return [
        (100 * now[0] - share * now[1]) / now_whole - (100 * before[0] - share * before[1]) / prior_whole
        for now, before in zip(now_parts, prior_parts, strict=True)
    ]


def _rounded(amount: Fraction, field: Field) -> int | float:
    return int(amount) if field.unit == "antall" else one_decimal(float(amount))
