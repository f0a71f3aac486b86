"""Measures the same GET by one process and by two on one port.

The load generator needs a part of the cores too: on two cores it leaves one process a whole core, but two processes
less than a core each. So two further results say whether a second process adds what the first one gives: the rates of
processes that are held to a fixed share of a core each, and how many requests a second of the servers' processor time
answers, of which two processes must not need more than one.
"""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import click

from benchmarks import cpu_quota
from benchmarks.fixtures import stores
from benchmarks.generators.gets import requests_per_second
from benchmarks.processes import children, cpu_seconds, descendants, loaded_server
from benchmarks.results import BenchmarkResult, ratio
from tests.support.server_process import Server

TARGET = 1.7
CORES_OF_A_PROCESS = 0.4


def measure(rounds: int = 7, seconds: float = 2) -> list[BenchmarkResult]:
    """Measure in turns one process and two, each on a store of its own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data_dir = Path(folder) / "data"
        path = f"{stores.SNAPSHOTS}/{stores.with_example(data_dir)}"
        servers: dict[int, Server] = {}
        for count in (1, 2):
            own_dir = shutil.copytree(data_dir, Path(folder) / f"data-{count}")
            servers[count] = stack.enter_context(loaded_server(own_dir, "--processes", str(count)))
        name = "GET of a snapshot by two processes beside one"
        rates, per_cpu_second = _measure(servers, path, rounds, seconds)
        results = [
            ratio(name, rates[2], rates[1], TARGET, at_least=True, unit="/s"),
            ratio(
                "- the same, by a second of the servers' processor time",
                per_cpu_second[2],
                per_cpu_second[1],
                unit="/s",
            ),
        ]
        if not cpu_quota.can_limit():
            click.echo("two_processes: no cgroup can be made here to hold the processes to a share of a core", err=True)
            return results
        for count, server in servers.items():
            pid = server.process.pid  # Of two processes it is the supervisor.
            serving = [pid] if count == 1 else children(pid)
            stack.enter_context(cpu_quota.limited(serving, CORES_OF_A_PROCESS))
        rates, _ = _measure(servers, path, rounds, seconds)
        name = f"{name}, each held to {CORES_OF_A_PROCESS} of a core"
        return [*results, ratio(name, rates[2], rates[1], TARGET, at_least=True, unit="/s")]


def _measure(
    servers: Mapping[int, Server], path: str, rounds: int, seconds: float
) -> tuple[dict[int, list[float]], dict[int, list[float]]]:
    """Return the rates by number of processes: requests by a second, and by a second of processor time."""
    rates: dict[int, list[float]] = {count: [] for count in servers}
    per_cpu_second: dict[int, list[float]] = {count: [] for count in servers}
    for number in range(rounds + 1):
        for count, server in servers.items():
            before = _cpu_of_all(server)
            rate = requests_per_second(f"{server.url}{path}", seconds)
            if number:  # The first round warms up the servers.
                rates[count].append(rate)
                per_cpu_second[count].append(rate * seconds / (_cpu_of_all(server) - before))
    return rates, per_cpu_second


def _cpu_of_all(server: Server) -> float:
    pid = server.process.pid
    return sum(map(cpu_seconds, (pid, *descendants(pid))))
