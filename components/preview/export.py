"""`/preview/export.csv` and `/preview/export.xlsx`: the rows of a preview as a file."""

from collections.abc import Mapping

from components.layout.export_handler import ExportHandler, comma_separated
from components.preview.report_cache import ReportQuery
from preview.core.languages import Language
from preview.views.export_tables import preview_table
from preview.views.spreadsheet import Table


class PreviewExport(ExportHandler):
    """Takes the query of the preview page, and `fields`: the keys of the fields to export, all if absent."""

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table of one organization and period, as `ExportHandler.build_table`."""
        application = self.context.application
        preview = application.previews.read(*ReportQuery.from_arguments(arguments))
        field_keys = comma_separated(arguments, "fields")
        table = preview_table(preview, application.catalogue, application.texts, language, field_keys)
        return table, f"{preview.organization_id}-{preview.period_id}"
