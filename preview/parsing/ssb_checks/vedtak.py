"""The controls of what no field reads: Vedtak, Ettervern and OversendelseFylkesnemnd."""

from preview.parsing import hjemler
from preview.parsing.dates import day
from preview.parsing.lovhjemmel import BVL, BVL2021, LOVER
from preview.parsing.ssb_checks.case import Case
from preview.parsing.values import by_tag
from preview.parsing.xml_input import Element

_SENT, _OVER = "2", ("3", "4")  # Status of a Vedtak: sent to the board; lapsed or ended
_BOARD = "OversendelseFylkesnemnd"
_BVL2021_FROM = "2023-01-01"


def check_read_over(case: Case) -> None:
    """Of all three kinds."""
    for element, name in case.elements.read_over("Vedtak"):
        _vedtak(case, element, name)
    for element, _ in case.elements.read_over("Ettervern"):
        _ettervern(case, element)
    for element, _ in case.elements.read_over(_BOARD):
        _oversendelse(case, element)


def _vedtak(case: Case, element: Element, name: str) -> None:
    children = by_tag(element)
    start = day(element.get("StartDato"))
    slutt = day(children["Konklusjon"].get("SluttDato")) if "Konklusjon" in children else None
    if slutt is None:
        case.apne_vedtak.append((element, "Vedtak"))
    if start is not None:
        case.starts.append(("Vedtak", start))
    if start is None or not case.is_within(start, slutt or start):
        _check_dates(case, element, "Vedtak", "vedtak", start, slutt)
    written = hjemler.read(children.get("Lovhjemmel"))
    case.hjemler[name] = written.hjemmel
    if written.lov != BVL2021 or start is None or start < _BVL2021_FROM:
        _check_lov(case, children.get("Lovhjemmel"), written.lov, start)
    if "JmfrLovhjemmel" in children:
        for each in element.iterchildren("JmfrLovhjemmel"):
            if hjemler.read(each).lov not in LOVER:
                case.note("vedtak_4", each, "Vedtak/JmfrLovhjemmel")
    if "Krav" in children:
        for krav in element.iterchildren("Krav"):
            _krav(case, krav, start, slutt)
    if "Status" in children:
        _check_statuses(case, element, children, name, start, slutt)


def _check_statuses(case: Case, element: Element, children: dict[str, Element], name: str, start: str | None, slutt: str | None) -> None:
    """Each lies within the Vedtak; the newest tells how it stands."""
    newest, since = None, ""
    for status in element.iterchildren("Status") if len(children) != len(element) else (children["Status"],):
        changed = day(status.get("EndretDato")) or ""
        if slutt is not None and changed > slutt:
            case.note("vedtak_2i", status)
        if start is not None and "" < changed < start:
            case.note("vedtak_2j", status)
        if changed >= since:
            newest, since = status.get("Kode"), changed
    if newest in _OVER and slutt is None:
        case.note("vedtak_3", element)
    elif newest == _SENT and name not in case.elements.led_from("Vedtak", _BOARD) and name not in case.elements.led_to(_BOARD, "Vedtak"):
        case.note("vedtak_20", element)


def _krav(case: Case, krav: Element, start: str | None, slutt: str | None) -> None:
    own_start, own_slutt = day(krav.get("StartDato")), _slutt(by_tag(krav))
    if own_slutt is not None:
        if own_start is not None and own_start > own_slutt:
            case.note("vedtak_2f", krav)
        if slutt is not None and own_slutt > slutt:
            case.note("vedtak_2g", krav)
    if own_start is not None and start is not None and own_start < start:
        case.note("vedtak_2h", krav)
    case.check_years(krav, "Vedtak/Krav", own_start, own_slutt)


def _ettervern(case: Case, element: Element) -> None:
    sent, slutt = day(element.get("TilbudSendtDato")), _slutt(by_tag(element))
    if slutt is None:
        case.apne.append((element, "Ettervern"))
    if sent is None or not case.is_within(sent, slutt or sent):
        _check_dates(case, element, "Ettervern", "ettervern", sent, slutt)


def _oversendelse(case: Case, element: Element) -> None:
    start = day(element.get("StartDato"))
    hjemmel = by_tag(element).get("Lovhjemmel")
    if hjemmel is not None:
        _check_in_force(case, hjemmel, hjemler.read(hjemmel).lov, start, "oversendelse_5")
    if start is None or case.is_within(start, start):
        return
    if start < case.start:
        case.note("oversendelse_2e", element)
    if case.slutt is not None and start > case.slutt:
        case.note("oversendelse_2f", element)
    case.check_years(element, _BOARD, start)


def _check_dates(case: Case, element: Element, path: str, control: str, start: str | None, slutt: str | None) -> None:
    """Controls 2a, 2c and 2e: start and end in their order, and within those of the case."""
    if slutt is not None:
        if start is not None and start > slutt:
            case.note(f"{control}_2a", element)
        if case.slutt is not None and slutt > case.slutt:
            case.note(f"{control}_2c", element)
    if start is not None and start < case.start:
        case.note(f"{control}_2e", element)
    case.check_years(element, path, start, slutt)


def _check_lov(case: Case, hjemmel: Element | None, lov: str, start: str | None) -> None:
    if hjemmel is None:
        return
    if lov not in LOVER:
        case.note("vedtak_4", hjemmel)
    _check_in_force(case, hjemmel, lov, start, "vedtak_5")


def _check_in_force(case: Case, hjemmel: Element, lov: str, start: str | None, control: str) -> None:
    if start is not None and lov == (BVL2021 if start < _BVL2021_FROM else BVL):
        case.note(control, hjemmel)


def _slutt(children: dict[str, Element]) -> str | None:
    konklusjon = children.get("Konklusjon")
    return None if konklusjon is None else day(konklusjon.get("SluttDato"))
