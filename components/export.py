"""`/preview/export.csv` and `/overview/export.csv`, and the same as `.xlsx`: what a page shows, as a file.

Plain addresses, which take the page's own query, so that they work without scripts too.
"""

from collections.abc import Collection, Mapping
from typing import Any

from components.context import House, TellsCalmly, guard
from components.layout.error_messages import message
from components.layout.preferences import visit
from components.overview.filters import Choice
from components.overview.page import OverviewPage
from components.preview.report_cache import Asked
from preview.core.languages import Language
from preview.views.export_tables import overview_table, preview_table
from preview.views.spreadsheet import Table, as_csv, as_xlsx

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": _XLSX}


class ExportHandler(TellsCalmly):
    """A file, named after what is in it."""

    saying: Mapping[type[Exception], str] = {}

    def initialize(self, house: House, **known: Any) -> None:
        """`house` knows the application."""
        self.house = house

    def prepare(self) -> None:
        """The headers of every page, for where it is one that is answered."""
        self.nonce = guard(self)

    async def get(self, kind: str) -> None:
        """The file."""
        of = visit(self.request)
        try:
            content, name = await self.house.call(self._file, of.arguments, of.language, kind)
        except Exception as error:  # noqa: BLE001  (told to the person, and logged, in messages.py)
            self.tell(message(error, self.house.words(of), self.saying))
            return
        self.set_header("Content-Type", _TYPES[kind])
        self.set_header("Content-Disposition", f'attachment; filename="{name}.{kind}"')
        self.finish(content)

    def _file(self, arguments: Mapping[str, str], language: Language, kind: str) -> tuple[bytes, str]:
        table, name = self.table(arguments, language)
        return as_csv(table) if kind == "csv" else as_xlsx(table), name

    def table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """What is asked for, and the file's name without its ending. Blocks."""
        raise NotImplementedError


class PreviewExport(ExportHandler):
    """Takes the address of a preview; `fields` are the keys that a filter leaves, with commas between, all without it."""

    def table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """The rows of the form."""
        application = self.house.application
        preview = application.previews.read(*Asked.of(arguments))
        table = preview_table(preview, application.catalogue, application.texts, language, _listed(arguments, "fields"))
        return table, f"{preview.organization_id}-{preview.period_id}"


class OverviewExport(ExportHandler):
    """Takes the address of an overview; `only` are ids of organisations besides: what changed before somebody's eyes is in no address."""

    def initialize(self, house: House, **known: Any) -> None:
        """`known` holds the `page`, which knows the boards."""
        super().initialize(house)
        self.page: OverviewPage = known["page"]
        self.saying = self.page.saying

    def table(self, arguments: Mapping[str, str], language: Language) -> tuple[Table, str]:
        """The rows that pass, in their order."""
        texts = self.house.application.texts
        choice, only = Choice.of(arguments), _listed(arguments, "only")
        board = self.page.boards.read(choice.period_id, language)
        lines = [shown.line for shown in choice.shown(board.lines) if only is None or shown.line.organization_id in only]
        overview = board.overview
        table = overview_table(lines, overview.field_count, overview.period_id, texts, language)
        return table, "-".join(filter(None, (table.sheet.lower(), overview.period_id)))


def _listed(arguments: Mapping[str, str], name: str) -> Collection[str] | None:
    given = arguments.get(name)
    return given.split(",") if given else None
