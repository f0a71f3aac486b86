"""First answers of POST, by door and Idempotency-Key (contract H3)."""

import msgspec

from preview.storage.database import Connection


class StoredResponseRow(msgspec.Struct, frozen=True):
    """`request_hash` is a digest of the request's; `status` is null while the first request runs."""

    request_hash: bytes
    status: int | None
    location: str | None
    response_body: bytes | None
    worker: int | None


def find(connection: Connection, scope: str, key: str) -> StoredResponseRow | None:
    """What is known of that key."""
    row = connection.execute(
        "SELECT request_hash, status, location, response_body, worker FROM idempotency WHERE scope = ? AND key = ?", (scope, key)
    ).fetchone()
    return StoredResponseRow(*row) if row else None


def upsert(connection: Connection, scope: str, key: str, row: StoredResponseRow, at: str) -> None:
    """Inserts or replaces."""
    connection.execute(
        "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (scope, key, row.request_hash, row.status, row.location, row.response_body, row.worker, at),
    )


def delete(connection: Connection, scope: str, key: str) -> None:
    """The first request came to nothing."""
    connection.execute("DELETE FROM idempotency WHERE scope = ? AND key = ?", (scope, key))


def delete_before(connection: Connection, cutoff: str) -> None:
    """Those older than the time for which they are kept."""
    connection.execute("DELETE FROM idempotency WHERE created_at < ?", (cutoff,))
