"""Derive the decision state of a report: what it needs next on its way to being approved (docs/api.md, Reviews). Pure.

The states exclude each other, so that every report is in exactly one. That a report is stale, is being aggregated or
has failed cuts across: `blocking_codes` says whether it can be approved now.
"""

from collections.abc import Collection, Mapping
from typing import get_args

from preview.model.reviews import BlockingCode, DecisionState, ReviewStatus

DECISION_STATES: tuple[DecisionState, ...] = get_args(DecisionState)
"""All states, in the order in which a report goes through them."""

_STATE_OF_CODE: Mapping[BlockingCode, DecisionState] = {
    "provisional": "provisional",
    "error": "has_errors",
    "warning": "warnings_waiting",
}
"""State of a report without an approval, by the first of its own contents that stands in the way."""


def blocking_codes(
    *, processing: bool, stale: bool, provisional: bool, errors: int, open_warnings: int
) -> list[BlockingCode]:
    """Return what stands in the way of an approval (rule R2), each code once, in the order of the rule.

    Args:
        processing: Whether an aggregation of the report waits or runs.
        stale: Whether the source has changed since the aggregation.
        provisional: Whether the data end before the period does (rule P3).
        errors: The number of deviations of severity error.
        open_warnings: The number of warnings without an acknowledgement that holds.
    """
    holds: dict[BlockingCode, bool] = {
        "processing": processing,
        "stale": stale,
        "provisional": provisional,
        "error": errors > 0,
        "warning": open_warnings > 0,
    }
    return [code for code, is_held in holds.items() if is_held]


def decision_state(review_status: ReviewStatus | None, blocking: Collection[BlockingCode]) -> DecisionState:
    """Return the decision state of a report.

    Args:
        review_status: The status of its review; None if the report has no completed snapshot.
        blocking: The codes of what stands in the way of an approval.
    """
    if review_status is None:
        return "not_delivered"
    if review_status != "open":
        return review_status
    reasons: list[DecisionState] = [state for code, state in _STATE_OF_CODE.items() if code in blocking]
    return reasons[0] if reasons else "ready"
