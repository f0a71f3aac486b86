"""Exact arithmetic on the form's values: half up, never a float's own rounding."""

from decimal import ROUND_HALF_UP, Decimal


def percentage(part: int, whole: int) -> float | None:
    """100 x `part` / `whole` to one decimal, half up (12.25 gives 12.3; `domain.md` 6, no. 5); None of none."""
    if whole == 0:
        return None
    tenths = (2000 * part + whole) // (2 * whole)
    return tenths / 10


def to_decimal(value: float) -> Decimal:
    """The decimal number that is written for `value`: 0.1 is a tenth."""
    return Decimal(str(value))


def one_decimal(value: float) -> float:
    """As the contract gives what is no count (G3), half away from zero: 12.25 gives 12.3."""
    return float(to_decimal(value).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))


def rounded_percent_change(change: Decimal, base: Decimal) -> int:
    """`change` in per cent of `base`, half away from zero. `base` is not 0."""
    return int((100 * change / abs(base)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
