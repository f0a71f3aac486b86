"""Builds the table of findings that a service gets: where each is, what it is and what to do, without any value."""

from collections.abc import Iterable

from preview.core.clock import OSLO, parse_timestamp
from preview.core.languages import Language
from preview.i18n.catalog import MessageCatalog
from preview.i18n.finding_texts import finding_action_in, finding_message_in
from preview.views.deliveries import MAX_EXPORTED_FINDINGS, ExportedFinding
from preview.views.spreadsheet import Cell, Column, Table

_WIDTHS = {
    "delivery": 12,
    "received": 17,
    "services": 40,
    "file": 8,
    "line": 8,
    "element": 34,
    "severity": 10,
    "code": 24,
    "message": 60,
    "action": 60,
}
_MAX_NAMED_SERVICES = 3


def findings_table(
    found: Iterable[ExportedFinding], is_complete: bool, texts: MessageCatalog, language: Language
) -> Table:
    """Return a table with one row per finding, in the given order.

    Args:
        found: The findings.
        is_complete: Whether there are no more; otherwise the last row says so.
        texts: The texts of headers and findings.
        language: Language of the table.
    """
    sheet = texts.get(language, "export.findings.sheet")
    columns = [Column(texts.get(language, f"export.findings.{name}"), width) for name, width in _WIDTHS.items()]
    rows = [_row(each, texts, language) for each in found]
    if not is_complete:
        rest = texts.get(language, "export.findings.cut", n=MAX_EXPORTED_FINDINGS)
        rows.append([rest if name == "message" else None for name in _WIDTHS])
    return Table(sheet, sheet, columns, 1, rows)


def _row(each: ExportedFinding, texts: MessageCatalog, language: Language) -> list[Cell]:
    finding = each.finding
    severity = "deliver.status.refused" if finding.severity == "refused" else f"severity.{finding.severity}"
    return [
        each.delivery_id,
        parse_timestamp(each.received_at).astimezone(OSLO).replace(tzinfo=None),
        _services(each.services, texts, language),
        finding.file or None,
        finding.line or None,
        finding.element or None,
        texts.get(language, severity),
        finding.code,
        finding_message_in(texts, language, finding.code),
        finding_action_in(texts, language, finding.code),
    ]


def _services(names: list[str], texts: MessageCatalog, language: Language) -> str | None:
    more = len(names) - _MAX_NAMED_SERVICES
    rest = [texts.get(language, "export.findings.more_services", n=more)] if more > 0 else []
    return ", ".join([*names[:_MAX_NAMED_SERVICES], *rest]) or None
