"""Decides on reports of the demo, so that it shows every state of a review (rules R2 to R6, docs/api.md).

Persons are invented. They use the services that the API uses, and look up in the review what blocks an approval.
"""

import logging
from datetime import date
from typing import NamedTuple

from preview.core.errors import Conflict, NotFound, PreconditionFailed
from preview.demo.case_updates import CORRECTED_SERVICE
from preview.model.reviews import ReviewDocument
from preview.reports.snapshots import Snapshots
from preview.reviews.services import ReviewServices

log = logging.getLogger(__name__)

INGRID, JONAS = "Ingrid Demo", "Jonas Demo"


class DemoComment(NamedTuple):
    """A comment on a field, or on the whole report."""

    text: str
    field_key: str | None = None
    is_resolved: bool = False


class ReportDecisions(NamedTuple):
    """What is decided on a report.

    Attributes:
        organization_id: The service.
        reason: Why the warnings are right, if they are answered.
        answers: How many warnings are answered; None for all.
        comments: The comments.
        is_approved: Whether it is approved.
        withdrawal: Why that approval is withdrawn, if it is.
        years_ago: 1 for the report of the last ended year.
    """

    organization_id: str
    reason: str | None = None
    answers: int | None = None
    comments: tuple[DemoComment, ...] = ()
    is_approved: bool = False
    withdrawal: str | None = None
    years_ago: int = 1


_CHECKED = "Kontrollert mot tjenestens egen oversikt. Tallet stemmer."

DECISIONS = (
    ReportDecisions(
        "org-5025",
        "Tjenesten bekrefter at det ikke kom noen meldinger.",
        comments=(DemoComment("Stemmer det at året er uten meldinger?", "antall_meldinger_mottatt", is_resolved=True),),
        is_approved=True,
        withdrawal="Tjenesten vil likevel gå gjennom registreringen en gang til.",
    ),
    ReportDecisions("org-5601", "Første hele år med leveranser. Økningen er ventet.", is_approved=True),
    ReportDecisions("org-3405", _CHECKED, is_approved=True, years_ago=2),
    ReportDecisions(
        "org-3405",
        _CHECKED,
        comments=(DemoComment("Full leveranse er kontrollert mot fagsystemet.", is_resolved=True),),
        is_approved=True,
    ),
    ReportDecisions(
        "org-1804",
        comments=(DemoComment("Noen undersøkelser har en kode som ikke finnes. Leverandøren er varslet."),),
    ),
    ReportDecisions(
        "org-5001-02",
        comments=(
            DemoComment("Tallet kan ikke være negativt. Tjenesten retter bemanningen.", "antall_arsverk_ubesatt"),
        ),
    ),
    ReportDecisions("org-5501", comments=(DemoComment("Nytt fagsystem. En full leveranse er bestilt."),)),
    ReportDecisions(
        "org-0301-02",
        "Bekreftet av tjenesten: flere saker og færre ansatte enn året før.",
        answers=1,
        comments=(
            DemoComment("Er økningen reell?", "antall_meldinger_over_frist", is_resolved=True),
            DemoComment("Tjenesten går gjennom restansene og svarer innen fristen.", "antall_undersokelser_over_frist"),
        ),
    ),
    ReportDecisions("org-1103", _CHECKED, is_approved=True, years_ago=2),
    ReportDecisions("org-1103", _CHECKED, is_approved=True),
)


def decisions_of(organization_id: str) -> tuple[ReportDecisions, ...]:
    """Return what is decided on the reports of a service."""
    return tuple(decisions for decisions in DECISIONS if decisions.organization_id == organization_id)


def stays_approved(organization_id: str) -> bool:
    """Return whether the report of the last ended year is approved and nothing changes it afterwards."""
    return organization_id != CORRECTED_SERVICE and any(
        decisions.is_approved and decisions.withdrawal is None and decisions.years_ago == 1
        for decisions in decisions_of(organization_id)
    )


class DemoReviewer:
    """Decides on the reports of the demo data of one day.

    Args:
        reviews: The services of reviews.
        snapshots: The documents.
        today: The day.
    """

    def __init__(self, reviews: ReviewServices, snapshots: Snapshots, today: date) -> None:
        self._reviews = reviews
        self._snapshots = snapshots
        self._today = today

    def decide(self, decisions: ReportDecisions) -> bool:
        """Decide on a report what has not been decided yet.

        Returns:
            False if the report is being processed: try again.
        """
        report = decisions.organization_id, str(self._today.year - decisions.years_ago)
        found, _, _ = self._reviews.query.page(*report, None, 1, 1)
        if not found:
            return True  # somebody has deleted the report
        if any(blocking.code in ("processing", "stale") for blocking in found[0].blocking):
            return False
        try:
            self._answer_warnings(report, decisions, found[0])
            self._comment(report, decisions)
            if decisions.is_approved and not self._reviews.approvals.list(*report):
                self._approve(report, decisions, found[0])
        except (Conflict, NotFound, PreconditionFailed) as error:
            log.info("somebody else has changed a report of the demo before it was decided on: %s", error.detail)
        return True

    def _answer_warnings(self, report: tuple[str, str], decisions: ReportDecisions, review: ReviewDocument) -> None:
        if decisions.reason is None:
            return
        warnings = [
            (blocking.rule, blocking.field_key)
            for blocking in review.blocking
            if blocking.code == "warning" and blocking.rule and blocking.field_key
        ]
        count = len(warnings) if decisions.answers is None else decisions.answers - len(review.acknowledgements)
        for deviation in warnings[: max(count, 0)]:
            self._reviews.acknowledgements.acknowledge(*report, deviation, decisions.reason, JONAS)

    def _comment(self, report: tuple[str, str], decisions: ReportDecisions) -> None:
        if not decisions.comments:
            return
        existing = {comment.text for comment in self._reviews.comments.page(*report, 1, 100)[0]}
        for comment in decisions.comments:
            if comment.text not in existing:
                added = self._reviews.comments.add(*report, comment.field_key, comment.text, JONAS)
                if comment.is_resolved:
                    self._reviews.comments.edit(*report, added.comment_id, INGRID, resolved=True)

    def _approve(self, report: tuple[str, str], decisions: ReportDecisions, review: ReviewDocument) -> None:
        etag = self._snapshots.get(review.snapshot_id).etag
        self._reviews.approvals.approve(*report, review.snapshot_id, etag, INGRID, is_named=True)
        if decisions.withdrawal is not None:
            self._reviews.approvals.withdraw(*report, decisions.withdrawal, INGRID)
