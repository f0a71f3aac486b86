"""Checks of Tiltak."""

from datetime import date
from operator import itemgetter

from preview.model.case_records import Tiltak
from preview.parsing.lovhjemmel import Hjemmel, ParsedHjemmel
from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.xml_input import Element

_PATH = "Tiltak"
_MAX_OVERLAP_DAYS = 90
_ADULT_AGE = 18
_MAX_AGE = {"4.1": ("tiltak_5", 7), "4.2": ("tiltak_6", 11)}  # by Kategori: check, highest age
_OTHER_CATEGORY_CHECKS = {"1.99": "tiltak_22", "2.99": "tiltak_23"}
_PRESISERING_REQUIRED = {"1.99", "2.99", "3.7", "3.99", "4.99", "5.99", "6.99", "7.99", "8.99"}
_OTHER_OPPHEVELSE = 4


def check_tiltak(
    case: CaseCheckContext,
    element: Element,
    children: dict[str, Element],
    element_id: str,
    tiltak: Tiltak,
    parsed_hjemmel: ParsedHjemmel,
) -> None:
    """Check one tiltak.

    Args:
        case: Context of the case.
        element: The Tiltak element.
        children: Its children by tag (`children_by_tag`).
        element_id: Its normalised id.
        tiltak: The record of it.
        parsed_hjemmel: Its Lovhjemmel.
    """
    slutt, kategori = tiltak.slutt, tiltak.kategori
    case.has_tiltak = True
    case.element_starts.append((_PATH, tiltak.start))
    if slutt is None:
        case.open_elements.append((element, _PATH))
    if kategori in _MAX_AGE:
        check_id, max_age = _MAX_AGE[kategori]
        age = case.age_on(slutt or case.extract_day)
        if age is not None and age > max_age:
            case.add_finding(check_id, children["Kategori"])
    elif kategori in _PRESISERING_REQUIRED:
        _check_presisering(case, children["Kategori"], kategori)
    if tiltak.plassering:
        case.plasseringer.append((element, tiltak.start, slutt or case.extract_day))
    if tiltak.omsorg:
        _check_omsorg(case, element, children, tiltak)
    if tiltak.opphevet == _OTHER_OPPHEVELSE and not children["Opphevelse"].get("Presisering"):
        case.add_finding("tiltak_8", children["Opphevelse"])
    if parsed_hjemmel.has_zero:
        case.add_finding("tiltak_14", element)
    if case.has_linked_vedtak:
        vedtak_ids = case.elements.incoming("Vedtak", _PATH).get(element_id)
        if vedtak_ids is None:
            case.add_finding("tiltak_20", element)
        elif parsed_hjemmel.hjemmel is not None:
            _check_hjemmel_of_vedtak(case, element, parsed_hjemmel.hjemmel, vedtak_ids)


def check_overlaps(case: CaseCheckContext) -> None:
    """Report each placement that overlaps for too long with one that started earlier."""
    latest_end = ""  # of the placements that started earlier
    for element, start, slutt in sorted(case.plasseringer, key=itemgetter(1)):
        if (
            latest_end > start
            and (date.fromisoformat(min(slutt, latest_end)) - date.fromisoformat(start)).days > _MAX_OVERLAP_DAYS
        ):
            case.add_finding("tiltak_9", element)
        latest_end = max(latest_end, slutt)


def _check_omsorg(case: CaseCheckContext, element: Element, children: dict[str, Element], tiltak: Tiltak) -> None:
    if tiltak.slutt is None:
        age = case.age_on(case.extract_day)
        if age is not None and age >= _ADULT_AGE:
            case.add_finding("tiltak_13", element)
    elif tiltak.plassering and ("Opphevelse" not in children or children["Opphevelse"].get("Kode") is None):
        case.add_finding("tiltak_12", element)


def _check_presisering(case: CaseCheckContext, kategori: Element, kode: str) -> None:
    """Check that a Kategori that is not specific has a Presisering."""
    if kode in _OTHER_CATEGORY_CHECKS:
        case.add_finding(_OTHER_CATEGORY_CHECKS[kode], kategori)
    if not kategori.get("Presisering"):
        case.add_finding("tiltak_7", kategori)


def _check_hjemmel_of_vedtak(case: CaseCheckContext, element: Element, hjemmel: Hjemmel, vedtak_ids: list[str]) -> None:
    """Check that one of the Vedtak has the legal basis of the tiltak; passed if one of theirs is unreadable."""
    for vedtak_id in vedtak_ids:
        vedtak_hjemmel = case.hjemler.get(vedtak_id)
        if vedtak_hjemmel is None or vedtak_hjemmel.provision == hjemmel.provision:
            return
    case.add_finding("tiltak_21", element)
