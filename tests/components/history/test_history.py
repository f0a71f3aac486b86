"""Histories: the values of the tables and the bars of the charts."""

from typing import Any

import msgspec
import pytest
from bokeh.models import BoxAnnotation

from components.form.row_values import ValueView
from components.history.bars import HistorySource, field_bars, limit_text, limits_of, section_bars
from components.history.chart import COLOR_NAMES, field_chart, section_chart
from components.history.style import parse_colors, parse_rem
from components.history.view import present_field_history, present_section_history
from components.layout.preferences import Translator
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.views.history import HistoricalValue, Series, comparable_periods
from tests.components.preview_samples import make_preview, make_values

NB = "\u00a0"
MISSING = ValueView("–", "mangler")
COLORS = {"bar": "rgb(1, 2, 3)", "now": "rgb(4, 5, 6)", "text": "rgb(7, 8, 9)", "band": "rgb(1, 1, 1)"}


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


@pytest.fixture
def source(series: Series, catalogue: Catalogue, t: Translator) -> HistorySource:
    return HistorySource(series, "2024", catalogue, t, {})


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
    source = HistorySource(many, "2024", catalogue, t, {})
    assert len(section_bars("tilsyn", source, COLORS)["x"]) == 8
    assert len(field_bars("antall_tilsynsbesok", source, COLORS)["x"]) == 15


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
def test_absent_value_has_its_sign_in_table_and_chart(source: HistorySource, key: str, absent: ValueView) -> None:
    (row,) = present_field_history(key, source.series, "2024", source.catalogue, source.t).rows
    assert row.values[0] == absent
    bars = field_bars(key, source, COLORS)
    assert (bars["height"], bars["sign"]) == ([0.0, 1.0], [absent.text, ""])
    field = source.catalogue.field(key)
    assert bars["reading"][0] == f"{field.labels.nb}, 2023: {absent.spoken}"
    section = section_bars(field.section_id, source, COLORS)
    assert section["sign"][section["x"].index((str(field.number), "2023"))] == absent.text
    # A word would lie over the neighbouring bars.
    assert [angle > 0 for angle in section["angle"]] == [len(sign) > 1 for sign in section["sign"]]
    assert "–" not in section_bars(field.section_id, source._replace(current_period="2023"), COLORS)["shown"]


def test_section_bars_scale_each_field_separately(source: HistorySource) -> None:
    bars = section_bars("bemanning", source, COLORS)
    assert bars["x"] == [("33", "2023"), ("33", "2024"), ("34", "2023"), ("34", "2024")]
    assert bars["height"] == [0.0, 1.0, 0.5, 1.0]
    assert bars["color"] == ["rgb(1, 2, 3)", "rgb(4, 5, 6)"] * 2
    assert (bars["text"], bars["shown"]) == (["", "", "2,0", ""], ["", "48,6", "", "4,0"])
    assert (bars["year"], bars["edge"]) == (["2023", "2024"] * 2, ["left", "right"] * 2)
    assert bars["sign"] == ["–", "", "", ""]
    plot: Any = section_chart("bemanning", bars, COLORS, 24.0)
    assert bars.items() <= plot.renderers[0].data_source.data.items()
    assert plot.html_attributes == {"data-chart": "bemanning", "tabindex": "-1"}
    assert (plot.height, plot.min_width, plot.xaxis[0].group_text_font_size) == (324, 288, "18px")


def test_field_bars_align_with_table_columns(source: HistorySource) -> None:
    bars = field_bars("antall_arsverk_ubesatt", source, COLORS)
    assert (bars["x"], bars["height"]) == (["2023", "2024"], [0.5, 1.0])
    plot: Any = field_chart("antall_arsverk_ubesatt", bars, COLORS, 16.0)
    assert (plot.x_range.factors, plot.x_range.range_padding, plot.min_border, plot.xaxis[0].visible) == (
        ["2023", "2024"],
        0,
        0,
        False,
    )
    assert list(plot.select({"type": BoxAnnotation})) == []


