"""The histories that a person has open: each a table in the page, and a root of the document that is made when it is opened.

What nobody opens costs nothing.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bokeh.document import Document
from bokeh.models import Model

from components.context import House
from components.layout.preferences import Words
from components.live.component import Live
from components.preview.history import History, Series, word_field, word_section
from components.preview.history_chart import Bars, colors_of, field_bars, field_chart, section_bars, section_chart
from preview.views.preview import Preview


class Drawn(NamedTuple):
    """What a chart shows, and in which ink."""

    bars: Bars
    ink: str


class OpenHistories:
    """Sections by their ids, fields by their keys."""

    def __init__(self, house: House, words: Words, live: Live, document: Document) -> None:
        self._house = house
        self._words = words
        self._live = live
        self._document = document
        self._open: tuple[str, ...] = ()
        self._colors: dict[str, str] = {}
        self._roots: dict[str, tuple[Drawn, Model]] = {}
        self._begun = self._shown = 0

    def choose(self, sent: Mapping[str, Any]) -> None:
        """Those that the browser names, in place of those before."""
        catalogue, named = self._house.application.catalogue, sent.get("open")
        known = [section.section_id for section in catalogue.sections] + [field.field_key for field in catalogue.fields]
        self._open = tuple(name for name in known if isinstance(named, list) and name in named)
        self._colors = colors_of(sent.get("colors"))

    async def draw(self, preview: Preview) -> None:
        """Reads and draws them for what is shown."""
        if not self._open and not self._roots:
            return
        self._begun += 1
        number = self._begun
        told, drawn = await self._house.call(self._read, preview, self._open, self._colors)

        def show() -> None:
            if number < self._shown:  # a newer one was quicker
                return
            self._shown = number
            self._live.patch(told)
            self._put(drawn)

        self._document.add_next_tick_callback(show)

    def _read(self, preview: Preview, opened: tuple[str, ...], colors: dict[str, str]) -> tuple[dict[str, str], dict[str, Drawn]]:
        """On a thread."""
        if not opened:
            return {}, {}
        application, parts = self._house.application, self._house.parts("preview/preview_regions.html")
        series = application.previews.history(preview.organization_id)
        sections = {section.section_id for section in application.catalogue.sections}
        told: dict[str, str] = {}
        drawn: dict[str, Drawn] = {}
        for name in opened:
            history, bars = (self._section if name in sections else self._field)(name, series, preview.period_id, colors)
            told[f"history-{name}"] = (
                parts.history(history, self._words) if name in sections else parts.trend(name, history.title, history, self._words)
            )
            if history.is_told:
                drawn[name] = Drawn(bars, colors["text"])
        return told, drawn

    def _section(self, name: str, series: Series, shown: str, colors: dict[str, str]) -> tuple[History, Bars]:
        about = (name, series, shown, self._house.application.catalogue, self._words)
        return word_section(*about), section_bars(*about, colors)

    def _field(self, name: str, series: Series, shown: str, colors: dict[str, str]) -> tuple[History, Bars]:
        history = word_field(name, series, shown, self._house.application.catalogue, self._words)
        return history, field_bars(name, series, shown, colors)

    def _put(self, drawn: Mapping[str, Drawn]) -> None:
        """In the session. What shows the same as before stays as it is."""
        for name, (was, root) in list(self._roots.items()):
            if drawn.get(name) != was:
                self._document.remove_root(root)
                del self._roots[name]
        for name, wanted in drawn.items():
            if name not in self._roots and name in self._open:
                # A field's bars bear no text.
                root = section_chart(name, *wanted) if "text" in wanted.bars else field_chart(name, wanted.bars)
                self._roots[name] = (wanted, root)
                self._document.add_root(root)
