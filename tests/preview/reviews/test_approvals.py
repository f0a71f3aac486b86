"""Approvals (rules R1 to R4 and R8, docs/api.md)."""

from pathlib import Path

import msgspec
import pytest

from preview.core.errors import (
    ApprovalBlocked,
    NotFound,
    NotPermitted,
    PreconditionFailed,
    PreconditionRequired,
    ValidationError,
)
from preview.core.national_id import add_check_digits
from preview.maintenance.store_check import check_store
from preview.model.reviews import Blocking
from preview.storage import audit
from tests.contract.scenario_fixtures import third_melding_2024
from tests.preview.reviews.conftest import MISSING_WARNING, ReviewedService
from tests.support.pipeline import aggregate, deliver, open_application

RECEIVED = "antall_meldinger_mottatt"
BIRTH_NUMBER = add_check_digits("014101998") or ""
"""A synthetic one, whose month has 40 added: it belongs to nobody."""


def test_report_is_open_until_it_is_approved(reviewed: ReviewedService) -> None:
    review = reviewed.review()
    assert (review.review_status, review.snapshot_id, review.approval) == ("open", "snap-002", None)
    assert review.blocking == [Blocking("warning", "antall_arsverk", "mangler")]


def test_approval_names_the_document_that_was_seen(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    seen = reviewed.application.snapshots.get("snap-002")
    review = reviewed.approve(note="Kontrollert mot fjoråret.")
    assert review.review_status == "approved"
    assert review.approval is not None
    assert (review.approval.approved_by, review.approval.note) == ("kari", "Kontrollert mot fjoråret.")
    approval_id = review.approval.approval_id
    assert reviewed.application.reviews.approvals.document(*reviewed.key, approval_id) == (seen.body, seen.etag)


def test_repeated_approval_is_one(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    first = reviewed.approve(note="Kontrollert.", stated_name="Kari")
    assert reviewed.approve(note=" Kontrollert. ", stated_name="Kari") == first
    reviewed.application.reviews.acknowledgements.take_back(*reviewed.key, MISSING_WARNING, "kari")
    repeated = reviewed.approve(note="Kontrollert.", stated_name="Kari")
    assert (repeated.review_status, repeated.approval) == ("approved", first.approval)
    assert len(reviewed.application.reviews.approvals.list(*reviewed.key)) == 1
    assert [each["changed"] for each in reviewed.review_events()] == ["acknowledgement", "approval", "acknowledgement"]
    rows = reviewed.application.database.read(lambda connection: audit.list_for_snapshot(connection, 2))
    assert [row.action for row in rows].count("approved") == 1


def test_approval_in_other_words_or_after_a_withdrawal_is_another_one(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    approvals = reviewed.application.reviews.approvals
    reviewed.approve()
    reviewed.approve(note="Kontrollert.")
    reviewed.approve(note="Kontrollert.", stated_name="Kari")
    approvals.approve(*reviewed.key, "snap-002", reviewed.etag(), "ola", is_named=True)
    approvals.withdraw(*reviewed.key, "Godkjent ved en feil.", "ola")
    approvals.approve(*reviewed.key, "snap-002", reviewed.etag(), "ola", is_named=True)
    assert [(each.approved_by, each.stated_name, each.note) for each in approvals.list(*reviewed.key)] == [
        ("ola", None, None),
        ("ola", None, None),
        ("kari", "Kari", "Kontrollert."),
        ("kari", None, "Kontrollert."),
        ("kari", None, None),
    ]
    reviewed.aggregate()
    approvals.approve(*reviewed.key, "snap-002", reviewed.etag(), "ola", is_named=True)
    assert len(approvals.list(*reviewed.key)) == 6, "the document is another one"


def test_change_of_a_value_after_approval_is_told_with_both_values(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve()
    deliver(reviewed.application, *third_melding_2024(reviewed.service))
    reviewed.aggregate()
    review = reviewed.review()
    assert review.review_status == "changed"
    assert (RECEIVED, 2, 3) in [
        (each.field_key, each.approved_value, each.value) for each in review.changed_since_approval
    ]
    assert [(each["changed"], each["review_status"]) for each in reviewed.review_events()] == [
        ("acknowledgement", "open"),
        ("approval", "approved"),
        ("values", "changed"),
    ]
    reviewed.approve()
    assert reviewed.review().review_status == "approved"
    assert len(reviewed.application.reviews.approvals.list(*reviewed.key)) == 2


def test_aggregation_with_equal_values_keeps_the_approval(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve()
    reviewed.aggregate()
    assert reviewed.review().review_status == "approved"
    assert [each["changed"] for each in reviewed.review_events()] == ["acknowledgement", "approval"]


@pytest.mark.parametrize("etag", ['"another"', "*", ""], ids=["another version", "any version", "none"])
def test_approval_of_a_document_that_was_not_seen_is_refused(reviewed: ReviewedService, etag: str) -> None:
    reviewed.acknowledge()
    expected = PreconditionFailed if etag.startswith('"') else PreconditionRequired
    with pytest.raises(expected):
        reviewed.application.reviews.approvals.approve(*reviewed.key, "snap-002", etag or None, "kari", is_named=True)
    assert reviewed.review().approval is None


def test_stale_page_cannot_approve(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    seen = reviewed.etag()
    deliver(reviewed.application, *third_melding_2024(reviewed.service))
    reviewed.aggregate()
    with pytest.raises(PreconditionFailed):
        reviewed.approve(seen)


def test_blocked_approval_lists_its_reasons(reviewed: ReviewedService) -> None:
    reviewed.figures("2024,antall_arsverk,5", "2024,antall_arsverk_ubesatt,6")
    reviewed.aggregate()
    deliver(reviewed.application, *third_melding_2024(reviewed.service))
    with pytest.raises(ApprovalBlocked) as refused:
        reviewed.approve()
    codes = [(code, rule) for code, _, rule in refused.value.blocking]
    assert ("stale", None) in codes
    assert ("error", "delmengde") in codes


def test_processing_and_provisional_reports_cannot_be_approved(reviewed: ReviewedService) -> None:
    deliver(reviewed.application, reviewed.service.case(0, "2025-06-01", ["2025-02-01"]))
    aggregate(reviewed.application, reviewed.service.organization_id, "2025")
    rendered, _ = reviewed.application.reviews.query.get(reviewed.service.organization_id, "2025")
    codes = {each["code"] for each in msgspec.json.decode(rendered.body)["blocking"]}
    assert "provisional" in codes


def test_withdrawal_opens_the_review_and_leaves_the_approval_as_it_was(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve()
    [before] = reviewed.application.reviews.approvals.list(*reviewed.key)
    review = reviewed.application.reviews.approvals.withdraw(*reviewed.key, "Godkjent ved en feil.", "ola")
    assert (review.review_status, review.approval) == ("open", None)
    [after] = reviewed.application.reviews.approvals.list(*reviewed.key)
    assert (after.withdrawn_by, after.withdrawal_reason) == ("ola", "Godkjent ved en feil.")
    unchanged = {"withdrawn_by": None, "withdrawn_at": None, "withdrawal_reason": None}
    assert msgspec.structs.replace(after, **unchanged) == before
    with pytest.raises(NotFound):
        reviewed.application.reviews.approvals.withdraw(*reviewed.key, "En gang til.", "ola")


def test_approval_outlives_its_snapshot_but_not_its_organization(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve()
    application = reviewed.application
    application.snapshots.delete("snap-002", "test")
    with pytest.raises(NotFound):
        application.reviews.query.get(*reviewed.key)
    [approval] = application.reviews.approvals.list(*reviewed.key)
    assert application.reviews.approvals.document(*reviewed.key, approval.approval_id)[0].startswith(
        b'{"snapshot_id":"snap-002"'
    )
    aggregate(application, reviewed.service.organization_id, "2024")
    assert reviewed.review().review_status == "approved"
    application.eraser.erase(reviewed.service.organization_id, "test")
    with pytest.raises(NotFound):
        application.reviews.approvals.list(*reviewed.key)


def test_store_refuses_to_change_an_approval(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve()
    with pytest.raises(Exception, match="an approval never changes"):
        reviewed.application.database.write(lambda connection: connection.execute("UPDATE approval SET note = 'x'"))


def test_change_is_in_the_audit_trail_with_its_actor(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve(note="Godt.")
    rows = reviewed.application.database.read(lambda connection: audit.list_for_snapshot(connection, 2))
    assert [(row.action, row.rule_id, row.reason) for row in rows if row.actor == "kari"] == [
        ("acknowledged", "mangler", "Tallene er kontrollert."),
        ("approved", None, "Godt."),
    ]


def test_person_must_be_named_where_the_proxy_names_people(data_dir: Path, reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    with open_application(data_dir, started=False, actor_header="X-User") as other:
        with pytest.raises(NotPermitted):
            other.reviews.approvals.approve(*reviewed.key, "snap-002", reviewed.etag(), "api", is_named=False)
        other.reviews.approvals.approve(*reviewed.key, "snap-002", reviewed.etag(), "kari", is_named=True)


def test_text_with_a_birth_number_is_refused(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    with pytest.raises(ValidationError) as refused:
        reviewed.approve(note=f"Se {BIRTH_NUMBER}.")
    assert refused.value.field_errors[0].pointer == "/note"
    with pytest.raises(ValidationError) as refused:
        reviewed.approve(stated_name=BIRTH_NUMBER)
    assert refused.value.field_errors[0].pointer == "/stated_name"


def test_review_that_does_not_follow_from_its_data_is_found(data_dir: Path, reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve()
    report_config = reviewed.application.report_config
    assert check_store(data_dir, report_config) == []
    reviewed.application.database.write(
        lambda connection: connection.execute("UPDATE review SET review_status = 'open'").fetchall()
    )
    assert any("the review of" in fault for fault in check_store(data_dir, report_config))


def test_new_store_has_no_review(data_dir: Path) -> None:
    with open_application(data_dir, started=False) as application:
        assert application.reviews.query.page(None, None, None, 1, 20)[:2] == ([], 0)
        with pytest.raises(NotFound):
            application.reviews.query.get("org-1", "2024")
