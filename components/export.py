"""`/preview/export.csv` and `/overview/export.csv`, and the same as `.xlsx`: what a page shows, as a file.

Plain addresses, which take the page's own query, so that they work without scripts too.
"""

from collections.abc import Collection, Mapping
from typing import Any

from components.context import AppContext, HtmlErrorMixin, set_security_headers
from components.layout.error_messages import error_message
from components.layout.preferences import preferences_of
from components.overview.filters import OverviewFilters
from components.overview.page import OverviewPage
from components.preview.report_cache import ReportQuery
from preview.core.languages import Language
from preview.views.export_tables import overview_table, preview_table
from preview.views.spreadsheet import Table, to_csv, to_xlsx

_XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": _XLSX_TYPE}


class ExportHandler(HtmlErrorMixin):
    """A file, named after what is in it."""

    message_overrides: Mapping[type[Exception], str] = {}

    def initialize(self, context: AppContext, **kwargs: Any) -> None:
        """`context` knows the application."""
        self.context = context

    def prepare(self) -> None:
        """The headers of every page, for where it is one that is answered."""
        self.nonce = set_security_headers(self)

    async def get(self, extension: str) -> None:
        """The file."""
        preferences = preferences_of(self.request)
        try:
            content, name = await self.context.run_blocking(self._build_file, preferences.arguments, preferences.language, extension)
        except Exception as error:  # noqa: BLE001  (told to the person, and logged, in messages.py)
            self.send_error_page(error_message(error, self.context.translator(preferences), self.message_overrides))
            return
        self.set_header("Content-Type", _CONTENT_TYPES[extension])
        self.set_header("Content-Disposition", f'attachment; filename="{name}.{extension}"')
        self.finish(content)

    def _build_file(self, arguments: Mapping[str, str], language: Language, extension: str) -> tuple[bytes, str]:
        table, name = self.build_table(arguments, language)
        return to_csv(table) if extension == "csv" else to_xlsx(table), name

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """What is asked for, and the file's name without its ending. Blocks."""
        raise NotImplementedError


class PreviewExport(ExportHandler):
    """Takes the address of a preview; `fields` are the keys that a filter leaves, with commas between, all without it."""

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """The rows of the form."""
        application = self.context.application
        preview = application.previews.read(*ReportQuery.from_arguments(arguments))
        table = preview_table(preview, application.catalogue, application.texts, language, _comma_separated(arguments, "fields"))
        return table, f"{preview.organization_id}-{preview.period_id}"


class OverviewExport(ExportHandler):
    """Takes the address of an overview; `only` are ids of organisations besides: what changed before somebody's eyes is in no address."""

    def initialize(self, context: AppContext, **kwargs: Any) -> None:
        """`known` holds the `page`, which knows the boards."""
        super().initialize(context)
        self.page: OverviewPage = kwargs["page"]
        self.message_overrides = self.page.message_overrides

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """The rows that pass, in their order."""
        texts = self.context.application.texts
        filters, selected_ids = OverviewFilters.from_query(arguments), _comma_separated(arguments, "only")
        state = self.page.updater.read(filters.period_id, language)
        entries = [row.entry for row in filters.visible(state.rows) if selected_ids is None or row.entry.organization_id in selected_ids]
        overview = state.overview
        table = overview_table(entries, overview.field_count, overview.period_id, texts, language)
        return table, "-".join(filter(None, (table.sheet.lower(), overview.period_id)))


def _comma_separated(arguments: Mapping[str, str], name: str) -> Collection[str] | None:
    value = arguments.get(name)
    return value.split(",") if value else None
