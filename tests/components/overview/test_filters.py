"""What the URL asks of the overview: filters, the numbers on them, and the order."""

from typing import Any

import pytest

from components.overview.filters import ACROSS, ALL, STATES, Choice
from components.overview.presenter import ShownLine
from preview.i18n.catalog import Texts
from tests.components.overview_samples import EMPTY, shown


@pytest.fixture
def lines(texts: Texts) -> list[ShownLine]:
    """One of each kind, by name."""
    made: list[dict[str, Any]] = [
        {"organization_name": "Ås", "state": "failed", **EMPTY},
        {"organization_name": "Alta", "errors": 0, "warnings": 0, "populated": 34, "case_system": "Acos"},
        {"organization_name": "Bø", "errors": 2},
        {"organization_name": "Oslo Sør", "errors": 1},
        {"organization_name": "Oslo Vest", "errors": 0, "cache_valid": False, "populated": 30},
        {"organization_name": "Vik", "state": "silent", "case_system": "", **EMPTY},
        {"organization_name": "Øygarden", "state": "waiting", **EMPTY},
    ]
    return [shown(texts, organization_id=f"org-{place}", number=f"{place}", **changed) for place, changed in enumerate(made)]


def names(lines: list[ShownLine]) -> list[str]:
    return [line.line.organization_name for line in lines]


def seen(choice: Choice, lines: list[ShownLine]) -> list[str]:
    return names([line for line in lines if choice.passes(line)])


def test_without_anything_chosen_who_needs_somebody_comes_first(lines: list[ShownLine]) -> None:
    choice = Choice.of({})
    assert names(choice.ordered(lines)) == ["Ås", "Bø", "Oslo Sør", "Oslo Vest", "Øygarden", "Vik", "Alta"]
    assert seen(choice, lines) == names(lines)


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ({"q": "oslo"}, ["Oslo Sør", "Oslo Vest"]),
        ({"q": "  SØR oslo "}, ["Oslo Sør"]),
        ({"q": "org-3"}, ["Oslo Sør"]),
        ({"q": "finnes ikke"}, []),
        ({"show": "silent"}, ["Vik"]),
        ({"show": "stale"}, ["Oslo Vest"]),
        ({"show": "error"}, ["Bø", "Oslo Sør"]),
        ({"deviation": "warning"}, ["Bø", "Oslo Sør", "Oslo Vest"]),
        ({"deviation": "none"}, ["Alta"]),
        ({"deviation": "missing", "q": "vest"}, ["Oslo Vest"]),
        ({"case_system": "Acos"}, ["Alta"]),
        ({"case_system": "Familia"}, []),
    ],
)
def test_filters(lines: list[ShownLine], arguments: dict[str, str], left: list[str]) -> None:
    assert seen(Choice.of(arguments), lines) == left


@pytest.mark.parametrize("arguments", [{}, {"q": "oslo"}, {"deviation": "warning", "show": "stale"}, {"case_system": "CIS"}])
def test_a_number_on_a_figure_is_the_number_of_rows_that_it_leaves(lines: list[ShownLine], arguments: dict[str, str]) -> None:
    choice = Choice.of(arguments)
    for show in (ALL, *STATES, *ACROSS):
        assert choice.leaves(show, lines) == len(seen(choice._replace(show=show), lines))
    assert sum(choice.leaves(state, lines) for state in STATES) == choice.leaves(ALL, lines)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["Alta", "Bø", "Oslo Sør", "Oslo Vest", "Vik", "Øygarden", "Ås"]),
        ("-name", ["Ås", "Øygarden", "Vik", "Oslo Vest", "Oslo Sør", "Bø", "Alta"]),
        ("filled", ["Oslo Vest", "Bø", "Oslo Sør", "Alta", "Vik", "Øygarden", "Ås"]),
        ("-filled", ["Alta", "Bø", "Oslo Sør", "Oslo Vest", "Vik", "Øygarden", "Ås"]),
        ("-deviations", ["Bø", "Oslo Sør", "Oslo Vest", "Alta", "Vik", "Øygarden", "Ås"]),
        ("-validity", ["Oslo Vest", "Alta", "Bø", "Oslo Sør", "Vik", "Øygarden", "Ås"]),
        ("system", ["Alta", "Bø", "Oslo Sør", "Oslo Vest", "Øygarden", "Ås", "Vik"]),
    ],
)
def test_order_and_nothing_to_sort_by_last(lines: list[ShownLine], sort: str, order: list[str]) -> None:
    assert names(Choice.of({"sort": sort}).ordered(reversed(lines))) == order


def test_what_is_not_known_is_as_if_not_asked_for() -> None:
    assert Choice.of({"show": "x", "deviation": "changed", "sort": "--name", "other": "1", "period_id": ""}) == Choice()
    assert Choice.of({"period_id": "no period"}).period_id == "no period"
    assert (Choice.of({"sort": "-name"}).column, Choice.of({"sort": "-name"}).direction) == ("name", "descending")
