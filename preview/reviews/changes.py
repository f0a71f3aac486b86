"""What every change of a review begins and ends with: the check of `If-Match`, the audit row, and what follows from it
(rules R4 and R8, docs/api.md).
"""

from preview.core.errors import PreconditionFailed
from preview.model.reviews import ReviewDocument
from preview.reports.etag import etag_matches
from preview.reports.reconcile import ReportConfig, reconcile
from preview.reports.review_states import Decision
from preview.reviews.documents import ReviewedReport, build_review, load_report, render_review
from preview.storage.audit import AuditRow
from preview.storage.database import Connection


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


def finish_change(connection: Connection, report_config: ReportConfig, entry: AuditRow, changed: str) -> ReviewDocument:
    """Derive what follows from the change, with its one event and its row of the audit trail; return the review.

    Args:
        connection: The write transaction of the change.
        report_config: What shapes the documents.
        entry: The row of the audit trail, which gets the id of the event.
        changed: What has changed, as the event names it.
    """
    assert entry.period_id is not None
    reconcile(connection, report_config, entry.organization_id, decision=Decision(entry, changed))
    return build_review(connection, report_config, load_report(connection, entry.organization_id, entry.period_id))
