"""Headers of every response of the real server: security headers, and an entity tag for each content coding."""

import socket
from collections.abc import Generator

import httpx
import pytest

from components.response_transforms import SECURITY_HEADERS
from tests.support.server_process import Server, running_server

SNAPSHOTS_PATH = "/api/v1/aggregated-report-data"
FIELDS_PATH = "/api/v1/report-fields"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running_server(tmp_path_factory.mktemp("headers") / "data") as server:
        yield server


def assert_security_headers(headers: httpx.Headers) -> None:
    for name in SECURITY_HEADERS:
        assert headers.get_list(name), name
        assert len(headers.get_list(name)) == 1, name
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Server" not in headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/preview?organization_id=org-1", 404),
        ("GET", "/unknown", 404),
        ("BREW", "/", 405),
        ("GET", "/overview/export.csv", 200),
        ("GET", "/assets/unknown/page.css", 404),
        ("GET", "/favicon.ico", 200),
        ("GET", "/static/js/bokeh.min.js", 404),
        ("GET", "/static/extensions/panel/panel.min.js", 404),
        ("GET", "/preview/static/js/bokeh.min.js", 404),
        ("GET", "/autoload.js", 404),
        ("GET", "/ws", 400),
        ("POST", "/ws", 405),
        ("GET", SNAPSHOTS_PATH, 200),
        ("HEAD", f"{SNAPSHOTS_PATH}/watch", 200),
        ("GET", f"{SNAPSHOTS_PATH}/snap-001", 404),
        ("OPTIONS", SNAPSHOTS_PATH, 204),
        ("BREW", SNAPSHOTS_PATH, 405),
        ("GET", "/api/unknown", 404),
        ("GET", "/openapi.json", 200),
        ("GET", "/livez", 200),
    ],
)
def test_every_response_has_security_headers(server: Server, method: str, path: str, status: int) -> None:
    response = httpx.request(method, f"{server.url}{path}", timeout=20)
    assert response.status_code == status
    assert_security_headers(response.headers)


def test_response_for_unknown_host_has_security_headers(server: Server) -> None:
    for path in ("/", SNAPSHOTS_PATH):
        response = httpx.get(f"{server.url}{path}", headers={"Host": "rebound.example"})
        assert response.status_code == 421
        assert_security_headers(response.headers)


@pytest.mark.parametrize(("origin", "status"), [("http://rebound.example", 403), ("", 101)])
def test_websocket_response_has_security_headers(server: Server, origin: str, status: int) -> None:
    host = f"127.0.0.1:{server.port}"
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {host}",
        f"Origin: {origin or f'http://{host}'}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = connection.makefile("rb")
        assert int(answer.readline().split()[1]) == status
        pairs: list[tuple[str, str]] = []
        while line := answer.readline().decode().strip():
            name, _, value = line.partition(": ")
            pairs.append((name, value))
    assert_security_headers(httpx.Headers(pairs))


def test_api_responses_are_private_and_stream_is_not_stored(server: Server) -> None:
    for path in (SNAPSHOTS_PATH, FIELDS_PATH, "/livez", "/openapi.json"):
        assert httpx.get(f"{server.url}{path}").headers["Cache-Control"] == "private, no-cache"
    assert "no-store" in httpx.head(f"{server.url}{SNAPSHOTS_PATH}/watch").headers["Cache-Control"]
