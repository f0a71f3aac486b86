"""What clients send to the real server, by every way in and at the level debug, stands in no line of its log."""

import io
import json
import re
import socket
import struct
import zipfile
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from api_handlers.routes import ROUTES
from tests.api_handlers.bokeh_session import open_session
from tests.builders.case_xml import folder, melding
from tests.support.pipeline import wait_until
from tests.support.server_process import Server

SENTINEL = "Sentinelsen-01017012345"
QUERY = f"?q={SENTINEL}&organization_id={SENTINEL}&period_id={SENTINEL}&last_event_id={SENTINEL}&lang={SENTINEL}"
PAGES = (
    "/",
    "/preview",
    "/country",
    "/overview/export.csv",
    "/overview/export.xlsx",
    "/preview/export.csv",
    "/assets/page.css",
    "/favicon.ico",
    "/static/js/bokeh.min.js",
    "/autoload.js",
    "/preview/ws",
)
HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Cookie",
    "Forwarded",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
    "Origin",
    "Range",
    "Referer",
    "Sec-WebSocket-Protocol",
    "User-Agent",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-User",
)
DELIVERIES = "/api/v1/deliveries"
SNAPSHOTS = "/api/v1/aggregated-report-data"


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inbox")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, inbox: Path) -> Generator[Server]:
    """A server that logs everything. What it has logged after all tests of the module is searched at its end."""
    arguments = ("--log-level", "debug", "--inbox-dir", str(inbox), "--inbox-settle-seconds", "0.3", "--use-xheaders")
    server = Server(tmp_path_factory.mktemp("server") / "data", arguments)
    try:
        yield server
    finally:
        server.stop()
    lines = [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]
    assert {line["level"] for line in lines} >= {"debug", "info"}
    assert_unknown(server.output)


def assert_unknown(output: str) -> None:
    found = [line for line in output.splitlines() if "Sentinelsen" in line or "01017012345" in line]
    assert found == []


