"""Store the first response to a POST for 24 h and return it again (`Idempotency-Key`; rules H3 and E3, docs/api.md).

The response is committed in the transaction of the change. So a crash leaves both or neither, and the request that is
sent again gets the first response or carries the change out for the first time.
"""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from preview.core.clock import format_rfc3339, now
from preview.core.errors import Conflict, ValidationError
from preview.storage import idempotency
from preview.storage.database import Connection
from preview.storage.idempotency import Once, StoredResponseRow

R = TypeVar("R")

Change = Callable[[Once[R]], R]
"""Makes a change in one transaction, whose operation it wraps with the given `Once`, and returns its result."""

RETENTION = timedelta(hours=24)
"""How long a response is stored."""


class KeyedRequest(NamedTuple):
    """A request with an `Idempotency-Key`.

    Attributes:
        scope: The endpoint; each has keys of its own.
        key: Value of the header.
        request_hash: A digest that is equal for equal requests.
    """

    scope: str
    key: str
    request_hash: bytes


@dataclass(frozen=True)
class StoredResponse:
    """The first response, as it is returned again."""

    status: int
    location: str | None
    body: bytes


class _Repeated(Exception):
    """The key has a response: the transaction is to do nothing."""

    def __init__(self, response: StoredResponse) -> None:
        super().__init__()
        self.response = response


class IdempotencyStore:
    """Stored responses. All methods block: call them on a thread."""

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        """Use the store's responses.

        Args:
            clock: Returns the present time.
        """
        self._clock = clock
        self._running: dict[tuple[str, str], bytes] = {}
        self._lock = threading.Lock()

    def run_once(
        self, request: KeyedRequest, change: Change[R], to_response: Callable[[R], StoredResponse]
    ) -> StoredResponse:
        """Carry out a change and store its response in the same transaction, or return the response stored before.

        A change that raises an error stores nothing, so the key can be used again. If the first request runs in another
        process, this one waits for its transaction and returns its response.

        Args:
            request: The request.
            change: Makes the change.
            to_response: Makes the response from the result of the change.

        Raises:
            Conflict: If the first request with this key still runs in this process.
            ValidationError: If the key was used with another body.
        """
        responses: list[StoredResponse] = []

        def once(operation: Callable[[Connection], R]) -> Callable[[Connection], R]:
            def run(connection: Connection) -> R:
                if (stored := self._find(connection, request)) is not None:
                    raise _Repeated(stored)
                result = operation(connection)
                responses.append(to_response(result))
                self._insert(connection, request, responses[-1])
                return result

            return run

        with self._claimed(request):
            try:
                change(once)
            except _Repeated as repeated:
                return repeated.response
        return responses[-1]

    @contextmanager
    def _claimed(self, request: KeyedRequest) -> Generator[None]:
        """Keep other requests of this process from using the key during a block."""
        name = (request.scope, request.key)
        with self._lock:
            if name in self._running:
                _check_same_body(self._running[name], request)
                raise Conflict("The first request with this Idempotency-Key still runs. Repeat the request later.")
            self._running[name] = request.request_hash
        try:
            yield
        finally:
            with self._lock:
                del self._running[name]

    def _find(self, connection: Connection, request: KeyedRequest) -> StoredResponse | None:
        cutoff = format_rfc3339(self._clock() - RETENTION)
        idempotency.delete_before(connection, cutoff, request.scope, request.key)
        row = idempotency.find(connection, request.scope, request.key)
        if row is None:
            return None
        _check_same_body(row.request_hash, request)
        return StoredResponse(row.status, row.location, row.response_body)

    def _insert(self, connection: Connection, request: KeyedRequest, response: StoredResponse) -> None:
        row = StoredResponseRow(request.request_hash, response.status, response.location, response.body)
        idempotency.insert(connection, request.scope, request.key, row, format_rfc3339(self._clock()))


def _check_same_body(request_hash: bytes, request: KeyedRequest) -> None:
    if request_hash != request.request_hash:
        raise ValidationError("The Idempotency-Key was used with another body. Use a new key for a new request.")
