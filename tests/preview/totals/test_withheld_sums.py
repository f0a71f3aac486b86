"""No published sum gives away a withheld value: checked against a reader who tries all possibilities (domain 8)."""

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preview.form.catalogue import Catalogue
from preview.totals.protection import Sum
from preview.totals.reports import ServiceReport
from preview.totals.suppression import Periods, withheld_sums
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


PLACED = [CATALOGUE.fields[number - 1].key for number in (18, 19, 20, 21)]
PARTS = st.tuples(*[st.sampled_from([0, 1, 2, 3, 4, 6])] * 3)
HIGHEST_GUESS = 12


def states_of(report: ServiceReport) -> list[tuple[int, ...]]:
    """Return the values of a whole and its components that a reader of one report thinks possible."""
    values = [int(report.values[key] or 0) for key in PLACED]
    ranges = [
        [value]
        if key not in report.hidden
        else range(1, 4)
        if 1 <= value <= 3
        else range(4, max(HIGHEST_GUESS, value) + 1)
        for key, value in zip(PLACED, values, strict=True)
    ]
    return [(sum(parts), *parts) for parts in product(*ranges[1:]) if sum(parts) in ranges[0]]


def known_small_counts(reports: Sequence[ServiceReport], published: Sequence[int]) -> set[tuple[int, int]]:
    """Return report and field of the small counts that published sums of the whole country leave one possibility of,
    which the report alone does not.
    """
    states = [states_of(report) for report in reports]
    sums = {field: sum(int(report.values[PLACED[field]] or 0) for report in reports) for field in published}
    possible = [
        combination
        for combination in product(*states)
        if all(sum(values[field] for values in combination) == total for field, total in sums.items())
    ]
    return {
        (index, field)
        for index, report in enumerate(reports)
        for field, key in enumerate(PLACED)
        if key in report.hidden
        and len({values[field] for values in states[index]}) > 1
        and len({combination[index][field] for combination in possible}) == 1
    }


@settings(max_examples=60)
@given(services=st.lists(PARTS, min_size=2, max_size=3))
def test_sums_of_whole_and_components_give_nothing_away(services: list[tuple[int, int, int]]) -> None:
    reports = {
        f"org-{number}": sample_report(
            CATALOGUE, {18: sum(parts), 19: parts[0], 20: parts[1], 21: parts[2]}, suppress=True
        )
        for number, parts in enumerate(services)
    }
    withheld = withheld_sums(CATALOGUE, Periods(reports, {}, {}, {}, {}))
    published = [field for field, key in enumerate(PLACED) if Sum("value", "") not in withheld.get(key, set())]
    assert known_small_counts(list(reports.values()), published) == set()


def test_reader_of_this_test_solves_rows_and_columns() -> None:
    # The sums of no. 18 and 20 alone tell that 19 and 21 are 3 each: four small counts that are 12 together.
    reports = [
        sample_report(CATALOGUE, {18: 12, 19: 3, 20: 6, 21: 3}, suppress=True),
        sample_report(CATALOGUE, {18: 11, 19: 3, 20: 5, 21: 3}, suppress=True),
    ]
    assert known_small_counts(reports, [0, 2]) == {(0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3)}


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
