"""Resources of the totals, with exactly the fields of docs/api.md in its order (rules T1 to T3)."""

import msgspec

from preview.form.value_state import ValueState
from preview.model.resources import Value
from preview.model.reviews import ReviewStatus


class TotalValue(msgspec.Struct, frozen=True):
    """A field of the totals; `prior_period_value` is over the `matched` services, `value` over the `reporting` ones."""

    field_key: str
    value: Value
    prior_period_value: Value
    reporting: int
    matched: int


class SectionTotals(msgspec.Struct, frozen=True):
    """One section of the totals, its fields in form order."""

    section_id: str
    section_title: str
    fields: list[TotalValue]


class TotalsDocument(msgspec.Struct, frozen=True):
    """The form summed over services (rule T1); `county` is null for the whole country."""

    period_id: str
    county: str | None
    organizations: int
    reporting: int
    provisional: int
    approved: int
    sections: list[SectionTotals]


class ServiceValue(msgspec.Struct, frozen=True):
    """A field of one service (rule T3); `review_status` is null without a completed report.

    `value_state` says whether there is a value, and else why not. `rank` is 1 for the highest value; equal values have
    the same rank.
    """

    organization_id: str
    organization_name: str
    value: Value
    prior_period_value: Value
    change: Value
    rank: int | None
    review_status: ReviewStatus | None
    value_state: ValueState
