"""Resources of the API: documents and answers, with exactly the fields of docs/api.md in its order.

Instants are RFC 3339 text in UTC (rule G3); ids are those of `core.ids` (rule G4).
"""

from typing import Literal

import msgspec

from preview.model.findings import Finding

SnapshotStatus = Literal["processing", "failed", "current", "historical"]
JobStatus = Literal["waiting", "running", "completed", "failed", "cancelled"]
DeliveryStatus = Literal["received", "reading", "taken", "refused"]
Value = int | float | None
"""Value of a field: counts are int, `prosent` and `årsverk` are float with one decimal; None where it is not known."""

MAX_REASON_LENGTH = 500
"""Longest reason of an invalidation, in characters (rule 4 of docs/api.md)."""


class SnapshotSummary(msgspec.Struct, frozen=True):
    """A snapshot in a list (rule 1)."""

    snapshot_id: str
    organization_id: str
    organization_name: str
    period_id: str
    snapshot_status: SnapshotStatus
    field_count: int
    populated_field_count: int
    cache_valid: bool
    aggregated_at: str | None


class FieldValue(msgspec.Struct, frozen=True):
    """One field of a snapshot (rule 2a)."""

    field_key: str
    value: Value
    prior_period_value: Value
    data_source: str | None


class SectionValues(msgspec.Struct, frozen=True):
    """One section of a snapshot, its fields in form order."""

    section_id: str
    section_title: str
    fields: list[FieldValue]


class PriorPeriod(msgspec.Struct, frozen=True):
    """The snapshot that the prior values are taken from (rule 2b)."""

    period_id: str
    snapshot_id: str
    aggregated_at: str


class SnapshotDocument(msgspec.Struct, frozen=True):
    """A snapshot with every field (rule 2)."""

    snapshot_id: str
    organization_id: str
    organization_name: str
    period_id: str
    snapshot_status: SnapshotStatus
    cache_valid: bool
    aggregated_at: str | None
    sections: list[SectionValues]
    prior_period: PriorPeriod | None


class SnapshotRequested(msgspec.Struct, frozen=True):
    """Response to a requested aggregation (rule 3)."""

    snapshot_id: str
    organization_id: str
    period_id: str
    snapshot_status: SnapshotStatus
    job_id: str
    estimated_completion_seconds: int
    aggregated_at: str | None
    created_at: str


class SnapshotInvalidated(msgspec.Struct, frozen=True):
    """Response to an invalidation (rule 4)."""

    snapshot_id: str
    organization_id: str
    period_id: str
    snapshot_status: SnapshotStatus
    cache_valid: bool
    invalidation_reason: str
    job_id: str
    invalidated_at: str


class SnapshotDeletion(msgspec.Struct, frozen=True):
    """Response to a deletion (rule 5)."""

    deleted: bool
    snapshot_id: str
    cache_cleared: bool


class JobDocument(msgspec.Struct, frozen=True):
    """A job; `completed` is the part that is done, 0 to 1."""

    job_id: str
    snapshot_id: str
    organization_id: str
    period_id: str
    job_status: JobStatus
    requested_by: str
    reason: str | None
    completed: float
    estimated_completion_seconds: int
    detail: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None


class SourceDocument(msgspec.Struct, frozen=True):
    """A source: what is stored of an organisation in one format. `year` is null for v4."""

    format: Literal["v4", "15f"]
    year: int | None
    case_system: str
    first_extract_at: str
    last_extract_at: str
    case_count: int


class OrganizationDocument(msgspec.Struct, frozen=True):
    """An organisation with its sources; `listed` means that an organisations file names it."""

    organization_id: str
    organization_name: str
    organisasjonsnummer: str
    bydelsnummer: str | None
    listed: bool
    sources: list[SourceDocument]


class DeliveryReceipt(msgspec.Struct, frozen=True):
    """Response to an upload."""

    delivery_id: str
    delivery_status: DeliveryStatus
    full: bool
    size_bytes: int
    received_at: str


class DeliverySummary(msgspec.Struct, frozen=True):
    """A delivery in a list; `completed` is the part that is imported, 0 to 1."""

    delivery_id: str
    delivery_status: DeliveryStatus
    full: bool
    format: str | None
    size_bytes: int
    sha256: str
    completed: float
    files: int
    refused_files: int
    new_cases: int
    changed_cases: int
    unchanged_cases: int
    removed_cases: int
    organizations: list[str]
    finding_count: int
    actor: str
    received_at: str
    completed_at: str | None


class FindingDocument(msgspec.Struct, frozen=True):
    """A finding of a delivery; `file` is the ordinal of the file in it."""

    severity: str
    code: str
    file: int
    line: int
    element: str
    detail: str

    @classmethod
    def from_finding(cls, finding: Finding) -> "FindingDocument":
        """Return the resource of a finding."""
        return cls(str(finding.severity), finding.code, finding.file, finding.line, finding.element, finding.detail)


class DeliveryDocument(msgspec.Struct, frozen=True):
    """A delivery with its findings: at most 1,000, faults before findings of checks."""

    delivery_id: str
    delivery_status: DeliveryStatus
    full: bool
    format: str | None
    size_bytes: int
    sha256: str
    completed: float
    files: int
    refused_files: int
    new_cases: int
    changed_cases: int
    unchanged_cases: int
    removed_cases: int
    organizations: list[str]
    finding_count: int
    findings: list[FindingDocument]
    actor: str
    received_at: str
    completed_at: str | None
