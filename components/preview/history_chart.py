"""Charts of history, drawn by Bokeh.

A canvas is opaque to assistive technology; the table beside each chart has all that it shows.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bokeh.core.properties import value as constant
from bokeh.models import ColumnDataSource, FactorRange, Model, Range1d
from bokeh.plotting import figure

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.history import MAX_SECTION_PERIODS, Series, comparable_periods
from preview.form.catalogue import Catalogue
from preview.views.preview import HistoricalValue

_SECTION_HEIGHT_REM, _FIELD_HEIGHT_REM, _TEXT_REM = 11.875, 5.25, 0.75
_DEFAULT_REM, _REM_LIMITS = 16.0, (8.0, 64.0)
_COLOR = re.compile(r"(rgba?|oklch|color)\([0-9a-z%., /-]{3,60}\)\Z")
_COLOR_NAMES = ("bar", "now", "text")

Bars = Mapping[str, Sequence[Any]]
"""The columns of a chart's data source, an entry a bar: `x`, `height`, `color` and `sign`; in a section's chart also
`text`, and `angle`, `align` and `baseline` of the sign.

`sign` stands in place of the bar of a field without a value (rule 7.4, docs/domain.md).
"""


def parse_colors(colors: Any) -> dict[str, str]:
    """Return the theme's colours as the browser resolved them; black in place of what is no CSS colour.

    Args:
        colors: A message's value, expected to be an object with `bar`, `now` and `text`.
    """
    named_colors = colors if isinstance(colors, dict) else {}
    return {
        name: text if isinstance(text := named_colors.get(name), str) and _COLOR.match(text) else "black"
        for name in _COLOR_NAMES
    }


def parse_rem(size: Any) -> float:
    """Return the browser's font size in pixels, within limits; the usual one in place of what is no number."""
    is_number = isinstance(size, int | float) and not isinstance(size, bool) and math.isfinite(size)
    low, high = _REM_LIMITS
    return min(high, max(low, float(size))) if is_number else _DEFAULT_REM


def section_bars(
    section_id: str, series: Series, current_period: str, catalogue: Catalogue, t: Translator, colors: Mapping[str, str]
) -> Bars:
    """Return the bars of a section: a group for each field, with a bar for each period.

    Each field has a scale of its own from 0 to its maximum, since fields have different units. Only the bar of the
    current period has its value as a text; the table has the others.
    """
    periods = comparable_periods(series, current_period)[-MAX_SECTION_PERIODS:]
    bars: dict[str, list[Any]] = {"x": [], "height": [], "color": [], "sign": [], "text": []}
    for field in catalogue.fields_in_section(section_id):
        _append_bars(
            bars,
            [(str(field.number), period) for period in periods],
            periods,
            series[field.field_key],
            current_period,
            t,
            colors,
        )
        values_by_period = {past.period_id: past.value for past in series[field.field_key]}
        bars["text"] += [
            value_formatting.value(value, field.unit, t.language)
            if period == current_period and (value := values_by_period.get(period)) is not None
            else ""
            for period in periods
        ]
    # A word is wider than a bar among many, and would lie over its neighbours: it runs upwards.
    is_word = [len(sign) > 1 for sign in bars["sign"]]
    bars["angle"] = [math.pi / 2 if upwards else 0.0 for upwards in is_word]
    bars["align"] = ["left" if upwards else "center" for upwards in is_word]
    bars["baseline"] = ["middle" if upwards else "bottom" for upwards in is_word]
    return bars


def field_bars(field_key: str, series: Series, current_period: str, t: Translator, colors: Mapping[str, str]) -> Bars:
    """Return the bars of a field, one for each period, which stand above the columns of the field's table."""
    periods = comparable_periods(series, current_period)
    bars: dict[str, list[Any]] = {"x": [], "height": [], "color": [], "sign": []}
    _append_bars(bars, periods, periods, series[field_key], current_period, t, colors)
    return bars


def _append_bars(
    bars: Mapping[str, list[Any]],
    x_factors: Sequence[Any],
    periods: Sequence[str],
    history: Sequence[HistoricalValue],
    current_period: str,
    t: Translator,
    colors: Mapping[str, str],
) -> None:
    by_period = {past.period_id: past for past in history}
    shown = [by_period.get(period, HistoricalValue(period, None, "no_report")) for period in periods]
    maximum = max([abs(float(past.value)) for past in history if past.value is not None], default=0.0) or 1.0
    bars["x"].extend(x_factors)
    bars["height"].extend(max(0.0, float(past.value or 0)) / maximum for past in shown)
    bars["sign"].extend("" if past.state == "present" else t(f"absence.sign.{past.state}") for past in shown)
    bars["color"].extend(colors["now" if period == current_period else "bar"] for period in periods)


def section_chart(name: str, bars: Bars, text_color: str, rem: float) -> Model:
    """Return the chart of a section: groups of bars above the numbers of their fields.

    Args:
        name: The section's id.
        bars: What `section_bars` returned.
        text_color: The colour of the texts.
        rem: The browser's font size in pixels, which all sizes follow.
    """
    # The padding has room for the value of the outermost bar, which is wider than the bar.
    x_range = FactorRange(*bars["x"], factor_padding=0.1, group_padding=1.2, range_padding=0.12)
    plot = _figure(name, _SECTION_HEIGHT_REM * rem, x_range, 1.2)
    source = _draw_bars(plot, bars, 1, text_color, rem)
    text_size = f"{_TEXT_REM * rem:g}px"
    font = {"text_font": constant("Inter"), "text_font_size": text_size, "text_color": text_color}
    # The text is above the tallest possible bar; on its own bar, a taller neighbour would cover it.
    plot.text(x="x", y=1.03, text="text", text_align="center", text_baseline="bottom", source=source, **font)
    plot.xaxis.update(
        major_label_text_font_size="0px",
        major_tick_line_color=None,
        axis_line_color=None,
        separator_line_color=None,
        group_text_font="Inter",
        group_text_font_size=text_size,
        group_text_font_style="normal",
        group_text_color=text_color,
    )
    return plot


def field_chart(name: str, bars: Bars, text_color: str, rem: float) -> Model:
    """Return the chart of a field: bars without axes that fill the width of their element."""
    plot = _figure(name, _FIELD_HEIGHT_REM * rem, FactorRange(*bars["x"], range_padding=0), 1)
    plot.xaxis.visible = False
    plot.min_border = 0
    _draw_bars(plot, bars, 0.84, text_color, rem)
    return plot


def _figure(name: str, height: float, x_range: FactorRange, top: float) -> Any:
    """Return an empty figure; the browser moves it into the element whose `data-chart` has its name."""
    plot: Any = figure(
        height=round(height),
        sizing_mode="stretch_width",
        x_range=x_range,
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


def _draw_bars(plot: Any, bars: Bars, width: float, text_color: str, rem: float) -> ColumnDataSource:
    source = ColumnDataSource({column: list(values) for column, values in bars.items()})
    plot.vbar(x="x", top="height", width=width, fill_color="color", line_color=None, source=source)
    plot.text(
        x="x",
        y=0,
        text="sign",
        text_align="align" if "align" in bars else "center",
        text_baseline="baseline" if "baseline" in bars else "bottom",
        angle="angle" if "angle" in bars else 0,
        text_font=constant("Inter"),
        text_font_size=f"{_TEXT_REM * rem:g}px",
        text_color=text_color,
        source=source,
    )
    return source
