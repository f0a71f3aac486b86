"""Limits how many deliveries a process receives at once, in all and of one client, so that slow ones keep nobody out.

All methods run on the event loop's thread.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from preview.core.errors import TooManyRequests
from preview.runtime.capacity import Capacity

LEAST_LAG_SECONDS = 1.0
"""When there is no room, the upload that lags most is ended if it lags at least this much."""


@dataclass(eq=False, frozen=True)
class UploadSlot:
    """The place of one upload.

    Attributes:
        client: Whom it is counted for (`connections.client_of`).
        lag_seconds: Returns how far its client is behind the least rate, 0 once everything has arrived.
        disconnect: Closes its connection.
    """

    client: str
    lag_seconds: Callable[[], float]
    disconnect: Callable[[], None]


class UploadSlots:
    """The places of the uploads of a process."""

    def __init__(self, capacity: Capacity) -> None:
        self._capacity = capacity
        self._slots: set[UploadSlot] = set()
        self._per_client: Counter[str] = Counter()

    def acquire(self, slot: UploadSlot) -> None:
        """Take a place. If there is none, the upload that lags most behind the least rate is ended.

        Raises:
            TooManyRequests: If all places are taken by uploads that do not lag.
        """
        of_client = self._capacity.uploads_per_client
        if self._per_client[slot.client] >= of_client and not self._end_slowest(slot.client):
            raise TooManyRequests(f"{of_client} deliveries of this client are being received already.")
        if len(self._slots) >= self._capacity.uploads and not self._end_slowest(None):
            raise TooManyRequests(f"{self._capacity.uploads} deliveries are being received already.")
        self._slots.add(slot)
        self._per_client[slot.client] += 1

    def release(self, slot: UploadSlot) -> None:
        """Give back a place; one that was given back already stays so."""
        if slot in self._slots:
            self._slots.remove(slot)
            self._per_client[slot.client] -= 1
            if not self._per_client[slot.client]:
                del self._per_client[slot.client]

    def _end_slowest(self, client: str | None) -> bool:
        slots = [slot for slot in self._slots if client is None or slot.client == client]
        slowest = max(slots, key=lambda slot: slot.lag_seconds())
        if slowest.lag_seconds() < LEAST_LAG_SECONDS:
            return False
        self.release(slowest)
        slowest.disconnect()
        return True
