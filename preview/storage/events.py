"""The event log's rows."""

from itertools import takewhile

import msgspec

from preview.storage import meta
from preview.storage.database import Connection

_PRUNED_KEY = "events_pruned"


class EventRow(msgspec.Struct, frozen=True):
    """`data` is the event's JSON on one line; `snapshot` is null for `source_received`."""

    event_id: int
    type: str
    organization_id: str
    period_id: str | None
    snapshot: int | None
    data: bytes


def append(
    connection: Connection, event_type: str, organization_id: str, period_id: str | None, snapshot: int | None, data: bytes, at: str
) -> int:
    """Returns the number given to it. `at` is RFC 3339 text in UTC."""
    cursor = connection.execute(
        "INSERT INTO event (type, organization_id, period_id, snapshot, data, at) VALUES (?, ?, ?, ?, ?, ?)",
        (event_type, organization_id, period_id, snapshot, data, at),
    )
    return int(cursor.lastrowid or 0)


def last_event_id(connection: Connection) -> int:
    """The highest number ever given, also where its row has been pruned."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return int(row[0]) if row else 0


def pruned_up_to(connection: Connection) -> int:
    """The place up to which events have been taken away for their age; 0 where none was. Of a later place nothing was, but what is forgotten."""
    return int(meta.get(connection, _PRUNED_KEY) or 0)


def prune(connection: Connection, cutoff: str, limit: int) -> int:
    """Takes away the oldest events, at most `limit`, up to the first that was written at that instant or later; returns how many."""
    rows = connection.execute("SELECT event, at FROM event ORDER BY event LIMIT ?", (limit,)).fetchall()
    expired = [event_id for event_id, _ in takewhile(lambda row: row[1] < cutoff, rows)]
    if expired:
        connection.execute("DELETE FROM event WHERE event <= ?", (expired[-1],))
        meta.put(connection, _PRUNED_KEY, str(expired[-1]))
    return len(expired)


def read_after(connection: Connection, position: int, limit: int) -> list[EventRow]:
    """Those with a higher number, in order."""
    rows = connection.execute(
        "SELECT event, type, organization_id, period_id, snapshot, data FROM event WHERE event > ? ORDER BY event LIMIT ?",
        (position, limit),
    ).fetchall()
    return [EventRow(*row) for row in rows]
