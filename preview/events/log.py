"""The event log: every change of aggregated data, appended in the transaction of the change (rule 6, docs/api.md).

All live updates, of the event stream and of the dashboard, come from this log. The keys of an event's data are in the
order that docs/api.md shows.
"""

from typing import ClassVar

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.core.ids import format_snapshot_id
from preview.storage.database import Connection, Database
from preview.storage.events import EventRow, append, last_event_id, pruned_up_to, read_after
from preview.storage.jobs import JobRow
from preview.storage.snapshots import SnapshotRow

__all__ = [
    "AggregationCompleted",
    "AggregationFailed",
    "AggregationProgress",
    "CacheInvalidated",
    "DataUpdated",
    "EventLog",
    "EventRow",
    "Resync",
    "ReviewUpdated",
    "SnapshotCreated",
    "SnapshotDeleted",
    "SnapshotUpdated",
    "SourceReceived",
    "record",
    "snapshot_key",
]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """Base of all events. Types that concern no single snapshot have no `snapshot_id` and `period_id`."""

    durable: ClassVar[bool] = True
    """Whether the event is stored in the log and has an id."""


class DataUpdated(Event, frozen=True, kw_only=True, tag="data_updated"):
    """Values of a document changed: its own, or its prior period's (rule 6a)."""

    snapshot_id: str
    organization_id: str
    period_id: str
    changed_sections: list[str]
    changed_field_keys: list[str]
    updated_at: str


class SourceReceived(Event, frozen=True, kw_only=True, tag="source_received"):
    """A delivery was imported; one event per organisation in it. Passes every period filter."""

    delivery_id: str
    organization_id: str
    changed_cases: int
    received_at: str


class SnapshotCreated(Event, frozen=True, kw_only=True, tag="snapshot_created"):
    """A snapshot was created; `job_id` is the job that fills it."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    created_at: str


class AggregationCompleted(Event, frozen=True, kw_only=True, tag="aggregation_completed"):
    """A job completed. Follows the `data_updated` of the same job."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    aggregated_at: str


class AggregationFailed(Event, frozen=True, kw_only=True, tag="aggregation_failed"):
    """A job failed; `detail` is a sentence."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    detail: str
    failed_at: str


class CacheInvalidated(Event, frozen=True, kw_only=True, tag="cache_invalidated"):
    """`cache_valid` became false, or a PUT invalidated the snapshot.

    `reason` is the reason of the PUT, or `source_changed`.
    """

    snapshot_id: str
    organization_id: str
    period_id: str
    reason: str
    invalidated_at: str


class SnapshotUpdated(Event, frozen=True, kw_only=True, tag="snapshot_updated"):
    """A document changed in something other than its values, as a side effect.

    `changed_keys` are the top-level keys of the document that changed.
    """

    snapshot_id: str
    organization_id: str
    period_id: str
    changed_keys: list[str]
    updated_at: str


class SnapshotDeleted(Event, frozen=True, kw_only=True, tag="snapshot_deleted"):
    """A snapshot was deleted."""

    snapshot_id: str
    organization_id: str
    period_id: str
    deleted_at: str


class ReviewUpdated(Event, frozen=True, kw_only=True, tag="review_updated"):
    """The review of a report changed (rule R8).

    `changed` is `approval`, `acknowledgement` or `comment`, or `values` where a value changed what was decided.
    """

    organization_id: str
    period_id: str
    review_status: str
    changed: str
    actor: str
    updated_at: str


class AggregationProgress(Event, frozen=True, kw_only=True, tag="aggregation_progress"):
    """Progress of a running job, 0..1. Not stored in the log."""

    durable: ClassVar[bool] = False

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    completed: float


class Resync(Event, frozen=True, kw_only=True, tag="resync"):
    """Earlier events are unknown: clients have to fetch everything again. Not stored in the log."""

    durable: ClassVar[bool] = False

    reason: str


def record(connection: Connection, event: Event, snapshot: int | None = None) -> int:
    """Append an event to the log in the caller's transaction.

    Args:
        connection: The write transaction of the change.
        event: A durable event.
        snapshot: Number of the snapshot that it concerns, if any.

    Returns:
        Id of the event: its position in the log.
    """
    event_fields = msgspec.structs.asdict(event)
    event_type = str(type(event).__struct_config__.tag)
    data = msgspec.json.encode(event)
    return append(
        connection,
        event_type,
        event_fields["organization_id"],
        event_fields.get("period_id"),
        snapshot,
        data,
        format_rfc3339(now()),
    )


def snapshot_key(row: SnapshotRow | JobRow) -> dict[str, str]:
    """Return the keys that identify a snapshot in events and answers, from its own row or from one of its jobs."""
    return {
        "snapshot_id": format_snapshot_id(row.snapshot),
        "organization_id": row.organization_id,
        "period_id": row.period_id,
    }


class EventLog:
    """Read access to the log. All methods block: call them on a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_event_id(self) -> int:
        """Return the highest event id ever assigned, 0 if none: the position from which a new reader starts."""
        return self._database.read(last_event_id)

    def read_after(self, position: int, limit: int = 500) -> list[EventRow]:
        """Return the events after a position, in order, at most `limit`."""
        return self._database.read(lambda connection: read_after(connection, position, limit))

    def can_resume_from(self, position: int) -> bool:
        """Return whether a reader can continue from a position (rule 6c).

        It cannot if retention has removed later events, or if no event has such a high id yet.
        """

        def is_retained(connection: Connection) -> bool:
            return pruned_up_to(connection) <= position <= last_event_id(connection)

        return position >= 0 and self._database.read(is_retained)
