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


def test_visitor_who_leaves_before_session_starts_gets_none(data_dir: Path) -> None:
    with running_server(data_dir, "--max-sessions", "2") as server, httpx.Client(base_url=server.url) as client:
        _first_chunk(server, "/")
        # The second visit begins later, so that it ends after the pause of the first one.
        assert [client.get("/").status_code for _ in range(2)] == [200, 200]


def test_visitors_of_kept_preview_share_nothing_personal(data_dir: Path) -> None:
    with pipeline.open_application(data_dir) as application:
        delivery = pipeline.deliver(application, folder(meldinger=[melding("2024-01-10")]))
        [organization_id] = delivery.organizations
        pipeline.aggregate(application, organization_id, "2024")
    visits = {
        "Kari": ({"open": "antall_meldinger_mottatt", "filter": "error"}, "dark"),
        "Ola": ({}, "light"),
        "Ann": ({"lang": "en"}, "light"),
    }
    report = {"organization_id": organization_id, "period_id": "2024"}
    environment = {"BUFDIR_PREVIEW_ACTOR_HEADER": "X-User"}
    with (
        running_server(data_dir, "--no-auto-aggregate", environment=environment) as server,
        httpx.Client(base_url=server.url) as client,
    ):
        pages = {
            name: client.get(
                "/preview", params=report | arguments, headers={"X-User": name, "Cookie": f"theme={theme}"}
            )
            for name, (arguments, theme) in visits.items()
        }
        comment = {"field_key": None, "text": "Ser riktig ut."}
        client.post(f"/api/v1/reviews/{organization_id}/2024/comments", json=comment).raise_for_status()
        later = client.get("/preview", params=report, headers={"X-User": "Ola"})
    secrets = set[str]()
    for name, page in pages.items():
        document, (_, theme) = html.fromstring(page.content), visits[name]
        [nonce] = set(document.xpath("//script/@nonce"))
        assert f"'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
        secrets |= {nonce, *document.xpath("//@data-session-token")}
        assert document.get("data-color-scheme") == theme
        assert document.get("lang") == ("en" if name == "Ann" else "nb")
        shown = document.xpath("//tr[@data-region='detail-antall_meldinger_mottatt'][not(@hidden)]")
        assert bool(shown) == (name == "Kari")
        assert not [other for other in visits if other in page.text and other != name]
    assert len(secrets) == 2 * len(pages)
    assert "Ser riktig ut." not in pages["Ola"].text
    assert "Ser riktig ut." in later.text


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