def send_raw(server: Server, request: bytes) -> bytes:
    """Send bytes and return what is answered until the server closes the connection, or has answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
        peer.sendall(request)
        peer.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := peer.recv(65536):
            answer += chunk
        return answer


@pytest.fixture(scope="module")
def client(server: Server) -> Generator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20) as client:
        yield client


def test_queries_and_paths_are_not_logged(server: Server, client: httpx.Client) -> None:
    for route in (*PAGES, *(route.path for route in ROUTES)):
        path = re.sub(r"{\w+}", SENTINEL, route)
        for method in ("HEAD", "OPTIONS", "POST", "PUT", "DELETE", SENTINEL):
            client.request(method, f"{path}{QUERY}")
        with client.stream("GET", f"{path}{QUERY}") as response:
            assert response.status_code != 500
        client.get(f"{path.rstrip('/')}/{SENTINEL}")
    assert_unknown(server.output)


@pytest.mark.parametrize("path", ["/preview", "/overview/export.csv", SNAPSHOTS, "/ws"])
def test_headers_are_not_logged(server: Server, client: httpx.Client, path: str) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"} if path == "/ws" else {}
    for value in (SENTINEL, f'"{SENTINEL}', f"lang={SENTINEL}; theme={SENTINEL}", f"bokeh, {SENTINEL}"):
        client.get(path, headers=dict.fromkeys(HEADERS, value) | upgrade)
        client.get(path, headers={"Sec-WebSocket-Protocol": value, "Origin": f"http://{SENTINEL}"} | upgrade)
    assert_unknown(server.output)


@pytest.mark.parametrize(
    "request_head",
    [
        f"{SENTINEL}",
        f"GET /{SENTINEL}",
        f"GET / HTTP/{SENTINEL}",
        f"{SENTINEL} / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close",
        f"GET / HTTP/1.1\r\nHost: {SENTINEL}\r\nConnection: close",
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{SENTINEL}",
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n {SENTINEL}",
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: \x00{SENTINEL}",
        f"POST {DELIVERIES} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {SENTINEL}",
        f"POST {DELIVERIES} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: {SENTINEL}",
        f"POST {DELIVERIES} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n{SENTINEL}",
        f"GET /?%FF{SENTINEL}=%FF HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close",
        f"GET /preview?organization_id=%FF{SENTINEL} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close",
        f"GET {SNAPSHOTS}/%FF{SENTINEL} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close",
        f"GET /assets/%FF{SENTINEL} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close",
    ],
)
def test_malformed_requests_are_not_logged(server: Server, request_head: str) -> None:
    send_raw(server, f"{request_head}\r\n\r\n".encode("latin-1"))
    assert_unknown(server.output)


def test_bodies_and_file_names_are_not_logged(server: Server, client: httpx.Client) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr(f"{SENTINEL}/{SENTINEL}.xml", f"<Barnevern>{SENTINEL}")
    contents = [
        f"<Barnevern {SENTINEL}".encode(),
        f"<{SENTINEL}/>".encode(),
        f"navn;{SENTINEL}\n{SENTINEL};1\n".encode(),
        archive.getvalue(),
    ]
    receipts: list[str] = []
    for content in contents:
        form = {"files": (f"{SENTINEL}.xml", content, f"application/{SENTINEL}")}
        response = client.post(DELIVERIES, files=form)
        receipts.append(response.json()["delivery_id"])
    assert client.post(DELIVERIES, data={SENTINEL: SENTINEL}, files={"x": b""}).status_code == 422
    for media_type in ("application/json", f"text/{SENTINEL}", f"application/xml; charset={SENTINEL}"):
        for method, path in (("POST", DELIVERIES), ("POST", SNAPSHOTS), ("PUT", f"{SNAPSHOTS}/snap-001")):
            headers = {"Content-Type": media_type}
            client.request(method, path, content=f'{{"reason": "{SENTINEL}', headers=headers)

    def are_read() -> bool:
        documents = [client.get(f"{DELIVERIES}/{receipt}").json() for receipt in receipts]
        return all(document["completed_at"] for document in documents)

    wait_until(are_read, "the deliveries")
    assert_unknown(server.output)


def test_change_is_logged_without_its_reason(server: Server, client: httpx.Client) -> None:
    content = folder(meldinger=[melding("2024-01-10")])
    receipt = client.post(DELIVERIES, content=content, headers={"Content-Type": "application/xml"})
    delivery_id = receipt.json()["delivery_id"]
    wait_until(lambda: client.get(f"{DELIVERIES}/{delivery_id}").json()["completed_at"], "the delivery")
    organization_id = client.get(f"{DELIVERIES}/{delivery_id}").json()["organizations"][0]
    request = {"organization_id": organization_id, "period_id": "2024"}
    snapshot_id = client.post(SNAPSHOTS, json=request).json()["snapshot_id"]
    reason = {"invalidate_cache": True, "reason": SENTINEL}
    assert client.put(f"{SNAPSHOTS}/{snapshot_id}", json=reason).status_code == 202
    assert client.delete(f"{SNAPSHOTS}/{snapshot_id}").status_code == 200
    assert_unknown(server.output)
    for expected, changed_id in (
        (f"POST {DELIVERIES} 202 ", delivery_id),
        (f"POST {SNAPSHOTS} 202 ", snapshot_id),
        (f"PUT {SNAPSHOTS}/{{snapshot_id}} 202 ", snapshot_id),
        (f"DELETE {SNAPSHOTS}/{{snapshot_id}} 200 ", snapshot_id),
    ):
        line = re.compile(rf'"level": "info".*"message": "{re.escape(expected)}.* ms, {changed_id}, by api"')
        wait_until(lambda line=line: line.search(server.output) is not None, expected)


def test_websocket_messages_are_not_logged(server: Server) -> None:
    header = {"msgid": SENTINEL, "msgtype": SENTINEL}
    for fragments in (
        [SENTINEL],
        [json.dumps(header), "{}", json.dumps({SENTINEL: SENTINEL})],
        [json.dumps(header | {"msgtype": "PATCH-DOC"}), "{}", json.dumps({"events": [{"kind": SENTINEL}]})],
    ):
        with open_session(server.url) as peer:
            for fragment in fragments:
                peer.sendall(masked_frame(fragment.encode()))
            peer.sendall(masked_frame(struct.pack("!H", 4000) + SENTINEL.encode(), opcode=8))
            while peer.recv(65536):
                pass
    assert_unknown(server.output)


def test_watched_files_are_not_named(server: Server, inbox: Path) -> None:
    (inbox / SENTINEL).mkdir()
    (inbox / SENTINEL / f"{SENTINEL}.xml").write_text(f"<Barnevern>{SENTINEL}")
    (inbox / f"{SENTINEL}.link").symlink_to("/nonexistent")
    wait_until(lambda: (inbox / "refused" / SENTINEL / f"{SENTINEL}.xml").exists(), "the file to be refused")
    assert_unknown(server.output)


def masked_frame(payload: bytes, opcode: int = 1) -> bytes:
    """Return a WebSocket frame as a client sends it."""
    length = bytes([128 | len(payload)]) if len(payload) < 126 else bytes([254]) + struct.pack("!H", len(payload))
    return bytes([128 | opcode]) + length + bytes(4) + payload
