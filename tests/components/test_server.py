"""How a live page goes out."""

import socket
import struct
from pathlib import Path

from tests.builders.case_xml import folder, melding
from tests.support import pipeline
from tests.support.server_process import Server, running_server


def _first_chunk(server: Server, path: str) -> bytes:
    """What the server sends at once of an answer that it sends in parts."""
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
        sent = _first_chunk(server, f"/preview?organization_id={organization_id}&period_id=2024")
        overview = _first_chunk(server, "/")
    assert sent.count(b'data-region="row-') == 34
    assert b'data-region="foot"' in sent
    assert organization_id.encode() in overview
    for each in (sent, overview):
        assert b"bokeh" not in each.lower()
        assert b"</body>" not in each


def test_client_disconnect_logs_no_error(data_dir: Path) -> None:
    with running_server(data_dir) as server:  # which looks for tracebacks when it ends
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        assert b"<main" in _first_chunk(server, "/")
