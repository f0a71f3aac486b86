"""The event log's rows."""

import msgspec

from preview.store.database import Connection


class EventRow(msgspec.Struct, frozen=True):
    """`data` is the event's JSON on one line; `snapshot` is null for `source_received`."""

    event: int
    type: str
    organization_id: str
    period_id: str | None
    snapshot: int | None
    data: bytes


def append(connection: Connection, kind: str, organization_id: str, period_id: str | None, snapshot: int | None, data: bytes) -> int:
    """Returns the number given to it."""
    cursor = connection.execute(
        "INSERT INTO event (type, organization_id, period_id, snapshot, data) VALUES (?, ?, ?, ?, ?)",
        (kind, organization_id, period_id, snapshot, data),
    )
    return int(cursor.lastrowid or 0)


def newest(connection: Connection) -> int:
    """The highest number ever given, also where its row has been pruned."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
    return int(row[0]) if row else 0


def oldest(connection: Connection) -> int | None:
    """The lowest number still there."""
    return connection.execute("SELECT min(event) FROM event").fetchone()[0]


def since(connection: Connection, event: int, limit: int) -> list[EventRow]:
    """Those with a higher number, in order."""
    rows = connection.execute(
        "SELECT event, type, organization_id, period_id, snapshot, data FROM event WHERE event > ? ORDER BY event LIMIT ?", (event, limit)
    ).fetchall()
    return [EventRow(*row) for row in rows]
