"""Parses `Avgiver`, the organisation that delivers, which both formats write alike (rule 3.1, docs/domain.md)."""

import re

from preview.model.case_records import Avgiver
from preview.model.findings import FileRejected, FindingCode, FindingCollector
from preview.parsing.xml_input import Element, attribute

_ORGANISASJONSNUMMER = re.compile(r"[0-9]{9}\Z")
_KOMMUNENUMMER = re.compile(r"[0-9]{4}\Z")
_BYDELSNUMMER = re.compile(r"[0-9]{1,2}\Z")


def parse_avgiver(root: Element, element: Element | None, collector: FindingCollector) -> Avgiver:
    """Parse the Avgiver of a file.

    Args:
        root: The root element, for the line of a finding.
        element: The Avgiver, if there is one.
        collector: Collects the findings.

    Raises:
        FileRejected: If there is no Avgiver, or if its Organisasjonsnummer is not 9 digits.
    """
    if element is None:
        raise FileRejected(FindingCode.NO_AVGIVER, root.sourceline, "Barnevern/Avgiver")
    organisasjonsnummer = attribute(element, "Organisasjonsnummer")
    if not _ORGANISASJONSNUMMER.match(organisasjonsnummer):
        raise FileRejected(FindingCode.ORGANISASJONSNUMMER, element.sourceline, "Avgiver@Organisasjonsnummer")
    kommunenummer = attribute(element, "Kommunenummer")
    if not _KOMMUNENUMMER.match(kommunenummer):
        collector.add(FindingCode.KOMMUNENUMMER, element.sourceline, "Avgiver@Kommunenummer")
        kommunenummer = ""
    bydelsnummer, bydelsnavn = parse_bydel(element, "Avgiver", collector)
    return Avgiver(organisasjonsnummer, kommunenummer, attribute(element, "Kommunenavn"), bydelsnummer, bydelsnavn)


def parse_bydel(element: Element, path: str, collector: FindingCollector) -> tuple[str, str]:
    """Return two-digit number and name of the bydel that an element names; both are empty if it names none."""
    number = attribute(element, "Bydelsnummer")
    if number and not _BYDELSNUMMER.match(number):
        collector.add(FindingCode.BYDELSNUMMER, element.sourceline, f"{path}@Bydelsnummer")
        number = ""
    return (number.zfill(2), attribute(element, "Bydelsnavn")) if number else ("", "")
