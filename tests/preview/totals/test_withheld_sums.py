"""No published sum gives away a withheld value: checked against a reader who tries all possibilities (domain 8)."""

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.form.catalogue import Catalogue
from preview.totals.suppression import Periods, Sum, withheld_sums
from tests.preview.totals.report_samples import sample_report

CATALOGUE = Catalogue.load()
FIELD = 22
VALUES = st.sampled_from([0, 1, 2, 3, 9])
COUNTIES = st.sampled_from(["18", "50", None])
SERVICES = st.lists(st.tuples(VALUES, COUNTIES, COUNTIES, st.booleans(), st.booleans()), min_size=1, max_size=5)

ServiceSample = tuple[int, str | None, str | None, bool, bool]
"""Value, county, county in the next year, whether there is a value in the prior period, and in the next one."""


def periods_of(services: Sequence[ServiceSample]) -> Periods:
    """Return the reports of the services, each of one field."""
    some = sample_report(CATALOGUE, {FIELD: 50})
    numbered = [(f"org-{number}", service) for number, service in enumerate(services)]
    return Periods(
        reports={key: sample_report(CATALOGUE, {FIELD: service[0]}, suppress=True) for key, service in numbered},
        prior={key: some for key, service in numbered if service[3]},
        next={key: some for key, service in numbered if service[4]},
        counties={key: service[1] for key, service in numbered},
        next_counties={key: service[2] for key, service in numbered},
    )


def all_sums(services: Sequence[ServiceSample]) -> dict[Sum, list[int]]:
    """Return the indexes of the services that count in each sum."""
    members: dict[Sum, list[int]] = {}
    for index, (_, county, next_county, has_prior, has_next) in enumerate(services):
        for kind, number, counts in (
            ("value", county, True),
            ("matched", county, has_prior),
            ("prior", next_county, has_next),
        ):
            for place in ("", number):
                if counts and place is not None:
                    members.setdefault(Sum(kind, place), []).append(index)  # type: ignore[arg-type]
    return members


def given_away(services: Sequence[ServiceSample], published: Sequence[Sequence[int]]) -> set[int]:
    """Return the indexes of the small counts of which the published sums leave only one possibility."""
    values = [service[0] for service in services]
    hidden = [index for index, value in enumerate(values) if 1 <= value <= 3]
    possible: dict[int, set[int]] = {index: set() for index in hidden}
    for guess in product((1, 2, 3), repeat=len(hidden)):
        guessed = {**dict(enumerate(values)), **dict(zip(hidden, guess, strict=True))}
        if all(sum(guessed[index] for index in each) == sum(values[index] for index in each) for each in published):
            for index in hidden:
                possible[index].add(guessed[index])
    return {index for index, numbers in possible.items() if len(numbers) == 1}


@given(services=SERVICES)
def test_no_withheld_value_can_be_computed_from_published_sums(services: list[ServiceSample]) -> None:
    withheld = withheld_sums(CATALOGUE, periods_of(services)).get(CATALOGUE.fields[FIELD - 1].key, set())
    published = [members for each, members in all_sums(services).items() if each not in withheld]
    assert given_away(services, published) == set()


def test_reader_of_this_test_finds_what_sums_give_away() -> None:
    services = [(2, "18", "18", True, True), (9, "18", "18", True, True)]
    assert given_away(services, list(all_sums(services).values())) == {0}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Two in each county protect each other.
        ({"18": (1, 2, 9), "50": (2, 2, 9)}, set()),
        # One in each: the sums of the counties would tell, that of the country does not.
        ({"18": (2, 9), "50": (1, 9)}, {"18", "50"}),
        # One in Nordland alone: without Trøndelag's sum too, it would be the country less Trøndelag.
        ({"18": (2, 9), "50": (1, 2, 9)}, {"18", "50"}),
        # The smaller of two other counties is enough.
        ({"18": (2, 9), "50": (1, 2, 2, 9), "11": (1, 2, 9)}, {"18", "11"}),
        # One in the whole country.
        ({"18": (2, 9), "50": (9, 9)}, {"", "18"}),
        # All ones: a sum of as many as there are tells that each is 1.
        ({"18": (1, 1, 9), "50": (1, 9)}, {"", "18", "50"}),
        ({"18": (3, 3, 9), "50": (9,)}, {"", "18"}),
        ({"18": (0, 9), "50": (9, 9)}, set()),
    ],
)
def test_fewest_sums_are_withheld(catalogue: Catalogue, values: dict[str, tuple[int, ...]], expected: set[str]) -> None:
    services = [(value, county, county, False, False) for county, of_county in values.items() for value in of_county]
    withheld = withheld_sums(CATALOGUE, periods_of(services)).get(CATALOGUE.fields[FIELD - 1].key, set())
    assert {each.county for each in withheld} == expected


def test_comparison_is_withheld_where_it_tells_what_the_value_does_not() -> None:
    # Of two withheld values only one has a prior value: the current side of the change would be that one.
    services = [(1, "18", "18", True, False), (2, "18", "18", False, False), (9, "18", "18", True, False)]
    withheld = withheld_sums(CATALOGUE, periods_of(services))
    assert {each.kind for each in withheld[CATALOGUE.fields[FIELD - 1].key]} == {"matched"}
