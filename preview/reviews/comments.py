"""Comment on a report or one of its fields (rule R6, docs/api.md)."""

from preview.core.clock import format_rfc3339, now
from preview.core.errors import FieldError, NotFound, NotPermitted, ValidationError
from preview.core.free_text import parse_free_text
from preview.core.ids import format_comment_id, parse_comment_id
from preview.model.reviews import MAX_COMMENT_LENGTH, CommentDocument
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import review_audit_row
from preview.reviews.changes import finish_change, load_for_change
from preview.reviews.documents import ReviewedReport, load_report
from preview.storage.database import Connection, Database
from preview.storage.idempotency import Once, always
from preview.storage.reviews import comments
from preview.storage.reviews.comments import CommentRow

_NO_COMMENT = "The report has no such comment."


class Comments:
    """Operations on comments. All methods block: call them on a thread."""

    def __init__(self, database: Database, report_config: ReportConfig, *, knows_authors: bool) -> None:
        """Use a store.

        Args:
            database: The store.
            report_config: What shapes the documents.
            knows_authors: Whether people are named, so that only its author may edit or delete a comment.
        """
        self._database = database
        self._report_config = report_config
        self._knows_authors = knows_authors

    def page(self, organization_id: str, period_id: str, page: int, limit: int) -> tuple[list[CommentDocument], int]:
        """Return one page of a report's comments, oldest first, and the number of all.

        Raises:
            NotFound: If there is no such review.
        """

        def load_page(connection: Connection) -> tuple[list[CommentRow], int]:
            load_report(connection, organization_id, period_id)
            return comments.page(connection, organization_id, period_id, limit, (page - 1) * limit)

        rows, total = self._database.read(load_page)
        return [comment_document(row) for row in rows], total

    def add(
        self,
        organization_id: str,
        period_id: str,
        field_key: str | None,
        text: str,
        actor: str,
        once: Once[CommentDocument] = always,
    ) -> CommentDocument:
        """Add a comment.

        Args:
            organization_id: The organisation.
            period_id: The period.
            field_key: The field that it is about, None for the whole report.
            text: The text, 1 to `MAX_COMMENT_LENGTH` characters.
            actor: Its author.
            once: Recognises a repeated request.

        Raises:
            NotFound: If there is no such review.
            ValidationError: If the field is unknown or the text is invalid.
        """
        text = parse_free_text(text, "/text", MAX_COMMENT_LENGTH)
        if field_key is not None and field_key not in self._report_config.catalogue:
            raise ValidationError("There is no such field.", [FieldError("/field_key", "is not a field of the form")])

        def add_comment(connection: Connection) -> CommentDocument:
            report = load_report(connection, organization_id, period_id)
            at = format_rfc3339(now())
            number = comments.insert(
                connection, organization_id, period_id, field_key=field_key, text=text, author=actor, at=at
            )
            self._finish(connection, report, at, actor, "commented", field_key)
            return self._load(connection, organization_id, period_id, number)

        return self._database.write(once(add_comment))

    def edit(
        self,
        organization_id: str,
        period_id: str,
        comment_id: str,
        actor: str,
        *,
        text: str | None = None,
        resolved: bool | None = None,
        if_match: str | None = None,
    ) -> CommentDocument:
        """Change the text of a comment, or whether it is resolved. What is None stays.

        Raises:
            NotFound: If there is no such review or comment.
            NotPermitted: If the text is another person's.
            PreconditionFailed: If the review is not the version that `if_match` names.
            ValidationError: If the text is invalid.
        """
        text = parse_free_text(text, "/text", MAX_COMMENT_LENGTH) if text is not None else None

        def edit_comment(connection: Connection) -> CommentDocument:
            row = _existing(connection, organization_id, period_id, comment_id)
            report = load_for_change(connection, self._report_config, organization_id, period_id, if_match)
            at, actions = format_rfc3339(now()), list[str]()
            if text is not None and text != row.text:
                self._check_author(row, actor)
                comments.set_text(connection, row.comment, text, at)
                actions.append("edited")
            if resolved is not None and resolved != (row.resolved_at is not None):
                comments.set_resolved(connection, row.comment, *((actor, at) if resolved else (None, None)))
                actions.append("resolved" if resolved else "reopened")
            if actions:
                self._finish(connection, report, at, actor, f"comment_{'_'.join(actions)}", row.field_key)
            return self._load(connection, organization_id, period_id, row.comment)

        return self._database.write(edit_comment)

    def delete(
        self, organization_id: str, period_id: str, comment_id: str, actor: str, if_match: str | None = None
    ) -> None:
        """Delete a comment.

        Raises:
            NotFound: If there is no such review or comment.
            NotPermitted: If it is another person's.
            PreconditionFailed: If the review is not the version that `if_match` names.
        """

        def delete_comment(connection: Connection) -> None:
            row = _existing(connection, organization_id, period_id, comment_id)
            report = load_for_change(connection, self._report_config, organization_id, period_id, if_match)
            self._check_author(row, actor)
            comments.delete(connection, row.comment)
            self._finish(connection, report, format_rfc3339(now()), actor, "comment_deleted", row.field_key)

        self._database.write(delete_comment)

    def _check_author(self, row: CommentRow, actor: str) -> None:
        if self._knows_authors and row.author != actor:
            raise NotPermitted("Only its author may change or delete a comment.")

    def _finish(
        self,
        connection: Connection,
        report: ReviewedReport,
        at: str,
        actor: str,
        action: str,
        field_key: str | None,
    ) -> None:
        entry = review_audit_row(report.review, actor, action, at=at, field_key=field_key)
        finish_change(connection, self._report_config, entry, "comment")

    def _load(self, connection: Connection, organization_id: str, period_id: str, number: int) -> CommentDocument:
        row = comments.find(connection, organization_id, period_id, number)
        assert row is not None
        return comment_document(row)


def _existing(connection: Connection, organization_id: str, period_id: str, comment_id: str) -> CommentRow:
    number = parse_comment_id(comment_id)
    row = comments.find(connection, organization_id, period_id, number) if number is not None else None
    if row is None:
        raise NotFound(_NO_COMMENT)
    return row


def comment_document(row: CommentRow) -> CommentDocument:
    """Return a stored comment as its resource."""
    return CommentDocument(
        comment_id=format_comment_id(row.comment),
        field_key=row.field_key,
        text=row.text,
        author=row.author,
        created_at=row.created_at,
        edited_at=row.edited_at,
        resolved=row.resolved_at is not None,
        resolved_by=row.resolved_by,
        resolved_at=row.resolved_at,
    )
