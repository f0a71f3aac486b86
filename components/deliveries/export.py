"""`/deliveries/findings.csv` and `.xlsx`: the findings of all deliveries that the page's search leaves."""

import re
from collections.abc import Mapping

from components.deliveries.search import DeliveryListQuery
from components.layout.export_handler import ExportHandler
from preview.core.languages import Language
from preview.views.finding_export import findings_table
from preview.views.spreadsheet import Table

# What may be a part of a file's name.
_ID = re.compile(r"[a-z0-9-]{1,50}")


class FindingsExport(ExportHandler):
    """Takes the query of the deliveries page."""

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table of the findings, as `ExportHandler.build_table`."""
        application, search = self.context.application, DeliveryListQuery.from_arguments(arguments).search
        found, is_complete = application.delivery_pages.findings(search)
        table = findings_table(found, is_complete, application.texts, language)
        ids = [text for text in (search.delivery_id, search.organization_id) if _ID.fullmatch(text)]
        return table, "-".join([table.sheet.lower(), *ids])
