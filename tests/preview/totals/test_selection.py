"""Totals of selected services: sums and shares, their place in county and country, and what they must not give away."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from preview.form.catalogue import Catalogue
from preview.form.suppression import SMALL_COUNT_RANGE
from preview.model.resources import Value
from preview.totals.selection import selection_totals, totals_with_context
from preview.totals.service_numbers import numbers_by_service
from preview.totals.sums import FieldTotal
from tests.preview.totals.report_samples import MED_FRIST, sample_data, sample_report

CATALOGUE = Catalogue.load()
CHILDREN = CATALOGUE.fields[16]
SMALL = st.integers(*SMALL_COUNT_RANGE)
SERVICES = "abcdef"


def test_selection_sums_its_services_and_compares_like_with_like(catalogue: Catalogue) -> None:
    reports = {
        "a": sample_report(catalogue, {1: 40, 4: 1, 5: 90.0, MED_FRIST: 10}),
        "b": sample_report(catalogue, {1: 7, 4: 45, 5: 50.0, MED_FRIST: 90}),
        "c": sample_report(catalogue, {1: 1000}),
    }
    prior = {"a": sample_report(catalogue, {1: 30})}
    received, share = selection_totals(
        sample_data(catalogue, reports, prior), (catalogue.fields[0], catalogue.fields[4]), {"a", "b", "unknown"}
    )
    assert (received.value, received.matched_value, received.prior_value) == (47, 40, 30)
    assert share.value == 54.0  # 54 of 100; the mean would be 70


def test_selection_stands_below_its_county_and_the_country(catalogue: Catalogue) -> None:
    reports = {name: sample_report(catalogue, {1: number}) for number, name in enumerate("abc", 1)}
    data = sample_data(catalogue, reports, {}, counties={"a": "18", "b": "18", "c": "55"})
    fields = (catalogue.fields[0],)

    def lines(county: str, *selected: str) -> list[tuple[str, int, Value]]:
        found = totals_with_context(data, fields, set(selected) if selected else None, county)
        return [(line.scope, line.services, line.totals[0].value) for line in found]

    assert lines("", "a", "c") == [("country", 3, 6), ("selection", 2, 4)]
    assert lines("18", "b") == [("country", 3, 6), ("county", 2, 3), ("selection", 1, 2)]
    assert lines("no county") == [("country", 3, 6), ("selection", 3, 6)]


def children_totals(counts: Mapping[str, int], prior: Mapping[str, int], selected: set[str]) -> FieldTotal:
    reports, prior_reports = (
        {name: sample_report(CATALOGUE, {17: count}, suppress=True) for name, count in each.items()}
        for each in (counts, prior)
    )
    data = sample_data(CATALOGUE, reports, prior_reports, counties={"c": "55", "d": "55"})  # others: 18
    return selection_totals(data, (CHILDREN,), selected)[0]


@given(
    visible=st.dictionaries(st.sampled_from(SERVICES), st.sampled_from((0, 12, 30)), max_size=6),
    hidden=st.lists(st.tuples(SMALL, SMALL), min_size=12, max_size=12),
    prior=st.dictionaries(st.sampled_from(SERVICES), st.sampled_from((0, 2, 15)), max_size=6),
    selected=st.sets(st.sampled_from(SERVICES), min_size=1),
)
def test_totals_of_selection_do_not_depend_on_withheld_values(
    visible: dict[str, int], hidden: list[tuple[int, int]], prior: dict[str, int], selected: set[str]
) -> None:
    """Two states of the store that a reader cannot tell apart by single values have the same totals."""
    if selected >= set(SERVICES) or selected in ({"a", "b", "e", "f"}, {"c", "d"}):
        return  # a county or the country, whose totals `suppression` decides on
    states = [
        children_totals(
            {name: visible.get(name, pair[side]) for name, pair in zip(SERVICES, hidden, strict=False)},
            {
                name: count if count != 2 else hidden[6 + place][side]
                for place, (name, count) in enumerate(prior.items())
            },
            selected,
        )
        for side in (0, 1)
    ]
    assert states[0] == states[1]


def test_selection_of_whole_county_has_its_published_total() -> None:
    counts = {"a": 1, "b": 2, "c": 2, "d": 2, "e": 1, "f": 1}
    assert children_totals(counts, {}, {"a", "b", "e", "f"}).value == 5
    assert children_totals(counts, {}, {"a", "b", "e"}).value is None


def test_total_with_withheld_value_is_withheld_and_others_not() -> None:
    counts = {"a": 2, "b": 12, "c": 0, "d": 40, "e": 3}
    found = children_totals(counts, {}, {"a", "b", "c"})
    assert (found.value, found.state) == (None, "withheld")
    assert children_totals(counts, {}, {"b", "c"}).value == 12


def test_selection_of_whole_country_has_its_published_total() -> None:
    counts = {"a": 2, "b": 12, "c": 1, "d": 40, "e": 3}
    assert children_totals(counts, {}, set(counts)).value == 58


def test_numbers_of_service_say_why_they_are_absent(catalogue: Catalogue) -> None:
    reports = {"a": sample_report(catalogue, {1: 40, 5: None, 17: 2, 18: 9}, suppress=True)}
    prior = {"a": sample_report(catalogue, {1: 50, 18: 9})}
    fields = [catalogue.fields[number - 1] for number in (1, 3, 5, 17, 18)]
    numbers = numbers_by_service(sample_data(catalogue, reports, prior, listed=frozenset({"silent"})), fields)
    assert [each.state for each in numbers["a"]] == ["present", "missing", "not_applicable", "withheld", "present"]
    assert [(each.value, each.change, each.percent) for each in numbers["a"]] == [
        (40, -10, -20),
        (None, None, None),
        (None, None, None),
        (None, None, None),
        (9, 0, 0),
    ]
    assert {each.state for each in numbers["silent"]} == {"no_report"}
