"""Reads what a person sees of several reports before approving them: the totals, and what stands in the way."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from preview.core.errors import NotFound
from preview.core.ids import format_snapshot_id
from preview.form.value_state import ValueState
from preview.model.resources import Value
from preview.model.reviews import BlockingCode, DecisionState
from preview.reports.decision_state import decision_state
from preview.reports.deviation_check import SnapshotValues
from preview.reports.reconcile import ReportConfig
from preview.reviews.documents import ReviewedReport, find_blocking, load_report
from preview.storage import organizations, snapshots
from preview.storage.database import Connection
from preview.storage.reviews import comments

KEY_FIELDS: Sequence[str] = (
    "antall_meldinger_mottatt",
    "antall_undersokelser_avsluttet",
    "antall_barn_med_hjelpetiltak",
    "antall_barn_under_omsorg",
    "antall_arsverk",
)
"""The fields whose values tell the reports of many services from each other, in form order."""


class ApprovalCandidate(msgspec.Struct, frozen=True):
    """A report that somebody wants to approve.

    Attributes:
        organization_id: The organisation.
        organization_name: Its name.
        period_id: The period.
        snapshot_id: The newest completed snapshot.
        etag: ETag of its document: the `If-Match` of an approval of what is shown.
        decision: What the report needs next.
        blocking: What stands in the way of an approval.
        totals: The visible value of each of `KEY_FIELDS`, with its state.
        populated: Number of fields whose value is shown.
        answered: Number of deviations with an acknowledgement that holds.
        open_comments: Number of comments that are not resolved.
    """

    organization_id: str
    organization_name: str
    period_id: str
    snapshot_id: str
    etag: str
    decision: DecisionState
    blocking: Sequence[BlockingCode]
    totals: Mapping[str, tuple[Value, ValueState]]
    populated: int
    answered: int
    open_comments: int

    @property
    def can_be_approved(self) -> bool:
        """Whether the report waits for an approval, and nothing stands in its way."""
        return self.decision == "ready" and not self.blocking


def read_candidates(
    connection: Connection, report_config: ReportConfig, reports: Iterable[tuple[str, str]]
) -> list[ApprovalCandidate]:
    """Return the reports as they are now; one without a completed aggregation is left out.

    Args:
        connection: A transaction.
        report_config: What shapes the documents.
        reports: Organisation and period of each report.
    """
    found: list[ApprovalCandidate] = []
    for organization_id, period_id in reports:
        try:
            report = load_report(connection, organization_id, period_id)
        except NotFound:
            continue
        found.append(_candidate(connection, report_config, report))
    return found


def _candidate(connection: Connection, report_config: ReportConfig, report: ReviewedReport) -> ApprovalCandidate:
    row = report.snapshot
    organization = organizations.organization(connection, row.organization_id)
    stored = snapshots.values(connection, row.snapshot)
    values = SnapshotValues.from_rows(report_config.catalogue, report_config.suppress, stored, row.facts)
    blocking: list[BlockingCode] = [each.code for each in find_blocking(connection, report)]
    lapsed = msgspec.json.decode(report.review.lapsed, type=list[tuple[str, str]])
    return ApprovalCandidate(
        organization_id=row.organization_id,
        organization_name=organization.organization_name if organization else row.organization_id,
        period_id=row.period_id,
        snapshot_id=format_snapshot_id(row.snapshot),
        etag=row.etag or "",
        decision=decision_state(report.review.review_status, blocking),
        blocking=blocking,
        totals={key: (values.visible_value(key), values.state(key)) for key in KEY_FIELDS},
        populated=row.populated,
        answered=len(report.acknowledgements) - len(lapsed),
        open_comments=comments.counts(connection, row.organization_id, row.period_id)[1],
    )
