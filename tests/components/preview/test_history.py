"""Histories: the values of the tables and the bars of the charts."""

from typing import Any

import pytest

from components.form.row_values import ValueView
from components.layout.preferences import Translator
from components.preview.history import Series, present_field_history, present_section_history
from components.preview.history_chart import (
    field_bars,
    field_chart,
    parse_colors,
    parse_rem,
    section_bars,
    section_chart,
)
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.views.preview import HistoricalValue

NB = "\u00a0"
MISSING = ValueView("–", "mangler")
COLORS = {"bar": "rgb(1, 2, 3)", "now": "rgb(4, 5, 6)", "text": "rgb(7, 8, 9)"}


@pytest.fixture
def t(texts: MessageCatalog) -> Translator:
    return Translator(texts, "nb")


@pytest.fixture
def series(catalogue: Catalogue) -> dict[str, list[HistoricalValue]]:
    """Two years and a half-year; the first has no årsverk, a share of nothing and a suppressed count."""
    series = {
        field.field_key: [HistoricalValue("2023", 1480), HistoricalValue("2024-H1", 4), HistoricalValue("2024", 1600)]
        for field in catalogue.fields
    }
    series["antall_arsverk"] = [
        HistoricalValue("2023", None, "missing"),
        HistoricalValue("2024-H1", 3.0),
        HistoricalValue("2024", 48.6),
    ]
    series["antall_arsverk_ubesatt"] = [
        HistoricalValue("2023", 2.0),
        HistoricalValue("2024-H1", 0.0),
        HistoricalValue("2024", 4.0),
    ]
    series["antall_unge_med_ettervern"] = [HistoricalValue("2023", None, "withheld"), HistoricalValue("2024", 12)]
    series["andel_meldinger_innen_frist"] = [
        HistoricalValue("2023", None, "not_applicable"),
        HistoricalValue("2024", 80.0),
    ]
    return series


def test_year_is_compared_with_years(series: Series, catalogue: Catalogue, t: Translator) -> None:
    history = present_section_history("bemanning", series, "2024", catalogue, t)
    assert (history.title, history.periods, history.current_index, history.has_series) == (
        "Bemanning",
        ("2023", "2024"),
        1,
        True,
    )
    assert [(row.number, row.label, row.values) for row in history.rows] == [
        (33, "Årsverk", (MISSING, ValueView("48,6"))),
        (34, "Ubesatte", (ValueView("2,0"), ValueView("4,0"))),
    ]


def test_half_year_is_compared_with_half_years(series: Series, catalogue: Catalogue, t: Translator) -> None:
    history = present_section_history("planer", series, "2024-H1", catalogue, t)
    assert (history.periods, history.has_series) == (("1. halvår 2024",), False)


def test_period_without_report_has_no_index(series: Series, catalogue: Catalogue, t: Translator) -> None:
    assert present_field_history("antall_flyttinger", series, "2025", catalogue, t).current_index is None


def test_section_limits_periods_and_field_shows_all(catalogue: Catalogue, t: Translator) -> None:
    many = {
        field.field_key: [HistoricalValue(str(year), year) for year in range(2010, 2025)] for field in catalogue.fields
    }
    assert present_section_history("tilsyn", many, "2024", catalogue, t).periods == tuple(
        str(year) for year in range(2017, 2025)
    )
    assert present_field_history("antall_tilsynsbesok", many, "2024", catalogue, t).periods == tuple(
        str(year) for year in range(2010, 2025)
    )
    assert len(section_bars("tilsyn", many, "2024", catalogue, t, COLORS)["x"]) == 8
    assert len(field_bars("antall_tilsynsbesok", many, "2024", t, COLORS)["x"]) == 15


def test_field_history_has_title_and_values(series: Series, catalogue: Catalogue, t: Translator) -> None:
    history = present_field_history("antall_meldinger_mottatt", series, "2024", catalogue, t)
    assert (history.title, [row.values for row in history.rows]) == (
        "Meldinger mottatt",
        [(ValueView(f"1{NB}480"), ValueView(f"1{NB}600"))],
    )


