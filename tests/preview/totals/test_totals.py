"""Totals worked by hand: sums, shares, services with one period only, provisional and withheld ones (T1, T2)."""

import pytest

from preview.form.catalogue import Catalogue
from preview.model.resources import Value
from preview.totals.data import TotalsData
from preview.totals.sums import FieldTotal
from preview.totals.view import build_totals, totals_document
from tests.preview.totals.report_samples import MED_FRIST, sample_data, sample_report

PLACED: dict[int | str, Value] = {18: 60, 19: 50, 20: 4, 21: 6}


def field_total(catalogue: Catalogue, data: TotalsData, number: int) -> FieldTotal:
    """Return the total of the field with a number."""
    return build_totals(catalogue, data).fields[number - 1]


def test_value_sums_all_and_prior_value_only_services_with_both_periods(catalogue: Catalogue) -> None:
    reports = {
        "both": sample_report(catalogue, {1: 40, 33: 10.1}),
        "new": sample_report(catalogue, {1: 7, 33: 0.2}),
        "silent_before": sample_report(catalogue, {1: 5}),
        "silent_now": sample_report(catalogue, {}),
    }
    prior = {
        "both": sample_report(catalogue, {1: 30, 33: 9.0}),
        "silent_before": sample_report(catalogue, {}),
        "silent_now": sample_report(catalogue, {1: 1000}),
        "gone": sample_report(catalogue, {1: 1000}),
    }
    data = sample_data(catalogue, reports, prior)
    meldinger, arsverk, visits = (field_total(catalogue, data, number) for number in (1, 33, 29))
    assert (meldinger.value, meldinger.prior_value, meldinger.reporting, meldinger.matched) == (52, 30, 3, 1)
    assert meldinger.matched_value == 40
    assert build_totals(catalogue, data).change(meldinger, "antall") == (10, 33)
    assert (arsverk.value, arsverk.prior_value, arsverk.matched_value) == (10.3, 9.0, 10.1)
    assert (visits.value, visits.prior_value, visits.reporting, visits.state) == (None, None, 0, "missing")


def test_share_is_computed_from_summed_numerators_and_denominators(catalogue: Catalogue) -> None:
    # 9 of 10 and 45 of 90 are 54 of 100; the mean of 90 % and 50 % would be 70 %.
    reports = {
        "small": sample_report(catalogue, {4: 1, 5: 90.0, MED_FRIST: 10}),
        "large": sample_report(catalogue, {4: 45, 5: 50.0, MED_FRIST: 90}),
        "nothing_to_count": sample_report(catalogue, {4: 0, 5: None, MED_FRIST: 0}),
    }
    # 30 of 40, of the one service that has a share in both years.
    prior = {
        "large": sample_report(catalogue, {4: 10, 5: 75.0, MED_FRIST: 40}),
        "nothing_to_count": sample_report(catalogue, {4: 0, 5: 100.0, MED_FRIST: 7}),
    }
    data = sample_data(catalogue, reports, prior)
    share = field_total(catalogue, data, 5)
    assert (share.value, share.prior_value, share.matched_value) == (54.0, 75.0, 50.0)
    assert (share.reporting, share.matched) == (2, 1)
    assert build_totals(catalogue, data).change(share, "prosent") == (-25.0, None)


@pytest.mark.parametrize(
    ("values", "state"),
    [({5: None, MED_FRIST: 0}, "not_applicable"), ({}, "missing")],
)
def test_share_without_a_value_anywhere_says_why(
    catalogue: Catalogue, values: dict[int | str, int | None], state: str
) -> None:
    total = field_total(catalogue, sample_data(catalogue, {"a": sample_report(catalogue, values)}, {}), 5)
    assert (total.value, total.state, total.prior_state) == (None, state, "no_report")


def test_coverage_counts_listed_reporting_provisional_and_approved(catalogue: Catalogue) -> None:
    reports = {
        "approved": sample_report(catalogue, {1: 1}, review_status="approved"),
        "provisional": sample_report(catalogue, {1: 10}, provisional=True),
        "unlisted": sample_report(catalogue, {1: 100}, review_status="changed"),
    }
    listed = frozenset({"approved", "provisional", "silent"})
    totals = build_totals(catalogue, sample_data(catalogue, reports, {}, listed=listed))
    coverage = totals.coverage
    assert (coverage.expected, coverage.expected_reporting, coverage.reporting) == (3, 2, 3)
    assert (coverage.provisional, coverage.approved) == (1, 1)
    assert totals.fields[0].value == 111
    document = totals_document(catalogue, totals)
    assert (document.organizations, document.reporting, document.provisional, document.approved) == (3, 3, 1, 1)


def test_county_sums_its_services_only(catalogue: Catalogue) -> None:
    reports = {name: sample_report(catalogue, {1: value}) for name, value in (("a", 1), ("b", 10), ("c", 100))}
    counties = {"a": "18", "b": "50", "c": "18"}
    totals = build_totals(catalogue, sample_data(catalogue, reports, {}, counties=counties, county="18"))
    assert totals.fields[0].value == 101
    assert totals_document(catalogue, totals).county == "18"


def test_sum_with_one_withheld_part_is_withheld(catalogue: Catalogue) -> None:
    reports = {
        "a": sample_report(catalogue, {22: 2}, suppress=True),
        "b": sample_report(catalogue, {22: 30}, suppress=True),
    }
    prior = {name: sample_report(catalogue, {22: 40}, suppress=True) for name in reports}
    total = field_total(catalogue, sample_data(catalogue, reports, prior), 22)
    assert (total.value, total.state, total.reporting) == (None, "withheld", 2)
    # The change would give it away too. The prior values are all visible, and so is their sum.
    assert (total.matched_value, total.prior_value) == (None, 80)


def test_sum_of_several_withheld_parts_is_shown(catalogue: Catalogue) -> None:
    reports = {
        "a": sample_report(catalogue, {22: 2}, suppress=True),
        "b": sample_report(catalogue, {22: 1}, suppress=True),
        "c": sample_report(catalogue, {22: 30}, suppress=True),
    }
    assert field_total(catalogue, sample_data(catalogue, reports, {}), 22).value == 33


def test_total_that_its_components_give_away_is_withheld_with_them(catalogue: Catalogue) -> None:
    # Of "a" 20 and 21 are withheld; 21 of "b" is withheld too, so that the sum of 21 alone would be safe.
    reports = {
        "a": sample_report(catalogue, {18: 60, 19: 50, 20: 2, 21: 8}, suppress=True),
        "b": sample_report(catalogue, {18: 60, 19: 50, 20: 7, 21: 3}, suppress=True),
        "c": sample_report(catalogue, PLACED, suppress=True),
    }
    totals = build_totals(catalogue, sample_data(catalogue, reports, {}))
    assert [total.state for total in totals.fields[17:21]].count("withheld") != 1
