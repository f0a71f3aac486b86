"""The two CSV files, told apart by their head line: organisations (`domain.md` 3.1) and supplementary figures (6.1).

Comma or semicolon, UTF-8, quoted where needed. A line that is wrong is refused, and only that line.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from preview.core.errors import Invalid
from preview.core.periods import Period
from preview.model.case_records import Figur, Oppforing
from preview.model.findings import Code, Finding, Notes, Refused
from preview.parsing.format_detection import Format

DEFAULT_SOURCE = "manuell"

_UTF8_MARK = b"\xef\xbb\xbf"
_FIGURES = ("organization_id", "period_id", "field_key", "value", "data_source")
_ORGANIZATIONS = ("organization_id", "organization_name", "organisasjonsnummer", "bydelsnummer")
_OPTIONAL = {"data_source", "bydelsnummer"}
_LONGEST_HEAD = 400  # bytes

_ORGANIZATION_ID = re.compile(r"org-[a-z0-9-]{1,40}\Z")  # contract G4
_ORGANISASJONSNUMMER = re.compile(r"[0-9]{9}\Z")
_BYDELSNUMMER = re.compile(r"[0-9]{1,2}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?\Z")
_LONGEST_NAME, _LONGEST_SOURCE = 250, 64  # characters


class Contents(NamedTuple):
    """What a CSV file holds; one of the two lists is empty."""

    format: Format
    figurer: list[Figur]
    oppforinger: list[Oppforing]
    findings: list[Finding]


class _BadLine(Exception):
    """What is wrong with a line, and in which column."""

    def __init__(self, code: Code, column: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.column = column


def read(data: bytes, file: int, fields: frozenset[str] | None = None) -> Contents:
    """`fields` are the field keys that figures may come for (those that are not computed); None allows any.

    Raises `Refused` where the head line is neither of the two, or the bytes are not UTF-8.
    """
    data = data.removeprefix(_UTF8_MARK)
    format_, columns, separator = _head(data)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Refused(Code.ENCODING, data.count(b"\n", 0, error.start) + 1) from None
    rows = _rows(text, separator)
    next(rows)
    contents = Contents(format_, [], [], [])
    notes = Notes(file)
    for line, cells in rows:
        try:
            if cells is None or len(cells) != len(columns):
                raise _BadLine(Code.CSV_LINE)
            row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
            if contents.format == Format.FIGURES:
                contents.figurer.append(_figur(row, file, line, separator == ";", fields))
            else:
                contents.oppforinger.append(_oppforing(row, file, line))
        except _BadLine as bad:
            notes.add(bad.code, line, bad.column)
    return contents._replace(findings=notes.findings)


def _rows(text: str, separator: str) -> Iterator[tuple[int, list[str] | None]]:
    """Line and cells of each row that is not empty; None for cells whose quotes do not match."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            yield line, None
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _head(data: bytes) -> tuple[Format, list[str], str]:
    """What the first line tells: format, columns and separator."""
    head = data[:_LONGEST_HEAD].partition(b"\n")[0].decode("utf-8", "replace")
    separator = ";" if ";" in head else ","
    try:
        columns = [cell.strip().lower() for cell in next(csv.reader([head], delimiter=separator), [])]
    except csv.Error:
        columns = []
    for format_, names in ((Format.FIGURES, _FIGURES), (Format.ORGANIZATIONS, _ORGANIZATIONS)):
        if len(set(columns)) == len(columns) and set(names) - _OPTIONAL <= set(columns) <= set(names):
            return format_, columns, separator
    raise Refused(Code.UNKNOWN_FORMAT, 1)


def _figur(row: dict[str, str], file: int, line: int, decimal_comma: bool, fields: frozenset[str] | None) -> Figur:
    organization_id = _matching(row, "organization_id", _ORGANIZATION_ID.match, Code.CSV_ORGANIZATION_ID)
    period_id = _matching(row, "period_id", _is_period, Code.CSV_PERIOD)
    field_key = _matching(row, "field_key", lambda key: key if fields is None else key in fields, Code.CSV_FIELD)
    value = row["value"].replace(",", ".", 1) if decimal_comma else row["value"]
    if value and not _NUMBER.match(value):
        raise _BadLine(Code.CSV_VALUE, "value")
    source = row.get("data_source") or DEFAULT_SOURCE
    if len(source) > _LONGEST_SOURCE or not source.isprintable():
        raise _BadLine(Code.CSV_SOURCE, "data_source")
    return Figur(file, line, organization_id, period_id, field_key, float(value) if value else None, source)


def _oppforing(row: dict[str, str], file: int, line: int) -> Oppforing:
    organization_id = _matching(row, "organization_id", _ORGANIZATION_ID.match, Code.CSV_ORGANIZATION_ID)
    name = _matching(row, "organization_name", _is_name, Code.CSV_ORGANIZATION_NAME)
    number = _matching(row, "organisasjonsnummer", _ORGANISASJONSNUMMER.match, Code.CSV_ORGANISASJONSNUMMER)
    bydel = row.get("bydelsnummer", "")
    if bydel:
        bydel = _matching(row, "bydelsnummer", _BYDELSNUMMER.match, Code.CSV_BYDELSNUMMER).zfill(2)
    return Oppforing(file, line, organization_id, name, number, bydel)


def _matching(row: dict[str, str], column: str, test: Callable[[str], object], code: Code) -> str:
    text = row[column]
    if not test(text):
        raise _BadLine(code, column)
    return text


def _is_period(text: str) -> bool:
    try:
        Period.parse(text)
    except Invalid:
        return False
    return True


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()
