"""Builds the table of an exported preview, with a row for each field."""

from collections.abc import Collection
from functools import partial

from preview.core.languages import Language
from preview.form.catalogue import Catalogue
from preview.form.value_state import ValueState
from preview.i18n.catalog import MessageCatalog
from preview.model.resources import Value
from preview.views.absence import absence_sentences
from preview.views.preview import FieldRow, Preview
from preview.views.spreadsheet import Cell, Column, Table

_FIELD_WIDTHS = {
    "number": 5,
    "section": 22,
    "label": 42,
    "value": 12,
    "compared": 12,
    "change": 10,
    "percent": 10,
    "unit": 9,
    "notes": 60,
    "source": 20,
    "key": 42,
}


def preview_table(
    preview: Preview,
    catalogue: Catalogue,
    texts: MessageCatalog,
    language: Language,
    visible_keys: Collection[str] | None = None,
) -> Table:
    """Return a table with one row per field, in form order.

    Args:
        preview: The report.
        catalogue: The fields with their labels.
        texts: The texts of headers and deviations.
        language: Language of the table.
        visible_keys: Keys of the fields that a filter leaves; None for all fields.
    """
    periods = {"value": preview.covered_period, "compared": preview.compared_days}
    columns = [
        Column(
            texts.get(language, f"export.{column}", **({"period": periods[column]} if column in periods else {})), width
        )
        for column, width in _FIELD_WIDTHS.items()
    ]
    title = texts.get(
        language,
        "export.title",
        name=preview.organization_name,
        period=preview.covered_period,
        compare_period=preview.compared_days,
    )
    rows = [
        _field_row(row, preview, catalogue, texts, language)
        for row in preview.rows
        if visible_keys is None or row.field_key in visible_keys
    ]
    return Table(title, texts.get(language, "export.sheet"), columns, 3, rows)


def _field_row(
    row: FieldRow, preview: Preview, catalogue: Catalogue, texts: MessageCatalog, language: Language
) -> list[Cell]:
    field = catalogue.field(row.field_key)
    section = next(section for section in catalogue.sections if section.section_id == row.section_id)
    notes = [
        (
            texts.get(language, f"severity.{deviation.severity}"),
            texts.get(language, deviation.message, **deviation.params),
        )
        for deviation in row.deviations
    ]
    text = partial(texts.get, language)
    absences = absence_sentences(row, field, preview.period_id, preview.compared_days, language, text)
    return [
        row.number,
        getattr(section.titles, language),
        getattr(field.labels, language),
        value_cell(row.value, row.state, row.unit, texts, language),
        value_cell(row.compared_value, row.compared_state, row.unit, texts, language),
        typed_value(row.change, row.unit),
        row.percent,
        row.unit,
        " ".join([*absences, *(f"{severity}: {message}" for severity, message in notes)]),
        row.data_source,
        row.field_key,
    ]


def value_cell(value: Value, state: ValueState, unit: str, texts: MessageCatalog, language: Language) -> Cell:
    """Return a value as a number; empty if it is missing, else what stands in its place."""
    if state == "withheld":
        return texts.get(language, "absence.sign.withheld")
    if state == "not_applicable":
        return texts.get(language, "absence.spoken.not_applicable")
    return typed_value(value, unit)


def typed_value(value: Value, unit: str) -> Value:
    """Return a value of a field as a cell: counts as int, and percentages and årsverk as float."""
    return value if value is None else int(value) if unit == "antall" else float(value)
