"""Exact arithmetic on values of the form: decimal, rounded half up, never with the rounding errors of floats."""

from decimal import ROUND_HALF_UP, Decimal

from preview.model.resources import Value


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


def change_between(value: Value, previous: Value, unit: str) -> tuple[Value, int | None]:
    """Return the difference of two values and the same in whole per cent of the previous one.

    Args:
        value: The value.
        previous: The value that it is compared with.
        unit: Unit of the field. The change of a percentage has no per cent.

    Returns:
        The change in the unit and in per cent; each is None if it cannot be computed.
    """
    if value is None or previous is None:
        return None, None
    change = to_decimal(value) - to_decimal(previous)
    percent = None if unit == "prosent" or not previous else rounded_percent_change(change, to_decimal(previous))
    return (int(change) if unit == "antall" else float(change)), percent
