"""The event log: every change of aggregated data, written in the change's own transaction (contract 6).

Every live update, SSE or dashboard, comes out of this one log. Keys of an event's data stand in the contract's order.
"""

from typing import ClassVar

import msgspec

from preview.core.clock import format_rfc3339, now
from preview.storage.database import Connection, Database
from preview.storage.events import EventRow, append, last_event_id, pruned_up_to, read_after

__all__ = [
    "AggregationCompleted",
    "AggregationFailed",
    "AggregationProgress",
    "CacheInvalidated",
    "DataUpdated",
    "EventLog",
    "EventRow",
    "Resync",
    "SnapshotCreated",
    "SnapshotDeleted",
    "SnapshotUpdated",
    "SourceReceived",
    "record",
]


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What an event tells. `snapshot_id` and `period_id` are absent from the kinds that have none."""

    durable: ClassVar[bool] = True


class DataUpdated(Event, frozen=True, kw_only=True, tag="data_updated"):
    """Values of a document changed, its own or its prior period's (contract 6a)."""

    snapshot_id: str
    organization_id: str
    period_id: str
    changed_sections: list[str]
    changed_field_keys: list[str]
    updated_at: str


class SourceReceived(Event, frozen=True, kw_only=True, tag="source_received"):
    """A delivery has been taken; one event for each organisation of it, passing every period filter."""

    delivery_id: str
    organization_id: str
    changed_cases: int
    received_at: str


class SnapshotCreated(Event, frozen=True, kw_only=True, tag="snapshot_created"):
    """A new snapshot, to be filled by the job."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    created_at: str


class AggregationCompleted(Event, frozen=True, kw_only=True, tag="aggregation_completed"):
    """A job has completed; always, and after any `data_updated` of it."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    aggregated_at: str


class AggregationFailed(Event, frozen=True, kw_only=True, tag="aggregation_failed"):
    """A job has failed; `detail` is a sentence."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    detail: str
    failed_at: str


class CacheInvalidated(Event, frozen=True, kw_only=True, tag="cache_invalidated"):
    """`cache_valid` turned false, or a person invalidated it; reason `source_changed` where no person gave one."""

    snapshot_id: str
    organization_id: str
    period_id: str
    reason: str
    invalidated_at: str


class SnapshotUpdated(Event, frozen=True, kw_only=True, tag="snapshot_updated"):
    """A document changed otherwise than in its values, by another's doing; `changed_keys` are its top-level keys."""

    snapshot_id: str
    organization_id: str
    period_id: str
    changed_keys: list[str]
    updated_at: str


class SnapshotDeleted(Event, frozen=True, kw_only=True, tag="snapshot_deleted"):
    """A snapshot is gone."""

    snapshot_id: str
    organization_id: str
    period_id: str
    deleted_at: str


class AggregationProgress(Event, frozen=True, kw_only=True, tag="aggregation_progress"):
    """Not durable: how far a running job is, 0..1."""

    durable: ClassVar[bool] = False

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    completed: float


class Resync(Event, frozen=True, kw_only=True, tag="resync"):
    """Not durable: what came before is not known, fetch afresh."""

    durable: ClassVar[bool] = False

    reason: str


def record(connection: Connection, event: Event, snapshot: int | None = None) -> int:
    """Appends to the log in the caller's transaction; returns the event's number."""
    event_fields = msgspec.structs.asdict(event)
    event_type = str(type(event).__struct_config__.tag)
    data = msgspec.json.encode(event)
    return append(
        connection, event_type, event_fields["organization_id"], event_fields.get("period_id"), snapshot, data, format_rfc3339(now())
    )


class EventLog:
    """Reads the log. Blocking: call it on a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def last_event_id(self) -> int:
        """The number of the newest event ever written, 0 for none: the place of a fresh reader."""
        return self._database.read(last_event_id)

    def read_after(self, position: int, limit: int = 500) -> list[EventRow]:
        """The next events in order, at most `limit`."""
        return self._database.read(lambda connection: read_after(connection, position, limit))

    def can_resume_from(self, position: int) -> bool:
        """Whether a reader at that place can go on from it: not pruned after it, and not beyond what was written (contract 6c)."""

        def is_retained(connection: Connection) -> bool:
            return pruned_up_to(connection) <= position <= last_event_id(connection)

        return position >= 0 and self._database.read(is_retained)
