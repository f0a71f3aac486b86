"""A server ends soon after SIGTERM, whatever is open; `Server.stop` gives it ten seconds."""

import os
import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from preview.storage.database import Connection
from tests.api_handlers.bokeh_session import session
from tests.api_handlers.sse_client import watching
from tests.builders.case_xml import folder
from tests.support.pipeline import opened, until
from tests.support.process_inspection import children
from tests.support.server_process import Server, running

WATCH = "/api/v1/aggregated-report-data/watch"
DELIVERIES = "/api/v1/deliveries"


def reader(server: Server) -> int:
    """The process that reads its deliveries."""
    found = [
        child for child in children(server.process.pid) if b"preview.parsing.worker_process" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]
    assert len(found) == 1
    return found[0]


@contextmanager
def uploading(server: Server, data_dir: Path) -> Generator[None]:
    """A delivery that has begun to come and does not go on."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"POST {DELIVERIES} HTTP/1.1\r\nHost: {server.url[7:]}\r\nContent-Length: 1000000\r\n\r\n<Barnevern>".encode())
        until(lambda: any(path.suffix == ".part" for path in (data_dir / "spool").iterdir()), "its file in the spool")
        yield


def test_it_ends_while_all_that_can_be_open_is(data_dir: Path) -> None:
    with running(data_dir) as server:
        os.kill(reader(server), signal.SIGSTOP)  # it reads for ever
        delivered = httpx.post(f"{server.url}{DELIVERIES}", content=folder()).raise_for_status().headers["Location"]
        until(lambda: httpx.get(f"{server.url}{delivered}").json()["delivery_status"] == "reading", "it to be read")
        with watching(server.url, WATCH) as watcher, session(server.url), uploading(server, data_dir):
            assert server.stop() == 0
            assert watcher.rest()[-1].retry
        assert "given up" not in server.output, "it ended by itself"
    with running(data_dir) as server:
        until(lambda: httpx.get(f"{server.url}{delivered}").json()["delivery_status"] == "taken", "it to be read after all")
        assert [path.suffix for path in (data_dir / "spool").iterdir()] == []


@pytest.mark.slow
def test_it_ends_while_a_change_waits_for_another_process(data_dir: Path) -> None:
    """That cannot be called off, so the process is given up."""
    held, done = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        held.set()
        done.wait(60)

    def change() -> None:
        with suppress(httpx.TransportError):
            httpx.post(f"{server.url}{DELIVERIES}", content=folder(), timeout=60)

    with running(data_dir) as server, opened(data_dir, started=False) as other:
        holding = other.database.submit(hold)
        held.wait(20)
        waiting = threading.Thread(target=change)
        waiting.start()
        until(lambda: any((data_dir / "spool").iterdir()), "the change to wait")
        assert server.stop() == 0
        assert "given up" in server.output
        done.set()
        holding.result()
        waiting.join()
