"""Stored responses of POST requests, by scope and `Idempotency-Key` (rule H3, docs/api.md)."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from preview.storage.database import STEP_ROWS, Connection

T = TypeVar("T")

Once = Callable[[Callable[[Connection], T]], Callable[[Connection], T]]
"""Wraps the operation of a change. The wrapped one is to run in the same transaction; it carries the change out at most
once for an `Idempotency-Key`, and records its response. If the key has a response, it raises.
"""


class StoredResponseRow(msgspec.Struct, frozen=True):
    """A response. `request_hash` is a digest of the request that it answered."""

    request_hash: bytes
    status: int
    location: str | None
    response_body: bytes


def always(operation: Callable[[Connection], T]) -> Callable[[Connection], T]:
    """Return the operation of a change as it is: the `Once` of a request without a key."""
    return operation


def find(connection: Connection, scope: str, key: str) -> StoredResponseRow | None:
    """Return the response stored for a key, or None."""
    row = connection.execute(
        "SELECT request_hash, status, location, response_body FROM idempotency WHERE scope = ? AND key = ?",
        (scope, key),
    ).fetchone()
    return StoredResponseRow(*row) if row else None


def insert(connection: Connection, scope: str, key: str, row: StoredResponseRow, at: str) -> None:
    """Insert the response of a key that has none; `at` is RFC 3339 text in UTC."""
    connection.execute(
        """INSERT INTO idempotency (scope, key, request_hash, status, location, response_body, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (scope, key, row.request_hash, row.status, row.location, row.response_body, at),
    )


def delete_before(connection: Connection, cutoff: str, scope: str, key: str) -> None:
    """Delete the response of a key if it is from before `cutoff`, and the oldest of the others that are."""
    connection.execute(
        """DELETE FROM idempotency WHERE created_at < :cutoff AND (
            (scope, key) = (:scope, :key)
            OR (scope, key) IN (SELECT scope, key FROM idempotency WHERE created_at < :cutoff
                ORDER BY created_at LIMIT :limit))""",
        {"cutoff": cutoff, "scope": scope, "key": key, "limit": STEP_ROWS},
    )
