"""First answers of POST, by door and Idempotency-Key (contract H3)."""

import msgspec

from preview.storage.database import Connection


class AnswerRow(msgspec.Struct, frozen=True):
    """`body` is a digest of the request's; `status` is null while the first request runs."""

    body: bytes
    status: int | None
    location: str | None
    answer: bytes | None
    worker: int | None


def find(connection: Connection, door: str, key: str) -> AnswerRow | None:
    """What is known of that key."""
    row = connection.execute(
        "SELECT body, status, location, answer, worker FROM idempotency WHERE door = ? AND key = ?", (door, key)
    ).fetchone()
    return AnswerRow(*row) if row else None


def put(connection: Connection, door: str, key: str, row: AnswerRow, at: str) -> None:
    """Inserts or replaces."""
    connection.execute(
        "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (door, key, row.body, row.status, row.location, row.answer, row.worker, at),
    )


def delete(connection: Connection, door: str, key: str) -> None:
    """The first request came to nothing."""
    connection.execute("DELETE FROM idempotency WHERE door = ? AND key = ?", (door, key))


def delete_before(connection: Connection, at: str) -> None:
    """Those older than the time for which they are kept."""
    connection.execute("DELETE FROM idempotency WHERE created_at < ?", (at,))
