"""The controls of Undersokelse."""

from preview.model.case_records import Undersokelse
from preview.parsing.dates import day
from preview.parsing.ssb_checks.case import Case
from preview.parsing.xml_input import Element

_PATH = "Undersokelse"
_VEDTAK, _NEMND = 1, 2  # conclusions that lead to a decision: of the service, of the board


def check_undersokelse(
    case: Case, element: Element, children: dict[str, Element], name: str, undersokelse: Undersokelse, *, has_melding: bool
) -> None:
    """`name` is its id, `children` are the last of each tag; `undersokelse` is what is kept of it, `has_melding` whether one led to it."""
    case.starts.append((_PATH, undersokelse.startet))
    if undersokelse.konkludert is None:
        case.apne.append((element, _PATH))
        if has_melding and case.uttrekk > undersokelse.frist:
            case.note("undersokelse_11", element)
    elif undersokelse.konklusjon in (_VEDTAK, _NEMND):
        if "Vedtaksgrunnlag" not in children:
            case.note("undersokelse_7", element)
        if case.vedtak and name not in case.elements.led_from(_PATH, "Vedtak"):
            case.note("undersokelse_21", element, milder=undersokelse.konklusjon == _NEMND)
    if case.meldinger and not has_melding:
        case.note("undersokelse_20", element)
    if "UtvidetFrist" in children:
        case.check_years(children["UtvidetFrist"], f"{_PATH}/UtvidetFrist", day(children["UtvidetFrist"].get("StartDato")))
    if "BarnetsMedvirkning" in children:
        for child in children["BarnetsMedvirkning"]:
            if child.tag == "StartDato":
                case.check_years(child, f"{_PATH}/BarnetsMedvirkning", day(child.text))
    if "Vedtaksgrunnlag" in children:
        case.check_presisering(element, children, "Vedtaksgrunnlag")
