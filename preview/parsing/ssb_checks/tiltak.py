"""The controls of Tiltak."""

from datetime import date
from operator import itemgetter

from preview.model.case_records import Tiltak
from preview.parsing.hjemler import Skrevet
from preview.parsing.lovhjemmel import Hjemmel
from preview.parsing.ssb_checks.case import Case
from preview.parsing.xml_input import Element

_PATH = "Tiltak"
_OVERLAP = 90  # days
_MYNDIG = 18  # years
_TOO_OLD = {"4.1": ("tiltak_5", 7), "4.2": ("tiltak_6", 11)}  # Kategori: control, the last age that it lets pass
_OTHER = {"1.99": "tiltak_22", "2.99": "tiltak_23"}
_ASKING = {"1.99", "2.99", "3.7", "3.99", "4.99", "5.99", "6.99", "7.99", "8.99"}  # Kategorier that ask for a Presisering
_OTHER_OPPHEVELSE = 4


def check_tiltak(case: Case, element: Element, children: dict[str, Element], name: str, tiltak: Tiltak, written: Skrevet) -> None:
    """`name` is its id, `children` are the last of each tag; `tiltak` is what is kept of it, `written` its Lovhjemmel."""
    slutt, kategori = tiltak.slutt, tiltak.kategori
    case.has_tiltak = True
    case.starts.append((_PATH, tiltak.start))
    if slutt is None:
        case.apne.append((element, _PATH))
    if kategori in _TOO_OLD:
        control, last = _TOO_OLD[kategori]
        alder = case.alder(slutt or case.uttrekk)
        if alder is not None and alder > last:
            case.note(control, children["Kategori"])
    elif kategori in _ASKING:
        _other(case, children["Kategori"], kategori)
    if tiltak.plassering:
        case.plasseringer.append((element, tiltak.start, slutt or case.uttrekk))
    if tiltak.omsorg:
        _omsorg(case, element, children, tiltak)
    if tiltak.opphevet == _OTHER_OPPHEVELSE and not children["Opphevelse"].get("Presisering"):
        case.note("tiltak_8", children["Opphevelse"])
    if written.has_zero:
        case.note("tiltak_14", element)
    if case.vedtak:
        behind = case.elements.led_to("Vedtak", _PATH).get(name)
        if behind is None:
            case.note("tiltak_20", element)
        elif written.hjemmel is not None:
            _check_basis(case, element, written.hjemmel, behind)


def check_overlaps(case: Case) -> None:
    """At each placement that lasts long enough beside one that started before it."""
    until = ""  # when the last of those before it ends
    for element, start, slutt in sorted(case.plasseringer, key=itemgetter(1)):
        if until > start and (date.fromisoformat(min(slutt, until)) - date.fromisoformat(start)).days > _OVERLAP:
            case.note("tiltak_9", element)
        until = max(until, slutt)


def _omsorg(case: Case, element: Element, children: dict[str, Element], tiltak: Tiltak) -> None:
    if tiltak.slutt is None:
        alder = case.alder(case.uttrekk)
        if alder is not None and alder >= _MYNDIG:
            case.note("tiltak_13", element)
    elif tiltak.plassering and ("Opphevelse" not in children or children["Opphevelse"].get("Kode") is None):
        case.note("tiltak_12", element)


def _other(case: Case, kategori: Element, kode: str) -> None:
    """What is of no kind of its own says what it is."""
    if kode in _OTHER:
        case.note(_OTHER[kode], kategori)
    if not kategori.get("Presisering"):
        case.note("tiltak_7", kategori)


def _check_basis(case: Case, element: Element, hjemmel: Hjemmel, behind: list[str]) -> None:
    """Law, chapter and paragraph are those of one of the Vedtak behind it. Not told where one of these cannot be read."""
    for name in behind:
        decided = case.hjemler.get(name)
        if decided is None or decided[:3] == hjemmel[:3]:
            return
    case.note("tiltak_21", element)
