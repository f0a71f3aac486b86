"""Builds the tables of exported files from the read models of the pages: the fields of a preview, or the overview."""

from collections.abc import Collection, Iterable
from datetime import date
from functools import partial

from preview.core.languages import Language
from preview.form.catalogue import Catalogue
from preview.form.value_state import ValueState
from preview.i18n.catalog import MessageCatalog
from preview.i18n.formatting import period
from preview.model.resources import Value
from preview.views.absence import absence_sentences
from preview.views.export_cover import actor_name, local_time
from preview.views.overview import OverviewEntry
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
_OVERVIEW_WIDTHS = {
    "name": 40,
    "number": 14,
    "id": 14,
    "period": 16,
    "review": 24,
    "data_until": 12,
    "approved_by": 20,
    "approved_at": 17,
    "open_comments": 10,
    "state": 14,
    "filled": 10,
    "fields": 10,
    "missing": 10,
    "errors": 8,
    "warnings": 8,
    "notices": 10,
    "validity": 36,
    "aggregated": 17,
    "system": 16,
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


def overview_table(
    entries: Iterable[OverviewEntry],
    field_count: int,
    period_id: str,
    texts: MessageCatalog,
    language: Language,
) -> Table:
    """Return a table with one row per organisation, in the given order.

    Args:
        entries: The organisations.
        field_count: Number of fields of the form.
        period_id: The period of all rows.
        texts: The texts of headers and states.
        language: Language of the table.
    """
    sheet = texts.get(language, "export.overview.sheet")
    columns = [
        Column(texts.get(language, f"export.overview.{column}"), width) for column, width in _OVERVIEW_WIDTHS.items()
    ]
    title = f"{sheet} {period(language, period_id)}"
    rows = [_organization_row(entry, field_count, texts, language) for entry in entries]
    return Table(title, sheet, columns, 1, rows)


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


def _organization_row(entry: OverviewEntry, field_count: int, texts: MessageCatalog, language: Language) -> list[Cell]:
    has_values = entry.aggregated_at is not None
    counts: list[Cell] = [
        entry.populated,
        field_count,
        entry.missing,
        entry.errors,
        entry.warnings,
        entry.notices,
    ]
    return [
        entry.organization_name,
        entry.number,
        entry.organization_id,
        period(language, entry.period_id) if entry.period_id else None,
        texts.get(language, f"review.state.{entry.decision}"),
        date.fromisoformat(entry.data_until) if entry.data_until else None,
        actor_name(entry.approved_by, partial(texts.get, language)) if entry.approved_by else None,
        local_time(entry.approved_at),
        entry.open_comments,
        texts.get(language, f"overview.state.{entry.state}"),
        *(counts if has_values else [None] * len(counts)),
        _validity(entry, texts, language) if has_values else None,
        local_time(entry.aggregated_at),
        entry.case_system or None,
    ]


def _validity(entry: OverviewEntry, texts: MessageCatalog, language: Language) -> str:
    if not entry.cache_valid:
        return texts.get(language, "state.stale")
    if entry.data_until:
        return texts.get(language, "export.cover.provisional", day=entry.data_until)
    return texts.get(language, "state.valid")


def value_cell(value: Value, state: ValueState, unit: str, texts: MessageCatalog, language: Language) -> Cell:
    """Return a value as a number; empty if it is missing, else what stands in its place."""
    if state == "withheld":
        return texts.get(language, "absence.sign.withheld")
    if state == "not_applicable":
        return texts.get(language, "absence.spoken.not_applicable")
    return typed_value(value, unit)


def typed_value(value: Value, unit: str) -> Value:
    """Return counts as int, and percentages and årsverk as float."""
    return value if value is None else int(value) if unit == "antall" else float(value)
