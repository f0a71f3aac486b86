"""A section's history: the table's numbers, and a chart of the same."""

from typing import Any

import pytest

from components.history import chart, colors_of, word_history
from components.language import Words
from preview.documents import Value
from preview.form.catalogue import Catalogue
from preview.texts import Texts

NB = "\u00a0"
COLORS = {"bar": "rgb(1, 2, 3)", "now": "rgb(4, 5, 6)", "text": "rgb(7, 8, 9)"}


@pytest.fixture
def words(texts: Texts) -> Words:
    return Words(texts, "nb")


@pytest.fixture
def series(catalogue: Catalogue) -> dict[str, list[tuple[str, Value]]]:
    """Two years and a half of each; no årsverk in the first."""
    held: dict[str, list[tuple[str, Value]]] = {
        field.field_key: [("2023", 1480), ("2024-H1", 4), ("2024", 1600)] for field in catalogue.fields
    }
    held["antall_arsverk"] = [("2023", None), ("2024-H1", 3.0), ("2024", 48.6)]
    held["antall_arsverk_ubesatt"] = [("2023", 2.0), ("2024-H1", 0.0), ("2024", 4.0)]
    return held


def test_years_stand_beside_years(series: Any, catalogue: Catalogue, words: Words) -> None:
    told = word_history("bemanning", series, "2024", catalogue, words)
    assert (told.title, told.periods, told.is_told) == ("Bemanning", ("2023", "2024"), True)
    assert [(row.number, row.label, row.values) for row in told.rows] == [(33, "Årsverk", ("–", "48,6")), (34, "Ubesatte", ("2,0", "4,0"))]


def test_halves_stand_beside_halves(series: Any, catalogue: Catalogue, words: Words) -> None:
    told = word_history("planer", series, "2024-H1", catalogue, words)
    assert (told.periods, told.is_told) == (("1. halvår 2024",), False)


def test_of_many_periods_the_newest_are_shown(catalogue: Catalogue, words: Words) -> None:
    many = {field.field_key: [(str(year), year) for year in range(2010, 2025)] for field in catalogue.fields}
    assert word_history("tilsyn", many, "2024", catalogue, words).periods == tuple(str(year) for year in range(2017, 2025))


def test_the_chart_holds_each_field_on_its_own_scale(series: Any, catalogue: Catalogue, words: Words) -> None:
    plot: Any = chart("bemanning", series, "2024", catalogue, words, COLORS)
    data = plot.renderers[0].data_source.data
    assert data["place"] == [("33", "2023"), ("33", "2024"), ("34", "2023"), ("34", "2024")]
    assert data["height"] == [0.0, 1.0, 0.5, 1.0]
    assert data["color"] == ["rgb(1, 2, 3)", "rgb(4, 5, 6)"] * 2
    assert data["text"] == ["", "48,6", "", "4,0"]


def test_a_field_of_zeros_is_drawn_as_nothing(series: Any, catalogue: Catalogue, words: Words) -> None:
    series["antall_tilsynsbesok"] = [("2023", 0), ("2024", 0)]
    plot: Any = chart("tilsyn", series, "2024", catalogue, words, COLORS)
    assert plot.renderers[0].data_source.data["height"] == [0.0, 0.0]


@pytest.mark.parametrize("sent", [None, "red", {"bar": 7}, {"bar": "url(evil)"}, {"bar": "rgb(1, 2, 3); x"}])
def test_what_is_no_colour_is_black(sent: Any) -> None:
    assert colors_of(sent) == {"bar": "black", "now": "black", "text": "black"}


def test_colours_are_taken_as_the_browser_gives_them() -> None:
    assert colors_of({**COLORS, "more": "rgb(0, 0, 0)"}) == COLORS
    assert colors_of({"bar": "oklch(0.7 0.1 230 / 0.5)"})["bar"] == "oklch(0.7 0.1 230 / 0.5)"
