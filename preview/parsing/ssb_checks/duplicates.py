"""Checks for duplicates: elements of one kind with equal content and different ids."""

import re

from preview.parsing.ssb_checks.case import CaseCheckContext
from preview.parsing.xml_input import Element, canonicalize

_CHECK_BY_KIND = {
    "Melding": "melding_19",
    "Undersokelse": "undersokelse_19",
    "Vedtak": "vedtak_19",
    "Tiltak": "tiltak_19",
    "Plan": "plan_19",
}
_ID_ATTRIBUTES = re.compile(rb' (?:Id|MigrertId)="[^"]*"')


def check_duplicates(case: CaseCheckContext) -> None:
    """Report each duplicate but the first element; of meldinger only concluded ones.

    Most elements of a case start on different days: these are not compared.
    """
    if len(set(case.element_starts)) == len(case.element_starts):
        return
    for kind, check_id in _CHECK_BY_KIND.items():
        by_start: dict[str | None, list[Element]] = {}
        for element, _ in case.elements.unread_elements(kind):
            by_start.setdefault(element.get("StartDato"), []).append(element)
        for candidates in by_start.values():
            if len(candidates) > 1:
                _report_duplicates(case, check_id, candidates)


def _report_duplicates(case: CaseCheckContext, check_id: str, elements: list[Element]) -> None:
    seen: set[bytes] = set()
    for element in elements:
        if element.tag == "Melding" and element.find("Konklusjon") is None:
            continue
        content = _ID_ATTRIBUTES.sub(b"", canonicalize(element))
        if content in seen:
            case.add_finding(check_id, element)
        seen.add(content)
