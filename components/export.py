"""`/preview/export.csv` and `.xlsx`: what the preview shows, as a file. Plain addresses, so that they work without scripts too."""

from components.language import visit
from components.messages import message
from components.page import House, TellsCalmly, guard
from components.readings import Asked
from preview.exports import as_csv, as_xlsx, table
from preview.texts.formats import Language

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": _XLSX}


class ExportHandler(TellsCalmly):
    """Takes the address of a preview; `fields` are the keys that a filter leaves, with commas between, all without it."""

    def initialize(self, house: House) -> None:
        """`house` knows the application."""
        self.house = house

    def prepare(self) -> None:
        """The headers of every page, for where it is one that is answered."""
        self.nonce = guard(self)

    async def get(self, kind: str) -> None:
        """The file."""
        of = visit(self.request)
        asked = Asked.of(of.arguments)
        fields = of.arguments.get("fields")
        try:
            content, name = await self.house.call(self._file, asked, of.language, kind, fields.split(",") if fields else None)
        except Exception as error:  # noqa: BLE001  (told to the person, and logged, in messages.py)
            self.tell(message(error, self.house.words(of)))
            return
        self.set_header("Content-Type", _TYPES[kind])
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.finish(content)

    def _file(self, asked: Asked, language: Language, kind: str, fields: list[str] | None) -> tuple[bytes, str]:
        application = self.house.application
        preview = application.previews.read(*asked)
        exported = table(preview, application.catalogue, application.texts, language, fields)
        content = as_csv(exported) if kind == "csv" else as_xlsx(exported, application.texts, language)
        return content, f"{preview.organization_id}-{preview.period_id}.{kind}"
