"""How the fields of a section have moved: a chart, with the same numbers in a table, made when somebody opens it.

The chart is opaque to assistive technology and says nothing that the table does not.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import panel as pn
from bokeh.core.properties import value as constant
from bokeh.document import Document
from bokeh.models import ColumnDataSource, FactorRange, Model, Range1d
from bokeh.plotting import figure
from panel.theme import Design

from components import formatting
from components.language import Words
from components.live import Live
from components.page import House
from preview.documents import Value
from preview.form.catalogue import Catalogue
from preview.periods import Period
from preview.previews import Preview
from preview.texts import formats

MOST_PERIODS = 8
_HEIGHT = 190
_COLOR = re.compile(r"(rgba?|oklch|color)\([0-9a-z%., /-]{3,60}\)\Z")
_COLOR_NAMES = ("bar", "now", "text")

Series = Mapping[str, Sequence[tuple[str, Value]]]
"""By field key, (period, value), oldest first: `Previews.history`."""


@dataclass(frozen=True)
class HistoryRow:
    """A field's numbers, by period."""

    number: int
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class History:
    """A section's numbers over the periods of one kind, in one language."""

    section_id: str
    title: str
    periods: tuple[str, ...]
    rows: tuple[HistoryRow, ...]

    @property
    def is_told(self) -> bool:
        """Whether there are two periods to compare."""
        return len(self.periods) > 1


def _periods(series: Series, shown: str) -> list[str]:
    """Years beside a year, first halves beside a first half; the newest, oldest first."""
    half = Period.parse(shown).half
    known = dict.fromkeys(period for values in series.values() for period, _ in values if Period.parse(period).half == half)
    return sorted(known, key=lambda period: Period.parse(period).order)[-MOST_PERIODS:]


def word_history(section_id: str, series: Series, shown: str, catalogue: Catalogue, words: Words) -> History:
    """The numbers as the table gives them."""
    section = next(section for section in catalogue.sections if section.section_id == section_id)
    periods = _periods(series, shown)
    rows: list[HistoryRow] = []
    for field in catalogue.fields_of(section_id):
        held = dict(series[field.field_key])
        values = tuple(formatting.value(held.get(period), field.unit, words.language) for period in periods)
        rows.append(HistoryRow(field.number, getattr(field.labels, words.language), values))
    named = tuple(formats.period(words.language, period) for period in periods)
    return History(section_id, getattr(section.titles, words.language), named, tuple(rows))


def colors_of(sent: Any) -> dict[str, str]:
    """The theme's colours as the browser knows them; what is none is black."""
    given = sent if isinstance(sent, dict) else {}
    return {name: text if isinstance(text := given.get(name), str) and _COLOR.match(text) else "black" for name in _COLOR_NAMES}


def chart(section_id: str, series: Series, shown: str, catalogue: Catalogue, words: Words, colors: Mapping[str, str]) -> Model:
    """A group of bars for each field by its number, a bar for each period; each field on a scale of its own, from 0.

    Only the bar of the shown period bears its value: the others stand in the table.
    """
    periods = _periods(series, shown)
    bars: dict[str, list[Any]] = {"place": [], "height": [], "color": [], "text": []}
    for field in catalogue.fields_of(section_id):
        held = dict(series[field.field_key])
        most = max([abs(float(value)) for value in held.values() if value is not None], default=0.0) or 1.0
        for period in periods:
            value, is_shown = held.get(period), period == shown
            bars["place"].append((str(field.number), period))
            bars["height"].append(max(0.0, float(value or 0)) / most)
            bars["color"].append(colors["now" if is_shown else "bar"])
            bars["text"].append(formatting.value(value, field.unit, words.language) if is_shown else "")
    return _drawn(bars, colors["text"])


def _drawn(bars: Mapping[str, list[Any]], ink: str) -> Model:
    plot: Any = figure(
        height=_HEIGHT,
        sizing_mode="stretch_width",
        x_range=FactorRange(*bars["place"], factor_padding=0.1, group_padding=1.2, range_padding=0.02),
        y_range=Range1d(start=0, end=1.2),
        toolbar_location=None,
        tools="",
        background_fill_alpha=0,
        border_fill_alpha=0,
        outline_line_color=None,
    )
    source = ColumnDataSource(dict(bars))
    plot.vbar(x="place", top="height", width=1, fill_color="color", line_color=None, source=source)
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
    plot.yaxis.visible = False
    plot.grid.visible = False
    return plot


class Charts(pn.Column):
    """The root that holds the chart of the section that is open; the browser moves its element there."""

    def __init__(self) -> None:
        super().__init__(design=Design, sizing_mode="stretch_width")

    def put(self, plot: Model | None) -> None:
        """In place of what was there."""
        self.objects = [pn.pane.Bokeh(plot, sizing_mode="stretch_width")] if plot is not None else []

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        """Called by Panel, which would have the browser fetch a style for a loading indicator."""
        changed = super()._process_param_change(params)
        changed.pop("stylesheets", None)
        return changed


class OpenHistory:
    """The one history that a person has open, if any."""

    def __init__(self, house: House, words: Words, live: Live, document: Document) -> None:
        self.charts = Charts()
        self._house = house
        self._words = words
        self._live = live
        self._document = document
        self._section_id: str | None = None
        self._colors: dict[str, str] = {}

    def choose(self, sent: Mapping[str, Any]) -> None:
        """The section that the browser names; none, where the last one open was closed."""
        section_id = sent.get("section")
        sections = self._house.application.catalogue.sections
        self._section_id = next((section.section_id for section in sections if section.section_id == section_id), None)
        self._colors = colors_of(sent.get("colors"))

    async def draw(self, preview: Preview) -> None:
        """Reads and draws it for what is shown."""
        if self._section_id is None:
            return
        application = self._house.application
        series = await self._house.call(application.previews.history, preview.organization_id)
        about = (self._section_id, series, preview.period_id, application.catalogue, self._words)
        history = word_history(*about)
        plot = await self._house.call(chart, *about, self._colors) if history.is_told else None

        def show() -> None:
            drawn = self._house.parts("preview_parts.html").history(history, self._words)
            self._live.patch({f"history-{history.section_id}": drawn})
            self.charts.put(plot)

        self._document.add_next_tick_callback(show)
