"""The table of connections: which of them are closed or refused when there is no room."""

import pytest

from preview.core.errors import TooManyRequests, Unavailable
from preview.runtime.capacity import OVERFLOW_CONNECTIONS, Capacity
from preview.runtime.connections import ConnectionTable, Use, client_of

LIMIT = 4


class Peer:
    """A connection that remembers whether it was cut."""

    def __init__(self, table: ConnectionTable, client: str | None = None, *, silent: bool = True) -> None:
        self._table = table
        self.is_cut = False
        self.has_untaken = False
        table.add(self, client)
        if not silent:
            table.stop_waiting(self)

    def cut(self) -> None:
        self.is_cut = True
        self._table.remove(self)

    def writing(self) -> bool:
        return self.has_untaken


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> ConnectionTable:
    return ConnectionTable(Capacity(2, 1, 2, 1, LIMIT, 2), clock)


def test_longest_silent_connection_makes_room(table: ConnectionTable) -> None:
    busy = Peer(table, silent=False)
    oldest, kept_alive, newest = (Peer(table) for _ in range(3))
    table.begin_request(oldest)  # it has sent something whole in between, so the next one is silent longest now
    added = Peer(table)
    assert [peer.is_cut for peer in (busy, oldest, kept_alive, newest, added)] == [False, False, True, False, False]
    assert len(table) == LIMIT


def test_waiting_twice_does_not_make_younger(table: ConnectionTable) -> None:
    first, *_ = [Peer(table) for _ in range(LIMIT)]
    table.wait_for_client(first)
    Peer(table)
    assert first.is_cut


@pytest.mark.parametrize("use", [Use.STREAM, Use.SESSION, Use.UPLOAD])
def test_other_uses_are_not_silent(table: ConnectionTable, use: Use) -> None:
    stream, other, *_ = [Peer(table) for _ in range(LIMIT)]
    assert table.use_as(stream, use)
    table.wait_for_client(stream)
    Peer(table)
    assert (stream.is_cut, other.is_cut) == (False, True)
    table.begin_request(stream)
    for _ in range(LIMIT):
        Peer(table)
    assert stream.is_cut


def test_connection_is_refused_if_none_is_silent(table: ConnectionTable) -> None:
    busy = [Peer(table, silent=False) for _ in range(LIMIT)]
    refused = [Peer(table, silent=False) for _ in range(OVERFLOW_CONNECTIONS)]
    assert all(isinstance(table.refusal(peer), Unavailable) for peer in refused)
    assert not any(isinstance(table.refusal(peer), TooManyRequests) for peer in refused)
    assert Peer(table).is_cut
    table.wait_for_client(refused[5])
    assert not Peer(table).is_cut
    assert refused[5].is_cut
    assert [table.refusal(peer) for peer in busy] == [None] * LIMIT
    for peer in (*busy, *refused):
        table.remove(peer)
    assert table.refusal(Peer(table)) is None


def test_client_over_its_limit_makes_room_itself(table: ConnectionTable) -> None:
    other, first, second = (Peer(table, client) for client in ("b", "a", "a"))
    third = Peer(table, "a")
    assert [peer.is_cut for peer in (other, first, second, third)] == [False, True, False, False]


def test_client_over_its_limit_is_refused_if_none_of_its_own_is_silent(table: ConnectionTable) -> None:
    other = Peer(table, "b")
    own = [Peer(table, "a", silent=False) for _ in range(2)]
    assert isinstance(table.refusal(Peer(table, "a")), TooManyRequests)
    assert not other.is_cut
    table.remove(own[0])
    table.use_as(own[1], Use.STREAM)
    later = [Peer(table, "a") for _ in range(2)]  # one is left of those above; streams do not count
    assert table.refusal(later[0]) is None


def test_pages_are_limited(table: ConnectionTable) -> None:
    first, second = Peer(table), Peer(table)
    assert table.use_as(first, Use.SESSION)
    assert not table.use_as(second, Use.SESSION)
    table.remove(first)
    assert table.use_as(second, Use.SESSION)


def test_unknown_connection_has_no_limit(table: ConnectionTable) -> None:
    assert table.refusal(None) is None
    assert table.use_as(None, Use.SESSION)


def test_only_untaken_answers_are_closed_after_the_time(table: ConnectionTable, clock: Clock) -> None:
    untaken, idle = Peer(table), Peer(table)
    untaken.has_untaken = True
    clock.seconds = 5.0
    later = Peer(table)
    later.has_untaken = True
    table.close_untaken(5.0)
    assert [peer.is_cut for peer in (untaken, idle, later)] == [True, False, False]


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix", "unix"),
    ],
)
def test_ipv6_client_is_its_network(address: str, client: str) -> None:
    assert client_of(address) == client
