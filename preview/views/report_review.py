"""What people have decided on a report and said about it, as its page shows it (docs/api.md, Reviews)."""

from collections.abc import Mapping

import msgspec

from preview.core.errors import NotFound
from preview.form.rules.base import Deviation
from preview.model.reviews import Acknowledgement, CommentDocument, DecisionState, ReviewDocument
from preview.reports.decision_state import decision_state
from preview.reports.reconcile import ReportConfig
from preview.reports.review_states import StoredDeviation
from preview.reviews.comments import comment_document
from preview.reviews.documents import build_review, load_report
from preview.storage.database import Connection
from preview.storage.reviews import comments

DeviationKey = tuple[str, str]
"""Rule and field, `-` for one about the whole report."""

_COMMENT_LIMIT = 500


class ReportReview(msgspec.Struct, frozen=True):
    """The review of a report with its comments, and which deviations it is about.

    Attributes:
        document: The review (rule R1).
        decision: What the report needs next.
        comments: The newest comments, oldest first.
        named_values: What each stored deviation says, by rule and field.
    """

    document: ReviewDocument
    decision: DecisionState
    comments: list[CommentDocument]
    named_values: Mapping[DeviationKey, str]

    @property
    def can_be_approved(self) -> bool:
        """Whether nothing stands in the way of an approval."""
        return not self.document.blocking

    def key_of(self, deviation: Deviation, *, is_own_comparison: bool) -> DeviationKey | None:
        """Return the key by which a deviation of the page can be acknowledged.

        Args:
            deviation: The deviation.
            is_own_comparison: Whether the page compares the report with the period that it is judged against.

        Returns:
            The key; None if the deviation is one of another comparison only.
        """
        stored = StoredDeviation.of(deviation)
        named_values = self.named_values.get(stored.key)
        # Without withheld values a message says less than the stored one, so that the key alone must do.
        is_of_report = named_values is not None and (is_own_comparison or named_values == stored.named_values)
        return stored.key if is_of_report else None

    def acknowledgement(self, key: DeviationKey | None) -> Acknowledgement | None:
        """Return the acknowledgement of a deviation, also one that has lapsed."""
        return next((each for each in self.document.acknowledgements if (each.rule, each.field_key) == key), None)

    @property
    def orphaned(self) -> list[Acknowledgement]:
        """The acknowledgements whose deviation is gone."""
        return [each for each in self.document.acknowledgements if (each.rule, each.field_key) not in self.named_values]


def read_review(
    connection: Connection, report_config: ReportConfig, organization_id: str, period_id: str
) -> ReportReview | None:
    """Return the review of a report; None if none of its aggregations has completed."""
    try:
        report = load_report(connection, organization_id, period_id)
    except NotFound:
        return None
    document = build_review(connection, report_config, report)
    rows = comments.newest(connection, organization_id, period_id, _COMMENT_LIMIT)
    return ReportReview(
        document,
        decision_state(document.review_status, {each.code for each in document.blocking}),
        [comment_document(row) for row in rows],
        {each.key: each.named_values for each in report.deviations},
    )
