"""Memory of sessions with real pages and WebSockets, measured by the operating system; an ended one frees it."""

import re
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.api_handlers.bokeh_session import open_session
from tests.builders.case_xml import folder, melding
from tests.support import pipeline
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.slow

SESSIONS = 200
ROUNDS = 4
WARM_UP_ROUNDS = 2
"""Rounds after which Python's allocator no longer grows."""
MIB = 2**20
MAX_SESSION_BYTES = 4 * MIB
MAX_GROWTH_BYTES = 8 * MIB
"""Growth from the warm-up to the last round, of 400 sessions; views that are not freed would need four times that."""
END_TIMEOUT_SECONDS = 120


@pytest.fixture
def server(data_dir: Path) -> Generator[Server]:
    """Start a server with one service, whose log shows when a session is discarded."""
    with pipeline.open_application(data_dir) as application:
        [organization_id] = pipeline.deliver(
            application, folder(meldinger=[melding("2023-01-10"), melding("2024-01-10")])
        ).organizations
        pipeline.aggregate(application, organization_id, "2024")
    with running_server(data_dir, "--no-auto-aggregate", "--log-level", "debug") as started:
        yield started


def resident_bytes(server: Server) -> int:
    """Return the resident memory of the server process."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8"))
    assert found
    return int(found[1]) * 1024


def open_and_close(server: Server, ended_before: int) -> int:
    """Open sessions of both views and close them.

    Returns:
        Resident bytes while all sessions were open.
    """
    paths = ["/preview?organization_id=org-0301&period_id=2024", "/"] * (SESSIONS // 2)
    with ExitStack() as sessions, ThreadPoolExecutor(8) as threads:
        for opened_session in threads.map(lambda path: _open_session(server, path), paths):
            sessions.enter_context(opened_session)
        bytes_while_open = resident_bytes(server)
    deadline = time.monotonic() + END_TIMEOUT_SECONDS
    while server.output.count("Discarding session") < ended_before + SESSIONS:
        assert time.monotonic() < deadline, "sessions do not end"
        time.sleep(0.2)
    return bytes_while_open


def _open_session(server: Server, path: str) -> ExitStack:
    stack = ExitStack()
    stack.enter_context(open_session(server.url, path))
    return stack


def test_session_uses_little_memory_and_frees_all_of_it(server: Server) -> None:
    before = resident_bytes(server)
    bytes_while_open = open_and_close(server, 0)
    assert bytes_while_open - before < MAX_SESSION_BYTES * SESSIONS
    bytes_after_rounds: list[int] = []
    for number in range(1, ROUNDS):
        open_and_close(server, number * SESSIONS)
        bytes_after_rounds.append(resident_bytes(server))
    assert bytes_after_rounds[-1] - bytes_after_rounds[WARM_UP_ROUNDS - 2] < MAX_GROWTH_BYTES, (
        before,
        bytes_while_open,
        bytes_after_rounds,
    )
