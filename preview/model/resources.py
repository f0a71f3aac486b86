"""What leaves the domain, in the contract's words: each type's fields stand in the contract's order, and no others.

Instants are RFC 3339 text in UTC (contract G3); ids are `snap-001`, `job-agg-001`, `dlv-001` (G4).
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
    """A snapshot in a list (contract 1)."""

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
    """One field of a snapshot (contract 2a)."""

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
    """Which snapshot the prior values are of (contract 2b)."""

    period_id: str
    snapshot_id: str
    aggregated_at: str


class SnapshotDocument(msgspec.Struct, frozen=True):
    """A snapshot with every field (contract 2)."""

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
    """The answer to a POST (contract 3)."""

    snapshot_id: str
    organization_id: str
    period_id: str
    snapshot_status: SnapshotStatus
    job_id: str
    estimated_completion_seconds: int
    aggregated_at: str | None
    created_at: str


class SnapshotInvalidated(msgspec.Struct, frozen=True):
    """The answer to a PUT (contract 4)."""

    snapshot_id: str
    organization_id: str
    period_id: str
    snapshot_status: SnapshotStatus
    cache_valid: bool
    invalidation_reason: str
    job_id: str
    invalidated_at: str


class SnapshotDeletion(msgspec.Struct, frozen=True):
    """The answer to a DELETE (contract 5)."""

    deleted: bool
    snapshot_id: str
    cache_cleared: bool


class JobDocument(msgspec.Struct, frozen=True):
    """A job; `completed` is 0..1."""

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
    """What is held of an organisation in one format; `year` is null for v4."""

    format: Literal["v4", "15f"]
    year: int | None
    case_system: str
    first_extract_at: str
    last_extract_at: str
    case_count: int


class OrganizationDocument(msgspec.Struct, frozen=True):
    """An organisation with its sources; `listed` says that an organisations file names it."""

    organization_id: str
    organization_name: str
    organisasjonsnummer: str
    bydelsnummer: str | None
    listed: bool
    sources: list[SourceDocument]


class DeliveryReceipt(msgspec.Struct, frozen=True):
    """The answer to a delivery."""

    delivery_id: str
    delivery_status: DeliveryStatus
    full: bool
    size_bytes: int
    received_at: str


class DeliverySummary(msgspec.Struct, frozen=True):
    """A delivery in a list."""

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
    """A finding; `file` is the ordinal of the file in the delivery."""

    severity: str
    code: str
    file: int
    line: int
    element: str
    detail: str

    @classmethod
    def from_finding(cls, finding: Finding) -> "FindingDocument":
        """The finding as the contract shows it."""
        return cls(str(finding.severity), finding.code, finding.file, finding.line, finding.element, finding.detail)


class DeliveryDocument(msgspec.Struct, frozen=True):
    """A delivery with its findings, at most 1,000."""

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
