"""Resources of the reviews, with exactly the fields of docs/api.md in its order (rules R1 to R8)."""

from typing import Literal

import msgspec

from preview.model.resources import Value

ReviewStatus = Literal["open", "approved", "changed"]
BlockingCode = Literal["never_completed", "processing", "stale", "provisional", "error", "warning"]
DecisionState = Literal[
    "not_delivered", "provisional", "has_errors", "warnings_waiting", "ready", "approved", "changed"
]
"""What a report needs next on its way to being approved:

- `not_delivered`: values, because no aggregation of it has completed
- `provisional`: the rest of its data, which end before the period does
- `has_errors`: a mended source, because of a deviation of severity error
- `warnings_waiting`: answers to warnings
- `ready`: an approval
- `approved`: nothing; its values are the approved ones
- `changed`: a look at the values that are not the approved ones
"""

WHOLE_REPORT = "-"
"""Stands for the field of a deviation that is about the whole report."""

MAX_COMMENT_LENGTH = 2000
MAX_NAME_LENGTH = 100


class ApprovalInForce(msgspec.Struct, frozen=True):
    """The approval of a report that is in force. `stated_name` is what a person without an account has typed."""

    approval_id: str
    approved_by: str
    stated_name: str | None
    approved_at: str
    note: str | None
    snapshot_id: str


class ChangedField(msgspec.Struct, frozen=True):
    """A field whose value is not the approved one."""

    field_key: str
    approved_value: Value
    value: Value


class Blocking(msgspec.Struct, frozen=True):
    """Why a report cannot be approved; field and rule are null unless it is a deviation."""

    code: BlockingCode
    field_key: str | None
    rule: str | None


class Acknowledgement(msgspec.Struct, frozen=True):
    """A deviation that a person has found right as it is; `lapsed` if it says something else now, or is gone."""

    rule: str
    field_key: str
    reason: str
    acknowledged_by: str
    acknowledged_at: str
    lapsed: bool


class ReviewDocument(msgspec.Struct, frozen=True):
    """The review of a report (rule R1)."""

    organization_id: str
    period_id: str
    snapshot_id: str
    review_status: ReviewStatus
    approval: ApprovalInForce | None
    changed_since_approval: list[ChangedField]
    blocking: list[Blocking]
    acknowledgements: list[Acknowledgement]
    comment_count: int
    open_comment_count: int


class ApprovalDocument(msgspec.Struct, frozen=True):
    """An approval in the list of all (rule R3); the last three are null unless it was withdrawn."""

    approval_id: str
    approved_by: str
    stated_name: str | None
    approved_at: str
    note: str | None
    snapshot_id: str
    withdrawn_by: str | None
    withdrawn_at: str | None
    withdrawal_reason: str | None


class CommentDocument(msgspec.Struct, frozen=True):
    """A comment on a report, or on one of its fields (rule R6)."""

    comment_id: str
    field_key: str | None
    text: str
    author: str
    created_at: str
    edited_at: str | None
    resolved: bool
    resolved_by: str | None
    resolved_at: str | None


class ReportingPeriodDocument(msgspec.Struct, frozen=True):
    """The reporting period and how far it is (rule P2)."""

    period_id: str
    first_day: str
    last_day: str
    deadline: str | None
    expected_organizations: int
    delivered_organizations: int
    approved_organizations: int
