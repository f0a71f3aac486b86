"""`/overview/export.csv` and `/overview/export.xlsx`: the filtered rows of the overview as a file."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.changes.presenter import moment_text
from components.context import AppContext
from components.layout.export_handler import ExportHandler, comma_separated
from components.layout.preferences import Translator
from components.overview.filters import ALL, CROSS_CUTTING, OverviewFilters
from components.overview.rendering import OverviewVariant, ShownServices
from components.overview.updater import OverviewUpdater
from preview.core.clock import format_rfc3339, now
from preview.core.languages import Language
from preview.core.periods import Period
from preview.totals.counties import Counties
from preview.views.export_cover import Export, overview_cover
from preview.views.overview_table import overview_table
from preview.views.spreadsheet import Table


class OverviewExport(ExportHandler):
    """Takes the query of the overview page, and `only`: the ids of the organizations to export, all if absent.

    `only` carries the filter "changed since I came", which depends on the open page and has no place in its URL.
    """

    def initialize(self, context: AppContext, **kwargs: Any) -> None:
        """Take the context, the updater, which reads the rows, and the page's `message_overrides`."""
        super().initialize(context)
        self.updater: OverviewUpdater = kwargs["updater"]
        self.message_overrides = kwargs["message_overrides"]

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table of the rows that match the filters, in the page's order, as `ExportHandler.build_table`."""
        application, renderer = self.context.application, self.updater.renderer
        filters = OverviewFilters.from_query(arguments, application.catalogue)
        selected_ids = comma_separated(arguments, "only")
        variant = OverviewVariant(filters.period_id, language, filters.columns, filters.since)
        state = renderer.read(variant)
        overview, texts = state.overview, application.texts
        filters = filters.in_year(Period.parse(overview.period_id).year)
        by_id = {line.entry.organization_id: line for line in state.lines}
        lines = [
            by_id[row.entry.organization_id]
            for row in filters.visible(state.rows)
            if selected_ids is None or row.entry.organization_id in selected_ids
        ]
        ids = frozenset(line.entry.organization_id for line in lines)
        export = Export(
            self.actor,
            format_rfc3339(now()),
            len(lines),
            len(state.rows),
            present_filters(filters, Translator(texts, language), only_changed=selected_ids is not None),
        )
        cover = overview_cover(overview.period_id, export, texts, language)
        totals = renderer.total_lines(variant, ShownServices(ids, filters.county))
        moment = overview.changes.moment if overview.changes else None
        table = overview_table(
            lines,
            renderer.choice(variant),
            totals,
            overview.field_count,
            overview.period_id,
            texts,
            language,
            moment_text(moment, Translator(texts, language)) if moment else "",
        )
        return replace(table, cover=cover), "-".join(
            filter(None, (table.sheet.lower(), overview.period_id, filters.columns))
        )


def present_filters(filters: OverviewFilters, t: Translator, *, only_changed: bool) -> list[str]:
    """Return the filters that are in use, each with its label, as the page and its print name them."""
    texts: list[str] = []
    if filters.show != ALL:
        is_state = filters.show not in CROSS_CUTTING
        name = t(f"review.state.{filters.show}") if is_state else t(f"overview.figure.{filters.show}")
        texts.append(f"{t('overview.show')}: {name}")
    if only_changed:
        texts.append(f"{t('overview.deviations')}: {t('filter.changed')}")
    elif filters.deviation != ALL:
        texts.append(f"{t('overview.deviations')}: {t(f'overview.deviation.{filters.deviation}')}")
    if filters.case_system:
        texts.append(f"{t('overview.column.system')}: {filters.case_system}")
    if filters.county:
        texts.append(f"{t('country.place')}: {Counties.load().name_of(filters.county)}")
    if filters.q:
        texts.append(f"{t('export.cover.search')}: «{filters.q}»")
    return texts
