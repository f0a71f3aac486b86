"""The open histories of a session: for each one, a table in the page and a chart as a root of the Bokeh document.

Both are created when the visitor opens a history, so closed ones cost nothing.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from bokeh.document import Document
from bokeh.models import Model

from components.context import AppContext
from components.history.bars import Bars, HistorySource, field_bars, limit_text, limits_of, section_bars
from components.history.chart import COLOR_NAMES, field_chart, section_chart
from components.history.style import parse_colors, parse_rem
from components.history.view import present_field_history, present_section_history
from components.layout.preferences import Translator
from components.live.component import LiveComponent
from preview.views.preview import Preview


class ChartSpec(NamedTuple):
    """Whether a chart is a section's, what it shows, its colours, and the browser's font size.

    Two equal ones need no redraw.
    """

    is_section: bool
    bars: Bars
    colors: Mapping[str, str]
    rem: float


class HistoryPanel:
    """The histories that a session has open, named by the section's id or the field's key."""

    def __init__(self, context: AppContext, t: Translator, live: LiveComponent, document: Document) -> None:
        self._context = context
        self._t = t
        self._live = live
        self._document = document
        self._open_names: tuple[str, ...] = ()
        self._colors: dict[str, str] = {}
        self._rem = parse_rem(None)
        self._roots: dict[str, tuple[ChartSpec, Model]] = {}
        self._last_requested = self._last_shown = 0

    def set_open(self, message: Mapping[str, Any]) -> None:
        """Replace the set of open histories.

        Args:
            message: `open` lists the names, of which unknown ones are ignored; `colors` has the theme's colours, `rem`
                the browser's font size in pixels.
        """
        catalogue, requested = self._context.application.catalogue, message.get("open")
        names = [section.section_id for section in catalogue.sections] + [field.field_key for field in catalogue.fields]
        self._open_names = tuple(name for name in names if isinstance(requested, list) and name in requested)
        self._colors = parse_colors(message.get("colors"), COLOR_NAMES)
        self._rem = parse_rem(message.get("rem"))

    @property
    def is_in_use(self) -> bool:
        """Whether there is anything to refresh: an open history, or the chart of one that was closed."""
        return bool(self._open_names or self._roots)

    async def refresh(self, preview: Preview) -> None:
        """Read and render the open histories for a preview, and show them in the session's next tick."""
        if not self.is_in_use:
            return
        self._last_requested += 1
        request_number = self._last_requested
        tables, charts = await self._context.run_blocking(
            self._load, preview, self._open_names, self._colors, self._rem
        )

        def apply_update() -> None:
            if request_number < self._last_shown:  # a later request has finished earlier
                return
            self._last_shown = request_number
            self._live.patch(tables)
            self._sync_charts(charts)

        self._document.add_next_tick_callback(apply_update)

    def _load(
        self, preview: Preview, open_names: tuple[str, ...], colors: dict[str, str], rem: float
    ) -> tuple[dict[str, str], dict[str, ChartSpec]]:
        """Return the tables by region id and the charts by name. Blocks."""
        if not open_names:
            return {}, {}
        application, macros = self._context.application, self._context.macros("preview/preview_regions.html")
        catalogue, t = application.catalogue, self._t
        source = HistorySource(
            application.previews.history(preview.organization_id, preview.period_id),
            preview.period_id,
            catalogue,
            t,
            limits_of(preview),
        )
        arguments = (source.series, preview.period_id, catalogue, t)
        sections = {section.section_id for section in catalogue.sections}
        tables: dict[str, str] = {}
        charts: dict[str, ChartSpec] = {}
        for name in open_names:
            if name in sections:
                history, bars = present_section_history(name, *arguments), section_bars(name, source, colors)
                tables[f"history-{name}"] = macros.history(history, t)
            else:
                limit = limit_text(preview, name, catalogue, t)
                history, bars = present_field_history(name, *arguments, limit), field_bars(name, source, colors)
                tables[f"history-{name}"] = macros.trend(name, history.title, history, t)
            if history.has_series:
                charts[name] = ChartSpec(name in sections, bars, colors, rem)
        return tables, charts

    def _sync_charts(self, charts: Mapping[str, ChartSpec]) -> None:
        """Add and remove roots of the document, so that it has these charts; equal ones stay untouched."""
        for name, (previous, root) in list(self._roots.items()):
            if charts.get(name) != previous:
                self._document.remove_root(root)
                del self._roots[name]
        for name, spec in charts.items():
            if name not in self._roots and name in self._open_names:
                draw = section_chart if spec.is_section else field_chart
                root = draw(name, spec.bars, spec.colors, spec.rem)
                self._roots[name] = (spec, root)
                self._document.add_root(root)
