"""`/preview/export.csv` and `/preview/export.xlsx`: the rows of a preview as a file."""

from collections.abc import Mapping
from dataclasses import replace

from components.changes.presenter import moment_text
from components.layout.export_handler import ExportHandler, comma_separated
from components.layout.preferences import Translator
from components.preview.report_cache import ReportQuery
from preview.core.clock import format_rfc3339, now
from preview.core.languages import Language
from preview.views.changes_table import with_changes
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
    "changed": "filter.changed",
    "since": "changes.since",
}
"""The texts of the filters; that of `since` names the moment."""


class PreviewExport(ExportHandler):
    """Takes the query of the preview page, `fields`, the keys of the fields to export, all if absent, and `filter`, the
    filter of the page that leaves these fields, for the cover. The table says what has changed if the query names a
    moment, or the filter is about it.
    """

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table of one organization and period, as `ExportHandler.build_table`."""
        application = self.context.application
        preview = application.previews.read(*ReportQuery.from_arguments(arguments))
        review = preview.review.document if preview.review else None
        decision = preview.review.decision if preview.review else "not_delivered"
        field_keys = comma_separated(arguments, "fields")
        texts, filter_name = application.texts, arguments.get("filter", "")
        table = preview_table(preview, application.catalogue, texts, language, field_keys)
        moment = preview.changes.moment
        since = moment_text(moment, Translator(texts, language)) if moment else ""
        if since and (preview.changes.requested or filter_name == "since"):
            table = with_changes(table, preview, since, texts, language)
        filter_text = _FILTER_TEXTS.get(filter_name) if field_keys is not None else None
        filters = [texts.get(language, filter_text, moment=since)] if filter_text else []
        export = Export(self.actor, format_rfc3339(now()), len(table.rows), len(preview.rows), filters)
        cover = preview_cover(preview, review, decision, export, texts, language)
        return replace(table, cover=cover), f"{preview.organization_id}-{preview.period_id}"
