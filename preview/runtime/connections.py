"""The connections of a process: what each is used for, which of them wait for their client, and which must make room.

A connection that waits for its client is *silent*: it has sent no request yet, or a part of one, or does not take its
answer. When there is no room for another one, the connection that has been silent longest is closed. A client that only
sends a byte now and then stays silent. Streams, open pages and uploads are not meant; they have limits of their own.

All methods run on the event loop's thread.
"""

import enum
import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from preview.core.errors import TooManyRequests, Unavailable
from preview.runtime.capacity import OVERFLOW_CONNECTIONS, Capacity

log = logging.getLogger(__name__)

_IPV6_CLIENT_BITS = 64

_LOG_SECONDS = 60.0
"""How often it is logged at most that connections find no room."""


class Use(enum.Enum):
    """What a connection is used for."""

    REQUEST = enum.auto()
    UPLOAD = enum.auto()
    STREAM = enum.auto()
    SESSION = enum.auto()


class Peer(Protocol):
    """A connection, as the table needs it."""

    def cut(self) -> None:
        """Close it, and serve nothing more that it has sent; `ConnectionTable.remove` is called then."""

    def writing(self) -> bool:
        """Return whether its client has not taken all of an answer."""
        ...


class _Entry:
    __slots__ = ("client", "peer", "refusal", "silent_since", "use")

    def __init__(self, peer: Peer, client: str | None) -> None:
        self.peer = peer
        self.client = client
        self.use = Use.REQUEST
        self.silent_since = 0.0
        self.refusal: Unavailable | None = None


class ConnectionTable:
    """The connections of a process."""

    def __init__(self, capacity: Capacity, clock: Callable[[], float] = time.monotonic) -> None:
        """Create an empty table.

        Args:
            capacity: The limits.
            clock: Returns the present time in seconds.
        """
        self._capacity = capacity
        self._clock = clock
        self._entries: dict[object, _Entry] = {}
        self._silent: dict[object, _Entry] = {}  # the longest silent one first
        self._uses: Counter[Use] = Counter()
        self._per_client: Counter[str] = Counter()
        self._refused_count = 0
        self._closed_for_room = self._refused_for_room = 0
        self._next_log_at = 0.0

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, peer: Peer, client: str | None = None) -> None:
        """Add a new connection. If there is no room for it, the longest silent one is closed.

        If none is silent, it gets a `refusal`, which its first request is to be answered with; and if even those are
        too many, it is closed.

        Args:
            peer: The connection.
            client: Whom to count it for, as `client_of`; None if its address is not that of the client.
        """
        entry = self._entries[peer] = _Entry(peer, client)
        self._uses[Use.REQUEST] += 1
        if client is not None:
            self._per_client[client] += 1
            if self._per_client[client] > self._capacity.connections_per_client and not self._close_longest_silent(
                lambda other: other.client == client
            ):
                entry.refusal = TooManyRequests("This client has as many connections open as one may have.")
        if len(self._entries) - self._refused_count > self._capacity.connections and not self._close_longest_silent():
            entry.refusal = entry.refusal or Unavailable("The server has as many connections open as it can hold.")
        if entry.refusal is not None:
            self._refused_count += 1
            self._refused_for_room += 1
            self._log_shortage()
            if self._refused_count > OVERFLOW_CONNECTIONS and not self._close_longest_silent(
                lambda other: other.refusal is not None
            ):
                peer.cut()
                return
        self.wait_for_client(peer)

    def remove(self, peer: Peer) -> None:
        """Remove a connection that is closed."""
        if (entry := self._entries.pop(peer, None)) is None:
            return
        self._silent.pop(peer, None)
        self._uses[entry.use] -= 1
        self._count_for_client(entry, -1)
        if entry.refusal is not None:
            self._refused_count -= 1

    def refusal(self, peer: object) -> Unavailable | None:
        """Return the error with which the requests of a connection are to be answered, None if it has room."""
        entry = self._entries.get(peer)
        return None if entry is None else entry.refusal

    def begin_request(self, peer: Peer) -> None:
        """Note that the next request of a connection, or the body of a request, is waited for from now on."""
        self.use_as(peer, Use.REQUEST)
        self._silent.pop(peer, None)
        self.wait_for_client(peer)

    def wait_for_client(self, peer: Peer) -> None:
        """Note that a client has to send or to take something, if that is not known already."""
        entry = self._entries.get(peer)
        if entry is not None and entry.use is Use.REQUEST and peer not in self._silent:
            entry.silent_since = self._clock()
            self._silent[peer] = entry

    def stop_waiting(self, peer: Peer) -> None:
        """Note that a client has sent or taken what it had to."""
        self._silent.pop(peer, None)

    def use_as(self, peer: object, use: Use) -> bool:
        """Set what a connection is used for, until its next request begins.

        Args:
            peer: The connection. One that is not in the table, such as None, has no limit.
            use: The use.

        Returns:
            False if as many are used for it as may be; the use is then not changed.
        """
        if (entry := self._entries.get(peer)) is None or entry.use is use:
            return True
        if use is Use.SESSION and self._uses[use] >= self._capacity.sessions:
            return False
        self._count_for_client(entry, -1)
        self._uses[entry.use] -= 1
        entry.use = use
        self._uses[use] += 1
        self._count_for_client(entry, 1)
        if use is not Use.REQUEST:
            self._silent.pop(peer, None)
        return True

    def close_untaken(self, seconds: float) -> None:
        """Close the connections whose clients have taken nothing of an answer for this long."""
        limit = self._clock() - seconds
        for entry in list(self._silent.values()):
            if entry.silent_since > limit:
                return
            if entry.peer.writing():
                entry.peer.cut()

    def close_all(self) -> None:
        """Close every connection."""
        for entry in list(self._entries.values()):
            entry.peer.cut()

    def close_longest_silent(self) -> bool:
        """Close the connection that has been silent longest, and return whether there was one."""
        return self._close_longest_silent()

    def _close_longest_silent(self, condition: Callable[[_Entry], bool] = lambda _: True) -> bool:
        entry = next(filter(condition, self._silent.values()), None)
        if entry is None:
            return False
        entry.peer.cut()
        self.remove(entry.peer)
        self._closed_for_room += 1
        self._log_shortage()
        return True

    def _log_shortage(self) -> None:
        if (now := self._clock()) < self._next_log_at:
            return
        log.warning(
            "there is no room for more connections: %d silent ones were closed and %d refused since the last such line",
            self._closed_for_room,
            self._refused_for_room,
        )
        self._next_log_at = now + _LOG_SECONDS
        self._closed_for_room = self._refused_for_room = 0

    def _count_for_client(self, entry: _Entry, change: int) -> None:
        if entry.client is not None and entry.use is Use.REQUEST:
            self._per_client[entry.client] += change
            if not self._per_client[entry.client]:
                del self._per_client[entry.client]


def client_of(address: str) -> str:
    """Return whom an IP address is counted for: itself, or of IPv6 its network of 64 bits, which is one customer's."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, _IPV6_CLIENT_BITS), strict=False))
