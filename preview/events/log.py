"""The event log: every change of aggregated data, written in the change's own transaction (contract 6).

Every live update, SSE or dashboard, comes out of this one log. Keys of an event's data stand in the contract's order.
"""

from typing import ClassVar

import msgspec

from preview.core.clock import now, timestamp
from preview.storage.database import Connection, Database
from preview.storage.events import EventRow, append, newest, pruned, since

__all__ = [
    "AggregationCompleted",
    "AggregationFailed",
    "AggregationProgress",
    "CacheInvalidated",
    "DataUpdated",
    "EventRow",
    "Events",
    "Resync",
    "SnapshotCreated",
    "SnapshotDeleted",
    "SnapshotUpdated",
    "SourceReceived",
    "record",
]


class Happening(msgspec.Struct, frozen=True, kw_only=True, tag_field="event"):
    """What an event tells. `snapshot_id` and `period_id` are absent from the kinds that have none."""

    durable: ClassVar[bool] = True


class DataUpdated(Happening, frozen=True, kw_only=True, tag="data_updated"):
    """Values of a document changed, its own or its prior period's (contract 6a)."""

    snapshot_id: str
    organization_id: str
    period_id: str
    changed_sections: list[str]
    changed_field_keys: list[str]
    updated_at: str


class SourceReceived(Happening, frozen=True, kw_only=True, tag="source_received"):
    """A delivery has been taken; one event for each organisation of it, passing every period filter."""

    delivery_id: str
    organization_id: str
    changed_cases: int
    received_at: str


class SnapshotCreated(Happening, frozen=True, kw_only=True, tag="snapshot_created"):
    """A new snapshot, to be filled by the job."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    created_at: str


class AggregationCompleted(Happening, frozen=True, kw_only=True, tag="aggregation_completed"):
    """A job has completed; always, and after any `data_updated` of it."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    aggregated_at: str


class AggregationFailed(Happening, frozen=True, kw_only=True, tag="aggregation_failed"):
    """A job has failed; `detail` is a sentence."""

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    detail: str
    failed_at: str


class CacheInvalidated(Happening, frozen=True, kw_only=True, tag="cache_invalidated"):
    """`cache_valid` turned false, or a person invalidated it; reason `source_changed` where no person gave one."""

    snapshot_id: str
    organization_id: str
    period_id: str
    reason: str
    invalidated_at: str


class SnapshotUpdated(Happening, frozen=True, kw_only=True, tag="snapshot_updated"):
    """A document changed otherwise than in its values, by another's doing; `changed_keys` are its top-level keys."""

    snapshot_id: str
    organization_id: str
    period_id: str
    changed_keys: list[str]
    updated_at: str


class SnapshotDeleted(Happening, frozen=True, kw_only=True, tag="snapshot_deleted"):
    """A snapshot is gone."""

    snapshot_id: str
    organization_id: str
    period_id: str
    deleted_at: str


class AggregationProgress(Happening, frozen=True, kw_only=True, tag="aggregation_progress"):
    """Not durable: how far a running job is, 0..1."""

    durable: ClassVar[bool] = False

    snapshot_id: str
    organization_id: str
    period_id: str
    job_id: str
    completed: float


class Resync(Happening, frozen=True, kw_only=True, tag="resync"):
    """Not durable: what came before is not known, fetch afresh."""

    durable: ClassVar[bool] = False

    reason: str


def record(connection: Connection, happening: Happening, snapshot: int | None = None) -> int:
    """Appends to the log in the caller's transaction; returns the event's number."""
    fields = msgspec.structs.asdict(happening)
    kind = str(type(happening).__struct_config__.tag)
    data = msgspec.json.encode(happening)
    return append(connection, kind, fields["organization_id"], fields.get("period_id"), snapshot, data, timestamp(now()))


class Events:
    """Reads the log. Blocking: call it on a thread."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> int:
        """The number of the newest event ever written, 0 for none: the place of a fresh reader."""
        return self._database.read(newest)

    def after(self, event: int, limit: int = 500) -> list[EventRow]:
        """The next events in order, at most `limit`."""
        return self._database.read(lambda connection: since(connection, event, limit))

    def is_known(self, event: int) -> bool:
        """Whether a reader at that place can go on from it: not pruned after it, and not beyond what was written (contract 6c)."""

        def look(connection: Connection) -> bool:
            return pruned(connection) <= event <= newest(connection)

        return event >= 0 and self._database.read(look)
