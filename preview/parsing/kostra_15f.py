"""Parses a KOSTRA 15F file: its envelope and its children by bydel (domain 2, docs/domain.md).

Nothing that identifies a person is in the result (rule 4.1).
"""

import re

import msgspec

from preview.model.case_records import AnnualFile, BydelPart, Individ
from preview.model.file_format import FileFormat
from preview.model.findings import FileRejected, Finding, FindingCode, FindingCollector
from preview.model.limits import MAX_CASES
from preview.parsing import avgiver, individ, pseudonyms
from preview.parsing.format_detection import sniff
from preview.parsing.xml_input import Element, ParsedXml, StreamedXml, TreeNeeded, attribute

_VERSJON = re.compile(r"([0-9]{4})(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z")  # an xs:gYear can have a zone

_encode = msgspec.msgpack.Encoder().encode


def parse_annual_file(document: ParsedXml, file: int, key: bytes) -> tuple[AnnualFile, list[Finding]]:
    """Parse a KOSTRA 15F file.

    Args:
        document: The XML document.
        file: Ordinal of the file in the delivery.
        key: The store's key for pseudonyms.

    Returns:
        The content by bydel, and the findings.

    Raises:
        FileRejected: If Avgiver, Versjon or Individ is missing or invalid (rule 10).
    """
    parser = _AnnualFileParser(document, file, key)
    individer = document.root.findall("Individ")
    if not individer:
        raise FileRejected(FindingCode.NO_INDIVID, document.root.sourceline, "Barnevern/Individ")
    if len(individer) > MAX_CASES:
        raise FileRejected(FindingCode.TOO_LARGE, document.root.sourceline, "Barnevern/Individ")
    for element in individer:
        parser.add(element)
    return parser.result()


def parse_streamed(data: bytes, file: int, key: bytes) -> tuple[AnnualFile, list[Finding]] | None:
    """Parse a KOSTRA 15F file without its tree, which takes three times the memory of all else.

    Args:
        data: The bytes of an XML file of any format.
        file: Ordinal of the file in the delivery.
        key: The store's key for pseudonyms.

    Returns:
        As `parse_annual_file`; None if the file has another format, is refused, or has its Avgiver after many Individ:
        only its tree tells what it is.
    """
    parser: _AnnualFileParser | None = None
    try:
        stream = StreamedXml(data, "Individ")
        for count, element in enumerate(stream, 1):
            if parser is None:
                parser = _AnnualFileParser(stream.document, file, key)
            if count > MAX_CASES:
                return None
            parser.add(element)
    except (FileRejected, TreeNeeded):
        return None
    if parser is None or sniff(stream.document.root) is not FileFormat.KOSTRA_15F:
        return None
    return parser.result()


class _AnnualFileParser:
    """Parses a file child by child; may raise `FileRejected` when it is made."""

    def __init__(self, document: ParsedXml, file: int, key: bytes) -> None:
        root = document.root
        self._file, self._key = file, key
        self._line = root.sourceline
        self._collector = FindingCollector(file)
        if document.has_byte_order_mark:
            self._collector.add(FindingCode.BYTE_ORDER_MARK, 1, "")
        self._sender = avgiver.parse_avgiver(root, element := root.find("Avgiver"), self._collector)
        self._year = _parse_year(element)
        self._collector.add(FindingCode.NO_UTVIDET_FRIST, root.sourceline, "Barnevern")  # once per file (rule 2.5)
        self._finding_count = self._collector.count
        self._individer_by_bydel: dict[str, list[Individ]] = {}
        self._bydel_names: dict[str, str] = {}
        self._seen_numbers: set[tuple[str, str]] = set()

    def add(self, element: Element) -> None:
        """Parse the next Individ."""
        count_before = self._collector.count
        number, name = avgiver.parse_bydel(element, "Individ", self._collector)
        content = individ.parse_individ(element, self._year, self._collector, count_before, self._seen_numbers)
        self._individer_by_bydel.setdefault(number, []).append(
            Individ(content, pseudonyms.hash_content(self._key, _encode(content)))
        )
        self._bydel_names[number] = self._bydel_names.get(number) or name

    def result(self) -> tuple[AnnualFile, list[Finding]]:
        """Return the content by bydel, and the findings."""
        sender = self._sender
        parts = [
            BydelPart(
                msgspec.structs.replace(sender, bydelsnummer=number, bydelsnavn=self._bydel_names[number]), children
            )
            for number, children in self._individer_by_bydel.items()
        ]
        annual_file = AnnualFile(
            self._file, self._line, sender.organisasjonsnummer, self._year, self._finding_count, parts
        )
        return annual_file, self._collector.findings


def _parse_year(element: Element) -> int:
    """Return the year that the file can supply (rule 2.3)."""
    match = _VERSJON.match(attribute(element, "Versjon"))
    if match is None or not int(match[1]):
        raise FileRejected(FindingCode.VERSJON, element.sourceline, "Avgiver@Versjon")
    return int(match[1])
