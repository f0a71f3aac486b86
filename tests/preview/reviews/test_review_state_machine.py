"""Rules R2 to R5 as a state machine (hypothesis): what was decided stays true through any changes of the reports."""

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from preview.core.errors import ApprovalBlocked, Conflict, NotFound, PreconditionFailed
from preview.model.case_records import CaseFolder
from preview.model.resources import Value
from preview.model.reviews import BlockingCode, ReviewDocument
from preview.reports.decision_state import decision_state
from preview.reports.rendering import parse_rendered_values
from tests.builders.case_records import case_folder
from tests.preview.reports.test_state_machine import ORGANIZATION, PERIODS, Machine
from tests.support.erasure_helpers import all_rows, immediate_eraser

ENDED_PERIODS = ["2023", "2024"]
DECISION_TABLES = ("review", "approval", "withdrawal", "acknowledgement", "comment")


def own_values(document: bytes) -> dict[str, Value]:
    """Return the values that a document shows for its own period."""
    return {key: value for key, (value, _) in parse_rendered_values(document).items()}


def with_meldinger_of_2023(folder: CaseFolder) -> CaseFolder:
    """Return the case with each melding a second time, one year earlier."""
    if folder.content is None:
        return folder
    earlier = [
        msgspec.structs.replace(melding, mottatt=f"2023{melding.mottatt[4:]}", frist=f"2023{melding.frist[4:]}")
        for melding in folder.content.meldinger
    ]
    content = msgspec.structs.replace(folder.content, meldinger=[*folder.content.meldinger, *earlier])
    return msgspec.structs.replace(folder, content=content)


