"""What is put beside a file that a watched folder gives back: why it was refused, and what is to be done, in three languages."""

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.form.entries import LocalizedText
from preview.i18n.catalog import MessageCatalog
from preview.i18n.finding_texts import finding_action, finding_message
from preview.model.findings import Finding


class ReportedFinding(msgspec.Struct, frozen=True):
    """A finding; `file` is 1, or the place of the file in a ZIP."""

    severity: str
    code: str
    file: int
    line: int
    element: str
    messages: LocalizedText
    actions: LocalizedText


class RejectionReport(msgspec.Struct, frozen=True):
    """Why a file was refused and what to do; beside it in `refused/`. It holds no value of the file."""

    delivery_id: str | None
    refused_at: str
    findings: list[ReportedFinding]


def render_rejection_report(texts: MessageCatalog, delivery_id: str | None, findings: list[Finding]) -> bytes:
    """As JSON for people to read."""
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
    return msgspec.json.format(msgspec.json.encode(RejectionReport(delivery_id, format_rfc3339(now()), reported)), indent=2) + b"\n"
