"""What every change of a review begins and ends with: the check of `If-Match`, the audit row, and what follows from it
(rules R4 and R8, docs/api.md).
"""

from preview.core.errors import PreconditionFailed
from preview.model.reviews import ReviewDocument
from preview.reports.etag import etag_matches
from preview.reports.reconcile import ReportConfig, reconcile
from preview.reports.review_states import Decision
from preview.reviews.documents import ReviewedReport, build_review, load_report, render_review
from preview.storage import audit
from preview.storage.audit import AuditRow
from preview.storage.database import Connection
from preview.storage.reviews.states import ReviewRow


def load_for_change(
    connection: Connection, report_config: ReportConfig, organization_id: str, period_id: str, if_match: str | None
) -> ReviewedReport:
    """Return what a review is about, for a change of the version that `If-Match` names.

    Raises:
        NotFound: If the report has no completed snapshot.
        PreconditionFailed: If the review is another version.
    """
    report = load_report(connection, organization_id, period_id)
    if if_match is not None and not etag_matches(if_match, render_review(connection, report_config, report).etag):
        raise PreconditionFailed("The review has changed since.")
    return report


def review_audit_row(
    review: ReviewRow, at: str, actor: str, action: str, reason: str | None, field_key: str | None = None
) -> AuditRow:
    """Return the audit row of a change of a review."""
    return AuditRow(
        at=at,
        actor=actor,
        action=action,
        organization_id=review.organization_id,
        period_id=review.period_id,
        snapshot=review.snapshot,
        reason=reason,
        field_key=field_key,
    )


def finish_change(connection: Connection, report_config: ReportConfig, entry: AuditRow, changed: str) -> ReviewDocument:
    """Append the audit row, derive what follows from the change with its one event, and return the review.

    Args:
        connection: The write transaction of the change.
        report_config: What shapes the documents.
        entry: The audit row.
        changed: What has changed, as the event names it.
    """
    assert entry.period_id is not None
    audit.append(connection, [entry])
    decision = Decision(entry.period_id, changed, entry.actor)
    reconcile(connection, report_config, entry.organization_id, decision=decision)
    return build_review(connection, report_config, load_report(connection, entry.organization_id, entry.period_id))
