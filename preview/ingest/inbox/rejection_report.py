"""What is put beside a file that a watched folder gives back: why it was refused, and what is to be done, in three languages."""

import msgspec

from preview.core.clock import now, timestamp
from preview.form.entries import InLanguages
from preview.i18n.catalog import Texts
from preview.i18n.finding_texts import action, message
from preview.model.findings import Finding


class Reported(msgspec.Struct, frozen=True):
    """A finding; `file` is 1, or the place of the file in a ZIP."""

    severity: str
    code: str
    file: int
    line: int
    element: str
    messages: InLanguages
    actions: InLanguages


class Report(msgspec.Struct, frozen=True):
    """Why a file was refused and what to do; beside it in `refused/`. It holds no value of the file."""

    delivery_id: str | None
    refused_at: str
    findings: list[Reported]


def report(texts: Texts, delivery_id: str | None, findings: list[Finding]) -> bytes:
    """As JSON for people to read."""
    told = [
        Reported(str(each.severity), each.code, each.file, each.line, each.element, message(texts, each.code), action(texts, each.code))
        for each in findings
    ]
    return msgspec.json.format(msgspec.json.encode(Report(delivery_id, timestamp(now()), told)), indent=2) + b"\n"
