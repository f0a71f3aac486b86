"""Idempotency keys: the first answer of a POST is given again for 24 h (contract H3, E3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from preview.core.clock import now, timestamp
from preview.core.errors import Conflict, Invalid
from preview.storage import idempotency
from preview.storage.database import Connection, Database
from preview.storage.idempotency import AnswerRow

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class Answer:
    """The first answer, to be given again."""

    status: int
    location: str | None
    body: bytes


class Idempotency:
    """All methods block: call them on a thread."""

    def __init__(self, database: Database, worker: int, is_alive: Callable[[int], bool]) -> None:
        self._database = database
        self._worker = worker
        self._is_alive = is_alive

    def once(self, door: str, key: str, digest: bytes, act: Callable[[], Answer]) -> Answer:
        """What `act` answers, or what it answered to that key before. `digest` is of the request's body.

        Raises what `act` raises, and as `begin`.
        """
        if (first := self.begin(door, key, digest)) is not None:
            return first
        try:
            answer = act()
        except BaseException:
            self.abandon(door, key)
            raise
        self.finish(door, key, digest, answer)
        return answer

    def begin(self, door: str, key: str, digest: bytes) -> Answer | None:
        """None: go on, and `finish` or `abandon`. Raises `Conflict` while the first request runs, `Invalid` where it had another body."""

        def work(connection: Connection) -> Answer | None:
            idempotency.delete_before(connection, timestamp(now() - KEPT))
            first = idempotency.find(connection, door, key)
            if first is None or (first.status is None and (first.worker is None or not self._is_alive(first.worker))):
                idempotency.put(connection, door, key, AnswerRow(digest, None, None, None, self._worker), timestamp(now()))
                return None
            if first.body != digest:
                raise Invalid("The Idempotency-Key was used with another body.")
            if first.status is None:
                raise Conflict("The first request with this Idempotency-Key still runs.")
            return Answer(first.status, first.location, first.answer or b"")

        return self._database.write(work)

    def finish(self, door: str, key: str, digest: bytes, answer: Answer) -> None:
        """Keeps the answer."""
        row = AnswerRow(digest, answer.status, answer.location, answer.body, None)
        self._database.write(lambda connection: idempotency.put(connection, door, key, row, timestamp(now())))

    def abandon(self, door: str, key: str) -> None:
        """The request came to nothing: the key is free again."""
        self._database.write(lambda connection: idempotency.delete(connection, door, key))
