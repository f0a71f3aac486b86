"""Rows of the event log."""

from itertools import takewhile

import msgspec

from preview.storage import meta
from preview.storage.database import Connection

_PRUNED_KEY = "events_pruned"


class EventRow(msgspec.Struct, frozen=True):
    """An event. `data` is its JSON on one line; `period_id` and `snapshot` are null for `source_received`."""

    event_id: int
    type: str
    organization_id: str
    period_id: str | None
    snapshot: int | None
    data: bytes


def append(
    connection: Connection,
    event_type: str,
    organization_id: str,
    period_id: str | None,
    snapshot: int | None,
    data: bytes,
    at: str,
) -> int:
    """Insert an event and return its id. `at` is RFC 3339 text in UTC."""
    cursor = connection.execute(
        "INSERT INTO event (type, organization_id, period_id, snapshot, data, at) VALUES (?, ?, ?, ?, ?, ?)",
        (event_type, organization_id, period_id, snapshot, data, at),
    )
    return int(cursor.lastrowid or 0)


def last_event_id(connection: Connection) -> int:
    """Return the highest id ever assigned, also if its row was pruned since; 0 if none."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return int(row[0]) if row else 0


def pruned_up_to(connection: Connection) -> int:
    """Return the lowest position that can be resumed from: the newest event removed by retention, 0 if none."""
    return int(meta.get(connection, _PRUNED_KEY) or 0)


def mark_pruned(connection: Connection, event_id: int) -> None:
    """Make every position before that event one that cannot be resumed from. Rows that are there stay."""
    meta.put(connection, _PRUNED_KEY, str(event_id))


def prune(connection: Connection, cutoff: str, limit: int) -> int:
    """Delete the oldest events from before `cutoff`, at most `limit`, and return how many were deleted."""
    rows = connection.execute("SELECT event, at FROM event ORDER BY event LIMIT ?", (limit,)).fetchall()
    expired = [event_id for event_id, _ in takewhile(lambda row: row[1] < cutoff, rows)]
    if expired:
        connection.execute("DELETE FROM event WHERE event <= ?", (expired[-1],))
        meta.put(connection, _PRUNED_KEY, str(expired[-1]))
    return len(expired)


def read_after(connection: Connection, position: int, limit: int) -> list[EventRow]:
    """Return at most `limit` events with an id above `position`, in order."""
    rows = connection.execute(
        """SELECT event, type, organization_id, period_id, snapshot, data FROM event
        WHERE event > ? ORDER BY event LIMIT ?""",
        (position, limit),
    ).fetchall()
    return [EventRow(*row) for row in rows]
