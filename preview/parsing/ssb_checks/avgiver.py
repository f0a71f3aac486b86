"""The check of Avgiver, which is about the file and not about a case."""

from preview.model.case_records import Avgiver
from preview.model.findings import Finding, FindingCollector
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS

_BYDEL_REPORTERS = ("958935420", "964338531", "942110464")  # Oslo, Bergen, Trondheim (rule 3.3)


def check_avgiver(avgiver: Avgiver, line: int, extract_day: str, collector: FindingCollector) -> None:
    """Check that a municipality that reports by bydel names the bydel.

    Args:
        avgiver: The organisation that delivers.
        line: Line of the Avgiver element.
        extract_day: Day of the extract, as ISO text.
        collector: Collects the finding.
    """
    if avgiver.organisasjonsnummer not in _BYDEL_REPORTERS or (avgiver.bydelsnummer and avgiver.bydelsnavn):
        return
    check = EVALUATED_CHECKS["avgiver_1"]
    if extract_day >= check.since:
        finding = Finding(check.severity, check.code, collector.file, line, check.element, check.detail)
        collector.add_check_finding(finding)
