"""Approve a report, and withdraw an approval (rules R2 to R4, docs/api.md)."""

from collections.abc import Sequence

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.errors import (
    ApprovalBlocked,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    PreconditionRequired,
)
from preview.core.free_text import parse_free_text
from preview.core.ids import format_approval_id, format_snapshot_id, parse_approval_id
from preview.model.resources import MAX_REASON_LENGTH
from preview.model.reviews import MAX_NAME_LENGTH, ApprovalDocument, ReviewDocument
from preview.reports.etag import etag_matches
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import own_values, review_audit_row
from preview.reviews.changes import finish_change, load_for_change
from preview.reviews.documents import ReviewedReport, build_review, find_blocking, load_report
from preview.storage import snapshots
from preview.storage.database import Connection, Database
from preview.storage.reviews import approvals
from preview.storage.reviews.approvals import ApprovalRow, NewApproval


class Approvals:
    """Operations on approvals. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig, *, needs_named_actor: bool) -> None:
        """Use a store.

        Args:
            database: The store.
            report_config: What shapes the documents.
            needs_named_actor: Whether only a person whom the trusted proxy names may approve (rule R8).
        """
        self._database = database
        self._report_config = report_config
        self._needs_named_actor = needs_named_actor

    def approve(
        self,
        organization_id: str,
        period_id: str,
        snapshot_id: str,
        if_match: str | None,
        actor: str,
        *,
        is_named: bool,
        note: str | None = None,
        stated_name: str | None = None,
    ) -> ReviewDocument:
        """Approve the document that `if_match` names. A repetition of the approval in force changes nothing.

        Args:
            organization_id: The organisation.
            period_id: The period.
            snapshot_id: The snapshot that was seen.
            if_match: Value of `If-Match`: the ETag of the document that was seen.
            actor: Who approves.
            is_named: Whether `actor` is a person whom the trusted proxy has named.
            note: A free text about the approval.
            stated_name: The name that a person who is not named has typed.

        Returns:
            The review after the approval.

        Raises:
            NotFound: If there is no such review.
            NotPermitted: If a named actor is needed.
            PreconditionRequired: If `if_match` names no document.
            PreconditionFailed: If the newest completed document is another one.
            ApprovalBlocked: If something stands in the way.
            ValidationError: If a text is invalid.
        """
        note = parse_free_text(note, "/note", MAX_REASON_LENGTH) if note is not None else None
        if stated_name is not None:
            stated_name = parse_free_text(stated_name, "/stated_name", MAX_NAME_LENGTH)
        if self._needs_named_actor and not is_named:
            raise NotPermitted("An approval needs a person's name: the proxy in front of the program must give it.")
        if if_match is None or if_match.strip() == "*":
            raise PreconditionRequired("An approval needs `If-Match` with the ETag of the document that was seen.")

        def approve_report(connection: Connection) -> ReviewDocument:
            report = load_report(connection, organization_id, period_id)
            body, etag = snapshots.document(connection, report.snapshot.snapshot) or (b"", "")
            if snapshot_id != format_snapshot_id(report.snapshot.snapshot) or not etag_matches(if_match, etag):
                raise PreconditionFailed("The document has changed since. Look at it again before you approve it.")
            words = (actor, stated_name, note)
            if _is_in_force(connection, report, etag, words):
                return build_review(connection, self._report_config, report)
            _check_unblocked(connection, report)
            new = self._new_approval(connection, report, (body, etag), words)
            approvals.insert(connection, new)
            entry = review_audit_row(report.review, actor, "approved", at=new.approved_at, reason=note)
            return finish_change(connection, self._report_config, entry, "approval")

        return self._database.write(approve_report)

    def withdraw(
        self, organization_id: str, period_id: str, reason: str, actor: str, if_match: str | None = None
    ) -> ReviewDocument:
        """Withdraw the approval in force.

        Args:
            organization_id: The organisation.
            period_id: The period.
            reason: Why, 1 to `MAX_REASON_LENGTH` characters.
            actor: Who withdraws it.
            if_match: Value of `If-Match`: an ETag of the review, or None.

        Returns:
            The review after the withdrawal.

        Raises:
            NotFound: If there is no such review, or no approval in force.
            PreconditionFailed: If the review is another version.
            ValidationError: If the reason is invalid.
        """
        reason = parse_free_text(reason, "/reason", MAX_REASON_LENGTH)

        def withdraw_approval(connection: Connection) -> ReviewDocument:
            report = load_for_change(connection, self._report_config, organization_id, period_id, if_match)
            if report.approval is None:
                raise NotFound("The report has no approval in force.")
            at = format_rfc3339(now())
            approvals.withdraw(connection, report.approval.approval, actor, reason, at)
            entry = review_audit_row(report.review, actor, "approval_withdrawn", at=at, reason=reason)
            return finish_change(connection, self._report_config, entry, "approval")

        return self._database.write(withdraw_approval)

    def list(self, organization_id: str, period_id: str) -> list[ApprovalDocument]:
        """Return every approval of a report, newest first, withdrawn ones too.

        Raises:
            NotFound: If the report has neither a review nor an approval.
        """

        def load(connection: Connection) -> Sequence[ApprovalRow]:
            rows = approvals.list_for_report(connection, organization_id, period_id)
            if not rows:
                load_report(connection, organization_id, period_id)
            return rows

        rows = self._database.read(load)
        return [_approval_document(row) for row in rows]

    def document(self, organization_id: str, period_id: str, approval_id: str) -> tuple[bytes, str]:
        """Return the approved document byte for byte, and its ETag.

        Raises:
            NotFound: If the report has no such approval.
        """
        number = parse_approval_id(approval_id)
        found = (
            self._database.read(lambda connection: approvals.document(connection, organization_id, period_id, number))
            if number is not None
            else None
        )
        if found is None:
            raise NotFound("The report has no such approval.")
        return found

    def _new_approval(
        self,
        connection: Connection,
        report: ReviewedReport,
        document: tuple[bytes, str],
        words: tuple[str, str | None, str | None],
    ) -> NewApproval:
        values = own_values(connection, self._report_config.catalogue, report.snapshot.snapshot)
        body, etag = document
        actor, stated_name, note = words
        return NewApproval(
            organization_id=report.review.organization_id,
            period_id=report.review.period_id,
            snapshot=report.snapshot.snapshot,
            approved_by=actor,
            stated_name=stated_name,
            note=note,
            approved_at=format_rfc3339(now()),
            field_values=msgspec.json.encode(values).decode(),
            document=body,
            etag=etag,
        )


def _check_unblocked(connection: Connection, report: ReviewedReport) -> None:
    if blocking := find_blocking(connection, report):
        raise ApprovalBlocked(
            "The report cannot be approved yet. See `blocking`.",
            [(each.code, each.field_key, each.rule) for each in blocking],
        )


def _is_in_force(
    connection: Connection, report: ReviewedReport, etag: str, words: tuple[str, str | None, str | None]
) -> bool:
    """Return whether the approval in force is of the document with this ETag, by the same person in the same words.

    `words` are the actor, the stated name and the note. A client that has lost the answer sends the same once more.
    """
    approval = report.approval
    if approval is None or (approval.approved_by, approval.stated_name, approval.note) != words:
        return False
    approved = approvals.document(connection, approval.organization_id, approval.period_id, approval.approval)
    return approved is not None and approved[1] == etag


def _approval_document(row: ApprovalRow) -> ApprovalDocument:
    return ApprovalDocument(
        approval_id=format_approval_id(row.approval),
        approved_by=row.approved_by,
        stated_name=row.stated_name,
        approved_at=row.approved_at,
        note=row.note,
        snapshot_id=format_snapshot_id(row.snapshot),
        withdrawn_by=row.withdrawn_by,
        withdrawn_at=row.withdrawn_at,
        withdrawal_reason=row.withdrawal_reason,
    )
