"""The `Host` header: the real server answers only for its own address, loopback names and the setting `hosts`."""

import re
import socket
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from preview.core.logging_config import LINES_PER_KIND
from tests.support.server_process import Server, running_server

PAGES = (
    "/",
    "/preview",
    "/country",
    "/ws",
    "/assets/x/page.css",
    "/favicon.ico",
    "/static/js/bokeh.min.js",
    "/overview/export.csv",
)
API_PATHS = (
    "/api/v1/aggregated-report-data",
    "/api/v1/aggregated-report-data/watch",
    "/openapi.json",
    "/livez",
    "/api/x",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    data_dir = tmp_path_factory.mktemp("hosts") / "data"
    with running_server(data_dir, "--address", "0.0.0.0", "--hosts", "bufdir.example:443") as server:  # noqa: S104
        yield server


def get(server: Server, path: str, host: str, method: str = "GET", **headers: str) -> httpx.Response:
    url = f"http://127.0.0.1:{server.port}{path}"
    return httpx.request(method, url, headers={"Host": host, **headers}, timeout=20)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "BREW"])
@pytest.mark.parametrize("path", [*PAGES, *API_PATHS])
def test_unknown_host_is_421_for_every_path(server: Server, path: str, method: str) -> None:
    response = get(server, path, f"rebound.example:{server.port}", method)
    assert response.status_code == 421
    is_api = path in API_PATHS
    assert response.headers["Content-Type"].startswith("application/problem+json" if is_api else "text/plain")
    if is_api and method != "HEAD":
        assert response.json()["status"] == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:5006", "[::1]:5006", "bufdir.example", "bufdir.example:443"])
def test_own_and_named_hosts_are_served(server: Server, host: str) -> None:
    assert get(server, "/livez", host).status_code == 200
    assert get(server, "/", host).status_code == 200


def test_other_ip_address_is_served_only_at_itself(server: Server) -> None:
    assert get(server, "/livez", "192.0.2.1").status_code == 421
    url = f"http://127.0.0.2:{server.port}/livez"  # the whole of 127.0.0.0/8 is local
    assert httpx.get(url).status_code == 200


def handshake_status(server: Server, host: str, origin: str) -> int:
    """Return the status of a WebSocket handshake."""
    lines = [
        "GET /ws HTTP/1.1",
        f"Host: {host}",
        f"Origin: {origin}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol: bokeh, x",
    ]
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(connection.makefile("rb").readline().split()[1])


def test_websocket_needs_served_host_and_own_or_named_origin(server: Server) -> None:
    own = f"127.0.0.1:{server.port}"
    assert handshake_status(server, own, "http://rebound.example") == 403
    assert handshake_status(server, own, f"http://localhost:{server.port}") == 403
    assert handshake_status(server, "rebound.example", "http://rebound.example") == 421
    assert handshake_status(server, own, "https://bufdir.example") == 101
    assert handshake_status(server, own, f"http://{own}") == 101
    assert "rebound.example" not in server.output


def test_thousand_refusals_are_a_bounded_number_of_log_lines(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        own = f"127.0.0.1:{server.port}"
        with httpx.Client(base_url=server.url, headers={"Host": "rebound.example"}) as client:
            assert {client.get("/livez").status_code for _ in range(1000)} == {421}
        assert {handshake_status(server, own, "http://rebound.example") for _ in range(100)} == {403}
        server.stop()
        lines = server.output.splitlines()
    left_out = [int(found) for found in re.findall(r"(\d+) further lines of this kind", server.output)]
    written = [sum(" 421 " in line for line in lines), sum("of another origin" in line for line in lines)]
    assert all(LINES_PER_KIND <= count < 100 for count in written)  # a minute may end meanwhile
    refused = sum(" 403 " in line for line in lines)
    assert sum(written) + refused + sum(left_out) == 1000 + 2 * 100
    assert "rebound" not in server.output
