"""Checks of Melding."""

from preview.model.case_records import Melding
from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.xml_input import Element


def check_melding(case: CaseCheckContext, element: Element, children: dict[str, Element], melding: Melding) -> None:
    """Check one melding.

    Args:
        case: Context of the case.
        element: The Melding element.
        children: Its children by tag (`children_by_tag`).
        melding: The record of it.
    """
    if melding.konkludert is None:
        case.open_elements.append((element, "Melding"))
    else:
        case.element_starts.append(("Melding", melding.mottatt))
        if melding.konkludert > melding.frist:
            case.add_finding("melding_3", element)
        if "Melder" not in children:
            case.add_finding("melding_4", element)
        if "Saksinnhold" not in children:
            case.add_finding("melding_5", element)
    if "Melder" in children:
        case.check_presisering(element, children, "Melder")
    if "Saksinnhold" in children:
        case.check_presisering(element, children, "Saksinnhold")
