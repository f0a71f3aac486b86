"""Stored responses of POST requests, by scope and `Idempotency-Key` (rule H3, docs/api.md)."""

import msgspec

from preview.storage.database import Connection


class StoredResponseRow(msgspec.Struct, frozen=True):
    """A response. `request_hash` is a digest of the request's body; `status` is null while the first request runs."""

    request_hash: bytes
    status: int | None
    location: str | None
    response_body: bytes | None
    worker: int | None


def find(connection: Connection, scope: str, key: str) -> StoredResponseRow | None:
    """Return the response stored for a key, or None."""
    row = connection.execute(
        "SELECT request_hash, status, location, response_body, worker FROM idempotency WHERE scope = ? AND key = ?",
        (scope, key),
    ).fetchone()
    return StoredResponseRow(*row) if row else None


def upsert(connection: Connection, scope: str, key: str, row: StoredResponseRow, at: str) -> None:
    """Insert or replace the response of a key; `at` is RFC 3339 text in UTC."""
    connection.execute(
        """INSERT INTO idempotency (scope, key, request_hash, status, location, response_body, worker, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (scope, key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,
            location = excluded.location, response_body = excluded.response_body, worker = excluded.worker,
            created_at = excluded.created_at""",
        (scope, key, row.request_hash, row.status, row.location, row.response_body, row.worker, at),
    )


def delete(connection: Connection, scope: str, key: str) -> None:
    """Delete a key whose request ended in an error, so that a repetition is executed."""
    connection.execute("DELETE FROM idempotency WHERE scope = ? AND key = ?", (scope, key))


def delete_before(connection: Connection, cutoff: str) -> None:
    """Delete responses from before `cutoff`."""
    connection.execute("DELETE FROM idempotency WHERE created_at < ?", (cutoff,))
