"""Renders the wall: its query, and the HTML of its regions. Blocks: for threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from components.context import AppContext
from components.layout.preferences import Translator
from components.overview.presenter import OverviewRowView, present_row
from components.preview.presenter import present_report
from components.wall.presenter import (
    field_alarms,
    key_fields,
    report_figures,
    service_alarms,
    service_figures,
    services_in_order,
)
from preview.core.clock import today
from preview.core.errors import NotFound
from preview.core.languages import Language
from preview.core.periods import Period
from preview.i18n import formatting
from preview.views.overview import OverviewEntry
from preview.views.overview_columns import STATUS_COLUMNS, ServiceLine

_ROW_CACHE_SIZE = 4096
ROW_PREFIX = "row-"
"""What the ids of the rows' regions begin with."""


class WallQuery(NamedTuple):
    """What the wall shows; None is all services, and the reporting period."""

    organization_id: str | None = None
    period_id: str | None = None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> "WallQuery":
        """Return the query of query parameters; empty ones are as good as none."""
        return cls(arguments.get("org") or None, arguments.get("period_id") or None)


@dataclass(frozen=True)
class RenderedWall:
    """The wall as it was read.

    Attributes:
        position: Id of the last event that it reflects.
        name: What it shows, as the title names it.
        regions: HTML by region id; the rows are in their order.
    """

    position: int
    name: str
    regions: Mapping[str, str]

    @property
    def rows(self) -> list[str]:
        """The HTML of the rows."""
        return [html for region, html in self.regions.items() if region.startswith(ROW_PREFIX)]


class WallRenderer:
    """Reads and renders the wall. A row of a service that has not changed is not rendered again."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._application = context.application
        self._cached_row = lru_cache(_ROW_CACHE_SIZE)(self._render_service)
        self._application.dispatcher.subscribe_erasures(lambda _: self._cached_row.cache_clear())

    def render(self, query: WallQuery, language: Language) -> RenderedWall:
        """Read and render what a query asks for.

        Raises:
            NotFound: There is no such organisation.
            ValidationError: The period does not exist.
        """
        t = Translator(self._application.texts, language)
        if query.organization_id:
            return self._service(query.organization_id, query.period_id, t)
        return self._all(query.period_id, t)

    def render_erased(self, query: WallQuery, language: Language) -> RenderedWall:
        """Return the wall of an organisation that has been erased: a sentence in place of all that was said of it."""
        t = Translator(self._application.texts, language)
        macros, name = self._macros, t("wall.name")
        return RenderedWall(
            position=-1,
            name=name,
            regions={
                "title": macros.title(name, t),
                "heading": macros.heading(name, "", None, t),
                "figures": macros.figures([]),
                "alarms": macros.alarms([]),
                "notice": macros.notice(t("notice.forgotten")),
                "caption": macros.caption(name, ""),
            },
        )

    @property
    def _macros(self) -> Any:
        return self._context.macros("wall/wall_regions.html")

    def _all(self, period_id: str | None, t: Translator) -> RenderedWall:
        overview = self._application.overviews.read(period_id)
        period, day = formatting.period(t.language, overview.period_id), today()
        prior = formatting.period(t.language, str(Period.parse(overview.period_id).prior))
        rendered = {
            row.entry.organization_id: (row, html)
            for row, html in (
                self._cached_row(entry, overview.field_count, t.language, overview.period_id, day)
                for entry in overview.entries
            )
        }
        ordered = services_in_order(row for row, _ in rendered.values())
        macros, name = self._macros, f"{t('app.overview')} {period}"
        return RenderedWall(
            position=overview.position,
            name=name,
            regions={
                "title": macros.title(name, t),
                "heading": macros.heading(name, "", None, t),
                "figures": macros.figures(service_figures(ordered, t)),
                "alarms": macros.alarms(service_alarms(ordered, t)),
                "notice": macros.notice("" if ordered else t("organizations.empty")),
                "caption": macros.caption(t("overview.caption", period=period), overview.period_id),
                "columns": macros.service_columns(prior, t),
                **{
                    f"{ROW_PREFIX}{row.entry.organization_id}": rendered[row.entry.organization_id][1]
                    for row in ordered
                },
            },
        )

    def _render_service(
        self, entry: OverviewEntry, field_count: int, language: Language, period_id: str, day: date
    ) -> tuple[OverviewRowView, str]:
        t = Translator(self._application.texts, language)
        row = present_row(ServiceLine(entry), STATUS_COLUMNS, field_count, t, period_id, day)
        return row, self._macros.service(row, t)

    def _service(self, organization_id: str, period_id: str | None, t: Translator) -> RenderedWall:
        preview = self._application.previews.read(organization_id, period_id)
        overview = self._application.overviews.read(preview.period_id, organization_id)
        if not overview.entries:
            raise NotFound("There is no such organisation.")
        report = present_report(preview, self._application.catalogue, t)
        line = ServiceLine(overview.entries[0])
        row = present_row(line, STATUS_COLUMNS, overview.field_count, t, preview.period_id, today())
        fields, name = key_fields(report), preview.organization_name
        macros = self._macros
        return RenderedWall(
            position=min(preview.position, overview.position),
            name=f"{name} {report.period}",
            regions={
                "title": macros.title(f"{name} {report.period}", t),
                "heading": macros.heading(row.name, row.name_prefix, row, t),
                "figures": macros.figures(report_figures(report, t)),
                "alarms": macros.alarms(field_alarms(fields, t)),
                "notice": macros.notice("" if report.is_complete else t("wall.no_report", period=report.period)),
                "caption": macros.caption(
                    t("wall.caption", name=name, period=report.period),
                    f"{organization_id} {preview.period_id} {preview.compared_days}",
                ),
                "columns": macros.field_columns(report, t),
                **{f"{ROW_PREFIX}{field.row.key}": macros.field(field, t) for field in fields},
            },
        )
