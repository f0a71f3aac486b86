"""Sums of a field over services: the value of all, and the comparison of those with a value in both periods (T1, T2).

Pure functions.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

import msgspec

from preview.form.entries import Field
from preview.form.numbers import one_decimal, percentage, to_decimal
from preview.form.value_state import ValueState
from preview.model.resources import Value
from preview.totals.reports import ServiceReport

Values = Mapping[str, Value]
NO_REPORT: Values = MappingProxyType({})
"""Stands for the values of a service without a report."""

Pair = tuple[Values, Values]
"""The values of a service in the period and in the prior one, auxiliaries too, or `NO_REPORT`."""


class FieldTotal(msgspec.Struct, frozen=True, kw_only=True):
    """A field summed over services.

    Attributes:
        field_key: The field.
        value: The sum over all services with a value (`reporting`).
        state: Why there is no value, or `present`.
        matched_value: The sum over the services with a value in both periods (`matched`), which is what
            `prior_value` is compared with.
        prior_value: The sum of the values that those services had in the prior period.
        prior_state: Why there is no prior value, or `present`.
        reporting: Number of services with a value.
        matched: Number of services with a value in both periods.
    """

    field_key: str
    value: Value
    state: ValueState
    matched_value: Value
    prior_value: Value
    prior_state: ValueState
    reporting: int
    matched: int


def is_reported(field_key: str, report: ServiceReport | None) -> bool:
    """Return whether a report has a value of a field, withheld or not."""
    return report is not None and report.values.get(field_key) is not None


def sum_values(field: Field, values: Sequence[Values]) -> Value:
    """Return the value of a field for several reports together.

    Counts are added. A share is computed from the sums of its numerators and denominators.

    Args:
        field: The field.
        values: The values of each report, auxiliaries too; each must have a value of the field.

    Returns:
        The value; None without any report.
    """
    if not values:
        return None
    if field.share is not None:
        return percentage(*_sum_parts(field, values))
    if field.unit == "antall":
        return sum(int(each[field.key] or 0) for each in values)
    return one_decimal(float(sum((to_decimal(each[field.key] or 0) for each in values), Decimal(0))))


def total_of(field: Field, pairs: Sequence[Pair]) -> FieldTotal:
    """Return the total of a field. What must be withheld of it is for `suppression` to say.

    Args:
        field: The field.
        pairs: The values of each service that is summed, in the period and in the prior one.
    """
    key = field.key
    reported = [pair for pair in pairs if pair[0].get(key) is not None]
    matched = [pair for pair in reported if pair[1].get(key) is not None]
    values = [now for now, _ in reported]
    return FieldTotal(
        field_key=key,
        value=(value := sum_values(field, values)),
        state=_state(field, [now for now, _ in pairs], has_value=bool(reported)),
        matched_value=value if len(matched) == len(reported) else sum_values(field, [now for now, _ in matched]),
        prior_value=sum_values(field, [before for _, before in matched]),
        prior_state=_state(field, [before for _, before in pairs], has_value=bool(matched)),
        reporting=len(reported),
        matched=len(matched),
    )


def share_parts(field: Field, values: Values) -> tuple[int, int]:
    """Return numerator and denominator of a share that has a value."""
    assert field.share is not None
    whole = int(values[field.share.whole] or 0)
    return whole - int(values[field.share.rest] or 0), whole


def exact_sum(field: Field, values: Sequence[Values]) -> Fraction:
    """Return what `sum_values` rounds, of at least one report."""
    if field.share is not None:
        part, whole = _sum_parts(field, values)
        return Fraction(100 * part, whole)
    return sum((Fraction(to_decimal(each[field.key] or 0)) for each in values), Fraction(0))


def _sum_parts(field: Field, values: Sequence[Values]) -> tuple[int, int]:
    parts = [share_parts(field, each) for each in values]
    return sum(part for part, _ in parts), sum(whole for _, whole in parts)


def _state(field: Field, values: Sequence[Values], *, has_value: bool) -> ValueState:
    """Return the state of a sum: that of its best report, so that one share of nothing makes it not applicable."""
    if has_value:
        return "present"
    if all(each is NO_REPORT for each in values):
        return "no_report"
    return "not_applicable" if any(field.key in each for each in values) else "missing"
