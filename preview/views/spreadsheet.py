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

    head: str
    width: int


@dataclass(frozen=True)
class Table:
    """What a file holds. `title` is printed above it; the first `frozen` columns stay in sight; a time is local, without a zone."""

    title: str
    sheet: str
    columns: list[Column]
    frozen: int
    lines: list[list[Cell]]


def as_csv(table: Table) -> bytes:
    """Semicolons, a byte-order mark and decimal commas, so that a Norwegian Excel opens it right."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([_plain(column.head) for column in table.columns])
    for line in table.lines:
        writer.writerow([_plain(cell) for cell in line])
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


def as_xlsx(table: Table) -> bytes:
    """One sheet with a frozen head, printed in landscape; what is no whole number has one decimal."""
    out = io.BytesIO()
    book = Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    book.set_properties({"title": table.title})
    head = book.add_format({"bold": True, "bottom": 1})
    formats = {kind: book.add_format({"num_format": written}) for kind, written in _FORMATS.items()}
    sheet = book.add_worksheet(table.sheet)
    sheet.freeze_panes(1, table.frozen)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&L{table.title.replace('&', '&&')}")
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(0, place, column.head, head)
    for row, line in enumerate(table.lines, start=1):
        for place, cell in enumerate(line):
            match cell:
                case None:
                    pass
                case str():
                    sheet.write_string(row, place, cell)
                case datetime():
                    sheet.write_datetime(row, place, cell, _format(formats, cell))
                case _:
                    sheet.write_number(row, place, cell, _format(formats, cell))
    book.close()
    return out.getvalue()


_A4 = 9
_FORMATS: dict[type, str] = {int: "#,##0", float: "#,##0.0", datetime: "dd.mm.yyyy hh:mm"}


def _format(formats: dict[type, Format], cell: float | datetime) -> Format:
    return formats[type(cell)]


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return f"'{cell}" if cell.startswith(_FORMULA) else cell
        case datetime():
            return cell.strftime("%d.%m.%Y %H:%M")
        case _:
            return str(cell).replace(".", ",")
