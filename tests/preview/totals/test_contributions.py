"""Which services the change of a total comes from, worked by hand."""

from preview.form.catalogue import Catalogue
from preview.totals.contributions import Contributions, contributions_to_change
from preview.totals.data import TotalsData
from preview.totals.view import build_totals
from tests.preview.totals.report_samples import MED_FRIST, sample_data, sample_report


def contributions(catalogue: Catalogue, data: TotalsData, number: int, limit: int = 10) -> Contributions | None:
    """Return the contributions to the change of the field with a number."""
    total = build_totals(catalogue, data).fields[number - 1]
    return contributions_to_change(data, catalogue.fields[number - 1], total, limit)


def counts(catalogue: Catalogue, **values: tuple[int | None, int | None]) -> TotalsData:
    """Return the data of services with (prior, current) values of field 1."""
    return sample_data(
        catalogue,
        {key: sample_report(catalogue, {1: now}) for key, (_, now) in values.items()},
        {key: sample_report(catalogue, {1: before}) for key, (before, _) in values.items()},
    )


def test_services_are_ordered_by_size_and_the_rest_is_summed(catalogue: Catalogue) -> None:
    data = counts(catalogue, a=(10, 12), b=(50, 20), c=(5, 5), d=(0, 40), e=(7, 8), new=(None, 900))
    found = contributions(catalogue, data, 1, limit=2)
    assert found is not None
    assert [(row.organization_id, row.prior_value, row.value, row.contribution) for row in found.services] == [
        ("d", 0, 40, 40),
        ("b", 50, 20, -30),
    ]
    assert (found.prior_value, found.matched_value, found.change) == (72, 85, 13)
    assert (found.rest, found.rest_count) == (3, 3)


def test_contributions_of_a_share_add_up_to_its_change(catalogue: Catalogue) -> None:
    # Before 90 of 100 and 30 of 100 (60 %), now 90 of 100 and 60 of 200 (50 %). "b" has 30 % both times, but weighs
    # more: (60 - 120) / 300 - (30 - 60) / 200 is -5 pp. "a": (90 - 60) / 300 - (90 - 60) / 200 is -5 pp.
    data = sample_data(
        catalogue,
        {
            "a": sample_report(catalogue, {4: 10, 5: 90.0, MED_FRIST: 100}),
            "b": sample_report(catalogue, {4: 140, 5: 30.0, MED_FRIST: 200}),
        },
        {
            "a": sample_report(catalogue, {4: 10, 5: 90.0, MED_FRIST: 100}),
            "b": sample_report(catalogue, {4: 70, 5: 30.0, MED_FRIST: 100}),
        },
    )
    found = contributions(catalogue, data, 5)
    assert found is not None
    assert [(row.organization_id, row.contribution) for row in found.services] == [("a", -5.0), ("b", -5.0)]
    assert (found.prior_value, found.matched_value, found.change, found.rest) == (60.0, 50.0, -10.0, 0.0)


def test_withheld_values_are_in_the_rest(catalogue: Catalogue) -> None:
    now = {"a": 2, "b": 1, "c": 30, "d": 40}
    before = {"a": 3, "b": 3, "c": 20, "d": 40}
    data = sample_data(
        catalogue,
        {key: sample_report(catalogue, {22: value}, suppress=True) for key, value in now.items()},
        {key: sample_report(catalogue, {22: value}, suppress=True) for key, value in before.items()},
    )
    # 3 and 3 before: their sum of 6 would tell both, so that there is no change to be shown.
    assert contributions(catalogue, data, 22) is None
    before["b"] = 2
    data = sample_data(
        catalogue,
        {key: sample_report(catalogue, {22: value}, suppress=True) for key, value in now.items()},
        {key: sample_report(catalogue, {22: value}, suppress=True) for key, value in before.items()},
    )
    found = contributions(catalogue, data, 22)
    assert found is not None
    assert [row.organization_id for row in found.services] == ["c"]
    assert (found.change, found.rest, found.rest_count) == (8, -2, 3)


def test_nothing_to_compare_has_no_contributions(catalogue: Catalogue) -> None:
    assert contributions(catalogue, counts(catalogue, a=(None, 5)), 1) is None
