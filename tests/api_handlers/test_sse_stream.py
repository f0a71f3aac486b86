"""The event stream on the wire (rule 6, docs/api.md), with events that the tests write to the log themselves."""

import gc
import random
import socket
import threading
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest

from api_handlers.watch import WatchHandler
from preview.core.errors import Unavailable
from preview.events.log import SnapshotDeleted, SourceReceived, record
from preview.storage.events import prune
from tests.api_handlers.in_process_server import InProcessServer, run_in_process_server
from tests.api_handlers.sse_client import SseBlock, SseClient, open_stream
from tests.support.pipeline import wait_until

WATCH_PATH = "/api/v1/aggregated-report-data/watch"
HEARTBEAT_SECONDS = 0.05


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[InProcessServer]:
    with run_in_process_server(tmp_path_factory.mktemp("watch"), heartbeat_seconds=HEARTBEAT_SECONDS) as started:
        yield started


@pytest.fixture
def quiet_server(data_dir: Path) -> Generator[InProcessServer]:
    """Run a server with rare heartbeats and at most two streams."""
    with run_in_process_server(data_dir, heartbeat_seconds=15, max_streams=2) as started:
        yield started


def record_events(
    server: InProcessServer,
    organization_id: str = "org-a",
    period_id: str | None = "2024",
    count: int = 1,
    text: str = "x",
) -> int:
    """Write `count` equal events in one transaction and return the id of the last one."""
    if period_id is None:
        event = SourceReceived(
            delivery_id="dlv-001", organization_id=organization_id, changed_cases=1, received_at=text
        )
    else:
        event = SnapshotDeleted(
            snapshot_id="snap-001", organization_id=organization_id, period_id=period_id, deleted_at=text
        )
    return server.application.database.write(
        lambda connection: [record(connection, event, 1) for _ in range(count)][-1]
    )


def event_ids(blocks: list[SseBlock]) -> list[int]:
    return [block.id for block in blocks if block.event and block.id]


def test_stream_headers_and_first_blocks(server: InProcessServer) -> None:
    position = record_events(server)
    with open_stream(server.url, WATCH_PATH, accept_encoding="gzip, br") as stream:
        headers = stream.response.headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers
        assert "ETag" not in headers
        assert stream.retry
        assert stream.last_event_id == position


def test_open_stream_keeps_neither_handler_nor_request(server: InProcessServer) -> None:
    """They would be most of the memory of thousands of streams."""

    def handlers() -> list[WatchHandler]:
        gc.collect()
        return [each for each in gc.get_objects() if isinstance(each, WatchHandler)]

    with open_stream(server.url, WATCH_PATH) as stream:
        assert stream.retry
        wait_until(lambda: not handlers(), "the handler to end")
        position = record_events(server)
        assert event_ids(stream.events_until(position)) == [position]


def test_stream_bytes_on_the_wire(quiet_server: InProcessServer) -> None:
    position = record_events(quiet_server)
    with socket.create_connection(("127.0.0.1", quiet_server.port), timeout=20) as peer:
        peer.sendall(f"GET {WATCH_PATH} HTTP/1.0\r\n\r\n".encode())
        response = peer.makefile("rb")
        while response.readline() != b"\r\n":
            pass
        record_events(quiet_server)
        expected = (
            b"retry: 2000\n\n"
            b"id: %d\n\n"
            b"id: %d\nevent: snapshot_deleted\n"
            b'data: {"event":"snapshot_deleted","snapshot_id":"snap-001","organization_id":"org-a",'
            b'"period_id":"2024","deleted_at":"x"}\n\n'
        ) % (position, position + 1)
        assert response.read(len(expected)) == expected
        quiet_server.drain()
        assert response.read() == b"retry: 2000\n\n"


