"""Resources of activity and changes, with exactly the fields of docs/api.md in its order (rules A1 and A3)."""

from typing import Literal, get_args

import msgspec

from preview.model.resources import Value

ActivityKind = Literal[
    "delivered",
    "requested",
    "aggregated",
    "failed",
    "invalidated",
    "deleted",
    "approved",
    "approval_withdrawn",
    "review_changed",
    "acknowledged",
    "acknowledgement_deleted",
    "commented",
    "comment_edited",
    "comment_resolved",
    "comment_reopened",
    "comment_edited_resolved",
    "comment_edited_reopened",
    "comment_deleted",
]
"""What happened. It is the action of the audit trail:

- `delivered`: a delivery of the organisation was imported
- `requested`: a person, or a delivery to an open period, asked for a first aggregation of a snapshot
- `aggregated`: an aggregation completed; `changes` are the values that differ from before
- `failed`: an aggregation failed; `reason` says why
- `invalidated`: a person asked for a new aggregation of a snapshot
- `deleted`: a snapshot was deleted; `changes` are the values that the report shows instead
- `review_changed`: an aggregation changed values that had been approved or acknowledged
"""

ACTIVITY_KINDS: tuple[ActivityKind, ...] = get_args(ActivityKind)


class ValueChange(msgspec.Struct, frozen=True):
    """A value that an activity changed. A value that is withheld (domain 8) is null."""

    field_key: str
    before: Value
    after: Value


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. `delivery_ids` is null where the deliveries behind it are not known (rule A2)."""

    event_id: int
    at: str
    kind: ActivityKind
    organization_id: str
    period_id: str | None
    snapshot_id: str | None
    job_id: str | None
    delivery_ids: list[str] | None
    actor: str
    reason: str | None
    changes: list[ValueChange]


class ActivityPage(msgspec.Struct, frozen=True):
    """Activity, newest first; `next_before` is the `before` of the next page, null if there is none."""

    data: list[Activity]
    next_before: int | None


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """A field whose value then and now differ.

    The last three name the newest change of it. They are null where that is not known; `job_id` is null, too, where a
    deletion has changed it.
    """

    field_key: str
    before: Value
    after: Value
    changed_at: str | None
    job_id: str | None
    delivery_ids: list[str] | None


class FieldChangeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A `FieldChange` as a row of CSV; `delivery_ids` are separated by spaces."""

    organization_id: str
    period_id: str
    field_key: str
    before: Value
    after: Value
    changed_at: str | None
    job_id: str | None
    delivery_ids: str | None


class ReportChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What has changed in a report since then; `since_event_id` is null where that event is no longer known."""

    organization_id: str
    period_id: str
    snapshot_id: str
    since_event_id: int | None
    fields: list[FieldChange]
