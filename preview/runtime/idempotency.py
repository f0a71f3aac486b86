"""Store the first response to a POST for 24 h and return it again (`Idempotency-Key`; rules H3 and E3, docs/api.md)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from preview.core.clock import format_rfc3339, now
from preview.core.errors import Conflict, ValidationError
from preview.storage import idempotency
from preview.storage.database import Connection, Database
from preview.storage.idempotency import StoredResponseRow

RETENTION = timedelta(hours=24)
"""How long a response is stored."""


@dataclass(frozen=True)
class StoredResponse:
    """The first response, as it is returned again."""

    status: int
    location: str | None
    body: bytes


class IdempotencyStore:
    """Stored responses. All methods block: call them on a thread."""

    def __init__(
        self,
        database: Database,
        worker_id: int,
        is_alive: Callable[[int], bool],
        clock: Callable[[], datetime] = now,
    ) -> None:
        """Use the store's responses.

        Args:
            database: The store.
            worker_id: Id of this process's worker.
            is_alive: Tells whether the worker with that id is alive; the key of a crashed one can be claimed again.
            clock: Returns the present time.
        """
        self._database = database
        self._worker_id = worker_id
        self._is_alive = is_alive
        self._clock = clock

    def run_once(
        self, scope: str, key: str, request_hash: bytes, operation: Callable[[], StoredResponse]
    ) -> StoredResponse:
        """Run `operation`, or return what it responded to the same key before. An error of `operation` frees the key.

        Args:
            scope: The endpoint; each has keys of its own.
            key: Value of `Idempotency-Key`.
            request_hash: Digest of the request's body.
            operation: Does the work and returns its response.

        Raises:
            Conflict: If the first request with this key still runs.
            ValidationError: If the key was used with another body.
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
        """Claim a key. Call `finish` or `abandon` afterwards if None is returned.

        Args:
            scope: The endpoint; each has keys of its own.
            key: Value of `Idempotency-Key`.
            request_hash: Digest of the request's body.

        Returns:
            The stored response, or None if the request has to be executed.

        Raises:
            Conflict: If the first request with this key still runs.
            ValidationError: If the key was used with another body.
        """

        def claim_key(connection: Connection) -> StoredResponse | None:
            idempotency.delete_before(connection, format_rfc3339(self._clock() - RETENTION))
            stored = idempotency.find(connection, scope, key)
            if stored is None or (
                stored.status is None and (stored.worker is None or not self._is_alive(stored.worker))
            ):
                idempotency.upsert(
                    connection,
                    scope,
                    key,
                    StoredResponseRow(request_hash, None, None, None, self._worker_id),
                    format_rfc3339(self._clock()),
                )
                return None
            if stored.request_hash != request_hash:
                raise ValidationError(
                    "The Idempotency-Key was used with another body. Use a new key for a new request."
                )
            if stored.status is None:
                raise Conflict("The first request with this Idempotency-Key still runs. Repeat the request later.")
            return StoredResponse(stored.status, stored.location, stored.response_body or b"")

        return self._database.write(claim_key)

    def finish(self, scope: str, key: str, request_hash: bytes, response: StoredResponse) -> None:
        """Store the response of a claimed key."""
        row = StoredResponseRow(request_hash, response.status, response.location, response.body, None)
        self._database.write(
            lambda connection: idempotency.upsert(connection, scope, key, row, format_rfc3339(self._clock()))
        )

    def abandon(self, scope: str, key: str) -> None:
        """Free a claimed key whose request ended in an error."""
        self._database.write(lambda connection: idempotency.delete(connection, scope, key))
