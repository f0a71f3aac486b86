"""Base class of the exports: a page's rows as a CSV or XLSX download, at the page's own query."""

from collections.abc import Collection, Mapping
from typing import Any

from components.context import AppContext
from components.layout.error_messages import error_message
from components.layout.page_handler import HtmlErrorMixin
from components.layout.preferences import preferences_of
from components.layout.security_headers import set_security_headers
from components.read_only_handler import ReadOnlyHandler
from preview.core.languages import Language
from preview.views.spreadsheet import Table, to_csv, to_xlsx

_CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportHandler(ReadOnlyHandler, HtmlErrorMixin):
    """Sends a table as a file. It is a plain GET, so that a link to it works without scripts."""

    message_overrides: Mapping[type[Exception], str] = {}

    def initialize(self, context: AppContext, **kwargs: Any) -> None:
        """Take the context; subclasses take more."""
        self.context = context
        self.actor = ""

    def prepare(self) -> None:
        """Set the headers of a page, which an error is answered with."""
        self.nonce = set_security_headers(self)

    async def get(self, extension: str) -> None:
        """Send the file, or an error page if the table cannot be built.

        Args:
            extension: `csv` or `xlsx`, from the path.
        """
        preferences = preferences_of(self.request)
        self.actor = self.context.actor(self.request.headers)
        try:
            content, name = await self.context.run_blocking(
                self._build_file, preferences.arguments, preferences.language, extension
            )
        except Exception as error:  # noqa: BLE001  (error_message logs it and maps it to a sentence)
            message = error_message(error, self.context.translator(preferences), self.message_overrides)
            self.send_error_page(message)
            return
        self.set_header("Content-Type", _CONTENT_TYPES[extension])
        self.set_header("Content-Disposition", f'attachment; filename="{name}.{extension}"')
        self.finish(content)

    def _build_file(self, arguments: Mapping[str, str], language: Language, extension: str) -> tuple[bytes, str]:
        table, name = self.build_table(arguments, language)
        return to_csv(table) if extension == "csv" else to_xlsx(table), name

    def build_table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """Build the table with its cover on a thread; it may block. `actor` is who exports.

        Args:
            arguments: The first value of each query parameter.
            language: The language of headings and texts.

        Returns:
            The table, and the file's name without its extension.

        Raises:
            PreviewError: If the query names what does not exist or is invalid.
        """
        raise NotImplementedError


def comma_separated(arguments: Mapping[str, str], name: str) -> Collection[str] | None:
    """Return the values of a query parameter, which commas separate; None if it is absent, no values if it is empty."""
    value = arguments.get(name)
    return None if value is None else value.split(",") if value else []
