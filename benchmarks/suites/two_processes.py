"""Measures the same GET by one process and by two on one port.

The load generator needs a part of the cores too. So beside the rates it is measured how many requests a second of the
servers' processor time answers: two processes must not need more of it than one.
"""

import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.fixtures import stores
from benchmarks.generators.gets import requests_per_second
from benchmarks.processes import cpu_seconds, descendants
from benchmarks.results import BenchmarkResult, ratio
from tests.support.server_process import Server, running_server

TARGET = 1.7


def measure(rounds: int = 7, seconds: float = 2) -> list[BenchmarkResult]:
    """Measure in turns one process and two, each on a store of its own."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    per_cpu_second: dict[int, list[float]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data_dir = Path(folder) / "data"
        snapshot_id = stores.with_example(data_dir)
        servers: dict[int, Server] = {}
        for count in rates:
            own_dir = shutil.copytree(data_dir, Path(folder) / f"data-{count}")
            servers[count] = stack.enter_context(running_server(own_dir, "--processes", str(count)))
        for number in range(rounds + 1):
            for count, server in servers.items():
                before = _cpu_of_all(server)
                rate = requests_per_second(f"{server.url}{stores.SNAPSHOTS}/{snapshot_id}", seconds)
                if number:  # The first round warms up the servers.
                    rates[count].append(rate)
                    per_cpu_second[count].append(rate * seconds / (_cpu_of_all(server) - before))
    return [
        ratio("GET of a snapshot by two processes beside one", rates[2], rates[1], TARGET, at_least=True, unit="/s"),
        ratio(
            "- the same, by a second of the servers' processor time", per_cpu_second[2], per_cpu_second[1], unit="/s"
        ),
    ]


def _cpu_of_all(server: Server) -> float:
    pid = server.process.pid
    return sum(map(cpu_seconds, (pid, *descendants(pid))))
