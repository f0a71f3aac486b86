"""Hides small counts of persons (`domain.md` 8). Pure."""

from math import inf
from typing import NamedTuple

from preview.form.catalogue import Catalogue
from preview.form.entries import Field, Values
from preview.model.resources import Value

SMALL_COUNT_RANGE = (1, 3)
"""Counts of persons from 1 to 3 are hidden."""


def suppressed_fields(catalogue: Catalogue, values: Values) -> frozenset[str]:
    """The keys of the fields whose values must not be shown. `values` are those of one snapshot, by field key.

    1. Every count of persons from 1 to 3. A zero is shown.
    2. Where a whole and the parts that make it up (`made_up_of`) are shown, a reader can solve whole = sum of parts. As long as that, with
       hidden small counts known to be 1 to 3 and other hidden values known to be above 3, leaves a hidden small count but one number it
       could be, one more value is hidden: the smallest part still shown that is not zero, or when there is none, the whole. The equation
       is taken as exact also where a child may count in two parts, which hides sooner rather than later. It ends where all of it that
       is not zero is hidden.

    A part under its whole alone (`subset_of`) needs no more: the rest of the whole is no field; a hidden part is at most 3 whatever the
    whole says; and under a hidden whole a part is zero or hidden itself. Shares are of no count of persons in this form.
    """
    small = {field.key for field in catalogue.fields if field.counts_persons and _is_small(values.get(field.key))}
    suppressed = set(small)
    for whole in catalogue.fields:
        if whole.components and values.get(whole.key) is not None:
            _suppress_until_unsolvable(
                _SumGroup(whole, [catalogue.fields[number - 1] for number in whole.components]), values, small, suppressed
            )
    return frozenset(suppressed)


class _SumGroup(NamedTuple):
    whole: Field
    parts: list[Field]


_Range = tuple[float, float]


def _is_small(value: Value) -> bool:
    return value is not None and SMALL_COUNT_RANGE[0] <= value <= SMALL_COUNT_RANGE[1]


def _suppress_until_unsolvable(group: _SumGroup, values: Values, small: set[str], suppressed: set[str]) -> None:
    """Adds to `found` until no small count of the group can be solved."""
    while any(field.key in small and _is_solvable(group, field, values, small, suppressed) for field in (group.whole, *group.parts)):
        visible_parts = [part for part in group.parts if part.key not in suppressed and values.get(part.key)]
        if visible_parts:
            suppressed.add(min(visible_parts, key=lambda part: values[part.key] or 0).key)
        elif group.whole.key not in suppressed:
            suppressed.add(group.whole.key)
        else:
            return


def _is_solvable(group: _SumGroup, field: Field, values: Values, small: set[str], suppressed: set[str]) -> bool:
    """Whether the reader's equation leaves at most one number for `field`."""

    def known_range(other: Field) -> _Range:
        value = values.get(other.key)
        if value is None:
            return 0, inf
        if other.key in small:
            return SMALL_COUNT_RANGE
        return (SMALL_COUNT_RANGE[1] + 1, inf) if other.key in suppressed else (value, value)

    lowest, highest = known_range(field)
    others = [known_range(part) for part in group.parts if part is not field]
    least, most = sum(low for low, _ in others), sum(high for _, high in others)
    if field is group.whole:
        return min(highest, most) <= max(lowest, least)
    whole_low, whole_high = known_range(group.whole)
    return min(highest, whole_high - least) <= max(lowest, whole_low - most)
