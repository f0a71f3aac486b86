"""Headers of every response of the real server: security headers, and an entity tag for each content coding."""

import socket
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from components.response_transforms import SECURITY_HEADERS
from tests.builders.case_xml import folder, melding
from tests.support import pipeline
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


def get_with(server: Server, path: str, coding: str, **headers: str) -> httpx.Response:
    sent = {"Accept-Encoding": coding} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{server.url}{path}", headers=sent, timeout=20)


def test_gzip_and_identity_have_different_strong_tags(server: Server) -> None:
    identity, compressed = (get_with(server, FIELDS_PATH, coding) for coding in ("identity", "gzip"))
    assert compressed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in identity.headers
    tags = identity.headers["ETag"], compressed.headers["ETag"]
    assert tags[1] == f'{tags[0][:-1]}-gzip"'
    assert identity.content == compressed.content
    for coding in ("identity", "gzip"):
        for tag in (*tags, f"W/{tags[1]}", f'"x", {tags[1]}', "*"):
            response = get_with(server, FIELDS_PATH, coding, If_None_Match=tag)
            assert (response.status_code, response.content) == (304, b"")
        assert get_with(server, FIELDS_PATH, coding, If_None_Match='"x"').status_code == 200
    for tag in tags:
        assert get_with(server, FIELDS_PATH, "gzip", If_None_Match=tag).headers["ETag"] == tag
    assert httpx.head(f"{server.url}{FIELDS_PATH}", headers={"Accept-Encoding": "gzip"}).headers["ETag"] == tags[1]


def test_if_match_accepts_tag_of_either_coding(data_dir: Path) -> None:
    with pipeline.open_application(data_dir) as application:
        delivery = pipeline.deliver(application, folder(meldinger=[melding("2024-01-10")]))
        [organization_id] = delivery.organizations
        pipeline.aggregate(application, organization_id, "2024")
    with running_server(data_dir) as server:
        url = f"{SNAPSHOTS_PATH}/snap-001"
        statuses: list[int] = []
        for coding in ("gzip", "identity"):
            response = get_with(server, url, coding)
            assert response.headers.get("Content-Encoding", "identity") == coding
            for tag in (response.headers["ETag"], f"W/{response.headers['ETag']}", '"x-gzip"'):
                body = {"invalidate_cache": True, "reason": "Prøve"}
                answer = httpx.put(f"{server.url}{url}", json=body, headers={"If-Match": tag})
                statuses.append(answer.status_code)
        assert [status < 300 for status in statuses] == [True, False, False, True, False, False]
        assert set(statuses[1:3] + statuses[4:]) == {412}
