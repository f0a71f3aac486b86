"""Renders the report that is written beside a refused file of the watched folder: why it was refused and what to do."""

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.form.entries import LocalizedText
from preview.i18n.catalog import MessageCatalog
from preview.i18n.finding_texts import finding_action, finding_message
from preview.model.findings import Finding


class ReportedFinding(msgspec.Struct, frozen=True):
    """A finding in three languages; `file` is 1, or the ordinal of the file in a ZIP."""

    severity: str
    code: str
    file: int
    line: int
    element: str
    messages: LocalizedText
    actions: LocalizedText


class RejectionReport(msgspec.Struct, frozen=True):
    """The report as it is encoded. It contains no value of the file.

    Attributes:
        delivery_id: The delivery that the file was part of; None if it was not delivered.
        refused_at: When the report was written, RFC 3339 in UTC.
        findings: Why the file was refused.
    """

    delivery_id: str | None
    refused_at: str
    findings: list[ReportedFinding]


def render_rejection_report(texts: MessageCatalog, delivery_id: str | None, findings: list[Finding]) -> bytes:
    """Return the report as indented JSON.

    Args:
        texts: The texts of the findings.
        delivery_id: The delivery that the file was part of; None if it was not delivered.
        findings: Why the file was refused.
    """
    reported = [
        ReportedFinding(
            str(finding.severity),
            finding.code,
            finding.file,
            finding.line,
            finding.element,
            finding_message(texts, finding.code),
            finding_action(texts, finding.code),
        )
        for finding in findings
    ]
    return (
        msgspec.json.format(
            msgspec.json.encode(RejectionReport(delivery_id, format_rfc3339(now()), reported)), indent=2
        )
        + b"\n"
    )
