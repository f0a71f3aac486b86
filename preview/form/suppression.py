"""Withholds small counts of persons (domain 8, docs/domain.md)."""

from math import inf
from typing import NamedTuple

from preview.form.catalogue import Catalogue
from preview.form.entries import Field, Values
from preview.model.resources import Value

SMALL_COUNT_RANGE = (1, 3)
"""Smallest and largest count of persons that is withheld."""


def suppressed_fields(catalogue: Catalogue, values: Values) -> frozenset[str]:
    """Return the keys of the fields whose values must not be shown.

    1. Every count of persons from 1 to 3 is withheld. A zero is shown.
    2. A reader can solve the equation of a whole and its `components`. While that leaves only one possible number for a
       withheld small count, one more value is withheld: the smallest shown component that is not zero, or the whole if
       there is none. The reader knows that withheld small counts are 1 to 3, and that other withheld values are above
       3. The equation is taken as exact although a child can count in two components, which withholds more.

    A part of which only the whole is known (`subset_of`) needs no further step: the rest of the whole is no field, a
    withheld part is at most 3 whatever the whole is, and under a withheld whole a part is zero or withheld itself. No
    share of this form is of a count of persons.

    Args:
        catalogue: The form.
        values: Values of one snapshot, by field key.
    """
    small = {field.key for field in catalogue.fields if field.counts_persons and _is_small(values.get(field.key))}
    suppressed = set(small)
    for whole in catalogue.fields:
        if whole.components and values.get(whole.key) is not None:
            _suppress_until_unsolvable(
                _SumGroup(whole, [catalogue.fields[number - 1] for number in whole.components]),
                values,
                small,
                suppressed,
            )
    return frozenset(suppressed)


class _SumGroup(NamedTuple):
    whole: Field
    parts: list[Field]


_Range = tuple[float, float]


def _is_small(value: Value) -> bool:
    return value is not None and SMALL_COUNT_RANGE[0] <= value <= SMALL_COUNT_RANGE[1]


def _suppress_until_unsolvable(group: _SumGroup, values: Values, small: set[str], suppressed: set[str]) -> None:
    """Add fields of the group to `suppressed` until no small count of it can be solved."""
    while any(
        field.key in small and _is_solvable(group, field, values, small, suppressed)
        for field in (group.whole, *group.parts)
    ):
        visible_parts = [part for part in group.parts if part.key not in suppressed and values.get(part.key)]
        if visible_parts:
            suppressed.add(min(visible_parts, key=lambda part: values[part.key] or 0).key)
        elif group.whole.key not in suppressed:
            suppressed.add(group.whole.key)
        else:
            return


def _is_solvable(group: _SumGroup, field: Field, values: Values, small: set[str], suppressed: set[str]) -> bool:
    """Return whether the equation of the group leaves at most one possible number for a field."""
    lowest, highest = _known_range(field, values, small, suppressed)
    others = [_known_range(part, values, small, suppressed) for part in group.parts if part is not field]
    least, most = sum(low for low, _ in others), sum(high for _, high in others)
    if field is group.whole:
        return min(highest, most) <= max(lowest, least)
    whole_low, whole_high = _known_range(group.whole, values, small, suppressed)
    return min(highest, whole_high - least) <= max(lowest, whole_low - most)


def _known_range(field: Field, values: Values, small: set[str], suppressed: set[str]) -> _Range:
    """Return the smallest and the largest number that a reader knows a field can have."""
    value = values.get(field.key)
    if value is None:
        return 0, inf
    if field.key in small:
        return SMALL_COUNT_RANGE
    return (SMALL_COUNT_RANGE[1] + 1, inf) if field.key in suppressed else (value, value)
