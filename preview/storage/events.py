"""The event log's rows."""

from itertools import takewhile

import msgspec

from preview.storage import meta
from preview.storage.database import Connection

_PRUNED = "events_pruned"


class EventRow(msgspec.Struct, frozen=True):
    """`data` is the event's JSON on one line; `snapshot` is null for `source_received`."""

    event: int
    type: str
    organization_id: str
    period_id: str | None
    snapshot: int | None
    data: bytes


def append(
    connection: Connection, kind: str, organization_id: str, period_id: str | None, snapshot: int | None, data: bytes, at: str
) -> int:
    """Returns the number given to it. `at` is RFC 3339 text in UTC."""
    cursor = connection.execute(
        "INSERT INTO event (type, organization_id, period_id, snapshot, data, at) VALUES (?, ?, ?, ?, ?, ?)",
        (kind, organization_id, period_id, snapshot, data, at),
    )
    return int(cursor.lastrowid or 0)


def newest(connection: Connection) -> int:
    """The highest number ever given, also where its row has been pruned."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return int(row[0]) if row else 0


def pruned(connection: Connection) -> int:
    """The place up to which events have been taken away for their age; 0 where none was. Of a later place nothing was, but what is forgotten."""
    return int(meta.get(connection, _PRUNED) or 0)


def prune(connection: Connection, before: str, limit: int) -> int:
    """Takes away the oldest events, at most `limit`, up to the first that was written at that instant or later; returns how many."""
    rows = connection.execute("SELECT event, at FROM event ORDER BY event LIMIT ?", (limit,)).fetchall()
    old = [event for event, _ in takewhile(lambda row: row[1] < before, rows)]
    if old:
        connection.execute("DELETE FROM event WHERE event <= ?", (old[-1],))
        meta.put(connection, _PRUNED, str(old[-1]))
    return len(old)


def since(connection: Connection, event: int, limit: int) -> list[EventRow]:
    """Those with a higher number, in order."""
    rows = connection.execute(
        "SELECT event, type, organization_id, period_id, snapshot, data FROM event WHERE event > ? ORDER BY event LIMIT ?", (event, limit)
    ).fetchall()
    return [EventRow(*row) for row in rows]
