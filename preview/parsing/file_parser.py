"""One file of a delivery, whatever its format: bytes in, what it holds out. The only place that knows every format."""

from datetime import datetime

import msgspec

from preview.model.case_records import AnnualFile, CaseFolder, OrganizationListing, SupplementaryFigure
from preview.model.file_format import FileFormat
from preview.model.findings import FileRejected, Finding, FindingCode
from preview.parsing import barnevern, csv_files, format_detection, kostra_15f, xml_input


class FileContents(msgspec.Struct, frozen=True):
    """`format` is None where it was not recognised; a refused file holds its one finding and nothing else."""

    format: FileFormat | None
    folders: list[CaseFolder] = []
    annual_files: list[AnnualFile] = []
    figures: list[SupplementaryFigure] = []
    listings: list[OrganizationListing] = []
    findings: list[Finding] = []
    refused: bool = False


def parse_file(data: bytes, file: int, key: bytes, now: datetime, field_keys: frozenset[str] | None = None) -> FileContents:
    """`file` is the ordinal, `key` the store's, `fields` the keys that supplementary figures may come for (None: any)."""
    format_ = None
    try:
        if not xml_input.looks_like_xml(data):
            table = csv_files.parse_csv_file(data, file, field_keys)
            return FileContents(table.format, figures=table.figures, listings=table.listings, findings=table.findings)
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
