"""Reads deliveries for the dashboard: what each one is, what it came to, and what was found in it."""

from collections.abc import Iterable
from typing import Any

import msgspec

from preview.core.ids import format_delivery_id
from preview.model.file_format import FileFormat
from preview.model.findings import Severity
from preview.model.resources import DeliverySummary
from preview.storage import deliveries, findings
from preview.storage.database import Connection
from preview.storage.deliveries import DeliveryRow

_SEVEREST_FIRST = tuple(str(severity) for severity in Severity)
_CSV_FORMATS = frozenset({FileFormat.FIGURES.value, FileFormat.ORGANIZATIONS.value})


class FindingPlace(msgspec.Struct, frozen=True):
    """The place of a finding: its file and line, from 1, and its element; 0 and empty if it has none."""

    file: int
    line: int
    element: str


class FindingCount(msgspec.Struct, frozen=True):
    """The findings of one code in a delivery.

    Attributes:
        severity: `refused`, `error`, `warning` or `notice`.
        code: The finding code.
        count: Number of findings.
        file: Ordinal of the file of the first of them, from 1; 0 if it concerns no single file.
        line: Line of the first of them, from 1; 0 if it has no line.
        places: Places of the first of them; empty where they were not asked for.
    """

    severity: str
    code: str
    count: int
    file: int
    line: int
    places: tuple[FindingPlace, ...] = ()


class DeliveryView(msgspec.Struct, frozen=True):
    """A delivery as the dashboard shows it.

    Attributes:
        summary: The delivery as in the list of the API.
        organizations: (id, name) of its organisations, by name.
        findings: Its findings by code, most severe first; those that are stored.
        errors: Number of its findings of that severity, stored or not, like `warnings` and `notices`.
        lines: Lines of its CSV files; None if they were not counted.
        imported_lines: Those of them that were not left out.
        case_system: Name of the case system of all its cases; empty if there are several, None if there is no case.
        extract_day: ISO day of the newest extract of its cases, the last day of the year for a 15F file.
    """

    summary: DeliverySummary
    organizations: list[tuple[str, str]]
    findings: list[FindingCount]
    errors: int = 0
    warnings: int = 0
    notices: int = 0
    lines: int | None = None
    imported_lines: int = 0
    case_system: str | None = None
    extract_day: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it is imported, and nothing of it was: every line of its CSV files was left out, or there is none."""
        return (
            self.summary.delivery_status == "taken"
            and self.summary.format in _CSV_FORMATS
            and self.lines is not None
            and self.imported_lines == 0
        )

    @property
    def severity(self) -> Severity | None:
        """The worst that happened to it, None if all of it was imported and nothing was found.

        `refused` if nothing of it was imported; `error` also if a file or a line of it was left out.
        """
        if self.summary.delivery_status == "refused" or self.is_empty:
            return Severity.REFUSED
        if self.errors or self.summary.refused_files:
            return Severity.ERROR
        if self.warnings:
            return Severity.WARNING
        return Severity.NOTICE if self.notices else None


def recent_for(connection: Connection, organization_id: str, limit: int) -> list[DeliveryView]:
    """Return the newest deliveries that contain a file of the organisation, newest first."""
    rows, _ = deliveries.page(connection, organization_id, None, limit, 0)
    return [to_view(connection, row) for row in rows]


def sort_by_severity(counts: Iterable[FindingCount]) -> list[FindingCount]:
    """Return counts with the most severe first, otherwise in their order."""
    return sorted(counts, key=lambda count: _SEVEREST_FIRST.index(count.severity))


def to_view(connection: Connection, row: DeliveryRow, finding_counts: list[FindingCount] | None = None) -> DeliveryView:
    """Return the view of a delivery's row.

    Args:
        connection: A transaction.
        row: The row.
        finding_counts: Its findings by code; None to read those that are stored.
    """
    if finding_counts is None:
        stored = findings.finding_counts(connection, row.delivery)
        finding_counts = sort_by_severity(FindingCount(*count) for count in stored)
    return DeliveryView(
        summary=DeliverySummary(**summary_fields(connection, row)),
        organizations=deliveries.organization_names(connection, row.delivery),
        findings=finding_counts,
        errors=row.errors,
        warnings=row.warnings,
        notices=row.notices,
        lines=row.lines,
        imported_lines=row.imported_lines,
        case_system=row.case_system,
        extract_day=row.extract_day,
    )


def summary_fields(connection: Connection, row: DeliveryRow) -> dict[str, Any]:
    """Return the fields that the summary and the document of a delivery have in common."""
    return {
        "delivery_id": format_delivery_id(row.delivery),
        "delivery_status": row.delivery_status,
        "full": bool(row.full),
        "format": row.format,
        "size_bytes": row.size_bytes,
        "sha256": row.sha256,
        "completed": row.completed,
        "files": row.files,
        "refused_files": row.refused_files,
        "new_cases": row.new_cases,
        "changed_cases": row.changed_cases,
        "unchanged_cases": row.unchanged_cases,
        "removed_cases": row.removed_cases,
        "organizations": list(deliveries.changed_cases_by_organization(connection, row.delivery)),
        "finding_count": row.finding_count,
        "actor": row.actor,
        "received_at": row.received_at,
        "completed_at": row.completed_at,
    }
