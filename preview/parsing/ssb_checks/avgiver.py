"""The control of Avgiver, which is of the file and not of a case."""

from preview.model.case_records import Avgiver
from preview.model.findings import Finding, Notes
from preview.parsing.ssb_checks.rules import RULES

_BY_BYDEL = ("958935420", "964338531", "942110464")  # Oslo, Bergen, Trondheim (`domain.md` 3.3)


def check_avgiver(avgiver: Avgiver, line: int, uttrekk: str, notes: Notes) -> None:
    """`line` is that of the element, `uttrekk` the day of the extract."""
    if avgiver.organisasjonsnummer not in _BY_BYDEL or (avgiver.bydelsnummer and avgiver.bydelsnavn):
        return
    rule = RULES["avgiver_1"]
    if uttrekk >= rule.since:
        notes.add_control(Finding(rule.severity, rule.code, notes.file, line, rule.element, rule.detail))
