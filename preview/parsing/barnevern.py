"""Parses a Barnevern XML file, version 4 or an earlier one: its envelope and its cases (domain 1, docs/domain.md).

Nothing that identifies a person is in the result (rule 4.1).
"""

from datetime import datetime, timedelta

import msgspec

from preview.core import clock
from preview.model.case_records import CaseFolder
from preview.model.findings import FileRejected, Finding, FindingCode, FindingCollector
from preview.model.limits import MAX_CASES
from preview.parsing import avgiver, dates, pseudonyms, sak
from preview.parsing.elements import is_deleted
from preview.parsing.pseudonyms import normalize_id
from preview.parsing.ssb_checks.avgiver import check_avgiver
from preview.parsing.values import children_by_tag, elements_by_tag
from preview.parsing.xml_input import Element, ParsedXml, attribute

MAX_CLOCK_SKEW = timedelta(hours=24)
"""How far a DatoUttrekk may be ahead of the server's clock (rule 1.6)."""

_encode = msgspec.msgpack.Encoder().encode


def parse_case_file(
    document: ParsedXml, file: int, key: bytes, now: datetime
) -> tuple[list[CaseFolder], list[Finding]]:
    """Parse a file of cases.

    Args:
        document: The XML document.
        file: Ordinal of the file in the delivery.
        key: The store's key for pseudonyms.
        now: The present instant, in UTC.

    Returns:
        A record of each Sak, and the findings.

    Raises:
        FileRejected: If Avgiver, DatoUttrekk, Sak or the Id of a Sak is missing or invalid (rule 10).
    """
    collector = FindingCollector(file)
    root = document.root
    if document.has_byte_order_mark:
        collector.add(FindingCode.BYTE_ORDER_MARK, 1, "")
    children = children_by_tag(root)
    sender = avgiver.parse_avgiver(root, children.get("Avgiver"), collector)
    extract_at = _parse_extract_time(root, now, collector)
    saker = elements_by_tag(root, children, "Sak")
    _check_saker(root, saker, collector)
    case_system = attribute(children["Fagsystem"], "Navn") if "Fagsystem" in children else ""
    delivery_hash = _delivery_hash(key, root.get("Id"))
    previous_delivery_hash = _delivery_hash(key, root.get("ForrigeId"))
    extract_day = clock.local_date(extract_at).isoformat()
    check_avgiver(sender, children["Avgiver"].sourceline, extract_day, collector)
    folders: list[CaseFolder] = []
    count_before = 0
    for element in saker:
        content = None if is_deleted(element) else sak.parse_sak(element, extract_day, collector, count_before)
        count_before = collector.count
        sak_id = normalize_id(element.get("Id"))
        folders.append(
            CaseFolder(
                file=file,
                line=element.sourceline,
                avgiver=sender,
                case_system=case_system,
                extract_at=clock.sortable_timestamp(extract_at),
                delivery_hash=delivery_hash or b"",
                previous_delivery_hash=previous_delivery_hash,
                key=pseudonyms.hash_case_id(key, sak_id),
                migrated_key=_migrated_key(key, sak_id, normalize_id(element.get("MigrertId"))),
                content=content,
                content_hash=b"" if content is None else pseudonyms.hash_content(key, _encode(content)),
            )
        )
    return folders, collector.findings


def _delivery_hash(key: bytes, barnevern_id: str | None) -> bytes | None:
    delivery_id = normalize_id(barnevern_id)
    return pseudonyms.hash_delivery_id(key, delivery_id) if delivery_id else None


def _migrated_key(key: bytes, sak_id: str, migrated_id: str) -> bytes | None:
    """Return the key of the id that the case had in another system (rule 1.4)."""
    if not pseudonyms.is_uuid(migrated_id) or migrated_id == sak_id:
        return None
    return pseudonyms.hash_case_id(key, migrated_id)


def _parse_extract_time(root: Element, now: datetime, collector: FindingCollector) -> datetime:
    location = (root.sourceline, "Barnevern@DatoUttrekk")
    parsed = dates.parse_instant(root.get("DatoUttrekk"))
    if parsed is None:
        raise FileRejected(FindingCode.UTTREKK, *location)
    extract_at, zoned = parsed
    if extract_at > now + MAX_CLOCK_SKEW:
        raise FileRejected(FindingCode.FUTURE_UTTREKK, *location)
    if not zoned:
        collector.add(FindingCode.NO_ZONE, *location)
    return extract_at


def _check_saker(root: Element, saker: list[Element], collector: FindingCollector) -> None:
    if not saker:
        raise FileRejected(FindingCode.NO_SAK, root.sourceline, "Barnevern/Sak")
    if len(saker) > MAX_CASES:
        raise FileRejected(FindingCode.TOO_LARGE, root.sourceline, "Barnevern/Sak")
    for element in saker:
        if not normalize_id(element.get("Id")):
            raise FileRejected(FindingCode.SAK_ID, element.sourceline, "Sak@Id")
    if len(saker) > 1:
        collector.add(FindingCode.SEVERAL_SAK, saker[1].sourceline, "Barnevern/Sak")