def test_batches_that_wait_are_written_as_one_chunk(quiet_server: InProcessServer) -> None:
    dispatched: set[int] = set()
    with socket.create_connection(("127.0.0.1", quiet_server.port), timeout=20) as peer, peer.makefile("rb") as answer:
        peer.sendall(f"GET {WATCH_PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        while answer.readline().strip():
            pass
        first = record_events(quiet_server)
        while b"id: %d\n" % first not in read_chunk(answer):
            pass
        # Listeners are called in their order, so this one sees a batch when it waits for the stream.
        unsubscribe = quiet_server.application.dispatcher.subscribe(
            lambda events, _progress: dispatched.update(event.event_id for event in events)
        )
        last = first
        with quiet_server.stopped_loop():
            for _ in range(3):
                last = record_events(quiet_server)
                wait_until(lambda last=last: last in dispatched)
        unsubscribe()
        chunk = read_chunk(answer)
        assert [b"id: %d\n" % number in chunk for number in range(first + 1, last + 1)] == [True] * 3


def read_chunk(answer: BinaryIO) -> bytes:
    """Return the next chunk of an answer in chunked transfer coding."""
    size = int(answer.readline(), 16)
    chunk = answer.read(size)
    assert answer.readline() == b"\r\n"
    return chunk


def test_new_stream_starts_at_newest_event(server: InProcessServer) -> None:
    record_events(server, count=3)
    with open_stream(server.url, WATCH_PATH) as stream:
        position = record_events(server)
        assert event_ids(stream.events_until(position)) == [position]


def test_last_event_id_header_overrides_query(server: InProcessServer) -> None:
    first = record_events(server)
    newest = record_events(server, count=3)
    with open_stream(server.url, f"{WATCH_PATH}?last_event_id={first}") as stream:
        assert stream.last_event_id == first
        assert event_ids(stream.events_until(newest)) == [first + 1, first + 2, first + 3]
    with open_stream(server.url, f"{WATCH_PATH}?last_event_id={first}", last_event_id=str(first + 2)) as stream:
        assert stream.last_event_id == first + 2
        assert event_ids(stream.events_until(newest)) == [first + 3]


def test_last_event_id_zero_replays_all_events(server: InProcessServer) -> None:
    newest = record_events(server)
    with open_stream(server.url, WATCH_PATH, last_event_id="0") as stream:
        assert stream.last_event_id == 0
        assert event_ids(stream.events_until(newest)) == list(range(1, newest + 1))


def test_resumed_streams_get_each_event_once_in_order(server: InProcessServer) -> None:
    """Streams open, resume and close while events are written, from positions far back (several pages) and near."""
    start = record_events(server, count=1700)
    stop = threading.Event()
    writer_random = random.Random(7)

    def write() -> None:
        while not stop.is_set():
            record_events(
                server, organization_id=writer_random.choice(["org-a", "org-b"]), count=writer_random.randint(1, 40)
            )
            time.sleep(0.001)

    def read(seed: int) -> None:
        reader_random = random.Random(seed)
        position = start - reader_random.randint(0, 1600)
        for _ in range(4):
            with open_stream(server.url, WATCH_PATH, last_event_id=str(position)) as stream:
                target = server.application.event_log.last_event_id() + reader_random.randint(0, 60)
                seen = event_ids(stream.events_until(target))
                assert seen == list(range(position + 1, seen[-1] + 1))
                position = seen[-1]

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(read, range(8)))
    finally:
        stop.set()
        writer.join()


