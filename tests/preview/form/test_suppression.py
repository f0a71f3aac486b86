"""Small counts of persons are withheld, and so is what they could be computed from (docs/domain.md 8)."""

from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from preview.form.catalogue import Catalogue
from preview.form.suppression import suppressed_fields
from preview.model.resources import Value

PERSONS = {13, 14, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 32}
PLACED = (18, 19, 20, 21)


def suppressed_numbers(catalogue: Catalogue, values: dict[int, Value]) -> set[int]:
    """Return the numbers of the withheld fields; all values that are not given are 50."""
    given = {field.field_key: values.get(field.number, 50) for field in catalogue.fields}
    return {catalogue.field(key).number for key in suppressed_fields(catalogue, given)}


@pytest.mark.parametrize(("count", "is_hidden"), [(0, False), (1, True), (3, True), (4, False), (None, False)])
def test_counts_of_persons_from_1_to_3_are_hidden(catalogue: Catalogue, count: int | None, is_hidden: bool) -> None:
    assert suppressed_numbers(catalogue, dict.fromkeys(range(1, 35), count)) == (PERSONS if is_hidden else set())


def test_nothing_is_hidden_without_small_counts(catalogue: Catalogue) -> None:
    assert suppressed_numbers(catalogue, {18: 60, 19: 50, 20: 4, 21: 6}) == set()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # 2 = 60 - 50 - 8: the next smallest component is withheld too.
        ({18: 60, 19: 50, 20: 2, 21: 8}, {20, 21}),
        # 2 = 50 - 48, the third part being zero: a zero would hide nothing, so the large part goes.
        ({18: 50, 19: 48, 20: 2, 21: 0}, {19, 20}),
        # No other part: the whole is as small itself.
        ({18: 2, 19: 2, 20: 0, 21: 0}, {18, 19}),
        # Two small parts whose sum of 2 or 6 tells both: 1 and 1, 3 and 3.
        ({18: 50, 19: 48, 20: 1, 21: 1}, {19, 20, 21}),
        ({18: 54, 19: 48, 20: 3, 21: 3}, {19, 20, 21}),
        # Two small parts whose sum of 3 leaves 1 and 2 or 2 and 1.
        ({18: 51, 19: 48, 20: 1, 21: 2}, {20, 21}),
        # All small, the whole not: 9 can only be three times 3.
        ({18: 9, 19: 3, 20: 3, 21: 3}, {18, 19, 20, 21}),
        ({18: 8, 19: 3, 20: 3, 21: 2}, {19, 20, 21}),
        # A child in two parts: the sum is not exact, and one more value is withheld nevertheless.
        ({18: 10, 19: 10, 20: 2, 21: 0}, {19, 20}),
        # The whole is small and a part of it zero.
        ({18: 3, 19: 2, 20: 1, 21: 0}, {18, 19, 20}),
        # Without the whole nothing can be solved.
        ({18: None, 19: 50, 20: 2, 21: 8}, {20}),
        # A part without a value is as good as hidden.
        ({18: 60, 19: None, 20: 2, 21: 8}, {20}),
    ],
)
def test_second_value_is_hidden_if_first_can_be_derived(
    catalogue: Catalogue, values: dict[int, Value], expected: set[int]
) -> None:
    assert suppressed_numbers(catalogue, values) == expected


def test_subset_alone_is_hidden_without_its_whole(catalogue: Catalogue) -> None:
    assert suppressed_numbers(catalogue, {13: 60, 14: 2}) == {14}
    assert suppressed_numbers(catalogue, {17: 60, 26: 2}) == {26}


def test_field_not_counting_persons_is_never_hidden(catalogue: Catalogue) -> None:
    assert suppressed_numbers(catalogue, {7: 3, 8: 2, 9: 1, 30: 3, 31: 1, 34: 1.0}) == set()


@given(st.lists(st.integers(0, 5), min_size=3, max_size=3))
def test_every_hidden_count_stays_ambiguous(catalogue: Catalogue, parts: list[int]) -> None:
    """Tries all numbers, as a reader would who knows that withheld counts are 1 to 3."""
    assume(parts != [1, 1, 1])  # whole and parts are all hidden: there is nothing more to hide
    values: dict[int, int] = dict(zip(PLACED, (sum(parts), *parts), strict=True))
    out = suppressed_numbers(catalogue, {**values})
    small = {number for number in PLACED if 1 <= values[number] <= 3}
    assert small <= out
    choices = [
        range(1, 4) if number in small else range(4, 16) if number in out else (values[number],) for number in PLACED
    ]
    possible: list[dict[int, int]] = [
        dict(zip(PLACED, choice, strict=True)) for choice in product(*choices) if choice[0] == sum(choice[1:])
    ]
    assert values in possible
    for number in small:
        assert len({world[number] for world in possible}) > 1
