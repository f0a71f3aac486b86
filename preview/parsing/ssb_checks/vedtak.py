"""Checks of the elements that no field reads: Vedtak, Ettervern and OversendelseFylkesnemnd."""

from preview.parsing.dates import parse_date
from preview.parsing.lovhjemmel import BVL, BVL2021, LOVER, parse_hjemmel_element
from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.values import children_by_tag, elements_by_tag
from preview.parsing.xml_input import Element

_SENT_STATUS, _CLOSED_STATUSES = "2", ("3", "4")  # of a Vedtak: sent to the tribunal; lapsed or ended
_OVERSENDELSE = "OversendelseFylkesnemnd"
_BVL2021_FROM = "2023-01-01"


def check_unread_elements(case: CaseCheckContext) -> None:
    """Check all elements of the three kinds."""
    for element, element_id in case.elements.unread_elements("Vedtak"):
        _check_vedtak(case, element, element_id)
    for element, _ in case.elements.unread_elements("Ettervern"):
        _check_ettervern(case, element)
    for element, _ in case.elements.unread_elements(_OVERSENDELSE):
        _check_oversendelse(case, element)


def _check_vedtak(case: CaseCheckContext, element: Element, element_id: str) -> None:
    children = children_by_tag(element)
    start = parse_date(element.get("StartDato"))
    slutt = parse_date(children["Konklusjon"].get("SluttDato")) if "Konklusjon" in children else None
    if slutt is None:
        case.open_vedtak.append((element, "Vedtak"))
    if start is not None:
        case.element_starts.append(("Vedtak", start))
    if start is None or not case.is_within(start, slutt or start):
        _check_dates(case, element, "Vedtak", "vedtak", start, slutt)
    parsed_hjemmel = parse_hjemmel_element(children.get("Lovhjemmel"))
    case.hjemler[element_id] = parsed_hjemmel.hjemmel
    if parsed_hjemmel.lov != BVL2021 or start is None or start < _BVL2021_FROM:
        _check_lov(case, children.get("Lovhjemmel"), parsed_hjemmel.lov, start)
    if "JmfrLovhjemmel" in children:
        for jmfr in element.iterchildren("JmfrLovhjemmel"):
            if parse_hjemmel_element(jmfr).lov not in LOVER:
                case.add_finding("vedtak_4", jmfr, "Vedtak/JmfrLovhjemmel")
    if "Krav" in children:
        for krav in element.iterchildren("Krav"):
            _check_krav(case, krav, start, slutt)
    if "Status" in children:
        _check_statuses(case, element, children, element_id, start, slutt)


def _check_statuses(
    case: CaseCheckContext,
    element: Element,
    children: dict[str, Element],
    element_id: str,
    start: str | None,
    slutt: str | None,
) -> None:
    """Check that each Status is within the Vedtak, and what the newest one requires."""
    newest, newest_day = None, ""
    for status in elements_by_tag(element, children, "Status"):
        changed = parse_date(status.get("EndretDato")) or ""
        if slutt is not None and changed > slutt:
            case.add_finding("vedtak_2i", status)
        if start is not None and "" < changed < start:
            case.add_finding("vedtak_2j", status)
        if changed >= newest_day:
            newest, newest_day = status.get("Kode"), changed
    if newest in _CLOSED_STATUSES and slutt is None:
        case.add_finding("vedtak_3", element)
    elif (
        newest == _SENT_STATUS
        and element_id not in case.elements.outgoing("Vedtak", _OVERSENDELSE)
        and element_id not in case.elements.incoming(_OVERSENDELSE, "Vedtak")
    ):
        case.add_finding("vedtak_20", element)


def _check_krav(case: CaseCheckContext, krav: Element, start: str | None, slutt: str | None) -> None:
    krav_start, krav_slutt = parse_date(krav.get("StartDato")), _konklusjon_date(children_by_tag(krav))
    if krav_slutt is not None:
        if krav_start is not None and krav_start > krav_slutt:
            case.add_finding("vedtak_2f", krav)
        if slutt is not None and krav_slutt > slutt:
            case.add_finding("vedtak_2g", krav)
    if krav_start is not None and start is not None and krav_start < start:
        case.add_finding("vedtak_2h", krav)
    case.check_plausible_years(krav, "Vedtak/Krav", krav_start, krav_slutt)


def _check_ettervern(case: CaseCheckContext, element: Element) -> None:
    sent, slutt = parse_date(element.get("TilbudSendtDato")), _konklusjon_date(children_by_tag(element))
    if slutt is None:
        case.open_elements.append((element, "Ettervern"))
    if sent is None or not case.is_within(sent, slutt or sent):
        _check_dates(case, element, "Ettervern", "ettervern", sent, slutt)


def _check_oversendelse(case: CaseCheckContext, element: Element) -> None:
    start = parse_date(element.get("StartDato"))
    hjemmel = children_by_tag(element).get("Lovhjemmel")
    if hjemmel is not None:
        _check_in_force(case, hjemmel, parse_hjemmel_element(hjemmel).lov, start, "oversendelse_5")
    if start is None or case.is_within(start, start):
        return
    if start < case.start:
        case.add_finding("oversendelse_2e", element)
    if case.slutt is not None and start > case.slutt:
        case.add_finding("oversendelse_2f", element)
    case.check_plausible_years(element, _OVERSENDELSE, start)


def _check_dates(
    case: CaseCheckContext, element: Element, path: str, check_id: str, start: str | None, slutt: str | None
) -> None:
    """Check (2a, 2c, 2e) that start and end are in order and within the case."""
    if slutt is not None:
        if start is not None and start > slutt:
            case.add_finding(f"{check_id}_2a", element)
        if case.slutt is not None and slutt > case.slutt:
            case.add_finding(f"{check_id}_2c", element)
    if start is not None and start < case.start:
        case.add_finding(f"{check_id}_2e", element)
    case.check_plausible_years(element, path, start, slutt)


def _check_lov(case: CaseCheckContext, hjemmel: Element | None, lov: str, start: str | None) -> None:
    if hjemmel is None:
        return
    if lov not in LOVER:
        case.add_finding("vedtak_4", hjemmel)
    _check_in_force(case, hjemmel, lov, start, "vedtak_5")


def _check_in_force(case: CaseCheckContext, hjemmel: Element, lov: str, start: str | None, check_id: str) -> None:
    if start is not None and lov == (BVL2021 if start < _BVL2021_FROM else BVL):
        case.add_finding(check_id, hjemmel)


def _konklusjon_date(children: dict[str, Element]) -> str | None:
    konklusjon = children.get("Konklusjon")
    return None if konklusjon is None else parse_date(konklusjon.get("SluttDato"))
