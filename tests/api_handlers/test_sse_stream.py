"""The event stream on the wire (contract 6). Events are written to the log as the nouns write them; what writes which, tests/contract asks."""

import random
import socket
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from preview.events.log import SnapshotDeleted, SourceReceived, record
from preview.storage.events import prune
from tests.api_handlers.in_process_server import Served, serving
from tests.api_handlers.sse_client import Block, Watcher, watching
from tests.support.pipeline import until

WATCH = "/api/v1/aggregated-report-data/watch"
HEARTBEAT_SECONDS = 0.05


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    with serving(tmp_path_factory.mktemp("watch"), heartbeat_seconds=HEARTBEAT_SECONDS) as started:
        yield started


@pytest.fixture
def silent(data_dir: Path) -> Generator[Served]:
    """A server of the test's own, without heartbeats to speak of."""
    with serving(data_dir, heartbeat_seconds=15, max_streams=2) as started:
        yield started


def happen(served: Served, organization_id: str = "org-a", period_id: str | None = "2024", times: int = 1, text: str = "x") -> int:
    """Writes so many events in one transaction; returns the newest place."""
    if period_id is None:
        happening = SourceReceived(delivery_id="dlv-001", organization_id=organization_id, changed_cases=1, received_at=text)
    else:
        happening = SnapshotDeleted(snapshot_id="snap-001", organization_id=organization_id, period_id=period_id, deleted_at=text)
    return served.application.database.write(lambda connection: [record(connection, happening, 1) for _ in range(times)][-1])


def events(blocks: list[Block]) -> list[int]:
    return [block.id for block in blocks if block.event and block.id]


def test_the_headers_and_the_opening(served: Served) -> None:
    place = happen(served)
    with watching(served.url, WATCH, accept_encoding="gzip, br") as watcher:
        headers = watcher.response.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers
        assert "ETag" not in headers
        assert watcher.retry
        assert watcher.place == place


def test_the_very_bytes(silent: Served) -> None:
    place = happen(silent)
    with socket.create_connection(("127.0.0.1", silent.port), timeout=20) as peer:
        peer.sendall(f"GET {WATCH} HTTP/1.0\r\n\r\n".encode())
        read = peer.makefile("rb")
        while read.readline() != b"\r\n":
            pass
        happen(silent)
        wanted = (
            b"retry: 2000\n\n"
            b"id: %d\n\n"
            b"id: %d\nevent: snapshot_deleted\n"
            b'data: {"event":"snapshot_deleted","snapshot_id":"snap-001","organization_id":"org-a","period_id":"2024","deleted_at":"x"}\n\n'
        ) % (place, place + 1)
        assert read.read(len(wanted)) == wanted
        silent.drain()
        assert read.read() == b"retry: 2000\n\n"


def test_a_fresh_stream_goes_on_from_the_newest(served: Served) -> None:
    happen(served, times=3)
    with watching(served.url, WATCH) as watcher:
        place = happen(served)
        assert events(watcher.events_until(place)) == [place]


def test_it_resumes_after_the_last_id_and_the_header_beats_the_query(served: Served) -> None:
    first = happen(served)
    newest = happen(served, times=3)
    with watching(served.url, f"{WATCH}?last_event_id={first}") as watcher:
        assert watcher.place == first
        assert events(watcher.events_until(newest)) == [first + 1, first + 2, first + 3]
    with watching(served.url, f"{WATCH}?last_event_id={first}", last_event_id=str(first + 2)) as watcher:
        assert watcher.place == first + 2
        assert events(watcher.events_until(newest)) == [first + 3]


def test_from_the_very_beginning(served: Served) -> None:
    newest = happen(served)
    with watching(served.url, WATCH, last_event_id="0") as watcher:
        assert watcher.place == 0
        assert events(watcher.events_until(newest)) == list(range(1, newest + 1))


def test_none_twice_none_lost_in_order_while_much_happens(served: Served) -> None:
    """Streams that join, resume and go away while events are written, from far back (several pages) and from near."""
    start = happen(served, times=1700)
    stop = threading.Event()
    dice = random.Random(7)

    def write() -> None:
        while not stop.is_set():
            happen(served, organization_id=dice.choice(["org-a", "org-b"]), times=dice.randint(1, 40))
            time.sleep(0.001)

    def read(seed: int) -> None:
        own = random.Random(seed)
        place = start - own.randint(0, 1600)
        for _ in range(4):
            with watching(served.url, WATCH, last_event_id=str(place)) as watcher:
                target = served.application.events.newest() + own.randint(0, 60)
                seen = events(watcher.events_until(target))
                assert seen == list(range(place + 1, seen[-1] + 1))
                place = seen[-1]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(read, range(8)))
    finally:
        stop.set()
        writer.join()


