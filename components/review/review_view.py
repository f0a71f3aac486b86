"""View models of a report's review: its state, what blocks an approval, the answers to deviations, and comments."""

from dataclasses import dataclass

from preview.form.rules.base import Severity
from preview.model.reviews import DecisionState


@dataclass(frozen=True)
class AnswerView:
    """An acknowledgement: why a deviation is right as it is, and who has said so when."""

    rule: str
    field_key: str
    reason: str
    signature: str


@dataclass(frozen=True)
class OwedView:
    """What a row owes an approval by deviations of the report's own comparison, while the page shows another one.

    Attributes:
        note: What the deviations are judged against, for the row.
        text: A sentence with all of them, for the opened row.
        link: The text of the link to the report's own comparison.
        query: The query string of that page.
    """

    note: str
    text: str
    link: str
    query: str


@dataclass(frozen=True)
class CommentView:
    """A comment.

    Attributes:
        comment_id: Its id.
        author: Its author, as it is stored.
        signature: By whom it was written, when, and that it was edited.
        resolved_text: Who has resolved it and when; empty while it is open.
    """

    comment_id: str
    author: str
    text: str
    signature: str
    resolved_text: str

    @property
    def is_open(self) -> bool:
        """Whether it is not resolved."""
        return not self.resolved_text


@dataclass(frozen=True)
class CommentsView:
    """The comments on a field, or on the whole report (`name` is `-`); `open_text` is empty if none is open."""

    name: str
    entries: tuple[CommentView, ...]
    open_count: int
    open_text: str


NO_COMMENTS = CommentsView("", (), 0, "")
"""For a row that nobody can comment on."""


@dataclass(frozen=True)
class BlockingView:
    """A reason why the report cannot be approved.

    Attributes:
        severity: The severity of the deviation that it is; empty for one of the report's state.
        field_key: The row that it is in; empty for one of the report's state.
        field: Number and label of the field.
        text: A sentence.
        is_shown: Whether the row shows it: under another comparison it may not.
    """

    severity: Severity | str
    field_key: str
    field: str
    text: str
    is_shown: bool = True


@dataclass(frozen=True)
class ChangedFieldView:
    """A field whose value is not the approved one."""

    field_key: str
    field: str
    approved: str
    current: str


@dataclass(frozen=True)
class ApprovedTotal:
    """A field whose value an approval covers."""

    number: int
    label: str
    value: str
    is_part: bool


@dataclass(frozen=True)
class ReviewView:
    """The review of a report.

    Attributes:
        decision: What the report needs next.
        state: The decision in words.
        line: The sentence about it in the page's second line.
        own_comparison: The period that the report is judged against.
        etag: The version of the document that is shown, which an approval names.
        is_approved: Whether an approval is in force and its values are the present ones.
        has_approval: Whether an approval is in force, whatever its values.
        approval_text: By whom the approval in force was given, when, and its note; empty without one.
        approved_line: Who has approved it and when, as a sentence of print; empty unless it is approved.
        blocking: Why the report cannot be approved.
        changed: The fields that have changed since the approval in force.
        totals: The values that an approval covers.
        counts: What an approval covers besides them.
        comments: The comments on the whole report.
        commented_fields: Number, label and number of open comments of each field that has any, by its key.
        orphaned: The answers whose deviation is gone and was about the whole report.
        open_comments_text: The number of all open comments in words; empty if there is none.
    """

    decision: DecisionState
    state: str
    line: str
    own_comparison: str
    etag: str
    is_approved: bool
    has_approval: bool
    approval_text: str
    approved_line: str
    blocking: tuple[BlockingView, ...]
    changed: tuple[ChangedFieldView, ...]
    totals: tuple[ApprovedTotal, ...]
    counts: tuple[str, ...]
    comments: CommentsView
    commented_fields: tuple[tuple[str, str, str], ...]
    orphaned: tuple[AnswerView, ...]
    open_comments_text: str
