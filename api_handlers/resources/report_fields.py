"""Resource report fields: the form's sections and fields, with definitions and SQL (docs/api.md, Report fields)."""

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.operations import operation
from preview.form.entries import LocalizedText, Section, Unit


class ReportField(msgspec.Struct, frozen=True):
    """A field of the form. `sql` is null for a field whose value is a supplementary figure."""

    number: int
    field_key: str
    section_id: str
    unit: Unit
    counts_persons: bool
    labels: LocalizedText
    definitions: LocalizedText
    legal_basis: str
    sql: str | None


class ReportForm(msgspec.Struct, frozen=True):
    """The whole form, in form order."""

    sections: list[Section]
    fields: list[ReportField]


class ReportFieldsHandler(ApiHandler):
    """The form."""

    @operation(
        responses={200: ReportForm, 304: None},
        request_headers=("If-None-Match",),
        response_headers=("ETag",),
    )
    def get(self) -> None:
        """List the form's sections and fields, in form order."""
        catalogue = self.services.catalogue
        fields = [msgspec.convert(field, ReportField, from_attributes=True) for field in catalogue.fields]
        self.send_json(ReportForm(list(catalogue.sections), fields))
