"""The controls of what stands twice: elements of one kind whose content is the same and whose ids are not."""

import re

from preview.parsing.ssb_checks.case import Case
from preview.parsing.xml_input import Element, canonical

_KINDS = {"Melding": "melding_19", "Undersokelse": "undersokelse_19", "Vedtak": "vedtak_19", "Tiltak": "tiltak_19", "Plan": "plan_19"}
_ID = re.compile(rb' (?:Id|MigrertId)="[^"]*"')


def check_duplicates(case: Case) -> None:
    """At each but the first; of meldinger those that are concluded. Most start on days of their own, and are not looked at further."""
    if len(set(case.starts)) == len(case.starts):
        return
    for kind, control in _KINDS.items():
        by_start: dict[str | None, list[Element]] = {}
        for element, _ in case.elements.read_over(kind):
            by_start.setdefault(element.get("StartDato"), []).append(element)
        for several in by_start.values():
            if len(several) > 1:
                _compare(case, control, several)


def _compare(case: Case, control: str, elements: list[Element]) -> None:
    seen: set[bytes] = set()
    for element in elements:
        if element.tag == "Melding" and element.find("Konklusjon") is None:
            continue
        content = _ID.sub(b"", canonical(element))
        if content in seen:
            case.note(control, element)
        seen.add(content)
