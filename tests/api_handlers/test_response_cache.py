"""Responses of GET from memory: the same as those of the handlers, and only while what they show is unchanged."""

import re
import socket
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from tornado.httputil import RequestStartLine

from api_handlers.base import REPORT_DATA_PATH, ApiHandler
from api_handlers.response_cache import RecordedResponse, ResponseCache
from tests.api_handlers.in_process_server import InProcessServer, run_in_process_server
from tests.contract.scenario_fixtures import ChildWelfareService, base_delivery
from tests.support.kept_texts import texts_in
from tests.support.pipeline import aggregate, deliver, open_application, wait_until

DOCUMENT_PATH = f"{REPORT_DATA_PATH}/snap-001"
PATHS = (DOCUMENT_PATH, REPORT_DATA_PATH + DOCUMENT_PATH, f"{REPORT_DATA_PATH}?limit=1")
REQUEST_HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Accept-Encoding": "gzip"},
    {"Accept-Encoding": "identity"},
    {"Accept": "application/json"},
    {"Origin": "https://allowed.example"},
    {"Origin": "https://other.example"},
    {"If-None-Match": '"unknown"'},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[InProcessServer]:
    """Run a server without a worker, so that its store changes only where a test changes it."""
    data_dir = tmp_path_factory.mktemp("response_cache")
    fill_store(data_dir)
    with run_in_process_server(data_dir, with_worker=False, cors_origins=("https://allowed.example",)) as server:
        yield server


def fill_store(data_dir: Path) -> None:
    """Aggregate two periods: `snap-001` and `snap-002`."""
    with open_application(data_dir) as application:
        service = ChildWelfareService(1)
        deliver(application, service.listing("Prøvetjenesten"))
        deliver(application, *base_delivery(service))
        for period_id in ("2023", "2024"):
            aggregate(application, service.organization_id, period_id)


