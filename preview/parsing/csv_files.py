"""Parses CSV files: organisations (rule 3.1, docs/domain.md) and supplementary figures (rule 6.1).

The first line tells which of the two a file is. A wrong line is left out with a finding; the others count (rule 3.4).
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from preview.core.errors import ValidationError
from preview.core.periods import Period
from preview.model.case_records import OrganizationListing, SupplementaryFigure
from preview.model.file_format import FileFormat
from preview.model.findings import FileRejected, Finding, FindingCode, FindingCollector
from preview.parsing import csv_text

DEFAULT_DATA_SOURCE = "manuell"
"""`data_source` of supplementary figures that name none (rule 6.1)."""

_FIGURE_COLUMNS = ("organization_id", "period_id", "field_key", "value", "data_source")
_ORGANIZATION_COLUMNS = ("organization_id", "organization_name", "organisasjonsnummer", "bydelsnummer")
_OPTIONAL_COLUMNS = {"data_source", "bydelsnummer"}
_KNOWN_COLUMNS = frozenset(_FIGURE_COLUMNS + _ORGANIZATION_COLUMNS)

_ORGANIZATION_ID = re.compile(r"org-[a-z0-9-]{1,40}\Z")  # rule G4, docs/api.md
_ORGANISASJONSNUMMER = re.compile(r"[0-9]{9}\Z")
_BYDELSNUMMER = re.compile(r"[0-9]{1,2}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?\Z")
_MAYBE_THOUSANDS = re.compile(r",[0-9]{3}\Z")
_DIGIT_SPACES = dict.fromkeys(map(ord, "\u00a0\u2009\u202f"))  # no-break, thin, and narrow no-break space
_MAX_NAME_LENGTH, _MAX_SOURCE_LENGTH = 250, 64  # characters


class CsvContents(NamedTuple):
    """Content of a CSV file: figures or listings, by its format, the findings, and the number of its lines."""

    format: FileFormat
    figures: list[SupplementaryFigure]
    listings: list[OrganizationListing]
    findings: list[Finding]
    lines: int = 0


class RowError(Exception):
    """Raised for a line that is left out, with the code of its finding and the column that is wrong."""

    def __init__(self, code: FindingCode, column: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.column = column


def parse_csv_file(data: bytes, file: int, field_keys: frozenset[str] | None = None) -> CsvContents:
    """Parse a CSV file.

    Args:
        data: The bytes of the file.
        file: Its ordinal in the delivery, from 1.
        field_keys: Fields that figures may be given for, those that are not computed; None allows any.

    Raises:
        FileRejected: If the head line does not have the columns of either format, or if the bytes do not decode.
    """
    text, is_windows_1252 = csv_text.decode(data)
    format_, columns, separator = _parse_header(text)
    contents = CsvContents(format_, [], [], [])
    collector = FindingCollector(file)
    if is_windows_1252:
        collector.add(FindingCode.CSV_WINDOWS_1252, 0, "")
    rows = csv_text.rows(text, separator)
    next(rows)
    lines = 0
    for line, cells in rows:
        lines += 1
        try:
            if cells is None or len(cells) < len(columns) or any(cell.strip() for cell in cells[len(columns) :]):
                raise RowError(FindingCode.CSV_LINE)
            row = {column: cell.strip() for column, cell in zip(columns, cells, strict=False)}
            if contents.format == FileFormat.FIGURES:
                contents.figures.append(_parse_figure(row, file, line, separator, field_keys))
            else:
                contents.listings.append(_parse_listing(row, file, line))
        except RowError as row_error:
            collector.add(row_error.code, line, row_error.column)
    return contents._replace(findings=collector.findings, lines=lines)


def _parse_header(text: str) -> tuple[FileFormat, list[str], str]:
    """Return format, columns and separator by the head line."""
    is_table = False
    for separator, columns in csv_text.heads(text):
        for format_, names in (
            (FileFormat.FIGURES, _FIGURE_COLUMNS),
            (FileFormat.ORGANIZATIONS, _ORGANIZATION_COLUMNS),
        ):
            if len(set(columns)) == len(columns) and set(names) - _OPTIONAL_COLUMNS <= set(columns) <= set(names):
                return format_, columns, separator
        is_table = is_table or len(columns) > 1 or not _KNOWN_COLUMNS.isdisjoint(columns)
    raise FileRejected(FindingCode.CSV_HEADER if is_table else FindingCode.UNKNOWN_FORMAT, 1)


def _parse_figure(
    row: dict[str, str], file: int, line: int, separator: str, field_keys: frozenset[str] | None
) -> SupplementaryFigure:
    organization_id = _validated(row, "organization_id", _ORGANIZATION_ID.match, FindingCode.CSV_ORGANIZATION_ID)
    period_id = _validated(row, "period_id", _is_period_id, FindingCode.CSV_PERIOD)
    field_key = row["field_key"]
    is_allowed = bool(field_key) if field_keys is None else field_key in field_keys
    if not is_allowed:
        raise RowError(FindingCode.CSV_FIELD, "field_key")
    value = _number_text(row["value"], separator)
    if value and not _NUMBER.match(value):
        raise RowError(FindingCode.CSV_VALUE, "value")
    source = row.get("data_source") or DEFAULT_DATA_SOURCE
    if len(source) > _MAX_SOURCE_LENGTH or not source.isprintable():
        raise RowError(FindingCode.CSV_SOURCE, "data_source")
    return SupplementaryFigure(
        file, line, organization_id, period_id, field_key, float(value) if value else None, source
    )


def _parse_listing(row: dict[str, str], file: int, line: int) -> OrganizationListing:
    organization_id = _validated(row, "organization_id", _ORGANIZATION_ID.match, FindingCode.CSV_ORGANIZATION_ID)
    numbers = ("organisasjonsnummer", "bydelsnummer")
    row = row | {column: row[column].translate(_DIGIT_SPACES) for column in numbers if column in row}
    name = _validated(row, "organization_name", _is_name, FindingCode.CSV_ORGANIZATION_NAME)
    number = _validated(row, "organisasjonsnummer", _ORGANISASJONSNUMMER.match, FindingCode.CSV_ORGANISASJONSNUMMER)
    bydel = row.get("bydelsnummer", "")
    if bydel:
        bydel = _validated(row, "bydelsnummer", _BYDELSNUMMER.match, FindingCode.CSV_BYDELSNUMMER).zfill(2)
    return OrganizationListing(file, line, organization_id, name, number, bydel)


def _number_text(text: str, separator: str) -> str:
    """Return a number with a decimal point and without the spaces between its digits.

    In a file with commas as separator, a comma before exactly three digits may be English for a thousand: it stays, and
    the number is not accepted.
    """
    text = text.translate(_DIGIT_SPACES)
    if separator == "," and _MAYBE_THOUSANDS.search(text):
        return text
    return text.replace(",", ".", 1)


def _validated(row: dict[str, str], column: str, is_valid: Callable[[str], object], code: FindingCode) -> str:
    text = row[column]
    if not is_valid(text):
        raise RowError(code, column)
    return text


def _is_period_id(text: str) -> bool:
    try:
        Period.parse(text)
    except ValidationError:
        return False
    return True


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _MAX_NAME_LENGTH and text.isprintable()