def test_incomplete_period_is_hatched_and_named(
    series: dict[str, list[HistoricalValue]], source: HistorySource
) -> None:
    series["antall_tilsynsbesok"] = [HistoricalValue("2023", 4), HistoricalValue("2024", 3, is_partial=True)]
    bars = field_bars("antall_tilsynsbesok", source, COLORS)
    assert bars["hatch"] == ["blank", "right_diagonal_line"]
    assert (bars["fill"], bars["line"]) == ([1.0, 0.5], [0.0, 0.5])
    assert bars["reading"] == ["Tilsynsbesøk, 2023: 4", "Tilsynsbesøk, 2024: 3 (ufullstendig)"]
    history = present_field_history("antall_tilsynsbesok", series, "2024", source.catalogue, source.t)
    assert history.partial == {1}


def test_limit_of_large_change_is_a_band(catalogue: Catalogue, t: Translator) -> None:
    values = make_values(catalogue)
    preview = make_preview(catalogue, values, values)
    rows = [
        msgspec.structs.replace(row, margin=30.0 if row.field_key == "antall_flyttinger" else None)
        for row in preview.rows
    ]
    preview = msgspec.structs.replace(preview, rows=rows)
    assert limits_of(preview) == {"antall_flyttinger": (70.0, 130.0)}
    assert limit_text(preview, "antall_flyttinger", catalogue, t) == (
        "Båndet: fra 71 til 129 er ingen stor endring fra 2023."
    )
    assert limit_text(preview, "antall_arsverk", catalogue, t) == ""
    series = {
        field.field_key: [HistoricalValue("2023", 100), HistoricalValue("2024", 200)] for field in catalogue.fields
    }
    source = HistorySource(series, "2024", catalogue, t, limits_of(preview))
    bars = field_bars("antall_flyttinger", source, COLORS)
    assert (bars["low"], bars["high"]) == ([0.0, 0.35], [0.0, 0.65])
    plot: Any = field_chart("antall_flyttinger", bars, COLORS, 16.0)
    (band,) = plot.select({"type": BoxAnnotation})
    assert (band.bottom, band.top) == (0.35, 0.65)


def test_zero_values_have_no_bar_height(series: dict[str, list[HistoricalValue]], source: HistorySource) -> None:
    series["antall_tilsynsbesok"] = [HistoricalValue("2023", 0), HistoricalValue("2024", 0)]
    assert field_bars("antall_tilsynsbesok", source, COLORS)["height"] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("shown", "limit", "expected"),
    [
        ("2024", 40, ["2019", "2020", "2021", "2022", "2023", "2024"]),  # 2020 and 2021 have no report
        ("2024", 3, ["2022", "2023", "2024"]),
        ("2019", 3, ["2019", "2020", "2021"]),
        ("2026", 3, ["2022", "2023", "2024"]),
        ("2024-H1", 40, ["2023-H1"]),
        ("2024-H2", 40, []),
    ],
)
def test_history_has_periods_between_and_the_shown_one(shown: str, limit: int, expected: list[str]) -> None:
    assert comparable_periods(["2024", "2023", "2023-H1", "2022", "2019"], shown, limit) == expected


@pytest.mark.parametrize(
    ("sent", "rem"),
    [(24, 24.0), (20.5, 20.5), (None, 16.0), (True, 16.0), ("24", 16.0), (float("nan"), 16.0), (9e9, 64.0)],
)
def test_font_size_of_the_browser_is_limited(sent: Any, rem: float) -> None:
    assert parse_rem(sent) == rem


@pytest.mark.parametrize("sent", [None, "red", {"bar": 7}, {"bar": "url(evil)"}, {"bar": "rgb(1, 2, 3); x"}])
def test_invalid_colors_become_black(sent: Any) -> None:
    assert parse_colors(sent, COLOR_NAMES) == {"bar": "black", "now": "black", "text": "black", "band": "black"}


def test_valid_colors_are_kept() -> None:
    assert parse_colors({**COLORS, "more": "rgb(0, 0, 0)"}, COLOR_NAMES) == COLORS
    assert parse_colors({"bar": "oklch(0.7 0.1 230 / 0.5)"}, COLOR_NAMES)["bar"] == "oklch(0.7 0.1 230 / 0.5)"
