"""Build the document of a review, and look up what a change of a review needs (rule R1, docs/api.md)."""

from dataclasses import dataclass

import msgspec

from preview.core.errors import NotFound
from preview.core.ids import format_approval_id, format_snapshot_id
from preview.form.suppression import suppressed_fields
from preview.model.resources import Value
from preview.model.reviews import (
    Acknowledgement,
    ApprovalInForce,
    Blocking,
    ChangedField,
    ReviewDocument,
)
from preview.reports.decision_state import blocking_codes
from preview.reports.etag import compute_etag
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import StoredDeviation, approved_values, deviations_of, own_values, unanswered
from preview.storage import snapshots
from preview.storage.database import Connection
from preview.storage.reviews import acknowledgements, approvals, comments, states
from preview.storage.reviews.acknowledgements import AcknowledgementRow
from preview.storage.reviews.approvals import ApprovalRow
from preview.storage.reviews.states import ReviewRow
from preview.storage.snapshots import SnapshotRow

_NO_REVIEW = "There is no such review. A report has one from its first completed aggregation on."


@dataclass(frozen=True)
class RenderedReview:
    """A review's document as bytes, with its strong ETag (quoted)."""

    body: bytes
    etag: str


@dataclass(frozen=True)
class ReviewedReport:
    """What a review is about: its derived state, its newest completed snapshot, and what people have decided."""

    review: ReviewRow
    snapshot: SnapshotRow
    deviations: list[StoredDeviation]
    acknowledgements: list[AcknowledgementRow]
    approval: ApprovalRow | None


def load_report(connection: Connection, organization_id: str, period_id: str) -> ReviewedReport:
    """Return what a review is about.

    Raises:
        NotFound: If the report has no completed snapshot.
    """
    review = states.find(connection, organization_id, period_id)
    row = snapshots.snapshot(connection, review.snapshot) if review else None
    if review is None or row is None:
        raise NotFound(_NO_REVIEW)
    return ReviewedReport(
        review,
        row,
        deviations_of(connection, row.snapshot),
        [
            each
            for each in acknowledgements.list_for_organization(connection, organization_id)
            if each.period_id == period_id
        ],
        approvals.in_force(connection, organization_id).get(period_id),
    )


def render_review(connection: Connection, report_config: ReportConfig, report: ReviewedReport) -> RenderedReview:
    """Return the document of a review. Its ETag is that of its bytes."""
    body = msgspec.json.encode(build_review(connection, report_config, report))
    return RenderedReview(body, compute_etag(body, 0))


def build_review(connection: Connection, report_config: ReportConfig, report: ReviewedReport) -> ReviewDocument:
    """Return the document of a review."""
    review = report.review
    total, open_count = comments.counts(connection, review.organization_id, review.period_id)
    lapsed = set(msgspec.json.decode(review.lapsed, type=list[tuple[str, str]]))
    return ReviewDocument(
        organization_id=review.organization_id,
        period_id=review.period_id,
        snapshot_id=format_snapshot_id(review.snapshot),
        review_status=review.review_status,
        approval=_approval_in_force(report.approval) if report.approval else None,
        changed_since_approval=_changed_fields(connection, report_config, report),
        blocking=find_blocking(connection, report),
        acknowledgements=[
            Acknowledgement(
                rule=each.rule_id,
                field_key=each.field_key,
                reason=each.reason,
                acknowledged_by=each.acknowledged_by,
                acknowledged_at=each.acknowledged_at,
                lapsed=(each.rule_id, each.field_key) in lapsed,
            )
            for each in report.acknowledgements
        ],
        comment_count=total,
        open_comment_count=open_count,
    )


def find_blocking(connection: Connection, report: ReviewedReport) -> list[Blocking]:
    """Return why a report cannot be approved (rule R2): its state, its errors, then its unanswered warnings."""
    row = report.snapshot
    newest = snapshots.list_for_period(connection, row.organization_id, row.period_order)[0]
    codes = blocking_codes(
        processing="processing" in (newest.snapshot_status, row.snapshot_status),
        stale=not row.cache_valid,
        provisional=bool(report.review.provisional),
        errors=report.review.errors,
        open_warnings=report.review.open_warnings,
    )
    open_warnings = set(unanswered(report.deviations, report.acknowledgements))
    blocking_deviations = [
        deviation
        for deviation in report.deviations
        if deviation.severity == "error" or (deviation.severity == "warning" and deviation.key in open_warnings)
    ]
    return [
        *(Blocking(code, None, None) for code in codes if code not in ("error", "warning")),
        *(
            Blocking("error" if each.severity == "error" else "warning", each.field_key, each.rule_id)
            for each in sorted(blocking_deviations, key=lambda each: each.severity)
        ),
    ]


def _approval_in_force(row: ApprovalRow) -> ApprovalInForce:
    return ApprovalInForce(
        approval_id=format_approval_id(row.approval),
        approved_by=row.approved_by,
        stated_name=row.stated_name,
        approved_at=row.approved_at,
        note=row.note,
        snapshot_id=format_snapshot_id(row.snapshot),
    )


def _changed_fields(connection: Connection, report_config: ReportConfig, report: ReviewedReport) -> list[ChangedField]:
    """Return the fields whose values are not the approved ones; values that are withheld are null (rule 8)."""
    if report.approval is None:
        return []
    approved = approved_values(report.approval)
    changed = msgspec.json.decode(report.review.changed_values, type=dict[str, Value])
    if not changed:
        return []
    hidden = frozenset[str]()
    hidden_before = frozenset[str]()
    if report_config.suppress:
        hidden_before = suppressed_fields(report_config.catalogue, approved)
        current = own_values(connection, report_config.catalogue, report.snapshot.snapshot)
        hidden = suppressed_fields(report_config.catalogue, current)
    return [
        ChangedField(
            key,
            None if key in hidden_before else approved.get(key),
            None if key in hidden else value,
        )
        for key, value in changed.items()
    ]
