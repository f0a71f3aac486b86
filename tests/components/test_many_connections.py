"""Attacks of the size that once took the server down, with the usual limit of open files (1,024)."""

import socket
import threading
from collections.abc import Generator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from tests.builders.case_xml import folder
from tests.support.descriptor_limit import is_closed, many_connections, with_descriptors
from tests.support.pipeline import wait_until
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.slow

WATCH = b"GET /api/v1/aggregated-report-data/watch HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HALF_HEAD = b"POST /api/v1/deliveries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-"
UPLOAD_HEAD = HALF_HEAD + b"Length: 1000000\r\n\r\n"
STREAMS = 374
"""What is held of `max_streams` with 1,024 descriptors."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running_server(tmp_path_factory.mktemp("1024") / "data", launcher=with_descriptors(1024, 1024)) as server:
        yield server


def assert_served(server: Server) -> None:
    """Each page and probe is answered at the first attempt, and a delivery as soon as slow uploads make room."""
    with httpx.Client(base_url=server.url, timeout=20) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/").status_code == 200
        assert client.get("/api/v1/organizations").status_code == 200
    wait_until(lambda: deliver(server) == 202, "an honest delivery to be received")


def deliver(server: Server) -> int:
    headers = {"Content-Type": "application/xml"}
    return httpx.post(f"{server.url}/api/v1/deliveries", content=folder(), headers=headers, timeout=20).status_code


def keep_sending(peers: list[socket.socket], stop: threading.Event, seconds: float) -> None:
    """Send a byte on each connection now and then."""
    while not stop.wait(seconds):
        for peer in peers:
            with suppress(OSError):
                peer.send(b"x", socket.MSG_DONTWAIT)


@pytest.mark.parametrize(
    ("count", "sent", "seconds"),
    [(1000, b"", 0.0), (1000, b"GET / HTTP/1.1\r\nX: ", 0.5), (1100, HALF_HEAD, 0.0), (1100, UPLOAD_HEAD, 0.0)],
    ids=["1000 silent", "1000 with a byte now and then", "1100 half heads", "1100 half requests"],
)
def test_slow_connections_keep_nobody_out(server: Server, count: int, sent: bytes, seconds: float) -> None:
    stop = threading.Event()
    with many_connections(server, count, sent) as peers:
        sender = threading.Thread(target=keep_sending, args=(peers, stop, seconds))
        if seconds:
            sender.start()
        try:
            assert_served(server)
        finally:
            stop.set()
            if seconds:
                sender.join()


def test_slow_uploads_keep_nobody_out(data_dir: Path) -> None:
    """200 uploads of a byte every 20 s, with enough descriptors for all of them; from one address and from several."""
    with running_server(data_dir) as server, ExitStack() as stack:
        for client in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
            stack.enter_context(many_connections(server, 200, UPLOAD_HEAD + b"<", client))
        assert_served(server)


def test_streams_over_the_hard_limit_get_retry(server: Server) -> None:
    with many_connections(server, 1100, WATCH) as peers:
        assert_served(server)
        closed: set[socket.socket] = set()

        def are_closed() -> bool:
            closed.update(peer for peer in peers if is_closed_stream(peer))
            return len(closed) >= 1100 - STREAMS

        wait_until(are_closed, "the others to be closed")
        assert not is_closed(peers[0])
    # The test's own deliveries are logged one by one, each attempt while slow uploads make no room for it.
    lines = [line for line in server.output.splitlines() if "POST /api/v1/deliveries" not in line]
    assert len(lines) < 20


def test_soft_limit_is_raised_for_all_streams(data_dir: Path) -> None:
    with (
        running_server(data_dir, launcher=with_descriptors(1024, 8192)) as server,
        many_connections(server, 1100, WATCH) as peers,
    ):
        for peer in peers:
            peer.settimeout(20)
            with peer.makefile("rb") as answer:
                assert any(line.startswith(b"id: ") for line in answer)
        assert_served(server)
        assert "limit of open files" not in server.output


def is_closed_stream(peer: socket.socket) -> bool:
    """Read what has arrived; return whether it ends."""
    peer.setblocking(False)
    with suppress(BlockingIOError):
        try:
            while peer.recv(65536):
                pass
        except ConnectionError:
            pass
        return True
    return False
