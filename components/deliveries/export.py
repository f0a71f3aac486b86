"""`/deliveries/findings.csv` and `.xlsx`: the findings of all deliveries that the page's search leaves."""

import re
from collections.abc import Mapping
from dataclasses import replace

from components.deliveries.list_presenter import filter_texts
from components.deliveries.search import DeliveryListQuery
from components.layout.export_handler import ExportHandler
from components.layout.preferences import Translator
from preview.core.clock import format_rfc3339, now
from preview.core.languages import Language
from preview.views.export_cover import Export, findings_cover
from preview.views.finding_export import findings_table
from preview.views.spreadsheet import Table

# What may be a part of a file's name.
_ID = re.compile(r"[a-z0-9-]{1,50}")


class FindingsExport(ExportHandler):
    """Takes the query of the deliveries page."""

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table of the findings, as `ExportHandler.build_table`."""
        application, search = self.context.application, DeliveryListQuery.from_arguments(arguments).search
        texts = application.texts
        found, is_complete = application.delivery_pages.findings(search)
        filters = filter_texts(application.delivery_pages.page(search), Translator(texts, language))
        export = Export(self.actor, format_rfc3339(now()), len(found), len(found), filters)
        table = findings_table(found, is_complete, texts, language)
        ids = [text for text in (search.delivery_id, search.organization_id) if _ID.fullmatch(text)]
        return replace(table, cover=findings_cover(export, texts, language)), "-".join([table.sheet.lower(), *ids])
