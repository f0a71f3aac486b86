"""The real server with few descriptors: slow clients keep nobody out, and running out of descriptors passes."""

import socket
from collections.abc import Generator
from contextlib import ExitStack, closing

import httpx
import pytest
from sqlite_utils.utils import sqlite3  # pyright: ignore[reportPrivateImportUsage]

from tests.api_handlers.bokeh_session import open_session
from tests.api_handlers.sse_client import open_stream
from tests.builders.case_xml import folder
from tests.support import pipeline
from tests.support.descriptor_limit import (
    holds_connection,
    is_closed,
    many_connections,
    no_descriptor_left,
    with_descriptors,
)
from tests.support.pipeline import wait_until
from tests.support.server_process import Server, running_server

DELIVERIES_PATH = "/api/v1/deliveries"
WATCH_PATH = "/api/v1/aggregated-report-data/watch"
XML = {"Content-Type": "application/xml"}
UPLOAD_HEAD = f"POST {DELIVERIES_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n".encode()
SILENT = {
    "nothing": b"",
    "half a head": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    "half a body": b"PUT /api/v1/aggregated-report-data/snap-001 HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{",
    "half an upload": UPLOAD_HEAD + b"<",
}

# Of 256 descriptors, 128 are for connections: 8 uploads, 26 pages, 54 streams and 32 others.
UPLOADS, STREAMS, CONNECTIONS = 8, 54, 120


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running_server(tmp_path_factory.mktemp("few") / "data", launcher=with_descriptors(256, 256)) as server:
        yield server


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A server with enough descriptors, low limits and a snapshot."""
    data_dir = tmp_path_factory.mktemp("strict") / "data"
    with pipeline.open_application(data_dir) as application:
        [organization_id] = pipeline.deliver(application, folder()).organizations
        pipeline.aggregate(application, organization_id, "2024")
    arguments = ("--max-sessions", "1", "--max-connections-per-client", "3", "--client-timeout-seconds", "3")
    with running_server(data_dir, *arguments) as server:
        yield server


def get(server: Server, path: str) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", timeout=20)


def deliver(server: Server) -> int:
    response = httpx.post(f"{server.url}{DELIVERIES_PATH}", content=folder(), headers=XML, timeout=20)
    assert response.status_code == 202 or "Retry-After" in response.headers
    return response.status_code


def test_lowered_limits_are_logged_at_start(server: Server) -> None:
    [line] = [line for line in server.output.splitlines() if "limit of open files" in line]
    assert f"max_streams {STREAMS} instead of 4000" in line
    assert f"max_uploads {UPLOADS} instead of 200" in line
    assert "max_sessions 26 instead of 1000" in line


@pytest.mark.parametrize("sent", SILENT.values(), ids=SILENT.keys())
def test_silent_clients_keep_nobody_out(server: Server, sent: bytes) -> None:
    """The connections that are silent longest are closed for those that come later."""
    with many_connections(server, 2 * CONNECTIONS, sent) as peers:
        assert get(server, "/readyz").status_code == 200
        assert get(server, "/").status_code == 200
        with open_stream(server.url, WATCH_PATH):
            pass
        wait_until(lambda: deliver(server) == 202, "an honest delivery to be received")
        if sent != SILENT["half an upload"]:
            assert is_closed(peers[0])
            assert not is_closed(peers[-1])


def test_slow_uploads_make_room_for_an_honest_one(server: Server) -> None:
    with many_connections(server, UPLOADS, UPLOAD_HEAD) as peers:
        wait_until(lambda: deliver(server) == 202, "an honest delivery to be received")
        assert sum(is_closed(peer) for peer in peers) == 1


def test_streams_over_the_limit_get_retry_and_end(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(STREAMS):
            stack.enter_context(open_stream(server.url, WATCH_PATH))
        for _ in range(2):  # the second one in the same way: the answer is not one to be sent from memory
            with (
                socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
                peer.makefile("rb") as answer,
            ):
                peer.sendall(f"GET {WATCH_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                assert answer.read().endswith(b"\r\n\r\nretry: 2000\n\n")
        assert get(server, "/readyz").status_code == 200
        assert deliver(server) == 202


def test_no_descriptor_left_is_a_passing_fault(server: Server) -> None:
    """It is logged once, without a traceback, and the connections that wait are served when there are some again."""

    def lines() -> list[str]:
        return [line for line in server.output.splitlines() if "accepting connections" in line]

    with ExitStack() as stack, httpx.Client(base_url=server.url, timeout=20) as client:
        assert client.get("/").status_code == 200  # the dashboard is imported, which needs descriptors
        with no_descriptor_left(server.process.pid):
            response = client.post(DELIVERIES_PATH, content=folder(), headers=XML)
            assert response.status_code == 503
            assert "Too many files" in response.json()["detail"]
            assert response.headers["Retry-After"]
            peer = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            peer.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            wait_until(lambda: bool(lines()), "the fault to be logged")
            peer.settimeout(0.6)  # a second attempt has failed by then
            with pytest.raises(TimeoutError):
                peer.recv(1)
        peer.settimeout(20)
        assert peer.recv(15) == b"HTTP/1.1 200 OK"
        assert deliver(server) == 202
    failed, works = lines()
    assert "Too many files and connections are open" in failed
    assert "works again" in works


def test_pages_over_the_limit_are_503(strict_server: Server) -> None:
    with open_session(strict_server.url):
        response = get(strict_server, "/")
        assert response.status_code == 503
        assert response.headers["Retry-After"]
        assert "bokeh" not in response.text.lower()


def test_client_over_its_limit_loses_its_own_connection(strict_server: Server) -> None:
    with (
        many_connections(strict_server, 1, client="127.0.0.2") as others,
        many_connections(strict_server, 4) as own,
    ):
        wait_until(lambda: is_closed(own[0]), "the longest silent one to be closed")
        assert all(holds_connection(strict_server, peer) for peer in (*own[1:], *others))


def test_client_without_silent_connections_gets_429(strict_server: Server) -> None:
    """Three requests wait for the store's lock; a further connection is refused, except for the probes and a stream."""
    body = b'{"invalidate_cache": true, "reason": "test"}'
    head = (
        "PUT /api/v1/aggregated-report-data/snap-001 HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    store = strict_server.data_dir / "store.sqlite"
    with closing(sqlite3.connect(store, isolation_level=None)) as other_program, ExitStack() as stack:
        other_program.execute("BEGIN IMMEDIATE")
        stack.enter_context(many_connections(strict_server, 3, head.encode() + body))
        with httpx.Client(transport=httpx.HTTPTransport(local_address="127.0.0.2"), timeout=20) as other_client:
            for _ in range(3):  # the server has read the requests above by then
                assert other_client.get(f"{strict_server.url}/livez", headers={"Connection": "close"}).is_success
        refused = get(strict_server, "/api/v1/organizations")
        assert (refused.status_code, refused.headers["Connection"]) == (429, "close")
        assert refused.headers["Content-Type"] == "application/problem+json"
        assert int(refused.headers["Retry-After"]) > 0
        assert get(strict_server, "/").status_code == 429
        assert get(strict_server, "/livez").status_code == 200
        assert get(strict_server, WATCH_PATH).text == "retry: 2000\n\n"
        other_program.execute("ROLLBACK")


def test_untaken_answers_are_cut_off(strict_server: Server) -> None:
    """The requests are answered one after the other, until neither kernel has room for more."""
    request = b"GET /api/v1/report-fields HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        peer.connect(("127.0.0.1", strict_server.port))
        peer.sendall(request * 300)
        assert peer.recv(1)
        wait_until(lambda: not holds_connection(strict_server, peer), "the connection to be closed")