@pytest.mark.parametrize(
    ("key", "absent"),
    [
        ("antall_unge_med_ettervern", ValueView(":", "skjult av hensyn til personvern")),
        ("andel_meldinger_innen_frist", ValueView("i.a.", "ikke aktuelt")),
        ("antall_arsverk", MISSING),
    ],
)
def test_absent_value_has_its_sign_in_table_and_chart(
    series: Series, catalogue: Catalogue, t: Translator, key: str, absent: ValueView
) -> None:
    (row,) = present_field_history(key, series, "2024", catalogue, t).rows
    assert row.values[0] == absent
    bars = field_bars(key, series, "2024", t, COLORS)
    assert (bars["height"], bars["sign"]) == ([0.0, 1.0], [absent.text, ""])
    section = section_bars(catalogue.field(key).section_id, series, "2024", catalogue, t, COLORS)
    assert section["sign"][section["x"].index((str(catalogue.field(key).number), "2023"))] == absent.text
    # A word would lie over the neighbouring bars.
    assert [angle > 0 for angle in section["angle"]] == [len(sign) > 1 for sign in section["sign"]]
    assert section_bars(catalogue.field(key).section_id, series, "2023", catalogue, t, COLORS)["text"].count("–") == 0


def test_section_bars_scale_each_field_separately(series: Series, catalogue: Catalogue, t: Translator) -> None:
    bars = section_bars("bemanning", series, "2024", catalogue, t, COLORS)
    assert bars["x"] == [("33", "2023"), ("33", "2024"), ("34", "2023"), ("34", "2024")]
    assert bars["height"] == [0.0, 1.0, 0.5, 1.0]
    assert bars["color"] == ["rgb(1, 2, 3)", "rgb(4, 5, 6)"] * 2
    assert bars["text"] == ["", "48,6", "", "4,0"]
    assert bars["sign"] == ["–", "", "", ""]
    plot: Any = section_chart("bemanning", bars, COLORS["text"], 24.0)
    assert plot.renderers[0].data_source.data == bars
    assert plot.html_attributes == {"data-chart": "bemanning"}
    assert (plot.height, plot.xaxis[0].group_text_font_size) == (285, "18px")


def test_field_bars_align_with_table_columns(series: Series, catalogue: Catalogue, t: Translator) -> None:
    bars = field_bars("antall_arsverk_ubesatt", series, "2024", t, COLORS)
    assert bars == {
        "x": ["2023", "2024"],
        "height": [0.5, 1.0],
        "color": ["rgb(1, 2, 3)", "rgb(4, 5, 6)"],
        "sign": ["", ""],
    }
    plot: Any = field_chart("antall_arsverk_ubesatt", bars, COLORS["text"], 16.0)
    assert (plot.x_range.factors, plot.x_range.range_padding, plot.min_border, plot.xaxis[0].visible) == (
        ["2023", "2024"],
        0,
        0,
        False,
    )


def test_zero_values_have_no_bar_height(series: dict[str, list[HistoricalValue]], t: Translator) -> None:
    series["antall_tilsynsbesok"] = [HistoricalValue("2023", 0), HistoricalValue("2024", 0)]
    assert field_bars("antall_tilsynsbesok", series, "2024", t, COLORS)["height"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("sent", "rem"),
    [(24, 24.0), (20.5, 20.5), (None, 16.0), (True, 16.0), ("24", 16.0), (float("nan"), 16.0), (9e9, 64.0)],
)
def test_font_size_of_the_browser_is_limited(sent: Any, rem: float) -> None:
    assert parse_rem(sent) == rem


@pytest.mark.parametrize("sent", [None, "red", {"bar": 7}, {"bar": "url(evil)"}, {"bar": "rgb(1, 2, 3); x"}])
def test_invalid_colors_become_black(sent: Any) -> None:
    assert parse_colors(sent) == {"bar": "black", "now": "black", "text": "black"}


def test_valid_colors_are_kept() -> None:
    assert parse_colors({**COLORS, "more": "rgb(0, 0, 0)"}) == COLORS
    assert parse_colors({"bar": "oklch(0.7 0.1 230 / 0.5)"})["bar"] == "oklch(0.7 0.1 230 / 0.5)"
