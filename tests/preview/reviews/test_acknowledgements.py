"""Acknowledgements (rule R5, docs/api.md)."""

import pytest

from preview.core.errors import Conflict, NotFound, PreconditionFailed
from preview.model.reviews import Blocking
from tests.preview.reviews.conftest import MISSING_WARNING, ReviewedService
from tests.support.pipeline import deliver


def test_acknowledged_warning_blocks_no_approval(reviewed: ReviewedService) -> None:
    review = reviewed.acknowledge()
    assert review.blocking == []
    [acknowledgement] = review.acknowledgements
    assert (acknowledgement.rule, acknowledgement.field_key) == MISSING_WARNING
    assert (acknowledgement.acknowledged_by, acknowledgement.lapsed) == ("kari", False)


def test_repeated_acknowledgement_is_one(reviewed: ReviewedService) -> None:
    first = reviewed.acknowledge()
    assert reviewed.acknowledge() == first
    assert [each["changed"] for each in reviewed.review_events()] == ["acknowledgement"]
    acknowledge = reviewed.application.reviews.acknowledgements.acknowledge
    acknowledge(*reviewed.key, MISSING_WARNING, "Tallene er kontrollert.", "ola")
    review = acknowledge(*reviewed.key, MISSING_WARNING, "Reell endring.", "ola")
    assert [(each.acknowledged_by, each.reason) for each in review.acknowledgements] == [("ola", "Reell endring.")]
    assert len(reviewed.review_events()) == 3
    reviewed.figures("2023,antall_arsverk,13.5")
    reviewed.aggregate("2023")
    assert [each.lapsed for each in reviewed.review().acknowledgements] == [True]
    review = acknowledge(*reviewed.key, MISSING_WARNING, "Reell endring.", "ola")
    assert [each.lapsed for each in review.acknowledgements] == [False], "the deviation says something else now"


def test_acknowledgement_lapses_when_what_the_deviation_names_changes(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.figures("2023,antall_arsverk,13.5")
    reviewed.aggregate("2023")
    review = reviewed.review()
    assert [each.lapsed for each in review.acknowledgements] == [True]
    assert review.blocking == [Blocking("warning", "antall_arsverk", "mangler")]
    assert [each["changed"] for each in reviewed.review_events()] == ["acknowledgement", "values"]
    reviewed.figures("2023,antall_arsverk,12.5")
    reviewed.aggregate("2023")
    assert [each.lapsed for each in reviewed.review().acknowledgements] == [False]


def test_acknowledgement_lapses_with_its_deviation(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.figures("2024,antall_arsverk,12.5")
    reviewed.aggregate()
    review = reviewed.review()
    assert ([each.lapsed for each in review.acknowledgements], review.blocking) == ([True], [])


def test_acknowledgement_can_be_taken_back(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    review = reviewed.application.reviews.acknowledgements.take_back(*reviewed.key, MISSING_WARNING, "ola")
    assert review.acknowledgements == []
    assert review.blocking == [Blocking("warning", "antall_arsverk", "mangler")]
    with pytest.raises(NotFound):
        reviewed.application.reviews.acknowledgements.take_back(*reviewed.key, MISSING_WARNING, "ola")


def test_taking_back_leaves_the_approval_in_force(reviewed: ReviewedService) -> None:
    reviewed.acknowledge()
    reviewed.approve()
    review = reviewed.application.reviews.acknowledgements.take_back(*reviewed.key, MISSING_WARNING, "ola")
    assert review.review_status == "approved"


def test_deviation_of_the_whole_report_has_no_field(reviewed: ReviewedService) -> None:
    other_system = reviewed.service.case(2, "2025-01-02", ["2024-08-01"], case_system="Annet")
    deliver(reviewed.application, other_system)
    reviewed.aggregate()
    assert Blocking("warning", "-", "kilde_endret") in reviewed.review().blocking
    review = reviewed.acknowledge(("kilde_endret", "-"))
    assert Blocking("warning", "-", "kilde_endret") not in review.blocking


def test_errors_and_unknown_deviations_cannot_be_acknowledged(reviewed: ReviewedService) -> None:
    reviewed.figures("2024,antall_arsverk,5", "2024,antall_arsverk_ubesatt,6")
    reviewed.aggregate()
    with pytest.raises(Conflict):
        reviewed.acknowledge(("delmengde", "antall_arsverk_ubesatt"))
    for unknown in (("mangler", "antall_meldinger_mottatt"), ("ukjent", "-")):
        with pytest.raises(NotFound):
            reviewed.acknowledge(unknown)


def test_change_of_another_version_of_the_review_is_refused(reviewed: ReviewedService) -> None:
    rendered, _ = reviewed.application.reviews.query.get(*reviewed.key)
    reviewed.acknowledge()
    take_back = reviewed.application.reviews.acknowledgements.take_back
    with pytest.raises(PreconditionFailed):
        take_back(*reviewed.key, MISSING_WARNING, "ola", rendered.etag)
    present, _ = reviewed.application.reviews.query.get(*reviewed.key)
    take_back(*reviewed.key, MISSING_WARNING, "ola", present.etag)
