"""Comments (rule R6, docs/api.md)."""

from pathlib import Path

import pytest

from preview.core.errors import NotFound, NotPermitted, ValidationError
from preview.model.reviews import CommentDocument
from tests.preview.reviews.conftest import ReviewedService
from tests.support.pipeline import open_application


def add(reviewed: ReviewedService, text: str, field_key: str | None = None) -> CommentDocument:
    return reviewed.application.reviews.comments.add(*reviewed.key, field_key, text, "kari")


def test_comments_are_counted_and_listed_in_order(reviewed: ReviewedService) -> None:
    comments = [add(reviewed, f"Merknad {number}", "antall_arsverk") for number in range(3)]
    rows, total = reviewed.application.reviews.comments.page(*reviewed.key, 2, 2)
    assert (rows, total) == ([comments[2]], 3)
    review = reviewed.review()
    assert (review.comment_count, review.open_comment_count) == (3, 3)


def test_comment_is_edited_resolved_and_opened_again(reviewed: ReviewedService) -> None:
    comment_id = add(reviewed, "Hvorfor?").comment_id
    edit = reviewed.application.reviews.comments.edit
    edited = edit(*reviewed.key, comment_id, "kari", text="Hvorfor ikke?", resolved=True)
    assert (edited.text, edited.resolved, edited.resolved_by) == ("Hvorfor ikke?", True, "kari")
    assert reviewed.review().open_comment_count == 0
    assert not edit(*reviewed.key, comment_id, "ola", resolved=False).resolved
    assert edit(*reviewed.key, comment_id, "ola").text == "Hvorfor ikke?"


def test_each_change_of_a_comment_has_one_event(reviewed: ReviewedService) -> None:
    comment_id = add(reviewed, "Hvorfor?").comment_id
    reviewed.application.reviews.comments.edit(*reviewed.key, comment_id, "ola", text="Hva?", resolved=True)
    reviewed.application.reviews.comments.edit(*reviewed.key, comment_id, "ola", text="Hva?", resolved=True)
    reviewed.application.reviews.comments.delete(*reviewed.key, comment_id, "ola")
    events = [(each["changed"], each["actor"], each["review_status"]) for each in reviewed.review_events()]
    assert events == [("comment", actor, "open") for actor in ("kari", "ola", "ola")]


def test_only_its_author_changes_or_deletes_a_comment_where_people_are_named(
    data_dir: Path, reviewed: ReviewedService
) -> None:
    comment_id = add(reviewed, "Hvorfor?").comment_id
    with open_application(data_dir, started=False, actor_header="X-User") as other:
        with pytest.raises(NotPermitted):
            other.reviews.comments.edit(*reviewed.key, comment_id, "ola", text="Annet")
        with pytest.raises(NotPermitted):
            other.reviews.comments.delete(*reviewed.key, comment_id, "ola")
        assert other.reviews.comments.edit(*reviewed.key, comment_id, "ola", resolved=True).resolved_by == "ola"
        other.reviews.comments.delete(*reviewed.key, comment_id, "kari")
    assert reviewed.review().comment_count == 0


def test_unknown_comments_fields_and_reports_are_refused(reviewed: ReviewedService) -> None:
    with pytest.raises(ValidationError):
        add(reviewed, "Hvorfor?", "ukjent")
    with pytest.raises(NotFound):
        reviewed.application.reviews.comments.delete(*reviewed.key, "com-999", "kari")
    with pytest.raises(NotFound):
        reviewed.application.reviews.comments.add("org-t9", "2024", None, "Hvorfor?", "kari")
    with pytest.raises(NotFound):
        reviewed.application.reviews.comments.page(reviewed.key[0], "1999", 1, 20)
