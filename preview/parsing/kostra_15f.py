"""Parses a KOSTRA 15F file: its envelope and its children by bydel (domain 2, docs/domain.md).

Nothing that identifies a person is in the result (rule 4.1).
"""

import re

import msgspec

from preview.model.case_records import AnnualFile, BydelPart, Individ
from preview.model.findings import FileRejected, Finding, FindingCode, FindingCollector
from preview.model.limits import MAX_CASES
from preview.parsing import avgiver, individ, pseudonyms
from preview.parsing.xml_input import Element, ParsedXml, attribute

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
    collector = FindingCollector(file)
    root = document.root
    if document.has_byte_order_mark:
        collector.add(FindingCode.BYTE_ORDER_MARK, 1, "")
    sender = avgiver.parse_avgiver(root, element := root.find("Avgiver"), collector)
    year = _parse_year(element)
    individer = root.findall("Individ")
    if not individer:
        raise FileRejected(FindingCode.NO_INDIVID, root.sourceline, "Barnevern/Individ")
    if len(individer) > MAX_CASES:
        raise FileRejected(FindingCode.TOO_LARGE, root.sourceline, "Barnevern/Individ")
    collector.add(FindingCode.NO_UTVIDET_FRIST, root.sourceline, "Barnevern")  # once per file (rule 2.5)
    finding_count = collector.count
    individer_by_bydel: dict[str, list[Individ]] = {}
    bydel_names: dict[str, str] = {}
    seen_numbers: set[tuple[str, str]] = set()
    for element in individer:
        count_before = collector.count
        number, name = avgiver.parse_bydel(element, "Individ", collector)
        content = individ.parse_individ(element, year, collector, count_before, seen_numbers)
        individer_by_bydel.setdefault(number, []).append(
            Individ(content, pseudonyms.hash_content(key, _encode(content)))
        )
        bydel_names[number] = bydel_names.get(number) or name
    parts = [
        BydelPart(msgspec.structs.replace(sender, bydelsnummer=number, bydelsnavn=bydel_names[number]), children)
        for number, children in individer_by_bydel.items()
    ]
    return AnnualFile(file, root.sourceline, sender.organisasjonsnummer, year, finding_count, parts), collector.findings


def _parse_year(element: Element) -> int:
    """Return the year that the file can supply (rule 2.3)."""
    match = _VERSJON.match(attribute(element, "Versjon"))
    if match is None or not int(match[1]):
        raise FileRejected(FindingCode.VERSJON, element.sourceline, "Avgiver@Versjon")
    return int(match[1])
