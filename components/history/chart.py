"""Charts of history, drawn by Bokeh.

A canvas is opaque to assistive technology; the table beside each chart has all that it shows.
"""

from collections.abc import Mapping
from typing import Any

from bokeh.core.properties import value as constant
from bokeh.models import BoxAnnotation, ColumnDataSource, FactorRange, HoverTool, Model, Range1d
from bokeh.plotting import figure

from components.history.bars import Bars

COLOR_NAMES = ("bar", "now", "text", "band")
"""The names of the theme's colours that the charts use."""
_SECTION_HEIGHT_REM, _FIELD_HEIGHT_REM, _TEXT_REM = 13.5, 5.25, 0.75
_GROUP_REM = 6.0
_BAND_ALPHA = 0.35
_PARTIAL_ALPHA = 0.5
_YEARS_SHARE = 0.2
"""The height of the years below a section's bars, as a share of the tallest bar."""


def section_chart(name: str, bars: Bars, colors: Mapping[str, str], rem: float) -> Model:
    """Return the chart of a section: groups of bars above the numbers of their fields.

    Args:
        name: The section's id.
        bars: What `section_bars` returned.
        colors: What `parse_colors` returned.
        rem: The browser's font size in pixels, which all sizes follow.
    """
    # The padding has room for the value of the outermost bar, which is wider than the bar.
    x_range = FactorRange(*bars["x"], factor_padding=0.1, group_padding=1.2, range_padding=0.12)
    plot = _figure(name, _SECTION_HEIGHT_REM * rem, x_range, -_YEARS_SHARE, 1.32)
    columns: dict[str, Any] = {column: list(values) for column, values in bars.items()}
    # To the outer side of a bar that is about half a rem wide.
    columns["offset"] = [shift * rem / 3 for shift in bars["shift"]]
    source = ColumnDataSource(columns)
    # Wide enough for two values and two years side by side; a narrower place scrolls.
    plot.min_width = round(len({number for number, _ in bars["x"]}) * _GROUP_REM * rem)
    plot.vbar(
        x="x", bottom="low", top="high", width=1.7, fill_color=colors["band"], fill_alpha=_BAND_ALPHA, line_color=None,
        source=source,
    )  # fmt: skip
    _draw_bars(plot, source, 1, colors["text"], rem)
    text_size = f"{_TEXT_REM * rem:g}px"
    font = {"text_font": constant("Inter"), "text_font_size": text_size, "text_color": colors["text"]}
    # The texts are above the tallest possible bar; on its own bar, a taller neighbour would cover one.
    edges = {"text_align": "edge", "x_offset": "offset", "source": source, **font}
    plot.text(x="x", y=1.03, text="text", text_baseline="bottom", **edges)
    plot.text(x="x", y=1.17, text="shown", text_align="center", text_baseline="bottom", source=source, **font)
    plot.text(x="x", y=-0.03, text="year", text_baseline="top", **edges)
    plot.xaxis.update(
        major_label_text_font_size="0px",
        major_tick_line_color=None,
        axis_line_color=None,
        separator_line_color=None,
        group_text_font="Inter",
        group_text_font_size=text_size,
        group_text_font_style="normal",
        group_text_color=colors["text"],
    )
    return plot


def field_chart(name: str, bars: Bars, colors: Mapping[str, str], rem: float) -> Model:
    """Return the chart of a field: bars without axes that fill the width of their element.

    The band of the limits reaches from side to side, so that every year can be compared with it. The arguments are
    those of `section_chart`.
    """
    plot = _figure(name, _FIELD_HEIGHT_REM * rem, FactorRange(*bars["x"], range_padding=0), 0, 1)
    plot.xaxis.visible = False
    plot.min_border = 0
    low, high = max(bars["low"]), max(bars["high"])
    if high > low:
        plot.add_layout(
            BoxAnnotation(
                bottom=low, top=high, fill_color=colors["band"], fill_alpha=_BAND_ALPHA, line_color=None,
                level="underlay",
            )
        )  # fmt: skip
    source = ColumnDataSource({column: list(values) for column, values in bars.items()})
    _draw_bars(plot, source, 0.84, colors["text"], rem)
    return plot


def _figure(name: str, height: float, x_range: FactorRange, bottom: float, top: float) -> Any:
    """Return an empty figure; the browser moves it into the element whose `data-chart` has its name."""
    plot: Any = figure(
        height=round(height),
        sizing_mode="stretch_width",
        x_range=x_range,
        y_range=Range1d(start=bottom, end=top),
        toolbar_location=None,
        tools="",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
        # A negative value takes the canvas in its shadow tree out of the tab order: no key does anything there.
        html_attributes={"data-chart": name, "tabindex": "-1"},
    )
    plot.yaxis.visible = False
    plot.grid.visible = False
    return plot


def _draw_bars(plot: Any, source: ColumnDataSource, width: float, text_color: str, rem: float) -> None:
    """Draw the bars with their signs, which a pointer anywhere above a period reads."""
    bars = plot.vbar(
        x="x",
        top="height",
        width=width,
        fill_color="color",
        fill_alpha="fill",
        hatch_pattern="hatch",
        hatch_color=text_color,
        hatch_alpha=_PARTIAL_ALPHA,
        hatch_scale=rem / 2,
        hatch_weight=1.5,
        line_color=text_color,
        line_alpha="line",
        source=source,
    )
    plot.add_tools(HoverTool(renderers=[bars], tooltips="@reading", mode="vline"))
    is_word_turned = "angle" in source.column_names
    plot.text(
        x="x",
        y=0,
        text="sign",
        text_align="align" if is_word_turned else "center",
        text_baseline="baseline" if is_word_turned else "bottom",
        angle="angle" if is_word_turned else 0,
        text_font=constant("Inter"),
        text_font_size=f"{_TEXT_REM * rem:g}px",
        text_color=text_color,
        source=source,
    )
