"""The control of Avgiver, which is of the file and not of a case."""

from preview.model.case_records import Avgiver
from preview.model.findings import Finding, FindingCollector
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS

_BYDEL_REPORTERS = ("958935420", "964338531", "942110464")  # Oslo, Bergen, Trondheim (`domain.md` 3.3)


def check_avgiver(avgiver: Avgiver, line: int, extract_day: str, collector: FindingCollector) -> None:
    """`line` is that of the element, `uttrekk` the day of the extract."""
    if avgiver.organisasjonsnummer not in _BYDEL_REPORTERS or (avgiver.bydelsnummer and avgiver.bydelsnavn):
        return
    check = EVALUATED_CHECKS["avgiver_1"]
    if extract_day >= check.since:
        collector.add_check_finding(Finding(check.severity, check.code, collector.file, line, check.element, check.detail))