class ReviewMachine(Machine):
    """One organisation, with every operation that can change its reports, and every decision on them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, str, bytes]] = []
        self.approved: dict[tuple[str, str], tuple[bytes, str]] = {}

    # What can happen.

    @rule(sak=st.sampled_from("abc"), content=st.sampled_from([None, 1, 2, 3, 4, 5]))
    def deliver(self, sak: str, content: int | None) -> None:
        """A case changes, which has as many meldinger in 2023 as in 2024: only the report of 2023 can be approved."""
        self.step += 1
        self._import_folders([with_meldinger_of_2023(case_folder(self.step, sak, content))], crash=False)

    @rule(period=st.sampled_from(ENDED_PERIODS))
    def look_at(self, period: str) -> None:
        """Somebody opens the report: period, snapshot, ETag and document are on the screen from now on."""
        review = self._review(period)
        if review is not None:
            shown = self.application.snapshots.get(review.snapshot_id)
            self.seen.append((period, review.snapshot_id, shown.etag, shown.body))

    @precondition(lambda self: self.seen)
    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        """Somebody approves what is on a screen, which can be outdated."""
        period, snapshot_id, etag, body = data.draw(st.sampled_from(self.seen))
        approvals = self.application.reviews.approvals
        try:
            review = approvals.approve(ORGANIZATION, period, snapshot_id, etag, "test", is_named=True)
        except (ApprovalBlocked, NotFound, PreconditionFailed):
            return
        assert review.approval is not None
        approved, approved_etag = approvals.document(ORGANIZATION, period, review.approval.approval_id)
        assert (approved, approved_etag) == (body, etag)
        assert review.review_status == "approved"

    @rule(period=st.sampled_from(ENDED_PERIODS))
    def answer_and_approve(self, period: str) -> None:
        """Somebody answers all warnings of the present report and approves it, if nothing else blocks it."""
        review = self._review(period)
        for blocking in review.blocking if review else []:
            if blocking.code == "warning":
                assert blocking.rule is not None
                assert blocking.field_key is not None
                self.application.reviews.acknowledgements.acknowledge(
                    ORGANIZATION, period, (blocking.rule, blocking.field_key), "Kontrollert.", "test"
                )
        if review is None or {each.code for each in review.blocking} - {"warning"}:
            return
        etag = self.application.snapshots.get(review.snapshot_id).etag
        self.application.reviews.approvals.approve(
            ORGANIZATION, period, review.snapshot_id, etag, "test", is_named=True
        )

    @precondition(lambda self: self.interrupted_delivery is None)
    @rule(sak=st.sampled_from("abc"), content=st.integers(1, 5))
    def change_after_approval(self, sak: str, content: int) -> None:
        """The report is approved, and a delivery changes it afterwards."""
        period = "2023"
        for change in (
            lambda: self.post_and_work_off(period),
            lambda: self.answer_and_approve(period),
            lambda: self.deliver(sak, content),
            lambda: self.post_and_work_off(period),
        ):
            change()
            self.derived_state_holds()

    @rule(period=st.sampled_from(ENDED_PERIODS))
    def withdraw(self, period: str) -> None:
        try:
            review = self.application.reviews.approvals.withdraw(ORGANIZATION, period, "En feil.", "test")
        except NotFound:
            return
        assert review.review_status == "open"

    @rule(period=st.sampled_from(ENDED_PERIODS), data=st.data())
    def take_back(self, period: str, data: st.DataObject) -> None:
        """Somebody takes back an acknowledgement, which can have lapsed."""
        review = self._review(period)
        if review is not None and review.acknowledgements:
            taken = data.draw(st.sampled_from(review.acknowledgements))
            deviation = (taken.rule, taken.field_key)
            self.application.reviews.acknowledgements.take_back(ORGANIZATION, period, deviation, "test")

    @rule(period=st.sampled_from(ENDED_PERIODS))
    def comment(self, period: str) -> None:
        if self._review(period) is not None:
            self.application.reviews.comments.add(ORGANIZATION, period, None, "Hvorfor?", "test")

    @precondition(lambda self: self.documents)
    @rule()
    def forget(self) -> None:
        """The organisation is erased whole. Claimed jobs and open screens stay; the next delivery begins a new one."""
        eraser = immediate_eraser(self.application)
        if self.interrupted_delivery is not None:
            with pytest.raises(Conflict):
                eraser.erase(ORGANIZATION, "test")
            return
        eraser.erase(ORGANIZATION, "test")
        rows = self.application.database.read(all_rows)
        assert [table for table in DECISION_TABLES if rows[table]] == []
        assert self._summaries() == []
        self.approved.clear()
        self.start_without_documents()

    # What must hold.

    @invariant()
    def reviews_hold(self) -> None:
        completed = {row.period_id for row in self._summaries() if row.aggregated_at is not None}
        for period in PERIODS:
            review = self._review(period)
            assert (review is not None) == (period in completed)
            if review is not None:
                self._check_review(period, review)
            self._check_decision(period, review)
        self._check_approvals_unchanged()

    def _check_review(self, period: str, review: ReviewDocument) -> None:
        newest = max(
            row.snapshot_id for row in self._summaries() if row.period_id == period and row.aggregated_at is not None
        )
        assert review.snapshot_id == newest
        if review.approval is None:
            assert (review.review_status, review.changed_since_approval) == ("open", [])
            return
        document, _ = self.application.reviews.approvals.document(ORGANIZATION, period, review.approval.approval_id)
        approved, present = own_values(document), own_values(self.application.snapshots.get(newest).body)
        changed = [(key, approved[key], present[key]) for key in present if approved[key] != present[key]]
        assert [(each.field_key, each.approved_value, each.value) for each in review.changed_since_approval] == changed
        assert review.review_status == ("changed" if changed else "approved")

    def _check_decision(self, period: str, review: ReviewDocument | None) -> None:
        """The overview's row of the report agrees with its review."""
        rows = self.application.overviews.read(period, ORGANIZATION).entries
        if self.application.organizations.page(1, 1)[1] == 0:  # it has been erased
            assert (rows, review) == ([], None)
            return
        (row,) = rows
        blocking: list[BlockingCode] = [each.code for each in review.blocking] if review else []
        assert row.decision == decision_state(review.review_status if review else None, blocking)
        assert row.can_be_approved == (review is not None and not blocking)
        approval = review.approval if review else None
        assert (row.approved_by, row.approved_at) == (
            (approval.approved_by, approval.approved_at) if approval else (None, None)
        )
        assert row.open_comments == (review.open_comment_count if review else 0)

    def _check_approvals_unchanged(self) -> None:
        for period in ENDED_PERIODS:
            try:
                listed = self.application.reviews.approvals.list(ORGANIZATION, period)
            except NotFound:
                listed = []
            present = {
                (period, each.approval_id): self.application.reviews.approvals.document(
                    ORGANIZATION, period, each.approval_id
                )
                for each in listed
            }
            before = {key: value for key, value in self.approved.items() if key[0] == period}
            assert before.items() <= present.items()
            self.approved |= present

    def _review(self, period: str) -> ReviewDocument | None:
        found, _, _ = self.application.reviews.query.page(ORGANIZATION, period, None, 1, 1)
        return found[0] if found else None


TestReviewMachine = ReviewMachine.TestCase
TestReviewMachine.settings = settings(max_examples=5, stateful_step_count=30, deadline=None)


@pytest.mark.slow
def test_reviews_with_many_examples() -> None:
    run_state_machine_as_test(ReviewMachine, settings=settings(max_examples=300, stateful_step_count=50, deadline=None))
