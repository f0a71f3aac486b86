"""Measures the memory of dashboard sessions: what an open one takes, and what many that were closed leave."""

import tempfile
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

from benchmarks.processes import resident_bytes, run_alongside
from benchmarks.results import BenchmarkResult
from tests.builders import large_dataset
from tests.support.server_process import Server, running_server

SESSION_TARGET_MB = 3.0
GROWTH_TARGET_MB = 8.0
"""Less than a tenth of a MB for each session after the first rounds: the allocator keeps some pages."""

SERVICES, PERIOD = 20, "2024"
_MB = 1_000_000
_WARM_UP_ROUNDS = 2
_END_SECONDS = 300


def measure(sessions: int = 200, rounds: int = 5) -> list[BenchmarkResult]:
    """Open sessions of all pages, close them, and do so again; a first session of each page warms the server up."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        large_dataset.fill_store(data_dir, SERVICES, (PERIOD,))
        with running_server(data_dir, "--no-auto-aggregate", "--log-level", "debug") as server:
            paths = _paths()
            _, before = _open_and_close(server, paths, 0)
            opened = list(islice(cycle(paths), sessions))
            while_open: list[int] = []
            afterwards: list[int] = []
            for number in range(rounds):
                is_open, closed = _open_and_close(server, opened, len(paths) + number * sessions)
                while_open.append(is_open)
                afterwards.append(closed)
    growth = (afterwards[-1] - afterwards[min(_WARM_UP_ROUNDS, rounds) - 1]) / _MB
    return [
        BenchmarkResult(
            "memory per dashboard session",
            (while_open[0] - before) / sessions / _MB,
            "MB",
            SESSION_TARGET_MB,
            samples_unit="MB",
        ),
        BenchmarkResult(
            f"- growth from {min(_WARM_UP_ROUNDS, rounds) * sessions} to {rounds * sessions:,} opened and closed",
            growth,
            "MB",
            GROWTH_TARGET_MB,
            samples=[size / _MB for size in afterwards],
            samples_unit="MB",
        ),
    ]


def _paths() -> list[str]:
    """Return an address of each page that is kept open for long."""
    organization_id = large_dataset.organization_id(0)
    query = f"organization_id={organization_id}&period_id={PERIOD}"
    return [f"/preview?{query}", "/", "/country", f"/wall?period_id={PERIOD}", "/activity"]


def _open_and_close(server: Server, paths: Sequence[str], ended_before: int) -> tuple[int, int]:
    """Return the resident bytes of the server while the sessions are open, and when all of them have ended."""
    with run_alongside("benchmarks.generators.sessions", *(f"{server.url}{path}" for path in paths)):
        while_open = resident_bytes(server.process.pid)
    deadline = time.monotonic() + _END_SECONDS
    while server.output.count("Discarding session") < ended_before + len(paths):
        if time.monotonic() > deadline:
            raise RuntimeError("The sessions did not end in time.")
        time.sleep(0.2)
    return while_open, resident_bytes(server.process.pid)