def test_filters_narrow_the_stream_live_and_replayed(served: Served) -> None:
    before = served.application.events.newest()
    watchers = {
        query: Watcher(served.url, f"{WATCH}?{query}", {})
        for query in ("organization_id=org-a", "period_id=2024", "organization_id=org-a&period_id=2024", "organization_id=org-nobody", "")
    }
    for watcher in watchers.values():
        watcher.until(lambda block: block.is_place)
    a24 = happen(served, "org-a", "2024")
    a23 = happen(served, "org-a", "2023")
    b24 = happen(served, "org-b", "2024")
    b_source = happen(served, "org-b", None)
    a_source = happen(served, "org-a", None)
    wanted = {
        "organization_id=org-a": [a24, a23, a_source],
        "period_id=2024": [a24, b24, b_source, a_source],
        "organization_id=org-a&period_id=2024": [a24, a_source],
        "organization_id=org-nobody": [],
        "": [a24, a23, b24, b_source, a_source],
    }
    for query, watcher in watchers.items():
        assert events(watcher.events_until(a_source)) == wanted[query], query
        watcher.close()
        with watching(served.url, f"{WATCH}?{query}", last_event_id=str(before)) as again:
            assert events(again.events_until(a_source)) == wanted[query], query


@pytest.mark.parametrize("given", ["abc", "-1", "1.5", "+1", " 1x", "9" * 19, "9" * 5000, "٣".encode().decode("latin-1"), "beyond"])
def test_an_id_that_says_nothing_is_told_so_and_the_stream_goes_on_from_the_newest(served: Served, given: str) -> None:
    newest = happen(served)
    given = str(newest + 1000) if given == "beyond" else given
    with watching(served.url, WATCH, last_event_id=given) as watcher:
        assert watcher.place == newest
        resync = watcher.next()
        assert resync is not None
        assert (resync.event, resync.id) == ("resync", None)
        assert list(resync.data) == ["event", "reason"]
        later = happen(served)
        assert events(watcher.events_until(later)) == [later]


def test_an_id_older_than_what_is_kept(silent: Served) -> None:
    newest = happen(silent, times=10)
    assert silent.application.database.write(lambda connection: prune(connection, "9999", limit=5)) == 5
    with watching(silent.url, WATCH, last_event_id="4") as watcher:
        assert watcher.place == newest
        assert (watcher.next() or Block()).event == "resync"
    with watching(silent.url, WATCH, last_event_id="5") as watcher:
        assert watcher.place == 5
        assert events(watcher.events_until(newest)) == [6, 7, 8, 9, 10]


def test_a_silent_stream_gets_comments_and_a_filtered_one_its_place(served: Served) -> None:
    with (
        watching(served.url, WATCH) as watcher,
        watching(served.url, f"{WATCH}?organization_id=org-nobody") as filtered,
    ):
        assert (watcher.next() or Block()).comments == [""]
        place = happen(served)
        assert filtered.until(lambda block: block.is_place and block.id == place)
        assert events(watcher.events_until(place)) == [place]


def test_over_the_limit_it_is_told_to_come_again(silent: Served) -> None:
    with watching(silent.url, WATCH) as one, watching(silent.url, WATCH):
        refused = Watcher(silent.url, WATCH, {})
        assert refused.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert [block.retry for block in refused.rest()] == [2000]
        one.close()
        until(lambda: _opens(silent), "a place")


def test_draining_ends_streams_and_refuses_the_rest(silent: Served) -> None:
    with watching(silent.url, WATCH) as watcher, silent.client() as client:
        silent.drain()
        assert [block.retry for block in watcher.rest()] == [2000]
        assert [block.retry for block in Watcher(silent.url, WATCH, {}).rest()] == [2000]
        refused = client.get("/api/v1/organizations")
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200


def test_one_too_slow_is_cut_off_and_holds_up_no_other(silent: Served) -> None:
    with socket.socket() as slow, watching(silent.url, WATCH) as other:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", silent.port))
        slow.sendall(f"GET {WATCH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert slow.recv(12) == b"HTTP/1.1 200"
        newest = 0
        for _ in range(60):
            newest = happen(silent, times=20, text="x" * 1000)
            assert events(other.events_until(newest)) == list(range(newest - 19, newest + 1))
        last = b"id: %d\n" % newest
        received = _drained(slow, last)
        assert last not in received
        assert len(received) < 1_000_000


def test_a_burst_cuts_off_none_who_keep_up(silent: Served) -> None:
    with watching(silent.url, WATCH) as watcher:
        newest = happen(silent, times=300, text="x" * 1000)
        assert events(watcher.events_until(newest)) == list(range(newest - 299, newest + 1))


def test_the_ids_say_where_a_slow_one_goes_on(silent: Served) -> None:
    newest = happen(silent, times=1200, text="x" * 1000)
    until(lambda: silent.application.feed.place == newest, "the feed")
    with watching(silent.url, WATCH, last_event_id="0") as watcher:
        time.sleep(0.3)  # it takes its time: the replay waits for it
        assert events(watcher.events_until(newest)) == list(range(1, newest + 1))


def test_a_stream_is_told_of_a_bad_query(served: Served) -> None:
    assert httpx.get(f"{served.url}{WATCH}?organization_id=x").status_code == 422
    assert httpx.get(f"{served.url}{WATCH}?since=1").status_code == 422


def _opens(served: Served) -> bool:
    watcher = Watcher(served.url, WATCH, {})
    try:
        watcher.next()
        return (watcher.next() or Block()).is_place  # or it was ended after the `retry:`
    finally:
        watcher.close()


def _drained(peer: socket.socket, last: bytes) -> bytes:
    """What it still holds, up to the end of the connection, or to what would come last."""
    received = b""
    with suppress(ConnectionResetError):
        while last not in received and (chunk := peer.recv(65536)):
            received += chunk
    return received
