"""Parses one file of a delivery in any format."""

from datetime import datetime

import msgspec

from preview.model.case_records import AnnualFile, CaseFolder, OrganizationListing, SupplementaryFigure
from preview.model.file_format import FileFormat
from preview.model.findings import FileRejected, Finding, FindingCode
from preview.model.limits import MIB
from preview.parsing import barnevern, csv_files, format_detection, kostra_15f, xml_input

_STREAMED_BYTES = MIB
"""From this size on, a file is worth an attempt to parse it without its tree."""


class FileContents(msgspec.Struct, frozen=True):
    """Content of one file.

    Attributes:
        format: Its format, or None if it was not recognised.
        folders: Cases of a v4 file.
        annual_files: The content of a 15F file.
        figures: Lines of a file of supplementary figures.
        listings: Lines of an organisations file.
        lines: Number of lines of a CSV file, those that are left out included.
        findings: Its findings. A refused file has exactly one, and no content.
        refused: Whether the whole file is refused.
    """

    format: FileFormat | None
    folders: list[CaseFolder] = []
    annual_files: list[AnnualFile] = []
    figures: list[SupplementaryFigure] = []
    listings: list[OrganizationListing] = []
    lines: int = 0
    findings: list[Finding] = []
    refused: bool = False


def parse_file(
    data: bytes, file: int, key: bytes, now: datetime, field_keys: frozenset[str] | None = None
) -> FileContents:
    """Parse one file of a delivery.

    Args:
        data: The bytes of the file.
        file: Its ordinal in the delivery, from 1.
        key: The store's key for pseudonyms.
        now: The present instant, in UTC.
        field_keys: Fields that supplementary figures may be given for; None allows any.

    Returns:
        Its content. A refused file is a result as well, with one finding.
    """
    format_ = None
    try:
        if not xml_input.looks_like_xml(data):
            csv_contents = csv_files.parse_csv_file(data, file, field_keys)
            return FileContents(
                csv_contents.format,
                figures=csv_contents.figures,
                listings=csv_contents.listings,
                lines=csv_contents.lines,
                findings=csv_contents.findings,
            )
        if len(data) >= _STREAMED_BYTES and (streamed := kostra_15f.parse_streamed(data, file, key)) is not None:
            annual_file, findings = streamed
            return FileContents(FileFormat.KOSTRA_15F, annual_files=[annual_file], findings=findings)
        document = xml_input.parse_xml(data)
        format_ = format_detection.sniff(document.root)
        if format_ is None:
            raise FileRejected(FindingCode.UNKNOWN_FORMAT, document.root.sourceline)
        if format_ is FileFormat.KOSTRA_15F:
            annual_file, findings = kostra_15f.parse_annual_file(document, file, key)
            return FileContents(format_, annual_files=[annual_file], findings=findings)
        folders, findings = barnevern.parse_case_file(document, file, key, now)
        return FileContents(format_, folders=folders, findings=findings)
    except FileRejected as rejection:
        return FileContents(format_, findings=[rejection.finding(file)], refused=True)
