"""The presenter of reviews: from the read model of a report to the view models of its review, in one language."""

from collections.abc import Mapping, Sequence

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.report_view import RowView
from components.review import texts
from components.review.deviations import approved_text, present_answer
from components.review.review_view import (
    ApprovedTotal,
    BlockingView,
    ChangedFieldView,
    CommentsView,
    CommentView,
    ReviewView,
)
from preview.form.catalogue import Catalogue
from preview.i18n import formatting
from preview.model.reviews import WHOLE_REPORT, Blocking, CommentDocument, ReviewDocument
from preview.views.preview import Preview
from preview.views.report_review import ReportReview


def present_review(preview: Preview, rows: Sequence[RowView], catalogue: Catalogue, t: Translator) -> ReviewView | None:
    """Return the view of a report's review; None without one.

    Args:
        preview: The read model of the report.
        rows: The rows of the page.
        catalogue: The form.
        t: The texts in the visitor's language.
    """
    review = preview.review
    if review is None or preview.snapshot is None:
        return None
    document, by_key = review.document, {row.key: row for row in rows}
    approval = document.approval
    sentence = texts.approval_sentence(approval, t) if approval else ""
    is_approved = review.decision == "approved"
    return ReviewView(
        decision=review.decision,
        state=t(f"review.state.{review.decision}"),
        line=_line(preview, review, sum("blocking" in row.flags for row in rows), t),
        own_comparison=preview.own_comparison,
        etag=preview.snapshot.etag,
        is_approved=is_approved,
        has_approval=approval is not None,
        approval_text=sentence + (f" {approval.note}" if approval and approval.note else ""),
        approved_line=sentence if is_approved else "",
        blocking=tuple(_blocking(each, preview, by_key, t) for each in document.blocking),
        changed=_changed(document, by_key, catalogue, t),
        totals=tuple(ApprovedTotal(row.number, row.label, row.current.text, row.is_part) for row in rows),
        counts=_counts(preview, review, t),
        comments=present_comments(review.comments, None, t),
        commented_fields=_commented_fields(review.comments, by_key, t),
        orphaned=tuple(present_answer(each, t) for each in review.orphaned if each.field_key == WHOLE_REPORT),
        open_comments_text=_open_comments(document.open_comment_count, t),
    )


def _line(preview: Preview, review: ReportReview, blocking_fields: int, t: Translator) -> str:
    """Return what the page's second line says about the review, after its state.

    Args:
        preview: The read model of the report.
        review: Its review.
        blocking_fields: The number of rows that the filter of what blocks an approval leaves.
        t: The texts in the visitor's language.
    """
    document = review.document
    match review.decision:
        case "approved" if document.approval:
            return texts.approval_sentence(document.approval, t, "approval.since")
        case "changed" if document.approval:
            day = value_formatting.day(document.approval.approved_at, t.language)
            return t.plural("approval.changed", len(document.changed_since_approval), day=day)
        case "has_errors" | "warnings_waiting":
            return t("approval.blocked", reasons=_reasons(document.blocking, blocking_fields, t))
        case "provisional":
            return _data_until(preview, t)
        case _:
            return ""


def _reasons(blocking: Sequence[Blocking], fields: int, t: Translator) -> str:
    """Return how many deviations stand in the way, and in how many fields if that is another number than theirs:
    `1 feil og 2 varsler uten svar, i 2 felt`.
    """
    counts = [
        (key, count)
        for key, code in (("severity.error_count", "error"), ("approval.unanswered", "warning"))
        if (count := sum(each.code == code for each in blocking))
    ]
    words = [t.plural(key, count) for key, count in counts]
    reasons = words[0] if len(words) == 1 else t("approval.and", first=words[0], second=words[1])
    if sum(count for _, count in counts) == fields:
        return reasons
    return t.plural("approval.in_fields", fields, reasons=reasons)


def _data_until(preview: Preview, t: Translator) -> str:
    day = formatting.day(t.language, preview.source.extract_day) if preview.source else value_formatting.ABSENT
    return t("approval.data_until", day=day)


def _blocking(blocking: Blocking, preview: Preview, rows: Mapping[str, RowView], t: Translator) -> BlockingView:
    if blocking.rule is None:
        text = _data_until(preview, t) if blocking.code == "provisional" else ""
        return BlockingView("", "", t(f"approval.code.{blocking.code}"), text)
    severity = "error" if blocking.code == "error" else "warning"
    shown = next(
        (
            (row, deviation)
            for row in rows.values()
            for deviation in row.deviations
            if deviation.key == (blocking.rule, blocking.field_key)
        ),
        None,
    )
    if shown is not None:
        row, deviation = shown
        return BlockingView(severity, row.key, _field_name(row, t), deviation.message)
    row = rows.get(blocking.field_key or "")
    field = _field_name(row, t) if row else t("approval.whole_report")
    key = row.key if row else next(iter(rows))
    return BlockingView(severity, key, field, t(f"deviation.{blocking.rule}.tag"), is_shown=False)


def _field_name(row: RowView, t: Translator) -> str:
    return f"{t('form.field_number', number=row.number)} {row.label}"


def _changed(
    document: ReviewDocument, rows: Mapping[str, RowView], catalogue: Catalogue, t: Translator
) -> tuple[ChangedFieldView, ...]:
    return tuple(
        ChangedFieldView(
            each.field_key,
            _field_name(rows[each.field_key], t),
            approved_text(each.approved_value, each.field_key, catalogue, t),
            rows[each.field_key].current.text,
        )
        for each in document.changed_since_approval
        if each.field_key in rows
    )


def _counts(preview: Preview, review: ReportReview, t: Translator) -> tuple[str, ...]:
    """Return what an approval covers: how many fields have values, what was answered, and what is still open."""
    populated = preview.snapshot.populated if preview.snapshot else 0
    counts = [t("approval.filled", n=populated, total=len(preview.rows))]
    answered = sum(not each.lapsed for each in review.document.acknowledgements)
    if answered:
        counts.append(t.plural("approval.answered", answered))
    if review.document.open_comment_count:
        counts.append(_open_comments(review.document.open_comment_count, t))
    return tuple(counts)


# ── Comments ──


def present_comments(comments: Sequence[CommentDocument], field_key: str | None, t: Translator) -> CommentsView:
    """Return the comments on a field; those on the whole report if it is None."""
    entries = tuple(
        CommentView(
            comment.comment_id,
            comment.author,
            comment.text,
            texts.comment_signature(comment, t),
            t("comment.resolved", signature=texts.signature(comment.resolved_by or "", comment.resolved_at, t))
            if comment.resolved_at
            else "",
        )
        for comment in comments
        if comment.field_key == field_key
    )
    open_count = sum(entry.is_open for entry in entries)
    return CommentsView(field_key or WHOLE_REPORT, entries, open_count, _open_comments(open_count, t))


def _open_comments(count: int, t: Translator) -> str:
    return t.plural("comment.open", count) if count else ""


def _commented_fields(
    comments: Sequence[CommentDocument], rows: Mapping[str, RowView], t: Translator
) -> tuple[tuple[str, str, str], ...]:
    keys = {comment.field_key for comment in comments if comment.resolved_at is None}
    return tuple((row.key, _field_name(row, t), row.comments.open_text) for row in rows.values() if row.key in keys)
