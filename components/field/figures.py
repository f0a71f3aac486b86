"""The figures of a field, drawn by Bokeh: ranked bars, dots of changes, and lines of the chosen services.

Bars and dots have one source and one axis, so that what is chosen or shown in one is so in the other. A canvas is
opaque to assistive technology; the tables beside the figures have all that they show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bokeh.core.properties import value as constant
from bokeh.events import Tap
from bokeh.models import (
    BasicTicker,
    BoxAnnotation,
    ColumnDataSource,
    CrosshairTool,
    FixedTicker,
    HoverTool,
    Model,
    NoOverlap,
    PanTool,
    Range1d,
    Span,
)
from bokeh.plotting import figure
from markupsafe import escape

from components.field.figure_data import MAX_NAMED_BARS, Columns, Scale
from components.form.row_values import MAX_PLOTTED_CHANGE

_HEIGHTS_REM = {"bars": 13.0, "dots": 9.0, "lines": 14.0}
_TEXT_REM = 0.75
_LEFT_REM = 4.25
"""The width of the labels of the axis of values, the same in all figures, so that bars stand above their dots."""
LINE_COLORS = 4


@dataclass(frozen=True)
class FigureStyle:
    """How the figures look.

    Attributes:
        colors: The theme's colours by name: `bar`, `now`, `text`, `sub`, `line`, `band`, and `line0` and so on.
        rem: The browser's font size in pixels, which all sizes follow.
    """

    colors: dict[str, str]
    rem: float

    @property
    def line_colors(self) -> list[str]:
        """The colours of the lines."""
        return [self.colors[f"line{number}"] for number in range(LINE_COLORS)]

    @property
    def text_size(self) -> str:
        """The size of all texts."""
        return f"{_TEXT_REM * self.rem:g}px"

    def font(self, color: str = "text") -> dict[str, Any]:
        """Return the properties of a glyph of texts."""
        return {
            "text_font": constant("Inter"),
            "text_font_size": self.text_size,
            "text_color": self.colors[color],
        }


@dataclass(frozen=True)
class FigureTexts:
    """The texts of the figures in the visitor's language.

    Attributes:
        unit: The unit of the field.
        change: The name of the axis of changes.
        place: The name of the axis of services.
        period: The period.
        prior_period: The period that it is compared with.
        change_label: The label of a change in what is shown beside the pointer.
        change_tick: Returns the label of a tick of the axis of changes.
        band: The limit of a large change on that axis, 0 for none.
    """

    unit: str
    change: str
    place: str
    period: str
    prior_period: str
    change_label: str
    change_tick: Callable[[int], str]
    band: float


class LinkedFigures:
    """The three figures of a page with their sources."""

    def __init__(self, style: FigureStyle, texts: FigureTexts, on_tap: Callable[[float], None]) -> None:
        """Create the figures without data.

        Args:
            style: How they look.
            texts: Their texts.
            on_tap: Is called with the place on the axis of services that the visitor has pressed.
        """
        self._style = style
        self._on_tap = on_tap
        self.is_new = True
        self.services = ColumnDataSource()
        self.lines = ColumnDataSource()
        self.points = ColumnDataSource()
        self._x_range = Range1d(start=0.5, end=1.5)
        self._line_range = Range1d(start=-0.5, end=0.5)
        self._pointer = Span(dimension="height", line_color=style.colors["sub"], line_width=1)
        self._names: Sequence[str] = ()
        self._bars = self._bars_figure(texts)
        self._dots = self._dots_figure(texts)
        self._lines = self._lines_figure(texts)

    @property
    def roots(self) -> tuple[Model, ...]:
        """The figures, each a root of its own that the browser moves to its place."""
        return self._bars, self._dots, self._lines

    @property
    def shown_places(self) -> tuple[float, float]:
        """The first and the last place on the axis of services that are in view."""
        return float(self._x_range.start), float(self._x_range.end)  # pyright: ignore[reportArgumentType]

    def show_places(self, start: float, end: float) -> None:
        """Bring a part of the axis of services into view."""
        self.is_new = False
        self._x_range.update(start=start, end=end)

    def set_value_axis(self, scale: Scale, labels: Sequence[str]) -> None:
        """Set the axis of the bars."""
        _set_axis(self._bars, scale, labels)

    def set_history_axes(self, scale: Scale, labels: Sequence[str], periods: Sequence[str]) -> None:
        """Set the axes of the lines."""
        # A point at 0 is drawn in full.
        _set_axis(self._lines, scale._replace(start=scale.start - 0.04 * (scale.end - scale.start)), labels)
        self._line_range.update(start=-0.4, end=max(0.6, len(periods) - 0.3))
        self._lines.xaxis.ticker = FixedTicker(ticks=list(range(len(periods))))
        self._lines.xaxis.major_label_overrides = dict(enumerate(periods))

    def set_names(self, names: Sequence[str]) -> None:
        """Set the names of the services in their order."""
        self._names = names
        self.update_names()

    def update_names(self) -> None:
        """Name the bars if few enough are in view, else number them."""
        count = len(self._names)
        self._x_range.bounds = (0.5, max(1.5, count + 0.5))
        start, end = self.shown_places
        axis = self._dots.xaxis
        if end - start <= MAX_NAMED_BARS:
            axis.ticker = FixedTicker(ticks=list(range(1, count + 1)))
            axis.major_label_overrides = dict(enumerate(self._names, 1))
            axis.major_label_orientation = "vertical"
            self._dots.height = round((_HEIGHTS_REM["dots"] + _NAMES_REM) * self._style.rem)
        else:
            axis.ticker = BasicTicker(min_interval=1, num_minor_ticks=0)
            axis.major_label_overrides = {}
            axis.major_label_orientation = "horizontal"
            self._dots.height = round(_HEIGHTS_REM["dots"] * self._style.rem)

    # ── Construction ──
    def _bars_figure(self, texts: FigureTexts) -> Any:
        colors = self._style.colors
        plot = self._plot("bars", texts.unit, self._x_range)
        common = {"x": "place", "source": self.services}
        plot.vbar(
            top="value",
            width=0.8,
            fill_color=colors["bar"],
            line_color=None,
            hatch_pattern="hatch",
            hatch_color=colors["text"],
            hatch_alpha=0.55,
            hatch_scale=6,
            selection_fill_color=colors["now"],
            selection_hatch_color=colors["text"],
            nonselection_fill_color=colors["bar"],
            nonselection_fill_alpha=1,
            nonselection_hatch_alpha=0.55,
            **common,
        )
        plot.text(y=0, text="sign", text_align="center", text_baseline="bottom", **self._texts(), **common)
        plot.text(
            y="value", text="letter", text_align="center", text_baseline="bottom", **self._texts(bold=True), **common
        )
        plot.xaxis.visible = False
        self._add_choosing(plot, texts)
        return plot

    def _dots_figure(self, texts: FigureTexts) -> Any:
        colors, edge = self._style.colors, MAX_PLOTTED_CHANGE + 8
        plot = self._plot("dots", texts.change, self._x_range)
        band = texts.band
        plot.add_layout(
            BoxAnnotation(
                bottom=-band, top=band, fill_color=colors["band"], fill_alpha=1, line_color=None, level="image"
            )
        )
        plot.add_layout(Span(location=0, dimension="width", line_color=colors["sub"], line_width=1))
        common = {"x": "place", "source": self.services}
        plot.scatter(
            y="dot",
            marker="end",
            size=0.44 * self._style.rem,
            fill_color=colors["text"],
            line_color=None,
            selection_fill_color=colors["now"],
            nonselection_fill_alpha=1,
            **common,
        )
        plot.text(
            y=-edge, text="change_sign", text_align="center", text_baseline="bottom", **self._texts("sub"), **common
        )
        plot.text(
            y="dot",
            text="letter",
            y_offset=-5,
            text_align="center",
            text_baseline="bottom",
            **self._texts(bold=True),
            **common,
        )
        ticks = sorted({-50, -round(band), 0, round(band), 50})
        _set_axis(plot, Scale(-edge, edge, ticks), [texts.change_tick(tick) for tick in ticks])
        plot.xaxis.axis_label = texts.place
        self._add_choosing(plot, texts)
        return plot

    def _lines_figure(self, texts: FigureTexts) -> Any:
        plot = self._plot("lines", texts.unit, self._line_range)
        plot.multi_line(xs="xs", ys="ys", line_color="color", line_dash="dash", line_width=2, source=self.lines)
        points = plot.scatter(
            x="x",
            y="y",
            marker="marker",
            size=0.56 * self._style.rem,
            line_color="color",
            line_width=1.5,
            fill_color="color",
            fill_alpha="fill",
            source=self.points,
        )
        plot.text(
            x="sign_x",
            y=0,
            text="sign",
            text_align="center",
            text_baseline="bottom",
            source=self.points,
            **self._style.font() | {"text_color": "color"},
        )
        plot.text(
            x="x",
            y="y",
            text="letter",
            x_offset="letter_offset",
            text_align="left",
            text_baseline="middle",
            source=self.points,
            **self._style.font() | {"text_color": "color", "text_font_style": "bold"},
        )
        plot.add_tools(HoverTool(renderers=[points], tooltips=_lines("<b>@name</b>", "@period: @value_text", "@state")))
        return plot

    def _plot(self, name: str, y_label: str, x_range: Range1d) -> Any:
        """Return an empty figure; the browser moves it into the element whose `data-plot` has its name."""
        style = self._style
        plot: Any = figure(
            height=round(_HEIGHTS_REM[name] * style.rem),
            sizing_mode="stretch_width",
            x_range=x_range,
            y_range=Range1d(start=0, end=1),
            toolbar_location=None,
            tools="",
            background_fill_alpha=0,
            border_fill_alpha=0,
            outline_line_color=None,
            # A negative value takes the canvas in its shadow tree out of the tab order: no key does anything there.
            html_attributes={"data-chart": name, "tabindex": "-1"},
            min_border_left=round(_LEFT_REM * style.rem),
            min_border_right=round(style.rem),
        )
        for axis in plot.axis:
            axis.update(
                major_label_text_font="Inter",
                major_label_text_font_size=style.text_size,
                major_label_text_color=style.colors["text"],
                axis_label_text_font="Inter",
                axis_label_text_font_size=style.text_size,
                axis_label_text_font_style="normal",
                axis_label_text_color=style.colors["sub"],
                axis_line_color=style.colors["line"],
                major_tick_line_color=style.colors["line"],
                minor_tick_line_color=None,
            )
        plot.yaxis.axis_label = y_label
        plot.xaxis.major_label_policy = NoOverlap()
        plot.xgrid.visible = False
        plot.ygrid.grid_line_color = style.colors["line"]
        return plot

    def _texts(self, color: str = "text", *, bold: bool = False) -> dict[str, Any]:
        """Return the properties of texts that look the same whether their service is selected or not."""
        font = self._style.font(color)
        return {
            **font,
            "text_font_style": "bold" if bold else "normal",
            "nonselection_text_alpha": 1,
            "nonselection_text_color": font["text_color"],
        }

    def _add_choosing(self, plot: Any, texts: FigureTexts) -> None:
        """Let a service be read and chosen anywhere above and below its bar: of 400, a bar is a pixel wide."""
        area = plot.vbar(
            x="place",
            bottom=_FAR_BELOW,
            top=_FAR_ABOVE,
            width=1,
            fill_alpha=0,
            line_alpha=0,
            nonselection_fill_alpha=0,
            nonselection_line_alpha=0,
            source=self.services,
        )
        tooltips = _lines(
            "<b>@name</b>",
            f"{escape(texts.period)}: @value_text",
            f"{escape(texts.prior_period)}: @prior_text",
            f"{escape(texts.change_label)}: @change_text",
            "@state",
        )
        plot.add_tools(
            HoverTool(renderers=[area], tooltips=tooltips, point_policy="follow_mouse"),
            CrosshairTool(overlay=self._pointer),
            PanTool(dimensions="width"),
        )
        # Not by the tap tool: its selection and the page's would overwrite each other.
        plot.on_event(Tap, lambda event: self._on_tap(event.x))


_FAR_BELOW, _FAR_ABOVE = -1e12, 1e12
_NAMES_REM = 6.0
"""The height of the names below the dots."""


def _lines(*lines: str) -> str:
    """Return the HTML of what is shown beside the pointer; Bokeh escapes what it fills in for `@name`."""
    return "".join(f"<div>{line}</div>" for line in lines)


def _set_axis(plot: Any, scale: Scale, labels: Sequence[str]) -> None:
    plot.y_range.update(start=scale.start, end=scale.end)
    plot.yaxis.ticker = FixedTicker(ticks=list(scale.ticks))
    plot.yaxis.major_label_overrides = dict(zip(scale.ticks, labels, strict=True))
    plot.ygrid.ticker = FixedTicker(ticks=list(scale.ticks))


def set_columns(source: ColumnDataSource, columns: Columns) -> None:
    """Replace the columns of a source if they differ; what is selected stays."""
    old: Any = source.data
    if any(_differs(old.get(name), values) for name, values in columns.items()):
        source.data = dict(columns)


def _differs(old: Any, new: list[Any]) -> bool:
    return old is None or [str(value) for value in old] != [str(value) for value in new]
