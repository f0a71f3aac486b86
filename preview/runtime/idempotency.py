"""Idempotency keys: the first answer of a POST is given again for 24 h (contract H3, E3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from preview.core.clock import format_rfc3339, now
from preview.core.errors import Conflict, ValidationError
from preview.storage import idempotency
from preview.storage.database import Connection, Database
from preview.storage.idempotency import StoredResponseRow

RETENTION = timedelta(hours=24)


@dataclass(frozen=True)
class StoredResponse:
    """The first answer, to be given again."""

    status: int
    location: str | None
    body: bytes


class IdempotencyStore:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, worker_id: int, is_alive: Callable[[int], bool]) -> None:
        self._database = database
        self._worker_id = worker_id
        self._is_alive = is_alive

    def run_once(self, scope: str, key: str, request_hash: bytes, operation: Callable[[], StoredResponse]) -> StoredResponse:
        """What `act` answers, or what it answered to that key before. `digest` is of the request's body.

        Raises what `act` raises, and as `begin`.
        """
        if (stored := self.begin(scope, key, request_hash)) is not None:
            return stored
        try:
            response = operation()
        except BaseException:
            self.abandon(scope, key)
            raise
        self.finish(scope, key, request_hash, response)
        return response

    def begin(self, scope: str, key: str, request_hash: bytes) -> StoredResponse | None:
        """None: go on, and `finish` or `abandon`. Raises `Conflict` while the first request runs, `Invalid` where it had another body."""

        def claim_key(connection: Connection) -> StoredResponse | None:
            idempotency.delete_before(connection, format_rfc3339(now() - RETENTION))
            stored = idempotency.find(connection, scope, key)
            if stored is None or (stored.status is None and (stored.worker is None or not self._is_alive(stored.worker))):
                idempotency.upsert(
                    connection, scope, key, StoredResponseRow(request_hash, None, None, None, self._worker_id), format_rfc3339(now())
                )
                return None
            if stored.request_hash != request_hash:
                raise ValidationError("The Idempotency-Key was used with another body.")
            if stored.status is None:
                raise Conflict("The first request with this Idempotency-Key still runs.")
            return StoredResponse(stored.status, stored.location, stored.response_body or b"")

        return self._database.write(claim_key)

    def finish(self, scope: str, key: str, request_hash: bytes, response: StoredResponse) -> None:
        """Keeps the answer."""
        row = StoredResponseRow(request_hash, response.status, response.location, response.body, None)
        self._database.write(lambda connection: idempotency.upsert(connection, scope, key, row, format_rfc3339(now())))

    def abandon(self, scope: str, key: str) -> None:
        """The request came to nothing: the key is free again."""
        self._database.write(lambda connection: idempotency.delete(connection, scope, key))
