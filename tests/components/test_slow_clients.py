"""Time limits of the real server for clients that send nothing, or not to the end; the size of WebSocket messages."""

import socket
import struct
import time
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.api_handlers.bokeh_session import open_session
from tests.api_handlers.sse_client import open_stream
from tests.builders.case_xml import folder
from tests.support.server_process import Server, running_server

WATCH_PATH = "/api/v1/aggregated-report-data/watch"
TIMEOUT_SECONDS = 1.0
SENT = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    "half a body": b"PUT /api/v1/aggregated-report-data/snap-001 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Length: 99\r\n\r\n{",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    arguments = ("--client-timeout-seconds", str(TIMEOUT_SECONDS), "--websocket-timeout-seconds", "1")
    with running_server(tmp_path_factory.mktemp("slow") / "data", *arguments) as server:
        yield server


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


@pytest.fixture(scope="module")
def silent(server: Server) -> Generator[dict[str, socket.socket]]:
    """Clients by what they have sent: they fall silent together, so that the tests wait for the time limits once."""
    with ExitStack() as stack:
        peers = {name: stack.enter_context(connect(server)) for name in SENT}
        for name, peer in peers.items():
            peer.sendall(SENT[name])
        peers["half a message"] = stack.enter_context(open_session(server.url))
        peers["half a message"].sendall(masked_frame(0x81, 1000, b" "))
        yield peers


@pytest.mark.parametrize("sent", list(SENT))
def test_silent_client_is_disconnected(silent: dict[str, socket.socket], sent: str) -> None:
    assert silent[sent].recv(1) == b""


def test_client_that_sends_single_bytes_is_disconnected(server: Server) -> None:
    with connect(server) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nX: ")
        peer.settimeout(0.1)
        for _ in range(100):
            try:
                assert peer.recv(1) == b""
            except TimeoutError:
                peer.sendall(b"x")
            except ConnectionResetError:
                return
            else:
                return
    pytest.fail("The connection is still open.")


def test_stream_and_upload_outlast_the_time_limit(server: Server) -> None:
    body = folder()
    head = f"POST /api/v1/deliveries HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    with open_stream(server.url, WATCH_PATH) as stream, connect(server) as peer:
        peer.sendall(head.encode() + body[:10])
        time.sleep(2 * TIMEOUT_SECONDS)
        peer.sendall(body[10:])
        assert b" 202 " in peer.makefile("rb").readline()
        assert stream.read_until(lambda block: "delivery" in str(block))


def masked_frame(first_byte: int, announced: int, payload: bytes) -> bytes:
    """Return a client's WebSocket frame with a mask of zeros."""
    return struct.pack("!BBQ4s", first_byte, 0x80 | 127, announced, bytes(4)) + payload


@pytest.mark.parametrize("fragmented", [False, True])
def test_large_websocket_message_is_refused(server: Server, fragmented: bool) -> None:
    with open_session(server.url) as peer:
        half = 40_000
        if fragmented:
            peer.sendall(masked_frame(0x01, half, b" " * half) + masked_frame(0x00, half, b" " * half))
        else:
            peer.sendall(masked_frame(0x81, 2 * half, b" " * 10))
        assert_closed(peer)


def test_unfinished_websocket_message_is_disconnected(silent: dict[str, socket.socket]) -> None:
    assert_closed(silent["half a message"])


def assert_closed(peer: socket.socket) -> None:
    try:
        while peer.recv(65536):
            pass
    except ConnectionResetError:
        pass
