"""The controls of Melding."""

from preview.model.case_records import Melding
from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.xml_input import Element


def check_melding(case: CaseCheckContext, element: Element, children: dict[str, Element], melding: Melding) -> None:
    """`children` are the last of each tag; `melding` is what is kept of it."""
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
