"""One field of every service: values, ranks, states and every order (rule T3)."""

from typing import get_args

import pytest

from preview.form.catalogue import Catalogue
from preview.totals.data import TotalsData
from preview.totals.documents import ServiceValue
from preview.totals.field_list import SortKey, field_list
from tests.preview.totals.report_samples import sample_data, sample_report


@pytest.fixture(scope="module")
def data(catalogue: Catalogue) -> TotalsData:
    """Services with all kinds of values of field 22, one withheld."""
    reports = {
        "a": sample_report(catalogue, {22: 10}, suppress=True, review_status="approved"),
        "b": sample_report(catalogue, {22: 30}, suppress=True, review_status="open"),
        "c": sample_report(catalogue, {22: 10}, suppress=True, review_status="changed"),
        "d": sample_report(catalogue, {22: 2}, suppress=True),
        "e": sample_report(catalogue, {}, suppress=True),
    }
    prior = {"a": sample_report(catalogue, {22: 4}), "b": sample_report(catalogue, {22: 50})}
    return sample_data(catalogue, reports, prior, listed=frozenset({"f"}))


def rows(catalogue: Catalogue, data: TotalsData, sort: SortKey) -> list[ServiceValue]:
    """Return the rows of field 22."""
    return field_list(data, catalogue.fields[21], sort)


def test_rows_have_value_change_rank_review_and_state(catalogue: Catalogue, data: TotalsData) -> None:
    found = [
        (
            row.organization_id,
            row.value,
            row.prior_period_value,
            row.change,
            row.rank,
            row.review_status,
            row.value_state,
        )
        for row in rows(catalogue, data, "rank")
    ]
    assert found == [
        ("b", 30, 50, -20, 1, "open", "present"),
        ("a", 10, 4, 6, 2, "approved", "present"),
        ("c", 10, None, None, 2, "changed", "present"),
        ("d", None, None, None, None, "open", "withheld"),
        ("e", None, None, None, None, "open", "missing"),
        ("f", None, None, None, None, None, "no_report"),
    ]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("rank", "bacdef"),
        ("-rank", "acbdef"),
        ("organization_name", "abcdef"),
        ("-organization_name", "fedcba"),
        ("value", "acbdef"),
        ("-value", "bacdef"),
        ("prior_period_value", "abcdef"),
        ("-prior_period_value", "bacdef"),
        ("change", "bacdef"),
        ("-change", "abcdef"),
        ("review_status", "bdecaf"),
        ("-review_status", "acbdef"),
    ],
)
def test_every_order_keeps_absent_values_last(
    catalogue: Catalogue, data: TotalsData, sort: SortKey, expected: str
) -> None:
    assert "".join(row.organization_id for row in rows(catalogue, data, sort)) == expected


def test_every_order_is_tested() -> None:
    (mark,) = test_every_order_keeps_absent_values_last.pytestmark  # type: ignore[attr-defined]
    assert {sort for sort, _ in mark.args[1]} == set(get_args(SortKey))
