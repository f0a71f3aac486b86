"""Deviations of a snapshot against a period, and which of them are acknowledged (rule A4, docs/api.md)."""

import pytest

from preview.core.errors import NotFound, ValidationError
from tests.preview.reviews.conftest import ReviewedService
from tests.support.pipeline import aggregate

STAFF = "antall_arsverk"


def judged(reviewed: ReviewedService, snapshot_id: str, compare: str | None = None) -> list[tuple[str, str, bool]]:
    """Return rule, field and acknowledgement of each deviation."""
    found = reviewed.application.reviews.deviations.judge(snapshot_id, compare).deviations
    return [(each.deviation.rule_id, each.field_key, each.is_acknowledged) for each in found]


def test_acknowledgement_holds_only_for_what_was_acknowledged(reviewed: ReviewedService) -> None:
    """The staff of 2024 is missing; it was 12.5 in 2023, and 11 in 2022."""
    reviewed.figures(f"2022,{STAFF},11")
    requested = aggregate(reviewed.application, reviewed.service.organization_id, "2022")
    assert judged(reviewed, reviewed.snapshot_id) == [("mangler", STAFF, False)]
    reviewed.acknowledge()
    assert judged(reviewed, reviewed.snapshot_id) == [("mangler", STAFF, True)]
    assert judged(reviewed, reviewed.snapshot_id, "2023") == [("mangler", STAFF, True)]
    assert judged(reviewed, reviewed.snapshot_id, "2022") == [("mangler", STAFF, False)]
    (deviation,) = reviewed.application.reviews.deviations.judge(reviewed.snapshot_id, "2022").deviations
    assert deviation.deviation.params == {"prior": 11.0, "prior_period": "2022"}
    # The source began after 2022, and had no meldinger then: the first is about the whole report.
    assert set(judged(reviewed, requested.snapshot_id)) == {
        ("ufullstendig", "-", False),
        ("ingen_aktivitet", "antall_meldinger_mottatt", False),
    }


@pytest.mark.parametrize("compare", ["2024", "2024-H1", "24", "same-day"])
def test_only_another_period_of_the_same_length_is_accepted(reviewed: ReviewedService, compare: str) -> None:
    with pytest.raises(ValidationError) as error:
        judged(reviewed, reviewed.snapshot_id, compare)
    assert [each.pointer for each in error.value.field_errors] == ["/compare"]


@pytest.mark.parametrize("snapshot_id", ["snap-999", "snap-01", "2024"])
def test_unknown_snapshot_is_not_found(reviewed: ReviewedService, snapshot_id: str) -> None:
    with pytest.raises(NotFound):
        judged(reviewed, snapshot_id)


def test_period_without_a_report_gives_nothing_to_compare(reviewed: ReviewedService) -> None:
    assert judged(reviewed, reviewed.snapshot_id, "2019") == []
