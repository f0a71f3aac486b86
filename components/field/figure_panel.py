"""The figures of a session: made when the page asks for them, kept up to date, linked with its choice."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from bokeh.document import Document

from components.field.figure_data import line_columns, place_ids, point_columns, ranked, service_columns, value_scale
from components.field.figures import FigureStyle, FigureTexts, LinkedFigures, set_columns
from components.field.history import ChosenView
from components.field.presenter import FieldView
from components.form.units import unit_name
from components.history.style import parse_colors, parse_rem
from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.form.entries import Field
from preview.i18n import formatting

_COLOR_NAMES = ("bar", "now", "text", "sub", "line", "band", "line0", "line1", "line2", "line3")
_ZOOM_FACTOR = 0.5
_LEAST_SHOWN = 5.0


class FigurePanel:
    """The linked figures of one open page. All methods must run in a callback of the session."""

    def __init__(self, document: Document, t: Translator, on_choice: Callable[[str], None]) -> None:
        """Create the panel without figures.

        Args:
            document: The session's document.
            t: The texts.
            on_choice: Is called with the id of a service that the visitor has pressed in a figure.
        """
        self._document = document
        self._t = t
        self._on_choice = on_choice
        self._ids: list[str] = []
        self._view: FieldView | None = None
        self._chosen = ChosenView((), ())
        self._style: FigureStyle | None = None
        self._figures: LinkedFigures | None = None
        self._order: list[str] = []

    def set_style(self, message: Mapping[str, Any]) -> None:
        """Make the figures as the browser asks for them, in place of those that there are.

        Args:
            message: `colors` has the theme's colours, `rem` the browser's font size in pixels.
        """
        colors = parse_colors(message.get("colors"), _COLOR_NAMES)
        self._style = FigureStyle(colors, parse_rem(message.get("rem")))
        self._remove()
        self._update()

    def show(self, view: FieldView) -> None:
        """Show the services of a page."""
        self._view = view
        self._update()

    def show_chosen(self, chosen: ChosenView) -> None:
        """Show the chosen services, and what they had in other periods."""
        self._chosen = chosen
        self._update()

    def zoom(self, step: Any) -> None:
        """Show more or fewer services: `in`, `out`, `left`, `right` or `all`."""
        if self._figures is None:
            return
        (start, end), whole = self._figures.shown_places, (0.5, len(self._order) + 0.5)
        middle, width = (start + end) / 2, end - start
        match step:
            case "in":
                middle = self._chosen_place() or middle
                width = max(min(_LEAST_SHOWN, whole[1] - whole[0]), width * _ZOOM_FACTOR)
            case "out":
                width = width / _ZOOM_FACTOR
            case "left":
                middle -= width / 2
            case "right":
                middle += width / 2
            case "all":
                width = math.inf
            case _:
                return
        width = min(width, whole[1] - whole[0])
        start = min(max(whole[0], middle - width / 2), whole[1] - width)
        self._figures.show_places(start, start + width)
        self._figures.update_names()

    def _chosen_place(self) -> float | None:
        """Return the place of the first chosen service that the figures show, None without one."""
        places = {organization_id: place for place, organization_id in enumerate(self._order, 1)}
        chosen = (places.get(each.organization_id) for each in self._chosen.services)
        return next((float(place) for place in chosen if place is not None), None)

    # ── Figures ──
    def _update(self) -> None:
        view, style = self._view, self._style
        if view is None or style is None:
            return
        if self._figures is None:
            self._figures = LinkedFigures(style, self._texts(view), self._on_tap)
            self._fill(self._figures, view, style)
            for root in self._figures.roots:
                self._document.add_root(root)
        else:
            self._fill(self._figures, view, style)

    def _fill(self, figures: LinkedFigures, view: FieldView, style: FigureStyle) -> None:
        field, language = view.field, self._t.language
        self._ids = place_ids(self._ids, view.rows)
        set_columns(figures.services, service_columns(self._ids, view, self._chosen))
        self._select(figures)
        ordered = ranked(view.rows)
        if len(ordered) != len(self._order) or figures.is_new:
            figures.show_places(0.5, max(1.5, len(ordered) + 0.5))
        self._order = [row.organization_id for row in ordered]
        figures.set_names([row.name for row in ordered])
        values = [float(row.entry.row.value) for row in ordered if row.entry.row.value is not None]
        scale = value_scale(values, field.unit)
        figures.set_value_axis(scale, _labels(scale.ticks, field, language))
        set_columns(figures.lines, line_columns(self._chosen, style.line_colors))
        set_columns(figures.points, point_columns(self._chosen, style.line_colors, self._t))
        values = [float(p.value) for each in self._chosen.services for p in each.points if p.value is not None]
        scale = value_scale(values, field.unit)
        figures.set_history_axes(scale, _labels(scale.ticks, field, language), self._chosen.periods)

    def _remove(self) -> None:
        if self._figures is not None:
            for root in self._figures.roots:
                self._document.remove_root(root)
            self._figures = None

    def _texts(self, view: FieldView) -> FigureTexts:
        is_share = view.field.unit == "prosent"
        return FigureTexts(
            unit=unit_name(view.field, self._t),
            change=self._t("field.axis_points" if is_share else "field.axis_percent"),
            place=self._t("field.axis_services"),
            period=view.period,
            prior_period=view.prior_period,
            change_label=self._t("form.change"),
            change_tick=partial(formatting.signed, self._t.language),
            band=view.band,
        )

    # ── Choice ──
    def _select(self, figures: LinkedFigures) -> None:
        """Select the chosen services in the figures."""
        places = {organization_id: index for index, organization_id in enumerate(self._ids)}
        chosen = [each.organization_id for each in self._chosen.services]
        indices = sorted(places[organization_id] for organization_id in chosen if organization_id in places)
        if sorted(figures.services.selected.indices) != indices:
            figures.services.selected.indices = indices

    def _on_tap(self, place: float) -> None:
        """Choose the service at a place of the figures, or no longer."""
        index = round(place) - 1
        if 0 <= index < len(self._order):
            self._on_choice(self._order[index])


def _labels(ticks: Sequence[float], field: Field, language: Any) -> list[str]:
    return [value_formatting.value(tick, field.unit, language) for tick in ticks]
