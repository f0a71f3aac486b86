"""Writes tables as CSV and XLSX files.

Numbers are written as numbers. In CSV, an apostrophe precedes a text that a spreadsheet would evaluate as a formula; in
XLSX, its cell is marked as text.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import msgspec
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

_FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BYTE_ORDER_MARK = "\ufeff"
_COVER_WIDTHS = (28, 80)
_A4_PAPER = 9  # XlsxWriter's number of the paper size
_NUMBER_FORMATS: dict[type, str] = {
    int: "#,##0",
    float: "#,##0.0",
    date: "dd.mm.yyyy",
    datetime: "dd.mm.yyyy hh:mm",
}

Cell = int | float | str | date | datetime | None


@dataclass(frozen=True)
class Column:
    """A column: its header, and its width in XLSX, in characters."""

    header: str
    width: int


@dataclass(frozen=True)
class Cover:
    """The first sheet of an XLSX file, which says what the table is about.

    Attributes:
        sheet: Name of the worksheet.
        facts: Names and values, one below the other.
    """

    sheet: str
    facts: list[tuple[str, Cell]]


@dataclass(frozen=True)
class Table:
    """The content of a file.

    Attributes:
        title: Title of the document, printed above it.
        sheet: Name of the worksheet.
        columns: The columns.
        frozen_columns: Number of columns that stay visible when the sheet is scrolled.
        rows: The cells by row. Times are local and have no zone.
        cover: The first sheet of an XLSX file; None for a file without one. CSV is the table alone.
    """

    title: str
    sheet: str
    columns: list[Column]
    frozen_columns: int
    rows: list[list[Cell]]
    cover: Cover | None = None


def to_csv(table: Table) -> bytes:
    """Return the table as UTF-8 CSV with a byte-order mark, semicolons and decimal commas, as Excel in Norwegian
    expects.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_csv_text(column.header) for column in table.columns])
    for row in table.rows:
        writer.writerow([_csv_text(cell) for cell in row])
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


def records_to_csv(record_type: type[msgspec.Struct], records: Iterable[msgspec.Struct]) -> bytes:
    """Return records as CSV for programs (RFC 4180): UTF-8, commas, decimal points, an empty cell for None.

    Args:
        record_type: The type of the records; its fields are the columns, and their names the head line.
        records: The records; their fields are texts, numbers, booleans or None.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(record_type.__struct_fields__)
    for record in records:
        writer.writerow([_record_cell(value) for value in msgspec.structs.astuple(record)])
    return out.getvalue().encode()


def to_xlsx(table: Table) -> bytes:
    """Return the table as an XLSX file: its cover, if it has one, and a sheet with a frozen header row, to be printed
    in landscape.
    """
    out = io.BytesIO()
    book = Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": table.title})
    writer = _CellWriter(book)
    if table.cover is not None:
        _write_cover(book, writer, table.cover)
    sheet = book.add_worksheet(table.sheet)
    sheet.freeze_panes(1, table.frozen_columns)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(_A4_PAPER)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&L{table.title.replace('&', '&&')}")
    header_format = book.add_format({"bold": True, "bottom": 1})
    for column_index, column in enumerate(table.columns):
        sheet.set_column(column_index, column_index, column.width)
        sheet.write_string(0, column_index, column.header, header_format)
    for row_index, row in enumerate(table.rows, start=1):
        for column_index, cell in enumerate(row):
            writer.write(sheet, row_index, column_index, cell)
    book.close()
    return out.getvalue()


def _write_cover(book: Workbook, writer: "_CellWriter", cover: Cover) -> None:
    sheet = book.add_worksheet(cover.sheet)
    sheet.set_paper(_A4_PAPER)
    sheet.fit_to_pages(1, 0)
    name_format = book.add_format({"bold": True, "valign": "top"})
    for column_index, width in enumerate(_COVER_WIDTHS):
        sheet.set_column(column_index, column_index, width, writer.cover_format)
    for row_index, (name, value) in enumerate(cover.facts):
        sheet.write_string(row_index, 0, name, name_format)
        writer.write(sheet, row_index, 1, value, is_cover=True)


class _CellWriter:
    """Writes cells in the format of their kind."""

    def __init__(self, book: Workbook) -> None:
        beside_names = {"align": "left", "valign": "top", "text_wrap": True}
        self.cover_format = book.add_format(beside_names)
        self._by_place = {
            is_cover: {
                str: book.add_format({**layout, "quote_prefix": True}),
                **{kind: book.add_format({**layout, "num_format": number}) for kind, number in _NUMBER_FORMATS.items()},
            }
            for is_cover, layout in ((False, {}), (True, beside_names))
        }

    def write(self, sheet: Worksheet, row: int, column: int, cell: Cell, *, is_cover: bool = False) -> None:
        """Write a cell; nothing for None."""
        formats = self._by_place[is_cover]
        match cell:
            case None:
                pass
            case str():
                plain = self.cover_format if is_cover else None
                sheet.write_string(row, column, cell, formats[str] if _is_formula(cell) else plain)
            case date():  # and datetime
                # XlsxWriter takes dates too, and does not declare it.
                sheet.write_datetime(row, column, cell, formats[type(cell)])  # pyright: ignore[reportArgumentType]
            case _:
                sheet.write_number(row, column, cell, formats[type(cell)])


def _is_formula(text: str) -> bool:
    """Return whether a spreadsheet would evaluate a text. It reads signs in full width like the plain ones."""
    return text.startswith(_FORMULA_PREFIXES)


def _record_cell(value: str | float | bool | None) -> str | float | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and _is_formula(value) else value


def _csv_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if _is_formula(cell) else cell
        case datetime():
            return cell.strftime("%d.%m.%Y %H:%M")
        case date():
            return cell.strftime("%d.%m.%Y")
        case _:
            return str(cell).replace(".", ",")
