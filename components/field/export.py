"""`/field/KEY/export.csv` and `/field/KEY/export.xlsx`: a field of every service as a file, in the page's order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from components.context import AppContext
from components.field.query import FieldQuery
from components.layout.export_handler import ExportHandler
from components.layout.preferences import preferences_of
from preview.core.clock import format_rfc3339, now
from preview.core.languages import Language
from preview.views.export_cover import Export, field_cover
from preview.views.field_export import field_table
from preview.views.spreadsheet import Table


class FieldExport(ExportHandler):
    """Takes the path and the query of the page of the field."""

    def initialize(self, context: AppContext, **kwargs: Any) -> None:
        """Take the context, and the page's `message_overrides`."""
        super().initialize(context)
        self.message_overrides = kwargs["message_overrides"]

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table of all services of the country or county, as `ExportHandler.build_table`."""
        application = self.context.application
        query = FieldQuery.from_preferences(preferences_of(self.request))
        place, texts = query.place, application.texts
        county, _ = place.county_in(application.totals.period(place.period_id).year)
        totals, entries = application.totals.field_entries(query.field_key, place.period_id, county, query.sort)
        field = application.catalogue.field(query.field_key)
        export = Export(self.actor, format_rfc3339(now()), len(entries), len(entries))
        cover = field_cover(field, totals, export, texts, language)
        table = field_table(field, totals, entries, texts, language)
        name = "-".join([field.field_key, str(totals.period), *([totals.county.number] if totals.county else [])])
        return replace(table, cover=cover), name
