"""Shutdown within ten seconds after SIGTERM, whatever connections are open."""

import os
import signal
import socket
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.api_handlers.bokeh_session import open_session
from tests.api_handlers.sse_client import open_stream
from tests.builders.case_xml import folder
from tests.support.pipeline import wait_until
from tests.support.process_inspection import child_pids
from tests.support.server_process import STOP_SECONDS, Server, running_server

WATCH_PATH = "/api/v1/aggregated-report-data/watch"
DELIVERIES_PATH = "/api/v1/deliveries"
WAITING_CONNECTIONS = 100
"""More than the program accepts at a time."""


def parser_process(server: Server) -> int:
    """Return the id of the process that parses deliveries."""
    found = [
        child
        for child in child_pids(server.process.pid)
        if b"preview.parsing.worker_process" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    assert len(found) == 1
    return found[0]


@contextmanager
def unfinished_upload(server: Server, data_dir: Path) -> Generator[None]:
    """Keep an upload open that has sent its first bytes only."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(
            (
                f"POST {DELIVERIES_PATH} HTTP/1.1\r\nHost: {server.url[7:]}\r\n"
                "Content-Length: 1000000\r\n\r\n<Barnevern>"
            ).encode()
        )
        wait_until(
            lambda: any(path.suffix == ".part" for path in (data_dir / "spool").iterdir()), "its file in the spool"
        )
        yield


def test_sigterm_stops_server_with_open_work(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        os.kill(parser_process(server), signal.SIGSTOP)  # parsing never ends
        location = httpx.post(f"{server.url}{DELIVERIES_PATH}", content=folder()).raise_for_status().headers["Location"]
        wait_until(
            lambda: httpx.get(f"{server.url}{location}").json()["delivery_status"] == "reading", "the import to begin"
        )
        with (
            open_stream(server.url, WATCH_PATH) as stream,
            open_session(server.url),
            unfinished_upload(server, data_dir),
        ):
            assert server.stop() == 0
            assert stream.read_to_end()[-1].retry
        assert "have not ended" not in server.output, "the process did not end by itself"
    with running_server(data_dir) as server:
        wait_until(
            lambda: httpx.get(f"{server.url}{location}").json()["delivery_status"] == "taken", "the import to complete"
        )
        wait_until(lambda: not list((data_dir / "spool").iterdir()), "the spool to be empty, just after the commit")


def test_requests_that_have_arrived_at_sigterm_are_answered(data_dir: Path) -> None:
    """Those on connections that the kernel has made, and the program not accepted yet, too; none is reset."""
    request = f"GET {DELIVERIES_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with running_server(data_dir) as server, ExitStack() as stack:
        kept = socket.create_connection(("127.0.0.1", server.port), STOP_SECONDS)
        stack.enter_context(kept)
        kept.sendall(request)
        assert kept.recv(65536).startswith(b"HTTP/1.1 200 ")
        os.kill(server.process.pid, signal.SIGSTOP)
        waiting = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), STOP_SECONDS))
            for _ in range(WAITING_CONNECTIONS)
        ]
        for peer in (kept, *waiting):
            peer.sendall(request)
        stopping = stack.enter_context(ThreadPoolExecutor(1)).submit(server.stop)
        wait_until(lambda: has_pending_signal(server), "SIGTERM to be sent")
        os.kill(server.process.pid, signal.SIGCONT)
        answers = [read_to_end(peer) for peer in (kept, *waiting)]
        assert stopping.result() == 0
    statuses = [answer.split()[1] for answer in answers]
    assert set(statuses) <= {b"200", b"503"}
    assert b"503" in statuses
    assert [answer for answer in answers if b" 503 " in answer and b"\r\nConnection: close\r\n" not in answer] == []


def has_pending_signal(server: Server) -> bool:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("ShdPnd:")[1].split()[0], 16) != 0


def read_to_end(peer: socket.socket) -> bytes:
    with peer.makefile("rb") as answer:
        return answer.read()