def test_stream_that_has_replayed_more_than_was_broadcast_gets_nothing_twice(quiet_server: InProcessServer) -> None:
    may_go_on = threading.Event()
    may_go_on.set()

    def hold_back(_events: object, _progress: object) -> None:
        may_go_on.wait(20)

    # Listeners are called in their order, so this one, which comes before the broadcaster's, can hold a batch back.
    quiet_server.application.dispatcher.subscribe(hold_back)
    first = record_events(quiet_server, count=2)
    with open_stream(quiet_server.url, WATCH_PATH, last_event_id=str(first)) as waiting:
        may_go_on.clear()
        newest = record_events(quiet_server, count=3)
        # It is behind what was broadcast, so it replays the log, to the end.
        with open_stream(quiet_server.url, WATCH_PATH, last_event_id=str(first - 1)) as ahead:
            assert event_ids(ahead.events_until(newest)) == [first, first + 1, first + 2, first + 3]
            httpx.get(f"{quiet_server.url}/healthz")  # after it the stream is part of the fan-out
            may_go_on.set()
            assert event_ids(waiting.events_until(newest)) == [first + 1, first + 2, first + 3]
            last = record_events(quiet_server)
            assert event_ids(ahead.events_until(last)) == event_ids(waiting.events_until(last)) == [last]


def test_filters_apply_to_live_and_replayed_events(server: InProcessServer) -> None:
    before = server.application.event_log.last_event_id()
    streams = {
        query: SseClient(server.url, f"{WATCH_PATH}?{query}", {})
        for query in (
            "organization_id=org-a",
            "period_id=2024",
            "organization_id=org-a&period_id=2024",
            "organization_id=org-nobody",
            "",
        )
    }
    for stream in streams.values():
        stream.read_until(lambda block: block.is_bare_id)
    a24 = record_events(server, "org-a", "2024")
    a23 = record_events(server, "org-a", "2023")
    b24 = record_events(server, "org-b", "2024")
    b_source = record_events(server, "org-b", None)
    a_source = record_events(server, "org-a", None)
    expected = {
        "organization_id=org-a": [a24, a23, a_source],
        "period_id=2024": [a24, b24, b_source, a_source],
        "organization_id=org-a&period_id=2024": [a24, a_source],
        "organization_id=org-nobody": [],
        "": [a24, a23, b24, b_source, a_source],
    }
    for query, stream in streams.items():
        assert event_ids(stream.events_until(a_source)) == expected[query], query
        stream.close()
        with open_stream(server.url, f"{WATCH_PATH}?{query}", last_event_id=str(before)) as resumed:
            assert event_ids(resumed.events_until(a_source)) == expected[query], query


@pytest.mark.parametrize(
    "last_event_id", ["abc", "-1", "1.5", "+1", " 1x", "9" * 19, "9" * 5000, "٣".encode().decode("latin-1"), "beyond"]
)
def test_invalid_last_event_id_gets_resync(server: InProcessServer, last_event_id: str) -> None:
    newest = record_events(server)
    last_event_id = str(newest + 1000) if last_event_id == "beyond" else last_event_id
    with open_stream(server.url, WATCH_PATH, last_event_id=last_event_id) as stream:
        assert stream.last_event_id == newest
        resync = stream.next_block()
        assert resync is not None
        assert (resync.event, resync.id) == ("resync", None)
        assert list(resync.data) == ["event", "reason"]
        later = record_events(server)
        assert event_ids(stream.events_until(later)) == [later]


def test_pruned_last_event_id_gets_resync(quiet_server: InProcessServer) -> None:
    newest = record_events(quiet_server, count=10)
    assert quiet_server.application.database.write(lambda connection: prune(connection, "9999", limit=5)) == 5
    with open_stream(quiet_server.url, WATCH_PATH, last_event_id="4") as stream:
        assert stream.last_event_id == newest
        assert (stream.next_block() or SseBlock()).event == "resync"
    with open_stream(quiet_server.url, WATCH_PATH, last_event_id="5") as stream:
        assert stream.last_event_id == 5
        assert event_ids(stream.events_until(newest)) == [6, 7, 8, 9, 10]


def test_heartbeat_sends_comment_and_id_to_filtered_stream(server: InProcessServer) -> None:
    with (
        open_stream(server.url, WATCH_PATH) as stream,
        open_stream(server.url, f"{WATCH_PATH}?organization_id=org-nobody") as filtered,
    ):
        assert (stream.next_block() or SseBlock()).comments == [""]
        position = record_events(server)
        assert filtered.read_until(lambda block: block.is_bare_id and block.id == position)
        assert event_ids(stream.events_until(position)) == [position]


