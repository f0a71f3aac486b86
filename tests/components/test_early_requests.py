"""Requests that come while the dashboard is still being imported."""

import os
import socket
import struct
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.server_process import Server, running_server

_HELD_START = """
import sys

gate, _, *sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].rpartition("/")[0])

class Gate:
    def find_spec(self, name, path=None, target=None):
        if name == "panel":
            open(gate).close()

sys.meta_path.insert(0, Gate())
import app
app.main()
"""
"""Starts the program, whose import of Panel waits until a pipe is opened."""


class HeldServer:
    """A server that has not imported Panel, until `release`."""

    def __init__(self, server: Server, gate: Path) -> None:
        self.url = server.url
        self.port = server.port
        self._gate = gate
        self._is_held = True

    def release(self) -> None:
        """Let the import go on."""
        if self._is_held:
            self._gate.open("w").close()
            self._is_held = False


@contextmanager
def held_server(data_dir: Path, gate: Path) -> Generator[HeldServer]:
    """Run a server that answers, and has not imported Panel."""
    os.mkfifo(gate)
    launcher = (sys.executable, "-c", _HELD_START, str(gate))
    with running_server(data_dir, fresh=True, launcher=launcher) as server:
        held = HeldServer(server, gate)
        try:
            yield held
        finally:
            held.release()


def test_api_answers_before_the_dashboard_is_imported(data_dir: Path, tmp_path: Path) -> None:
    with held_server(data_dir, tmp_path / "gate") as server, httpx.Client(base_url=server.url) as client:
        assert client.get("/readyz").status_code == 200
        assert client.get("/api/v1/organizations").status_code == 200
        assert client.get("/api/v1/nothing").status_code == 404
        assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 421
        server.release()


def test_requests_wait_until_the_dashboard_is_imported(data_dir: Path, tmp_path: Path) -> None:
    expected = {("GET", "/"): 200, ("HEAD", "/"): 200, ("POST", "/nothing"): 404}
    with held_server(data_dir, tmp_path / "gate") as server, ThreadPoolExecutor() as executor:
        pages = {
            (method, path): executor.submit(httpx.request, method, f"{server.url}{path}", timeout=60)
            for method, path in expected
        }
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        assert not any(page.done() for page in pages.values())
        server.release()
        responses = {request: page.result() for request, page in pages.items()}
    assert {request: response.status_code for request, response in responses.items()} == expected
    assert all((b"<main" in response.content) == (method != "HEAD") for (method, _), response in responses.items())


def test_client_that_leaves_early_logs_no_error(data_dir: Path, tmp_path: Path) -> None:
    with held_server(data_dir, tmp_path / "gate") as server:  # fails on tracebacks in the output when it ends
        for _ in range(3):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        assert httpx.get(f"{server.url}/readyz").status_code == 200
        server.release()
        assert httpx.get(f"{server.url}/", timeout=60).status_code == 200
