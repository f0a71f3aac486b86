"""Tables as files for a spreadsheet: CSV and XLSX (issue "The dashboard", Export). Pure.

Numbers are numbers. A text that a spreadsheet would take for a formula is neutralised with an apostrophe.
"""

import csv
import io
from dataclasses import dataclass
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.format import Format

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK = "\ufeff"

Cell = int | float | str | datetime | None


@dataclass(frozen=True)
class Column:
    """Its head, and how many characters wide it is in XLSX."""

    header: str
    width: int


@dataclass(frozen=True)
class Table:
    """What a file holds. `title` is printed above it; the first `frozen` columns stay in sight; a time is local, without a zone."""

    title: str
    sheet: str
    columns: list[Column]
    frozen_columns: int
    rows: list[list[Cell]]


def to_csv(table: Table) -> bytes:
    """Semicolons, a byte-order mark and decimal commas, so that a Norwegian Excel opens it right."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_csv_text(column.header) for column in table.columns])
    for row in table.rows:
        writer.writerow([_csv_text(cell) for cell in row])
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


def to_xlsx(table: Table) -> bytes:
    """One sheet with a frozen head, printed in landscape; what is no whole number has one decimal."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": table.title})
    header_format = book.add_format({"bold": True, "bottom": 1})
    formats = {kind: book.add_format({"num_format": number_format}) for kind, number_format in _FORMATS.items()}
    sheet = book.add_worksheet(table.sheet)
    sheet.freeze_panes(1, table.frozen_columns)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&L{table.title.replace('&', '&&')}")
    for column_index, column in enumerate(table.columns):
        sheet.set_column(column_index, column_index, column.width)
        sheet.write_string(0, column_index, column.header, header_format)
    for row_index, row in enumerate(table.rows, start=1):
        for column_index, cell in enumerate(row):
            match cell:
                case None:
                    pass
                case str():
                    sheet.write_string(row_index, column_index, cell)
                case datetime():
                    sheet.write_datetime(row_index, column_index, cell, _cell_format(formats, cell))
                case _:
                    sheet.write_number(row_index, column_index, cell, _cell_format(formats, cell))
    book.close()
    return out.getvalue()


_A4 = 9
_FORMATS: dict[type, str] = {int: "#,##0", float: "#,##0.0", datetime: "dd.mm.yyyy hh:mm"}


def _cell_format(formats: dict[type, Format], cell: float | datetime) -> Format:
    return formats[type(cell)]


def _csv_text(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA) else cell
        case datetime():
            return cell.strftime("%d.%m.%Y %H:%M")
        case _:
            return str(cell).replace(".", ",")
