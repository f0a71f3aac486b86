"""KOSTRA 15F: what a municipality reports of a year, one file, its envelope and its bydeler (`domain.md` 2).

Pure: the store's key is given. The person goes no further than here (`domain.md` 4.1).
"""

import re

import msgspec

from preview.model.case_records import Arsfil, Del, Individ
from preview.model.findings import Code, Finding, Notes, Refused
from preview.model.limits import MAX_CASES
from preview.parsing import avgiver, individ, pseudonyms
from preview.parsing.xml_input import Document, Element, text

_VERSJON = re.compile(r"([0-9]{4})(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z")  # an xs:gYear may have a zone

_encode = msgspec.msgpack.Encoder().encode


def read(document: Document, file: int, key: bytes) -> tuple[Arsfil, list[Finding]]:
    """The file, divided by bydel, and what is wrong with it. `file` is the ordinal in the delivery.

    Raises `Refused` for an envelope that does not tell who delivers, of which year or what (`domain.md` 10).
    """
    notes = Notes(file)
    root = document.root
    if document.byte_order_mark:
        notes.add(Code.BYTE_ORDER_MARK, 1, "")
    giver = avgiver.read(root, element := root.find("Avgiver"), notes)
    aar = _aar(element)
    individer = root.findall("Individ")
    if not individer:
        raise Refused(Code.NO_INDIVID, root.sourceline, "Barnevern/Individ")
    if len(individer) > MAX_CASES:
        raise Refused(Code.TOO_LARGE, root.sourceline, "Barnevern/Individ")
    notes.add(Code.NO_UTVIDET_FRIST, root.sourceline, "Barnevern")  # 2.5: once, as it holds for all
    funn = notes.count
    deler: dict[str, list[Individ]] = {}
    names: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    for element in individer:
        since = notes.count
        number, name = avgiver.bydel(element, "Individ", notes)
        innhold = individ.read(element, aar, notes, since, seen)
        deler.setdefault(number, []).append(Individ(innhold, pseudonyms.content(key, _encode(innhold))))
        names[number] = names.get(number) or name
    parts = [
        Del(msgspec.structs.replace(giver, bydelsnummer=number, bydelsnavn=names[number]), children) for number, children in deler.items()
    ]
    return Arsfil(file, root.sourceline, giver.organisasjonsnummer, aar, funn, parts), notes.findings


def _aar(element: Element) -> int:
    """The year that the file can supply (2.3)."""
    match = _VERSJON.match(text(element, "Versjon"))
    if match is None or not int(match[1]):
        raise Refused(Code.VERSJON, element.sourceline, "Avgiver@Versjon")
    return int(match[1])
