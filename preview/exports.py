"""A preview as a file: what is shown, for a spreadsheet (issue "The dashboard", Export). Pure: made from the view-model that the page shows.

Numbers are numbers. A text that a spreadsheet would take for a formula is neutralised with an apostrophe.
"""

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from preview.documents import Value
from preview.form.catalogue import Catalogue
from preview.previews import Preview, Row
from preview.texts import Texts
from preview.texts.formats import Language

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK = "\ufeff"
_COLUMNS = ("number", "section", "label", "value", "compared", "change", "percent", "unit", "notes", "source", "key")
_WIDTHS = (5, 22, 42, 12, 12, 10, 10, 9, 60, 20, 42)
_NUMBERS = ("value", "compared", "change")

Cell = int | float | str | None


@dataclass(frozen=True)
class Table:
    """A head and a line for each field that is shown, in form order. `units` are those of the lines."""

    head: list[str]
    lines: list[list[Cell]]
    units: list[str]


def table(preview: Preview, catalogue: Catalogue, texts: Texts, language: Language, shown: Collection[str] | None = None) -> Table:
    """`shown` are the field keys that a filter leaves; None for all of them."""
    periods = {"value": preview.period_id, "compared": preview.compare_period_id}
    head = [texts.get(language, f"export.{column}", **({"period": periods[column]} if column in periods else {})) for column in _COLUMNS]
    rows = [row for row in preview.rows if shown is None or row.field_key in shown]
    return Table(head, [_line(row, catalogue, texts, language) for row in rows], [row.unit for row in rows])


def as_csv(exported: Table) -> bytes:
    """Semicolons, a byte-order mark and decimal commas, so that a Norwegian Excel opens it right."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_plain(text) for text in exported.head])
    for line in exported.lines:
        writer.writerow([_plain(cell) for cell in line])
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


def as_xlsx(exported: Table, texts: Texts, language: Language) -> bytes:
    """One sheet with a frozen head; numbers as numbers, shares and årsverk with one decimal."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    head = book.add_format({"bold": True, "bottom": 1})
    whole, tenth = book.add_format({"num_format": "#,##0"}), book.add_format({"num_format": "#,##0.0"})
    sheet = book.add_worksheet(texts.get(language, "export.sheet"))
    sheet.freeze_panes(1, 3)
    for column, (text, width) in enumerate(zip(exported.head, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, text, head)
    for row, (line, unit) in enumerate(zip(exported.lines, exported.units, strict=True), start=1):
        _write(sheet, row, line, whole if unit == "antall" else tenth)
    book.close()
    return out.getvalue()


def _write(sheet: Worksheet, row: int, line: Sequence[Cell], number: Format) -> None:
    for column, (name, cell) in enumerate(zip(_COLUMNS, line, strict=True)):
        if isinstance(cell, str):
            sheet.write_string(row, column, cell)
        elif cell is not None:
            sheet.write_number(row, column, cell, number if name in _NUMBERS else None)


def _line(row: Row, catalogue: Catalogue, texts: Texts, language: Language) -> list[Cell]:
    field = catalogue.field(row.field_key)
    section = next(each for each in catalogue.sections if each.section_id == row.section_id)
    notes = " ".join(texts.get(language, each.message, **each.params) for each in row.deviations)
    hidden = texts.get(language, "export.hidden")
    return [
        row.number,
        getattr(section.titles, language),
        getattr(field.labels, language),
        hidden if row.hidden else row.value,
        hidden if row.compared_hidden else row.compared_value,
        row.change,
        row.percent,
        row.unit,
        notes,
        row.data_source,
        row.field_key,
    ]


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA) else cell
        case _:
            return _number(cell)


def _number(value: Value) -> str:
    return str(value).replace(".", ",")
