"""What is shown, as a table for a file: a preview's fields, or the overview's organisations. Pure: made from the view-models of the pages."""

from collections.abc import Collection, Iterable

from preview.core.clock import OSLO, parse_instant
from preview.core.languages import Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import Texts
from preview.i18n.formatting import period
from preview.model.resources import Value
from preview.views.overview import OverviewLine
from preview.views.preview import Preview, Row
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
_LINE_WIDTHS = {
    "name": 40,
    "number": 14,
    "id": 14,
    "period": 16,
    "state": 14,
    "filled": 10,
    "fields": 10,
    "missing": 10,
    "errors": 8,
    "warnings": 8,
    "notices": 10,
    "validity": 10,
    "aggregated": 17,
    "system": 16,
}


def preview_table(preview: Preview, catalogue: Catalogue, texts: Texts, language: Language, shown: Collection[str] | None = None) -> Table:
    """A line for each field, in form order. `shown` are the field keys that a filter leaves; None for all of them."""
    periods = {"value": preview.period_id, "compared": preview.compare_period_id}
    columns = [
        Column(texts.get(language, f"export.{column}", **({"period": periods[column]} if column in periods else {})), width)
        for column, width in _FIELD_WIDTHS.items()
    ]
    title = texts.get(
        language, "export.title", name=preview.organization_name, period=preview.period_id, compare_period=preview.compare_period_id
    )
    lines = [_field(row, catalogue, texts, language) for row in preview.rows if shown is None or row.field_key in shown]
    return Table(title, texts.get(language, "export.sheet"), columns, 3, lines)


def overview_table(lines: Iterable[OverviewLine], field_count: int, asked_period: str | None, texts: Texts, language: Language) -> Table:
    """A line for each organisation, in the order that is given. `asked_period` is None where each is of its own newest period."""
    sheet = texts.get(language, "export.overview.sheet")
    columns = [Column(texts.get(language, f"export.overview.{column}"), width) for column, width in _LINE_WIDTHS.items()]
    title = f"{sheet} {period(language, asked_period)}" if asked_period else sheet
    return Table(title, sheet, columns, 1, [_organization(line, field_count, texts, language) for line in lines])


def _field(row: Row, catalogue: Catalogue, texts: Texts, language: Language) -> list[Cell]:
    field = catalogue.field(row.field_key)
    section = next(each for each in catalogue.sections if each.section_id == row.section_id)
    found = [
        (texts.get(language, f"severity.{each.severity}"), texts.get(language, each.message, **each.params)) for each in row.deviations
    ]
    hidden = texts.get(language, "export.hidden")
    return [
        row.number,
        getattr(section.titles, language),
        getattr(field.labels, language),
        hidden if row.hidden else _sized(row.value, row.unit),
        hidden if row.compared_hidden else _sized(row.compared_value, row.unit),
        _sized(row.change, row.unit),
        row.percent,
        row.unit,
        " ".join(f"{severity}: {message}" for severity, message in found),
        row.data_source,
        row.field_key,
    ]


def _organization(line: OverviewLine, field_count: int, texts: Texts, language: Language) -> list[Cell]:
    has_values = line.aggregated_at is not None
    figures: list[Cell] = [line.populated, field_count, field_count - line.populated, line.errors, line.warnings, line.notices]
    return [
        line.organization_name,
        line.number,
        line.organization_id,
        period(language, line.period_id) if line.period_id else None,
        texts.get(language, f"overview.state.{line.state}"),
        *(figures if has_values else [None] * len(figures)),
        texts.get(language, "state.valid" if line.cache_valid else "state.stale") if has_values else None,
        parse_instant(line.aggregated_at).astimezone(OSLO).replace(tzinfo=None) if line.aggregated_at else None,
        line.case_system or None,
    ]


def _sized(value: Value, unit: str) -> Value:
    """Counts are whole; shares and årsverk have one decimal."""
    return value if value is None else int(value) if unit == "antall" else float(value)
