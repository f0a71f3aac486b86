"""The review as the page of a report reads it, from a real store (rules R1, R5 and R6, docs/api.md)."""

from preview.form.rules.base import Deviation
from preview.views.preview import Preview
from preview.views.report_review import ReportReview
from tests.contract.scenario_fixtures import third_melding_2024
from tests.preview.reviews.conftest import MISSING_WARNING, ReviewedService
from tests.support.pipeline import deliver


def read(reviewed: ReviewedService, compare: str | None = None) -> tuple[Preview, ReportReview]:
    preview = reviewed.application.previews.read(*reviewed.key, compare)
    assert preview.review is not None
    return preview, preview.review


def warning_of(preview: Preview) -> Deviation:
    (row,) = (row for row in preview.rows if row.field_key == MISSING_WARNING[1])
    return next(deviation for deviation in row.deviations if deviation.rule_id == MISSING_WARNING[0])


def test_page_reads_the_review_of_its_report(reviewed: ReviewedService) -> None:
    preview, review = read(reviewed)
    assert review.document == reviewed.review()
    assert (review.decision, review.can_be_approved, review.comments) == ("warnings_waiting", False, [])
    assert review.key_of(warning_of(preview), is_own_comparison=True) == MISSING_WARNING
    reviewed.acknowledge()
    _, review = read(reviewed)
    acknowledgement = review.acknowledgement(MISSING_WARNING)
    assert acknowledgement is not None
    assert (acknowledgement.acknowledged_by, acknowledgement.lapsed) == ("kari", False)
    assert (review.decision, review.can_be_approved, review.orphaned) == ("ready", True, [])


def test_answer_is_orphaned_once_its_deviation_is_gone(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.figures("2024,antall_arsverk,12.0")
    reviewed.aggregate()
    _, review = read(reviewed)
    assert [(each.rule, each.field_key, each.lapsed) for each in review.orphaned] == [(*MISSING_WARNING, True)]


def test_deviation_of_another_comparison_has_no_key(reviewed: ReviewedService) -> None:
    preview, review = read(reviewed)
    other = Deviation("fra_null", "warning", MISSING_WARNING[1], "deviation.fra_null.message", {})
    assert review.key_of(other, is_own_comparison=False) is None
    assert review.key_of(warning_of(preview), is_own_comparison=False) == MISSING_WARNING, "it says the same"


def test_page_reads_changes_and_comments(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve(stated_name="Kari Nordmann")
    reviewed.application.reviews.comments.add(*reviewed.key, None, "Ferdig.", "kari")
    deliver(reviewed.application, *third_melding_2024(reviewed.service))
    reviewed.aggregate()
    _, review = read(reviewed)
    assert review.decision == "changed"
    assert [comment.text for comment in review.comments] == ["Ferdig."]
    assert "antall_meldinger_mottatt" in [each.field_key for each in review.document.changed_since_approval]
