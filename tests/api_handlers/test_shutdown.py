"""Shutdown within ten seconds after SIGTERM, whatever connections are open."""

import os
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.api_handlers.bokeh_session import open_session
from tests.api_handlers.sse_client import open_stream
from tests.builders.case_xml import folder
from tests.support.pipeline import wait_until
from tests.support.process_inspection import child_pids
from tests.support.server_process import Server, running_server

WATCH_PATH = "/api/v1/aggregated-report-data/watch"
DELIVERIES_PATH = "/api/v1/deliveries"


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
