"""Barnevern XML, version 4 and the earlier ones of the same shape: one file, its envelope and its cases (`domain.md` 1).

Pure: the store's key and the present instant are given. The person goes no further than here (`domain.md` 4.1).
"""

from datetime import datetime, timedelta

import msgspec

from preview.core import clock
from preview.model.case_records import Mappe
from preview.model.findings import Code, Finding, Notes, Refused
from preview.model.limits import MAX_CASES
from preview.parsing import avgiver, dates, pseudonyms, sak
from preview.parsing.elements import is_deleted
from preview.parsing.pseudonyms import same_id
from preview.parsing.ssb_checks.avgiver import check_avgiver
from preview.parsing.values import by_tag
from preview.parsing.xml_input import Document, Element, text

AHEAD = timedelta(hours=24)  # how far a DatoUttrekk may lie ahead of our clock (`domain.md` 1.6)

_encode = msgspec.msgpack.Encoder().encode


def read(document: Document, file: int, key: bytes, now: datetime) -> tuple[list[Mappe], list[Finding]]:
    """A Mappe for each Sak, and what is wrong with them. `file` is the ordinal in the delivery.

    Raises `Refused` for an envelope that does not tell who delivers, when or what (`domain.md` 10).
    """
    notes = Notes(file)
    root = document.root
    if document.byte_order_mark:
        notes.add(Code.BYTE_ORDER_MARK, 1, "")
    children = by_tag(root)
    giver = avgiver.read(root, children.get("Avgiver"), notes)
    uttrekk = _uttrekk(root, now, notes)
    saker = [children["Sak"]] if len(children) == len(root) and "Sak" in children else [child for child in root if child.tag == "Sak"]
    _check_saker(root, saker, notes)
    fagsystem = text(children["Fagsystem"], "Navn") if "Fagsystem" in children else ""
    forrige = same_id(root.get("ForrigeId"))
    levering = same_id(root.get("Id"))
    day = clock.oslo_day(uttrekk).isoformat()
    check_avgiver(giver, children["Avgiver"].sourceline, day, notes)
    mapper: list[Mappe] = []
    since = 0
    for element in saker:
        innhold = None if is_deleted(element) else sak.read(element, day, notes, since)
        since = notes.count
        nokkel = same_id(element.get("Id"))
        migrert = same_id(element.get("MigrertId"))
        mapper.append(
            Mappe(
                file=file,
                line=element.sourceline,
                avgiver=giver,
                fagsystem=fagsystem,
                uttrekk=clock.instant_text(uttrekk),
                levering=pseudonyms.delivery(key, levering) if levering else b"",
                forrige=pseudonyms.delivery(key, forrige) if forrige else None,
                nokkel=pseudonyms.case(key, nokkel),
                migrert=pseudonyms.case(key, migrert) if pseudonyms.is_uuid(migrert) and migrert != nokkel else None,
                innhold=innhold,
                digest=b"" if innhold is None else pseudonyms.content(key, _encode(innhold)),
            )
        )
    return mapper, notes.findings


def _uttrekk(root: Element, now: datetime, notes: Notes) -> datetime:
    place = (root.sourceline, "Barnevern@DatoUttrekk")
    found = dates.instant(root.get("DatoUttrekk"))
    if found is None:
        raise Refused(Code.UTTREKK, *place)
    uttrekk, zoned = found
    if uttrekk > now + AHEAD:
        raise Refused(Code.FUTURE_UTTREKK, *place)
    if not zoned:
        notes.add(Code.NO_ZONE, *place)
    return uttrekk


def _check_saker(root: Element, saker: list[Element], notes: Notes) -> None:
    if not saker:
        raise Refused(Code.NO_SAK, root.sourceline, "Barnevern/Sak")
    if len(saker) > MAX_CASES:
        raise Refused(Code.TOO_LARGE, root.sourceline, "Barnevern/Sak")
    for element in saker:
        if not same_id(element.get("Id")):
            raise Refused(Code.SAK_ID, element.sourceline, "Sak@Id")
    if len(saker) > 1:
        notes.add(Code.SEVERAL_SAK, saker[1].sourceline, "Barnevern/Sak")
