"""One file of a delivery, whatever its format: bytes in, what it holds out. The only place that knows every format."""

from datetime import datetime

import msgspec

from preview.model.case_records import Arsfil, Figur, Mappe, Oppforing
from preview.model.findings import Code, Finding, Refused
from preview.parsing import barnevern, csv_files, format_detection, kostra_15f, xml_input
from preview.parsing.format_detection import Format


class Contents(msgspec.Struct, frozen=True):
    """`format` is None where it was not recognised; a refused file holds its one finding and nothing else."""

    format: Format | None
    mapper: list[Mappe] = []
    arsfiler: list[Arsfil] = []
    figurer: list[Figur] = []
    oppforinger: list[Oppforing] = []
    findings: list[Finding] = []
    refused: bool = False


def read(data: bytes, file: int, key: bytes, now: datetime, fields: frozenset[str] | None = None) -> Contents:
    """`file` is the ordinal, `key` the store's, `fields` the keys that supplementary figures may come for (None: any)."""
    format_ = None
    try:
        if not xml_input.looks_like_xml(data):
            table = csv_files.read(data, file, fields)
            return Contents(table.format, figurer=table.figurer, oppforinger=table.oppforinger, findings=table.findings)
        document = xml_input.parse(data)
        format_ = format_detection.sniff(document.root)
        if format_ is None:
            raise Refused(Code.UNKNOWN_FORMAT, document.root.sourceline)
        if format_ is Format.KOSTRA_15F:
            arsfil, findings = kostra_15f.read(document, file, key)
            return Contents(format_, arsfiler=[arsfil], findings=findings)
        mapper, findings = barnevern.read(document, file, key, now)
        return Contents(format_, mapper=mapper, findings=findings)
    except Refused as refused:
        return Contents(format_, findings=[refused.finding(file)], refused=True)
