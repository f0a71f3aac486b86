"""The overview's filters: parsing of the URL, matching, counting and sorting."""

from typing import Any

import pytest

from components.overview.filters import ALL, CROSS_CUTTING, STATES, OverviewFilters
from components.overview.presenter import OverviewRowView
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from tests.components.overview_samples import NO_VALUES, make_row

CATALOGUE = Catalogue.load()


@pytest.fixture
def rows(texts: MessageCatalog) -> list[OverviewRowView]:
    """Return a row of each kind by name."""
    samples: list[dict[str, Any]] = [
        {"organization_name": "Ås", "state": "failed", **NO_VALUES},
        {
            "organization_name": "Alta",
            "errors": 0,
            "warnings": 0,
            "populated": 34,
            "case_system": "Acos",
            "decision": "approved",
        },
        {"organization_name": "Bø", "errors": 2},
        {"organization_name": "Oslo Sør", "errors": 1},
        {"organization_name": "Oslo Vest", "errors": 0, "cache_valid": False, "populated": 30, "decision": "ready"},
        {"organization_name": "Vik", "state": "silent", "case_system": "", **NO_VALUES},
        {"organization_name": "Øygarden", "state": "waiting", **NO_VALUES},
    ]
    return [
        make_row(texts, organization_id=f"org-{index}", number=f"{index}", **changed)
        for index, changed in enumerate(samples)
    ]


def from_query(arguments: dict[str, str]) -> OverviewFilters:
    return OverviewFilters.from_query(arguments, CATALOGUE)


def names(rows: list[OverviewRowView]) -> list[str]:
    return [row.entry.organization_name for row in rows]


def matching_names(filters: OverviewFilters, rows: list[OverviewRowView]) -> list[str]:
    return names([row for row in rows if filters.matches(row)])


def test_default_order_puts_most_urgent_rows_first(rows: list[OverviewRowView]) -> None:
    filters = from_query({})
    assert names(filters.sort_rows(rows)) == ["Ås", "Bø", "Oslo Sør", "Oslo Vest", "Øygarden", "Vik", "Alta"]
    assert matching_names(filters, rows) == names(rows)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"q": "oslo"}, ["Oslo Sør", "Oslo Vest"]),
        ({"q": "  SØR oslo "}, ["Oslo Sør"]),
        ({"q": "org-3"}, ["Oslo Sør"]),
        ({"q": "finnes ikke"}, []),
        ({"show": "not_delivered"}, ["Ås", "Vik", "Øygarden"]),
        ({"show": "has_errors"}, ["Bø", "Oslo Sør"]),
        ({"show": "ready"}, ["Oslo Vest"]),
        ({"show": "approved"}, ["Alta"]),
        ({"show": "stale"}, ["Oslo Vest"]),
        ({"show": "failed"}, ["Ås"]),
        ({"deviation": "warning"}, ["Bø", "Oslo Sør", "Oslo Vest"]),
        ({"deviation": "none"}, ["Alta"]),
        ({"deviation": "missing", "q": "vest"}, ["Oslo Vest"]),
        ({"case_system": "Acos"}, ["Alta"]),
        ({"case_system": "Familia"}, []),
    ],
)
def test_filters_match_expected_rows(
    rows: list[OverviewRowView], arguments: dict[str, str], expected: list[str]
) -> None:
    assert matching_names(from_query(arguments), rows) == expected


@pytest.mark.parametrize(
    "arguments", [{}, {"q": "oslo"}, {"deviation": "warning", "show": "stale"}, {"case_system": "CIS"}]
)
def test_tile_count_equals_number_of_matching_rows(rows: list[OverviewRowView], arguments: dict[str, str]) -> None:
    filters = from_query(arguments)
    for show in (ALL, *STATES, *CROSS_CUTTING):
        assert filters.count_matches(show, rows) == len(matching_names(filters._replace(show=show), rows))
    assert sum(filters.count_matches(state, rows) for state in STATES) == filters.count_matches(ALL, rows)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["Alta", "Bø", "Oslo Sør", "Oslo Vest", "Vik", "Øygarden", "Ås"]),
        ("-name", ["Ås", "Øygarden", "Vik", "Oslo Vest", "Oslo Sør", "Bø", "Alta"]),
        ("filled", ["Oslo Vest", "Bø", "Oslo Sør", "Alta", "Vik", "Øygarden", "Ås"]),
        ("-filled", ["Alta", "Bø", "Oslo Sør", "Oslo Vest", "Vik", "Øygarden", "Ås"]),
        ("-deviations", ["Bø", "Oslo Sør", "Oslo Vest", "Alta", "Vik", "Øygarden", "Ås"]),
        ("review", ["Vik", "Øygarden", "Ås", "Bø", "Oslo Sør", "Oslo Vest", "Alta"]),
        ("system", ["Alta", "Bø", "Oslo Sør", "Oslo Vest", "Øygarden", "Ås", "Vik"]),
    ],
)
def test_rows_without_sort_key_come_last(rows: list[OverviewRowView], sort: str, order: list[str]) -> None:
    assert names(from_query({"sort": sort}).sort_rows(reversed(rows))) == order


def test_unknown_query_values_are_ignored() -> None:
    assert (
        from_query(
            {"show": "x", "deviation": "changed", "sort": "--name", "columns": "x", "other": "1", "period_id": ""}
        )
        == OverviewFilters()
    )
    assert from_query({"period_id": "no period"}).period_id == "no period"
    assert (
        from_query({"sort": "-name"}).sort_column,
        from_query({"sort": "-name"}).sort_direction,
    ) == (
        "name",
        "descending",
    )
