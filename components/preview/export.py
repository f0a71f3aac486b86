"""`/preview/export.csv` and `/preview/export.xlsx`: the rows of a preview as a file."""

from collections.abc import Mapping
from dataclasses import replace

from components.layout.export_handler import ExportHandler, comma_separated
from components.preview.report_cache import ReportQuery
from preview.core.clock import format_rfc3339, now
from preview.core.languages import Language
from preview.views.export_cover import Export, preview_cover
from preview.views.export_tables import preview_table
from preview.views.spreadsheet import Table

_FILTER_TEXTS = {
    "error": "filter.errors",
    "warning": "filter.warnings",
    "notice": "filter.notices",
    "missing": "filter.missing",
    "not_applicable": "filter.not_applicable",
    "withheld": "filter.withheld",
    "blocking": "filter.blocking",
    "since_approval": "filter.since_approval",
    "changed": "filter.changed",
}


class PreviewExport(ExportHandler):
    """Takes the query of the preview page, `fields`, the keys of the fields to export, all if absent, and `filter`, the
    filter of the page that leaves these fields, for the cover.
    """

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table of one organization and period, as `ExportHandler.build_table`."""
        application = self.context.application
        preview = application.previews.read(*ReportQuery.from_arguments(arguments))
        review = preview.review.document if preview.review else None
        decision = preview.review.decision if preview.review else "not_delivered"
        field_keys = comma_separated(arguments, "fields")
        table = preview_table(preview, application.catalogue, application.texts, language, field_keys)
        filter_text = _FILTER_TEXTS.get(arguments.get("filter", ""))
        export = Export(
            self.actor,
            format_rfc3339(now()),
            len(table.rows),
            len(preview.rows),
            [application.texts.get(language, filter_text)] if filter_text and field_keys is not None else [],
        )
        cover = preview_cover(preview, review, decision, export, application.texts, language)
        return replace(table, cover=cover), f"{preview.organization_id}-{preview.period_id}"
