"""The decision state of a report: which one its review and what blocks it lead to, and which goes before which."""

from typing import Any, get_args

import pytest

from preview.model.reviews import BlockingCode, DecisionState, ReviewStatus
from preview.reports.decision_state import DECISION_STATES, blocking_codes, decision_state

NOTHING_BLOCKS: dict[str, Any] = {
    "processing": False,
    "stale": False,
    "provisional": False,
    "errors": 0,
    "open_warnings": 0,
}
CUTTING_ACROSS: list[BlockingCode] = ["processing", "stale"]


@pytest.mark.parametrize(
    ("review_status", "blocking", "state"),
    [
        (None, [], "not_delivered"),
        ("open", [], "ready"),
        ("open", ["warning"], "warnings_waiting"),
        ("open", ["error", "warning"], "has_errors"),
        ("open", ["provisional", "error", "warning"], "provisional"),
        # What one has decided goes before what the report is like; a stale or running report has the same state.
        ("approved", ["provisional", "error", "warning"], "approved"),
        ("changed", ["error"], "changed"),
    ],
)
def test_first_reason_decides(
    review_status: ReviewStatus | None, blocking: list[BlockingCode], state: DecisionState
) -> None:
    assert decision_state(review_status, blocking) == state
    assert decision_state(review_status, [*CUTTING_ACROSS, *blocking]) == state


@pytest.mark.parametrize(
    ("reason", "codes"),
    [
        ({}, []),
        ({"processing": True, "stale": True}, ["processing", "stale"]),
        ({"provisional": True, "open_warnings": 2}, ["provisional", "warning"]),
        ({"errors": 3}, ["error"]),
    ],
)
def test_each_reason_has_its_code_once(reason: dict[str, Any], codes: list[BlockingCode]) -> None:
    assert blocking_codes(**{**NOTHING_BLOCKS, **reason}) == codes


def test_every_state_and_code_is_known() -> None:
    assert set(DECISION_STATES) >= set(get_args(ReviewStatus)) - {"open"}
    everything = blocking_codes(processing=True, stale=True, provisional=True, errors=1, open_warnings=1)
    # A report without a completed aggregation has no review, and so no list of what blocks it.
    assert set(everything) == set(get_args(BlockingCode)) - {"never_completed"}
