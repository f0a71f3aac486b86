"""The form: sections, fields, their definitions and their SQL."""

import msgspec

from api_handlers.base import Handler
from api_handlers.operations import operation
from preview.form.entries import InLanguages, Section, Unit


class ReportField(msgspec.Struct, frozen=True):
    """A field of the form. `sql` is null where the value comes as a supplementary figure."""

    number: int
    field_key: str
    section_id: str
    unit: Unit
    counts_persons: bool
    labels: InLanguages
    definitions: InLanguages
    legal_basis: str
    sql: str | None


class ReportForm(msgspec.Struct, frozen=True):
    """The whole form, in form order."""

    sections: list[Section]
    fields: list[ReportField]


class ReportFields(Handler):
    """The catalogue."""

    @operation(answers={200: ReportForm, 304: None}, heeds=("If-None-Match",), sends=("ETag",))
    def get(self) -> None:
        """The form's sections and fields, in form order."""
        catalogue = self.preview.catalogue
        fields = [msgspec.convert(field, ReportField, from_attributes=True) for field in catalogue.fields]
        self.reply(ReportForm(list(catalogue.sections), fields))
