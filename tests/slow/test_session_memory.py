"""What a session costs the server, and that it leaves nothing: real pages over real WebSockets, as the operating system counts memory."""

import re
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.api_handlers.bokeh_session import session
from tests.builders.case_xml import folder, melding
from tests.support import pipeline
from tests.support.server_process import Server, running

pytestmark = pytest.mark.slow

SESSIONS = 200
ROUNDS = 4
SETTLED = 2  # rounds until Python's allocator has what it needs
MIB = 2**20
COST = 4 * MIB
GROWTH = 8 * MIB
"""From then to the last round, of 400 sessions: views of one kind that stayed would be four times that."""
ENDED_SECONDS = 120


@pytest.fixture
def server(data_dir: Path) -> Generator[Server]:
    """With one service, and a log that tells when a session is let go."""
    with pipeline.opened(data_dir) as application:
        [organization_id] = pipeline.deliver(application, folder(meldinger=[melding("2023-01-10"), melding("2024-01-10")])).organizations
        pipeline.aggregate(application, organization_id, "2024")
    with running(data_dir, "--no-auto-aggregate", "--log-level", "debug") as started:
        yield started


def memory(server: Server) -> int:
    """Bytes that it holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8"))
    assert found
    return int(found[1]) * 1024


def open_and_close(server: Server, ended_before: int) -> int:
    """Opens as many sessions of both views, and closes them; returns what was held while they were open."""
    paths = ["/preview?organization_id=org-0301&period_id=2024", "/"] * (SESSIONS // 2)
    with ExitStack() as sessions, ThreadPoolExecutor(8) as threads:
        for one in threads.map(lambda path: _opened(server, path), paths):
            sessions.enter_context(one)
        held = memory(server)
    end = time.monotonic() + ENDED_SECONDS
    while server.output.count("Discarding session") < ended_before + SESSIONS:
        assert time.monotonic() < end, "sessions do not end"
        time.sleep(0.2)
    return held


def _opened(server: Server, path: str) -> ExitStack:
    one = ExitStack()
    one.enter_context(session(server.url, path))
    return one


def test_a_session_costs_little_and_leaves_nothing(server: Server) -> None:
    before = memory(server)
    held = open_and_close(server, 0)
    assert held - before < COST * SESSIONS
    left: list[int] = []
    for number in range(1, ROUNDS):
        open_and_close(server, number * SESSIONS)
        left.append(memory(server))
    assert left[-1] - left[SETTLED - 2] < GROWTH, (before, held, left)
