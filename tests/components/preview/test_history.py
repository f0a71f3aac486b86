"""Histories: the numbers of the tables, and the bars of the same."""

from typing import Any

import pytest

from components.layout.preferences import Words
from components.preview.history import Series, word_field, word_section
from components.preview.history_chart import colors_of, field_bars, field_chart, section_bars, section_chart
from components.preview.presenter import ShownValue
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import Texts
from preview.views.preview import Past

NB = "\u00a0"
ABSENT = ShownValue("–", "mangler verdi")
COLORS = {"bar": "rgb(1, 2, 3)", "now": "rgb(4, 5, 6)", "text": "rgb(7, 8, 9)"}


@pytest.fixture
def words(texts: Texts) -> Words:
    return Words(texts, "nb")


@pytest.fixture
def series(catalogue: Catalogue) -> dict[str, list[Past]]:
    """Two years and a half of each; no årsverk in the first, and one count that is hidden."""
    held = {field.field_key: [Past("2023", 1480), Past("2024-H1", 4), Past("2024", 1600)] for field in catalogue.fields}
    held["antall_arsverk"] = [Past("2023", None), Past("2024-H1", 3.0), Past("2024", 48.6)]
    held["antall_arsverk_ubesatt"] = [Past("2023", 2.0), Past("2024-H1", 0.0), Past("2024", 4.0)]
    held["antall_unge_med_ettervern"] = [Past("2023", None, hidden=True), Past("2024", 12)]
    return held


def test_years_stand_beside_years(series: Series, catalogue: Catalogue, words: Words) -> None:
    told = word_section("bemanning", series, "2024", catalogue, words)
    assert (told.title, told.periods, told.shown, told.is_told) == ("Bemanning", ("2023", "2024"), 1, True)
    assert [(row.number, row.label, row.values) for row in told.rows] == [
        (33, "Årsverk", (ABSENT, ShownValue("48,6"))),
        (34, "Ubesatte", (ShownValue("2,0"), ShownValue("4,0"))),
    ]


def test_halves_stand_beside_halves(series: Series, catalogue: Catalogue, words: Words) -> None:
    told = word_section("planer", series, "2024-H1", catalogue, words)
    assert (told.periods, told.is_told) == (("1. halvår 2024",), False)


def test_a_period_without_report_is_none_of_them(series: Series, catalogue: Catalogue, words: Words) -> None:
    assert word_field("antall_flyttinger", series, "2025", catalogue, words).shown is None


def test_of_many_periods_a_section_shows_the_newest_and_a_field_all(catalogue: Catalogue, words: Words) -> None:
    many = {field.field_key: [Past(str(year), year) for year in range(2010, 2025)] for field in catalogue.fields}
    assert word_section("tilsyn", many, "2024", catalogue, words).periods == tuple(str(year) for year in range(2017, 2025))
    assert word_field("antall_tilsynsbesok", many, "2024", catalogue, words).periods == tuple(str(year) for year in range(2010, 2025))
    assert len(section_bars("tilsyn", many, "2024", catalogue, words, COLORS)["place"]) == 8
    assert len(field_bars("antall_tilsynsbesok", many, "2024", COLORS)["place"]) == 15


def test_a_field_has_a_history_of_its_own(series: Series, catalogue: Catalogue, words: Words) -> None:
    told = word_field("antall_meldinger_mottatt", series, "2024", catalogue, words)
    assert (told.title, [row.values for row in told.rows]) == (
        "Meldinger mottatt",
        [(ShownValue(f"1{NB}480"), ShownValue(f"1{NB}600"))],
    )


def test_a_hidden_value_is_said_to_be_hidden_and_has_no_bar(series: Series, catalogue: Catalogue, words: Words) -> None:
    (row,) = word_field("antall_unge_med_ettervern", series, "2024", catalogue, words).rows
    assert row.values == (ShownValue(":", "skjult, 1 til 3"), ShownValue("12"))
    assert field_bars("antall_unge_med_ettervern", series, "2024", COLORS)["height"] == [0.0, 1.0]


def test_a_section_holds_each_field_on_its_own_scale(series: Series, catalogue: Catalogue, words: Words) -> None:
    bars = section_bars("bemanning", series, "2024", catalogue, words, COLORS)
    assert bars["place"] == [("33", "2023"), ("33", "2024"), ("34", "2023"), ("34", "2024")]
    assert bars["height"] == [0.0, 1.0, 0.5, 1.0]
    assert bars["color"] == ["rgb(1, 2, 3)", "rgb(4, 5, 6)"] * 2
    assert bars["text"] == ["", "48,6", "", "4,0"]
    plot: Any = section_chart("bemanning", bars, COLORS["text"])
    assert plot.renderers[0].data_source.data == bars
    assert plot.html_attributes == {"data-chart": "bemanning"}


def test_a_fields_bars_stand_over_the_columns_of_its_table(series: Series, catalogue: Catalogue, words: Words) -> None:
    bars = field_bars("antall_arsverk_ubesatt", series, "2024", COLORS)
    assert bars == {"place": ["2023", "2024"], "height": [0.5, 1.0], "color": ["rgb(1, 2, 3)", "rgb(4, 5, 6)"]}
    plot: Any = field_chart("antall_arsverk_ubesatt", bars)
    assert (plot.x_range.factors, plot.x_range.range_padding, plot.min_border, plot.xaxis[0].visible) == (["2023", "2024"], 0, 0, False)


def test_a_field_of_zeros_is_drawn_as_nothing(series: dict[str, list[Past]]) -> None:
    series["antall_tilsynsbesok"] = [Past("2023", 0), Past("2024", 0)]
    assert field_bars("antall_tilsynsbesok", series, "2024", COLORS)["height"] == [0.0, 0.0]


@pytest.mark.parametrize("sent", [None, "red", {"bar": 7}, {"bar": "url(evil)"}, {"bar": "rgb(1, 2, 3); x"}])
def test_what_is_no_colour_is_black(sent: Any) -> None:
    assert colors_of(sent) == {"bar": "black", "now": "black", "text": "black"}


def test_colours_are_taken_as_the_browser_gives_them() -> None:
    assert colors_of({**COLORS, "more": "rgb(0, 0, 0)"}) == COLORS
    assert colors_of({"bar": "oklch(0.7 0.1 230 / 0.5)"})["bar"] == "oklch(0.7 0.1 230 / 0.5)"
