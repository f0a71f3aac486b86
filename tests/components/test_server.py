"""The response of a live page: the readable part first, then the session."""

import socket
import struct
from pathlib import Path

import httpx
from lxml import html

from tests.builders.case_xml import folder, melding
from tests.support import pipeline
from tests.support.reporting_period import REPORTING_PERIOD
from tests.support.server_process import Server, running_server


def _first_chunk(server: Server, path: str) -> bytes:
    """Return the first chunk of a chunked response."""
    with (
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection,
        connection.makefile("rb") as answer,
    ):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        assert answer.readline().split()[1] == b"200"
        while line := answer.readline().strip():
            assert not line.lower().startswith(b"content-length")
        return answer.read(int(answer.readline(), 16))


def test_page_content_is_sent_before_session_starts(data_dir: Path) -> None:
    with pipeline.open_application(data_dir) as application:
        delivery = pipeline.deliver(application, folder(meldinger=[melding("2024-01-10")]))
        [organization_id] = delivery.organizations
        pipeline.aggregate(application, organization_id, "2024")
    with running_server(data_dir) as server:
        preview = _first_chunk(server, f"/preview?organization_id={organization_id}&period_id=2024")
        overview = _first_chunk(server, "/")
    assert preview.count(b'data-region="row-') == 34
    assert b'data-region="foot"' in preview
    assert organization_id.encode() in overview
    for chunk in (preview, overview):
        assert b"bokeh" not in chunk.lower()
        assert b"</body>" not in chunk


def _links(response: httpx.Response) -> dict[str, str]:
    """Return the addresses of the links by id."""
    document = html.fromstring(response.content)
    return {link.get("id"): link.get("href") for link in document.iter("a") if link.get("id")}


def test_every_link_keeps_chosen_period(data_dir: Path) -> None:
    with running_server(data_dir) as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/preview", params={"period_id": "2023"}).headers["Location"] == "/?period_id=2023"
        assert client.get("/preview", params={"period_id": "x"}).headers["Location"] == "/"
        missing = client.get("/preview", params={"organization_id": "org-none", "period_id": "2023"})
        assert missing.status_code == 404
        assert html.fromstring(missing.content).xpath("//main//a/@href") == ["/?period_id=2023"]
        assert _links(missing)["nav-home"] == "/?period_id=2023"
        assert _links(client.get("/", params={"period_id": "2024-H3"}))["nav-home"] == "/"
        shown = client.get("/", params={"period_id": "2023", "lang": "nn", "q": "å"})
        document = html.fromstring(shown.content)
        assert _links(shown)["to-reporting-period"] == "?q=%C3%A5"
        assert document.xpath("//a[@data-language='en']/@href") == ["?period_id=2023&q=%C3%A5&lang=en"]
        assert document.findtext(".//title") == "Oversyn 2023 – Bufdir Rapportering"
        reporting = _links(client.get("/", params={"period_id": REPORTING_PERIOD}))
        assert reporting["nav-home"] == "/"
        assert "to-reporting-period" not in reporting


def test_client_disconnect_logs_no_error(data_dir: Path) -> None:
    with running_server(data_dir) as server:  # fails on tracebacks in the output when it ends
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        assert b"<main" in _first_chunk(server, "/")
