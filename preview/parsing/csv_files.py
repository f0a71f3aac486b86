"""Parses CSV files: organisations (rule 3.1, docs/domain.md) and supplementary figures (rule 6.1).

The first line tells which of the two a file is. A wrong line is left out with a finding; the others count (rule 3.4).
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from preview.core.errors import ValidationError
from preview.core.periods import Period
from preview.model.case_records import OrganizationListing, SupplementaryFigure
from preview.model.file_format import FileFormat
from preview.model.findings import FileRejected, Finding, FindingCode, FindingCollector

DEFAULT_DATA_SOURCE = "manuell"
"""`data_source` of supplementary figures that name none (rule 6.1)."""

_UTF8_BOM = b"\xef\xbb\xbf"
_FIGURE_COLUMNS = ("organization_id", "period_id", "field_key", "value", "data_source")
_ORGANIZATION_COLUMNS = ("organization_id", "organization_name", "organisasjonsnummer", "bydelsnummer")
_OPTIONAL_COLUMNS = {"data_source", "bydelsnummer"}
_MAX_HEADER_BYTES = 400

_ORGANIZATION_ID = re.compile(r"org-[a-z0-9-]{1,40}\Z")  # rule G4, docs/api.md
_ORGANISASJONSNUMMER = re.compile(r"[0-9]{9}\Z")
_BYDELSNUMMER = re.compile(r"[0-9]{1,2}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,9})?\Z")
_MAX_NAME_LENGTH, _MAX_SOURCE_LENGTH = 250, 64  # characters


class CsvContents(NamedTuple):
    """Content of a CSV file: figures or listings, by its format, and the findings."""

    format: FileFormat
    figures: list[SupplementaryFigure]
    listings: list[OrganizationListing]
    findings: list[Finding]


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
        FileRejected: If the first line does not have the columns of either format, or if the bytes are not UTF-8.
    """
    data = data.removeprefix(_UTF8_BOM)
    format_, columns, separator = _parse_header(data)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise FileRejected(FindingCode.ENCODING, data.count(b"\n", 0, error.start) + 1) from None
    rows = _read_rows(text, separator)
    next(rows)
    contents = CsvContents(format_, [], [], [])
    collector = FindingCollector(file)
    for line, cells in rows:
        try:
            if cells is None or len(cells) != len(columns):
                raise RowError(FindingCode.CSV_LINE)
            row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}
            if contents.format == FileFormat.FIGURES:
                contents.figures.append(_parse_figure(row, file, line, separator == ";", field_keys))
            else:
                contents.listings.append(_parse_listing(row, file, line))
        except RowError as row_error:
            collector.add(row_error.code, line, row_error.column)
    return contents._replace(findings=collector.findings)


def _read_rows(text: str, separator: str) -> Iterator[tuple[int, list[str] | None]]:
    """Yield line number and cells of each row that is not empty; the cells are None if their quotes do not match."""
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


def _parse_header(data: bytes) -> tuple[FileFormat, list[str], str]:
    """Return format, columns and separator by the first line."""
    header = data[:_MAX_HEADER_BYTES].partition(b"\n")[0].decode("utf-8", "replace")
    separator = ";" if ";" in header else ","
    try:
        columns = [cell.strip().lower() for cell in next(csv.reader([header], delimiter=separator), [])]
    except csv.Error:
        columns = []
    for format_, names in ((FileFormat.FIGURES, _FIGURE_COLUMNS), (FileFormat.ORGANIZATIONS, _ORGANIZATION_COLUMNS)):
        if len(set(columns)) == len(columns) and set(names) - _OPTIONAL_COLUMNS <= set(columns) <= set(names):
            return format_, columns, separator
    raise FileRejected(FindingCode.UNKNOWN_FORMAT, 1)


def _parse_figure(
    row: dict[str, str], file: int, line: int, decimal_comma: bool, field_keys: frozenset[str] | None
) -> SupplementaryFigure:
    organization_id = _validated(row, "organization_id", _ORGANIZATION_ID.match, FindingCode.CSV_ORGANIZATION_ID)
    period_id = _validated(row, "period_id", _is_period_id, FindingCode.CSV_PERIOD)
    field_key = row["field_key"]
    is_allowed = bool(field_key) if field_keys is None else field_key in field_keys
    if not is_allowed:
        raise RowError(FindingCode.CSV_FIELD, "field_key")
    value = row["value"].replace(",", ".", 1) if decimal_comma else row["value"]
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
    name = _validated(row, "organization_name", _is_name, FindingCode.CSV_ORGANIZATION_NAME)
    number = _validated(row, "organisasjonsnummer", _ORGANISASJONSNUMMER.match, FindingCode.CSV_ORGANISASJONSNUMMER)
    bydel = row.get("bydelsnummer", "")
    if bydel:
        bydel = _validated(row, "bydelsnummer", _BYDELSNUMMER.match, FindingCode.CSV_BYDELSNUMMER).zfill(2)
    return OrganizationListing(file, line, organization_id, name, number, bydel)


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
