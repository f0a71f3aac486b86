"""A history as a chart of Bokeh. It is opaque to assistive technology and says nothing that the table beside it does not."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bokeh.core.properties import value as constant
from bokeh.models import ColumnDataSource, FactorRange, Model, Range1d
from bokeh.plotting import figure

from components.layout import value_formatting
from components.layout.preferences import Words
from components.preview.history import MOST_PERIODS, Series, periods_of
from preview.form.catalogue import Catalogue

_SECTION_HEIGHT, _FIELD_HEIGHT = 190, 84
_COLOR = re.compile(r"(rgba?|oklch|color)\([0-9a-z%., /-]{3,60}\)\Z")
_COLOR_NAMES = ("bar", "now", "text")

Bars = Mapping[str, Sequence[Any]]
"""Columns of what is drawn: a bar each."""


def colors_of(sent: Any) -> dict[str, str]:
    """The theme's colours as the browser knows them; what is none is black."""
    given = sent if isinstance(sent, dict) else {}
    return {name: text if isinstance(text := given.get(name), str) and _COLOR.match(text) else "black" for name in _COLOR_NAMES}


def section_bars(section_id: str, series: Series, shown: str, catalogue: Catalogue, words: Words, colors: Mapping[str, str]) -> Bars:
    """A group for each field by its number, a bar for each period; each field on a scale of its own, from 0.

    Only the bar of the shown period bears its value: the others stand in the table.
    """
    periods = periods_of(series, shown)[-MOST_PERIODS:]
    bars: dict[str, list[Any]] = {"place": [], "height": [], "color": [], "text": []}
    for field in catalogue.fields_of(section_id):
        _add(bars, [(str(field.number), period) for period in periods], periods, field.field_key, series, shown, colors)
        held = {past.period_id: past.value for past in series[field.field_key]}
        bars["text"] += [
            value_formatting.value(held.get(period), field.unit, words.language) if period == shown else "" for period in periods
        ]
    return bars


def field_bars(field_key: str, series: Series, shown: str, colors: Mapping[str, str]) -> Bars:
    """A bar for each period, over the columns of the table below."""
    periods = periods_of(series, shown)
    bars: dict[str, list[Any]] = {"place": [], "height": [], "color": []}
    _add(bars, periods, periods, field_key, series, shown, colors)
    return bars


def _add(
    bars: Mapping[str, list[Any]],
    places: Sequence[Any],
    periods: Sequence[str],
    field_key: str,
    series: Series,
    shown: str,
    colors: Mapping[str, str],
) -> None:
    held = {past.period_id: past.value for past in series[field_key]}
    most = max([abs(float(value)) for value in held.values() if value is not None], default=0.0) or 1.0
    bars["place"].extend(places)
    bars["height"].extend(max(0.0, float(held.get(period) or 0)) / most for period in periods)
    bars["color"].extend(colors["now" if period == shown else "bar"] for period in periods)


def section_chart(name: str, bars: Bars, ink: str) -> Model:
    """Groups of bars over the numbers of their fields."""
    places = FactorRange(*bars["place"], factor_padding=0.1, group_padding=1.2, range_padding=0.02)
    plot = _figure(name, _SECTION_HEIGHT, places, 1.2)
    source = _fill(plot, bars, 1)
    font = {"text_font": constant("Inter"), "text_font_size": "12px", "text_color": ink}
    # Above all bars: on its own bar it would stand behind a taller neighbour.
    plot.text(x="place", y=1.03, text="text", text_align="center", text_baseline="bottom", source=source, **font)
    plot.xaxis.update(
        major_label_text_font_size="0px",
        major_tick_line_color=None,
        axis_line_color=None,
        separator_line_color=None,
        group_text_font="Inter",
        group_text_font_size="12px",
        group_text_font_style="normal",
        group_text_color=ink,
    )
    return plot


def field_chart(name: str, bars: Bars) -> Model:
    """Bars alone, as wide together as the element that holds them."""
    plot = _figure(name, _FIELD_HEIGHT, FactorRange(*bars["place"], range_padding=0), 1)
    plot.xaxis.visible = False
    plot.min_border = 0
    _fill(plot, bars, 0.84)
    return plot


def _figure(name: str, height: int, places: FactorRange, top: float) -> Any:
    """The browser moves it to where that name is waited for."""
    plot: Any = figure(
        height=height,
        sizing_mode="stretch_width",
        x_range=places,
        y_range=Range1d(start=0, end=top),
        toolbar_location=None,
        tools="",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
        html_attributes={"data-chart": name},
    )
    plot.yaxis.visible = False
    plot.grid.visible = False
    return plot


def _fill(plot: Any, bars: Bars, width: float) -> ColumnDataSource:
    source = ColumnDataSource({column: list(values) for column, values in bars.items()})
    plot.vbar(x="place", top="height", width=width, fill_color="color", line_color=None, source=source)
    return source
