"""`/overview/export.csv` and `/overview/export.xlsx`: the filtered rows of the overview as a file."""

from collections.abc import Mapping
from typing import Any

from components.context import AppContext
from components.layout.export_handler import ExportHandler, comma_separated
from components.overview.filters import OverviewFilters
from components.overview.updater import OverviewUpdater
from preview.core.languages import Language
from preview.views.export_tables import overview_table
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
        filters, selected_ids = OverviewFilters.from_query(arguments), comma_separated(arguments, "only")
        state = self.updater.read(filters.period_id, language)
        entries = [
            row.entry
            for row in filters.visible(state.rows)
            if selected_ids is None or row.entry.organization_id in selected_ids
        ]
        overview = state.overview
        texts = self.context.application.texts
        table = overview_table(entries, overview.field_count, overview.period_id, texts, language)
        return table, f"{table.sheet.lower()}-{overview.period_id}"
