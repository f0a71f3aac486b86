"""Exact arithmetic on values of the form: decimal, rounded half up, never with the rounding errors of floats."""

from decimal import ROUND_HALF_UP, Decimal


def percentage(part: int, whole: int) -> float | None:
    """Return 100 x `part` / `whole` with one decimal, rounded half up (12.25 gives 12.3); None if `whole` is 0."""
    if whole == 0:
        return None
    tenths = (2000 * part + whole) // (2 * whole)
    return tenths / 10


def to_decimal(value: float) -> Decimal:
    """Return the decimal number that a value is written as: exactly a tenth for 0.1."""
    return Decimal(str(value))


def one_decimal(value: float) -> float:
    """Return a value with one decimal (rule G3, docs/api.md), rounded half away from zero: 12.25 gives 12.3."""
    return float(to_decimal(value).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def rounded_percent_change(change: Decimal, base: Decimal) -> int:
    """Return `change` in percent of `base`, which is not 0, rounded half away from zero."""
    return int((100 * change / abs(base)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
