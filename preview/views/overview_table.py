"""Builds the table of an exported overview: a row for each service, and the totals of a choice of fields."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import NamedTuple

from preview.core.languages import Language
from preview.core.periods import Period
from preview.form.numbers import change_between
from preview.i18n.catalog import MessageCatalog
from preview.i18n.formatting import period
from preview.totals.counties import Counties
from preview.totals.service_numbers import ServiceNumber
from preview.totals.sums import FieldTotal
from preview.views.export_cover import actor_name, local_time
from preview.views.export_tables import value_cell
from preview.views.overview import OverviewEntry
from preview.views.overview_columns import ColumnChoice, OverviewColumn, ServiceLine, has_values
from preview.views.spreadsheet import Cell, Column, Table

_NUMBER_WIDTH = 14


class TotalLine(NamedTuple):
    """A row of totals: what it sums, over how many services, and the total of each field of the choice."""

    name: str
    services: str
    totals: Sequence[FieldTotal]


class _Export(NamedTuple):
    """What the cells need beside the services: the texts, the size of the form, the period, and the moment in words."""

    texts: MessageCatalog
    language: Language
    field_count: int
    period_id: str
    moment: str = ""

    def text(self, key: str, **params: str | float) -> str:
        return self.texts.get(self.language, key, **params)


class _ExportColumn(NamedTuple):
    """A column of the file that is not of a field: its width, and the cell of a service."""

    width: int
    cell: Callable[[OverviewEntry, _Export], Cell]


def _validity(entry: OverviewEntry, export: _Export) -> Cell:
    if not has_values(entry):
        return None
    if not entry.cache_valid:
        return export.text("state.stale")
    if entry.data_until:
        return export.text("export.cover.provisional", day=entry.data_until)
    return export.text("state.valid")


def _approved_by(entry: OverviewEntry, export: _Export) -> Cell:
    return actor_name(entry.approved_by, export.text) if entry.approved_by else None


def _if_values(cell: Callable[[OverviewEntry, _Export], Cell]) -> Callable[[OverviewEntry, _Export], Cell]:
    return lambda entry, export: cell(entry, export) if has_values(entry) else None


_COLUMNS: Mapping[str, _ExportColumn] = {
    "name": _ExportColumn(40, lambda entry, _: entry.organization_name),
    "number": _ExportColumn(14, lambda entry, _: entry.number),
    "id": _ExportColumn(14, lambda entry, _: entry.organization_id),
    "county": _ExportColumn(20, lambda entry, _: Counties.load().name_of(entry.county) if entry.county else None),
    "period": _ExportColumn(
        16, lambda entry, export: period(export.language, entry.period_id) if entry.period_id else None
    ),
    "review": _ExportColumn(24, lambda entry, export: export.text(f"review.state.{entry.decision}")),
    "data_until": _ExportColumn(
        12, lambda entry, _: date.fromisoformat(entry.data_until) if entry.data_until else None
    ),
    "approved_by": _ExportColumn(20, _approved_by),
    "approved_at": _ExportColumn(17, lambda entry, _: local_time(entry.approved_at)),
    "open_comments": _ExportColumn(10, lambda entry, _: entry.open_comments),
    "state": _ExportColumn(14, lambda entry, export: export.text(f"overview.state.{entry.state}")),
    "filled": _ExportColumn(10, _if_values(lambda entry, _: entry.populated)),
    "fields": _ExportColumn(10, _if_values(lambda _, export: export.field_count)),
    "missing": _ExportColumn(10, _if_values(lambda entry, _: entry.missing)),
    "errors": _ExportColumn(8, _if_values(lambda entry, _: entry.errors)),
    "warnings": _ExportColumn(8, _if_values(lambda entry, _: entry.warnings)),
    "notices": _ExportColumn(10, _if_values(lambda entry, _: entry.notices)),
    "changed": _ExportColumn(24, lambda entry, _: entry.changed),
    "validity": _ExportColumn(36, _validity),
    "aggregated": _ExportColumn(17, lambda entry, _: local_time(entry.aggregated_at)),
    "system": _ExportColumn(16, lambda entry, _: entry.case_system or None),
}
"""The columns that `OverviewColumn.exports` names; the heading of each is the text `export.overview.KEY`."""


def overview_table(
    lines: Iterable[ServiceLine],
    choice: ColumnChoice,
    totals: Sequence[TotalLine],
    field_count: int,
    period_id: str,
    texts: MessageCatalog,
    language: Language,
    moment: str = "",
) -> Table:
    """Return a table with one row per service, in the given order, and below them the totals.

    Args:
        lines: The services.
        choice: The columns. A field has its value, its prior value and its change.
        totals: The totals of the choice's fields.
        field_count: Number of fields of the form.
        period_id: The period of all rows.
        texts: The texts of headers and states.
        language: Language of the table.
        moment: The moment in words, if a column counts the changes since.
    """
    export = _Export(texts, language, field_count, period_id, moment)
    sheet = export.text("export.overview.sheet")
    headings = [heading for column in choice.columns for heading in _headings(column, export)]
    rows = [
        *([cell for column in choice.columns for cell in _cells(column, line, export)] for line in lines),
        *(_total_cells(choice, total, export) for total in totals),
    ]
    return Table(f"{sheet} {period(language, period_id)}", sheet, headings, 1, rows)


def _headings(column: OverviewColumn, export: _Export) -> list[Column]:
    if column.field is None:
        return [
            Column(export.text(f"export.overview.{key}", moment=export.moment), _COLUMNS[key].width)
            for key in column.exports
        ]
    label = getattr(column.field.labels, export.language)
    if column.part == "change":
        return [Column(f"{label}, {export.text('form.change').lower()}", _NUMBER_WIDTH)]
    periods = (export.period_id, str(Period.parse(export.period_id).prior))
    return [Column(f"{label}, {period(export.language, period_id)}", _NUMBER_WIDTH) for period_id in periods]


def _cells(column: OverviewColumn, line: ServiceLine, export: _Export) -> list[Cell]:
    if column.field is None:
        return [_COLUMNS[key].cell(line.entry, export) for key in column.exports]
    return _number_cells(column, line.numbers[column.place], export)


def _total_cells(choice: ColumnChoice, total: TotalLine, export: _Export) -> list[Cell]:
    cells: list[Cell] = []
    for column in choice.columns:
        if column.field is None:
            cells += [f"{total.name}: {total.services}" if key == "name" else None for key in column.exports]
        else:
            cells += _number_cells(column, total_number(total.totals[column.place], column.field.unit), export)
    return cells


def total_number(total: FieldTotal, unit: str) -> ServiceNumber:
    """Return a total as the numbers of a service are shown; its change is that of the services with both values."""
    change, _ = change_between(total.matched_value, total.prior_value, unit)
    is_withheld = total.matched > 0 and None in (total.matched_value, total.prior_value)
    return ServiceNumber(
        total.value, total.state, total.prior_value, "withheld" if is_withheld else total.prior_state, change
    )


def _number_cells(column: OverviewColumn, number: ServiceNumber, export: _Export) -> list[Cell]:
    assert column.field is not None
    unit, as_cell = column.field.unit, partial(value_cell, texts=export.texts, language=export.language)
    if column.part == "change":
        is_withheld = number.value is not None and number.prior_state == "withheld"
        return [as_cell(number.change, "withheld" if is_withheld else "present", unit)]
    return [as_cell(number.value, number.state, unit), as_cell(number.prior_value, number.prior_state, unit)]