def test_stream_over_limit_gets_only_retry(quiet_server: InProcessServer) -> None:
    with open_stream(quiet_server.url, WATCH_PATH) as first_stream, open_stream(quiet_server.url, WATCH_PATH):
        rejected_stream = SseClient(quiet_server.url, WATCH_PATH, {})
        assert rejected_stream.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert [block.retry for block in rejected_stream.read_to_end()] == [2000]
        first_stream.close()
        wait_until(lambda: _can_open_stream(quiet_server), "a free slot")


def test_draining_ends_streams_and_rejects_requests(quiet_server: InProcessServer) -> None:
    with open_stream(quiet_server.url, WATCH_PATH) as stream, quiet_server.client() as client:
        quiet_server.drain()
        assert [block.retry for block in stream.read_to_end()] == [2000]
        assert [block.retry for block in SseClient(quiet_server.url, WATCH_PATH, {}).read_to_end()] == [2000]
        response = client.get("/api/v1/organizations")
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200


def test_slow_client_is_disconnected_without_delaying_others(quiet_server: InProcessServer) -> None:
    with socket.socket() as slow_client, open_stream(quiet_server.url, WATCH_PATH) as other_stream:
        slow_client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow_client.settimeout(20)
        slow_client.connect(("127.0.0.1", quiet_server.port))
        slow_client.sendall(f"GET {WATCH_PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert slow_client.recv(12) == b"HTTP/1.1 200"
        newest = 0
        for _ in range(60):
            newest = record_events(quiet_server, count=20, text="x" * 1000)
            assert event_ids(other_stream.events_until(newest)) == list(range(newest - 19, newest + 1))
        last = b"id: %d\n" % newest
        received = _read_remaining(slow_client, last)
        assert last not in received
        assert len(received) < 1_000_000


def test_burst_disconnects_no_fast_client(quiet_server: InProcessServer) -> None:
    with open_stream(quiet_server.url, WATCH_PATH) as stream:
        newest = record_events(quiet_server, count=300, text="x" * 1000)
        assert event_ids(stream.events_until(newest)) == list(range(newest - 299, newest + 1))


def test_slow_client_gets_complete_replay(quiet_server: InProcessServer) -> None:
    newest = record_events(quiet_server, count=1200, text="x" * 1000)
    wait_until(lambda: quiet_server.application.dispatcher.position == newest, "the dispatcher")
    with open_stream(quiet_server.url, WATCH_PATH, last_event_id="0") as stream:
        time.sleep(0.3)  # the client does not read, so the replay waits
        assert event_ids(stream.events_until(newest)) == list(range(1, newest + 1))


def test_invalid_stream_query_is_422(server: InProcessServer) -> None:
    assert httpx.get(f"{server.url}{WATCH_PATH}?organization_id=x").status_code == 422
    assert httpx.get(f"{server.url}{WATCH_PATH}?since=1").status_code == 422


def _can_open_stream(server: InProcessServer) -> bool:
    stream = SseClient(server.url, WATCH_PATH, {})
    try:
        stream.next_block()
        return (stream.next_block() or SseBlock()).is_bare_id  # over the limit the stream ends after `retry:`
    finally:
        stream.close()


def _read_remaining(peer: socket.socket, last: bytes) -> bytes:
    """Return what can still be read, up to `last` or the end of the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while last not in received and (chunk := peer.recv(65536)):
            received += chunk
    return received


def test_stream_is_told_to_reconnect_if_the_store_cannot_be_read(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> int:
        raise Unavailable("The store is busy.")

    monkeypatch.setattr(server.application.event_log, "last_event_id", fail)
    with server.client() as client:
        response = client.get(WATCH_PATH)
    assert (response.status_code, response.text) == (200, "retry: 2000\n\n")
    assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
