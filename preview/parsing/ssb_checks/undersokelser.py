"""Checks of Undersokelse."""

from preview.model.case_records import Undersokelse
from preview.parsing.dates import parse_date
from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.xml_input import Element

_PATH = "Undersokelse"
_VEDTAK, _NEMND = 1, 2  # conclusions that lead to a decision of the service, or of the tribunal


def check_undersokelse(
    case: CaseCheckContext,
    element: Element,
    children: dict[str, Element],
    element_id: str,
    undersokelse: Undersokelse,
    *,
    has_melding: bool,
) -> None:
    """Check one undersøkelse.

    Args:
        case: Context of the case.
        element: The Undersokelse element.
        children: Its children by tag (`children_by_tag`).
        element_id: Its normalised id.
        undersokelse: The record of it.
        has_melding: Whether a Relasjon leads from a melding to it.
    """
    case.element_starts.append((_PATH, undersokelse.startet))
    if undersokelse.konkludert is None:
        case.open_elements.append((element, _PATH))
        if has_melding and case.extract_day > undersokelse.frist:
            case.add_finding("undersokelse_11", element)
    elif undersokelse.konklusjon in (_VEDTAK, _NEMND):
        if "Vedtaksgrunnlag" not in children:
            case.add_finding("undersokelse_7", element)
        if case.has_linked_vedtak and element_id not in case.elements.outgoing(_PATH, "Vedtak"):
            case.add_finding("undersokelse_21", element, lenient=undersokelse.konklusjon == _NEMND)
    if case.has_linked_meldinger and not has_melding:
        case.add_finding("undersokelse_20", element)
    if "UtvidetFrist" in children:
        utvidet_frist = children["UtvidetFrist"]
        case.check_plausible_years(utvidet_frist, f"{_PATH}/UtvidetFrist", parse_date(utvidet_frist.get("StartDato")))
    if "BarnetsMedvirkning" in children:
        for child in children["BarnetsMedvirkning"]:
            if child.tag == "StartDato":
                case.check_plausible_years(child, f"{_PATH}/BarnetsMedvirkning", parse_date(child.text))
    if "Vedtaksgrunnlag" in children:
        case.check_presisering(element, children, "Vedtaksgrunnlag")