@pytest.fixture
def handled_paths(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths that a handler answers from now on, in order."""
    paths: list[str] = []
    prepare = ApiHandler.prepare

    def prepare_and_note(handler: ApiHandler) -> None:
        paths.append(handler.request.path)
        prepare(handler)

    monkeypatch.setattr(ApiHandler, "prepare", prepare_and_note)
    return paths


@pytest.fixture(scope="module")
def commit_change(server: InProcessServer) -> Generator[Callable[[], object]]:
    """Return what changes the store through another application on it, as another process would."""
    with open_application(server.application.settings.data_dir, started=False) as other:
        yield partial(other.snapshots.invalidate, "snap-002", "Prøve", "test")


def without_date(response: httpx.Response) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in response.headers.items() if name != "date"}
    return response.status_code, headers, response.read()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", REQUEST_HEADERS, ids=str)
def test_response_from_memory_equals_the_handlers(
    server: InProcessServer,
    commit_change: Callable[[], object],
    handled_paths: list[str],
    path: str,
    headers: dict[str, str],
) -> None:
    """The second request is known by its bytes, the third, of another browser, once it is parsed."""
    commit_change()
    with server.client() as client:
        first, second = (client.get(path, headers=headers) for _ in range(2))
        third = client.get(path, headers=headers | {"User-Agent": "Another"})
    assert len(handled_paths) == 1
    assert without_date(third) == without_date(second) == without_date(first)
    assert second.headers["Date"]
    assert third.headers["Date"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_not_modified_comes_from_memory_too(
    server: InProcessServer, handled_paths: list[str], path: str, coding: str
) -> None:
    with server.client() as client:
        tag = client.get(path, headers={"Accept-Encoding": coding}).headers["ETag"]
        first, second = (client.get(path, headers={"Accept-Encoding": coding, "If-None-Match": tag}) for _ in range(2))
    assert len(handled_paths) <= 2
    assert first.status_code == 304
    assert without_date(second) == without_date(first)
    assert second.headers["ETag"] == tag


LIST_PATH = f"{REPORT_DATA_PATH}?limit=1"


@pytest.mark.parametrize(("path", "handled"), [(DOCUMENT_PATH, 0), (LIST_PATH, 6)])
def test_commit_of_another_process_is_seen_at_once(
    server: InProcessServer,
    commit_change: Callable[[], object],
    handled_paths: list[str],
    path: str,
    handled: int,
) -> None:
    """Of a document that a commit leaves, only the log position differs; a list is made again."""
    with server.client() as client:
        client.get(path)
        handled_paths.clear()
        for _ in range(3):
            commit_change()
            before = client.get(path).headers["Last-Event-ID"]
            commit_change()
            assert int(client.get(path).headers["Last-Event-ID"]) > int(before)
    assert len(handled_paths) == handled


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "identity"}], ids=str)
@pytest.mark.parametrize("known", [False, True])
def test_renewed_response_equals_the_handlers(
    server: InProcessServer,
    commit_change: Callable[[], object],
    handled_paths: list[str],
    headers: dict[str, str],
    known: bool,
) -> None:
    with server.client() as client:
        tag = client.get(DOCUMENT_PATH, headers=headers).headers["ETag"]
        headers = headers | ({"If-None-Match": tag} if known else {})
        client.get(DOCUMENT_PATH, headers=headers)
        commit_change()
        handled_paths.clear()
        renewed = client.get(DOCUMENT_PATH, headers=headers)
        assert not handled_paths
        handled = client.get(DOCUMENT_PATH, headers=headers | {"Connection": "close"})
    assert handled_paths == [DOCUMENT_PATH]
    assert renewed.status_code == (304 if known else 200)
    status, handled_headers, body = without_date(handled)
    del handled_headers["connection"]
    assert without_date(renewed) == (status, handled_headers, body)


def test_changed_document_is_sent_at_once(tmp_path: Path, handled_paths: list[str]) -> None:
    """Another process changes a document, also where its bytes stay the same, and deletes it."""
    fill_store(tmp_path)
    with (
        run_in_process_server(tmp_path, with_worker=False) as server,
        open_application(tmp_path, started=False) as other,
        server.client() as client,
    ):
        tags = [client.get(DOCUMENT_PATH).headers["ETag"]]
        for _ in range(3):
            unchanged = {"If-None-Match": tags[-1]}
            assert client.get(DOCUMENT_PATH, headers=unchanged).status_code == 304
            other.snapshots.invalidate("snap-001", "Prøve", "test")
            handled_paths.clear()
            assert client.get(DOCUMENT_PATH, headers=unchanged).status_code == 200
            response = client.get(DOCUMENT_PATH)
            assert len(handled_paths) == 2
            assert response.json()["cache_valid"] is False
            tags.append(response.headers["ETag"])
        assert len(set(tags)) == len(tags)
        other.snapshots.delete("snap-001", "test")
        assert client.get(DOCUMENT_PATH).status_code == 404


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("OPTIONS", {}),
        ("GET", {"Connection": "close"}),
        ("GET", {"Content-Length": "2"}),
        ("PUT", {}),
    ],
)
def test_other_requests_reach_the_handler(
    server: InProcessServer, handled_paths: list[str], method: str, headers: dict[str, str]
) -> None:
    with server.client() as client:
        client.get(DOCUMENT_PATH)
        handled_paths.clear()
        content = b"{}" if "Content-Length" in headers else None
        for _ in range(2):
            client.request(method, DOCUMENT_PATH, headers=headers, content=content)
    assert handled_paths == [DOCUMENT_PATH] * 2


def test_problems_and_streams_are_not_recorded(server: InProcessServer, handled_paths: list[str]) -> None:
    with server.client() as client:
        for _ in range(2):
            assert client.get(f"{REPORT_DATA_PATH}/snap-999").status_code == 404
            with client.stream("GET", f"{REPORT_DATA_PATH}/watch") as stream:
                assert stream.status_code == 200
    assert len(handled_paths) == 4


def test_pipelined_requests_get_their_own_responses(server: InProcessServer) -> None:
    """Mix recorded responses with those of handlers on one connection."""
    paths = [DOCUMENT_PATH, f"{REPORT_DATA_PATH}/snap-999", DOCUMENT_PATH, "/livez", DOCUMENT_PATH]
    requests = "".join(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" for path in paths)
    last = f"GET {DOCUMENT_PATH} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall((requests + last).encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"404", b"200", b"200", b"200", b"200"]


KNOWN_REQUEST = f"GET {DOCUMENT_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@pytest.fixture
def peer(server: InProcessServer) -> Generator[socket.socket]:
    """Return a connection on which a request has been answered, which is known by its bytes from then on."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(KNOWN_REQUEST)
        assert read_response(connection)[0] == 200
        yield connection


def read_response(connection: socket.socket) -> tuple[int, bytes]:
    """Return the status and the body of the next response, of which nothing may follow yet."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = re.search(rb"\r\nContent-Length: (\d+)", head)
    assert length is not None
    while len(body) < int(length[1]):
        body += connection.recv(65536)
    assert len(body) == int(length[1])
    return int(head.split(b" ")[1]), body


def test_known_request_is_answered_without_being_parsed(peer: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[RequestStartLine] = []
    find = ResponseCache.find

    def find_and_note(cache: ResponseCache, start_line: RequestStartLine, *arguments: Any) -> RecordedResponse | None:
        parsed.append(start_line)
        return find(cache, start_line, *arguments)

    monkeypatch.setattr(ResponseCache, "find", find_and_note)
    for _ in range(3):
        peer.sendall(KNOWN_REQUEST)
        assert read_response(peer)[0] == 200
    assert not parsed


def test_known_bytes_within_a_head_are_part_of_it(peer: socket.socket) -> None:
    """A request may not begin where another one's head has not ended yet."""
    peer.sendall(b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /livez HTTP/1.1\r\nX: ")
    status, liveness = read_response(peer)
    assert status == 200
    peer.sendall(KNOWN_REQUEST)
    assert read_response(peer) == (200, liveness)


@pytest.mark.parametrize("framing", [f"Content-Length: {len(KNOWN_REQUEST)}", "Transfer-Encoding: chunked"])
def test_known_bytes_within_a_body_are_part_of_it(peer: socket.socket, framing: str) -> None:
    head = f"PUT {DOCUMENT_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n{framing}\r\n\r\n"
    is_chunked = "chunked" in framing
    peer.sendall(head.encode() + (b"%x\r\n" % len(KNOWN_REQUEST) if is_chunked else b""))
    assert peer.recv(65536).startswith(b"HTTP/1.1 100 ")
    peer.sendall(KNOWN_REQUEST)
    if is_chunked:
        peer.sendall(b"\r\n0\r\n\r\n")
    assert read_response(peer)[0] == 400  # the body is no JSON
    peer.sendall(KNOWN_REQUEST)
    assert read_response(peer)[0] == 200


def test_known_request_in_two_segments_is_answered_once(peer: socket.socket) -> None:
    for cut in (1, 20, len(KNOWN_REQUEST) - 1):
        peer.sendall(KNOWN_REQUEST[:cut])
        peer.sendall(KNOWN_REQUEST[cut:])
        assert read_response(peer)[0] == 200


def test_draining_server_answers_by_its_handlers(tmp_path: Path) -> None:
    with run_in_process_server(tmp_path / "draining", with_worker=False) as draining, draining.client() as client:
        list_path = f"{REPORT_DATA_PATH}?limit=1"
        assert [client.get(list_path).status_code for _ in range(2)] == [200, 200]
        draining.drain()
        assert client.get(list_path).status_code == 503


def test_nothing_of_an_erased_organisation_is_kept(tmp_path: Path) -> None:
    fill_store(tmp_path)
    with run_in_process_server(tmp_path, with_worker=False) as server, server.client() as client:
        document = client.get(DOCUMENT_PATH, headers={"Accept-Encoding": "identity"}).json()
        name = document["organization_name"]

        def is_kept() -> bool:
            return any(name in text for text in texts_in(server.application.dispatcher))

        assert is_kept()
        server.application.eraser.erase(document["organization_id"], "test")
        wait_until(lambda: not is_kept(), "the responses to be forgotten")
