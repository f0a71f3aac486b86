"""Decodes CSV files as people's programs write them, and splits them into rows (rule 3.4, docs/domain.md)."""

import csv
import io
import re
from collections.abc import Iterator
from typing import NamedTuple

from preview.model.findings import FileRejected, FindingCode

_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
_SNIFFED_BYTES = 1000
_SEPARATORS = (";", ",", "\t")
_MAX_HEAD_CHARACTERS = 20_000  # a spreadsheet may write thousands of empty columns
_SEPARATOR_LINE = re.compile(r"sep\s*=[;,\t|\s]*", re.IGNORECASE)
_QUOTES = str.maketrans("", "", "\"'")


class DecodedCsv(NamedTuple):
    """The text of a CSV file. `is_windows_1252` is whether it was neither UTF-8 nor UTF-16."""

    text: str
    is_windows_1252: bool


class Row(NamedTuple):
    """A row: the number of its first line, from 1, and its cells; None if its quotes do not match."""

    line: int
    cells: list[str] | None


def decode(data: bytes) -> DecodedCsv:
    """Decode a CSV file: UTF-8 with or without a byte-order mark, UTF-16 with one, else Windows-1252.

    Raises:
        FileRejected: If the bytes are none of these, or no text at all.
    """
    if not data.startswith(_UTF16_BOMS) and b"\x00" in data[:_SNIFFED_BYTES]:
        raise FileRejected(FindingCode.UNKNOWN_FORMAT, 1)
    try:
        if data.startswith(_UTF16_BOMS):
            return DecodedCsv(data.decode("utf-16"), is_windows_1252=False)
        if data.startswith(_UTF8_BOM):
            return DecodedCsv(data.decode("utf-8-sig"), is_windows_1252=False)
        try:
            return DecodedCsv(data.decode(), is_windows_1252=False)
        except UnicodeDecodeError:
            return DecodedCsv(data.decode("cp1252"), is_windows_1252=True)
    except UnicodeDecodeError as error:
        raise FileRejected(FindingCode.CSV_ENCODING, _line_at(data, error.start)) from None


def heads(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each separator with the names that the head line has by it: trimmed, in lower case, without empty ones at
    the end.
    """
    for separator in _SEPARATORS:
        for _, cells in rows(text[:_MAX_HEAD_CHARACTERS], separator):
            names = [cell.strip().lower() for cell in cells or []]
            while names and not names[-1]:
                names.pop()
            yield separator, names
            break


def rows(text: str, separator: str) -> Iterator[Row]:
    """Yield the rows that are not empty, the head line included. Lines end with LF, CRLF or CR; a line `sep=` is
    skipped.
    """
    lines = io.StringIO(text, newline="")  # splits at each of the three, and keeps them
    first_line = lines.readline()
    skipped = 1
    if not _SEPARATOR_LINE.fullmatch(first_line.translate(_QUOTES).strip()):
        lines.seek(0)
        skipped = 0
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            yield Row(line, None)
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Row(line, cells)


def _line_at(data: bytes, offset: int) -> int:
    before = data[:offset].replace(b"\r\n", b"\n")
    return before.count(b"\n") + before.count(b"\r") + 1
