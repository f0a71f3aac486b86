"""Who delivers, as both formats write it (`domain.md` 1, 2, 3.1)."""

import re

from preview.model.case_records import Avgiver
from preview.model.findings import Code, Notes, Refused
from preview.parsing.xml_input import Element, text

_ORGANISASJONSNUMMER = re.compile(r"[0-9]{9}\Z")
_KOMMUNENUMMER = re.compile(r"[0-9]{4}\Z")
_BYDELSNUMMER = re.compile(r"[0-9]{1,2}\Z")


def read(root: Element, element: Element | None, notes: Notes) -> Avgiver:
    """Of the Avgiver of a file. Raises `Refused` where there is none, or it has no number (`domain.md` 10)."""
    if element is None:
        raise Refused(Code.NO_AVGIVER, root.sourceline, "Barnevern/Avgiver")
    organisasjonsnummer = text(element, "Organisasjonsnummer")
    if not _ORGANISASJONSNUMMER.match(organisasjonsnummer):
        raise Refused(Code.ORGANISASJONSNUMMER, element.sourceline, "Avgiver@Organisasjonsnummer")
    kommunenummer = text(element, "Kommunenummer")
    if not _KOMMUNENUMMER.match(kommunenummer):
        notes.add(Code.KOMMUNENUMMER, element.sourceline, "Avgiver@Kommunenummer")
        kommunenummer = ""
    return Avgiver(organisasjonsnummer, kommunenummer, text(element, "Kommunenavn"), *bydel(element, "Avgiver", notes))


def bydel(element: Element, path: str, notes: Notes) -> tuple[str, str]:
    """Two-digit number and name of the bydel that an element names; both empty where it names none."""
    number = text(element, "Bydelsnummer")
    if number and not _BYDELSNUMMER.match(number):
        notes.add(Code.BYDELSNUMMER, element.sourceline, f"{path}@Bydelsnummer")
        number = ""
    return (number.zfill(2), text(element, "Bydelsnavn")) if number else ("", "")
