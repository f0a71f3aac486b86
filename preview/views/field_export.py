"""Builds the table of an exported field: a row for each service."""

from collections.abc import Callable, Iterable
from functools import partial

from preview.core.languages import Language
from preview.form.entries import Field
from preview.i18n.catalog import MessageCatalog
from preview.i18n.formatting import period
from preview.model.reviews import ReviewStatus
from preview.totals.field_list import FieldEntry
from preview.totals.view import Totals
from preview.views.export_tables import typed_value, value_cell
from preview.views.spreadsheet import Cell, Column, Table

_WIDTHS = {
    "rank": 8,
    "name": 40,
    "id": 14,
    "value": 12,
    "prior": 12,
    "change": 10,
    "percent": 10,
    "unit": 9,
    "review": 24,
    "provisional": 12,
    "absence": 40,
}


def field_table(
    field: Field, totals: Totals, entries: Iterable[FieldEntry], texts: MessageCatalog, language: Language
) -> Table:
    """Return a table with one row per service, in the given order.

    Args:
        field: The field.
        totals: The totals, whose period and county the rows are of.
        entries: The services.
        texts: The texts of headers and states.
        language: Language of the table.
    """
    period_id, prior_id = str(totals.period), str(totals.period.prior)
    headers = {"value": period(language, period_id), "prior": period(language, prior_id)}
    columns = [
        Column(headers.get(name) or texts.get(language, f"export.field.{name}"), width)
        for name, width in _WIDTHS.items()
    ]
    place = totals.county.name if totals.county else texts.get(language, "country.whole")
    label = getattr(field.labels, language)
    title = texts.get(language, "export.field.title", field=label, place=place, period=period_id, prior=prior_id)
    rows = [_row(entry, field, texts, language) for entry in entries]
    return Table(title, texts.get(language, "export.field.sheet"), columns, 2, rows)


def _row(entry: FieldEntry, field: Field, texts: MessageCatalog, language: Language) -> list[Cell]:
    text, row = partial(texts.get, language), entry.row
    absences = {"value": row.value_state, "prior": entry.prior_state}
    return [
        row.rank,
        row.organization_name,
        row.organization_id,
        value_cell(row.value, row.value_state, field.unit, texts, language),
        value_cell(row.prior_period_value, entry.prior_state, field.unit, texts, language),
        typed_value(row.change, field.unit),
        entry.percent,
        field.unit,
        _review(row.review_status, text) if row.review_status else None,
        text("review.state.provisional") if entry.provisional else None,
        " ".join(
            text(f"export.field.absent_{name}", reason=text(f"absence.spoken.{state}"))
            for name, state in absences.items()
            if state != "present"
        )
        or None,
    ]


def _review(status: ReviewStatus, text: Callable[..., str]) -> str:
    return text("field.not_approved" if status == "open" else f"review.state.{status}")
