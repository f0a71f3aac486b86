"""Measures a whole country: from the POST of a ZIP of each service to the committed snapshots, by two processes, beside
bare lxml on two processes.
"""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx

from benchmarks.fixtures import case_files, stores
from benchmarks.processes import cpu_of_all, loaded_server, run
from benchmarks.results import BenchmarkResult, ratio

SERVICES = 400
CASE_FILES = 55_000
PROCESSES = 2
TARGET = 4.0

_WAIT_SECONDS = 1_800
_POLL_SECONDS = 0.2


class Seconds(NamedTuple):
    """Wall clock time, and the processor time of all processes."""

    wall: float
    cpu: float


def measure(services: int = SERVICES, case_files_in_all: int = CASE_FILES, rounds: int = 3) -> list[BenchmarkResult]:
    """Measure bare lxml and the program in turns, each round on a new store."""
    paths = case_files.zips_of_services(services, case_files_in_all // services)
    baseline: list[Seconds] = []
    samples: list[Seconds] = []
    for _ in range(rounds):
        baseline.append(_parse_with_bare_lxml(paths))
        samples.append(_import(paths))
    name = f"{services} services with {case_files_in_all:,} case files, from ZIPs to snapshots, by two processes"
    return [
        ratio(name, [each.wall for each in samples], [each.wall for each in baseline], TARGET),
        ratio("- its processor time", [each.cpu for each in samples], [each.cpu for each in baseline]),
    ]


def _parse_with_bare_lxml(paths: list[Path]) -> Seconds:
    """Return what it takes to parse the files of all ZIPs by processes that have each its share of them."""
    with ThreadPoolExecutor(PROCESSES) as executor:
        shares = [paths[number::PROCESSES] for number in range(PROCESSES)]
        runs = executor.map(lambda share: run("-m", "benchmarks.baselines.bare_lxml", *share), shares)
        seconds = [Seconds(*map(float, each.output.split())) for each in runs]
    return Seconds(max(each.wall for each in seconds), sum(each.cpu for each in seconds))


def _import(paths: list[Path]) -> Seconds:
    options = ("--processes", str(PROCESSES), "--auto-quiet-seconds", "0", "--open-periods", str(case_files.YEAR))
    with (
        tempfile.TemporaryDirectory() as folder,
        loaded_server(Path(folder) / "data", *options) as server,
        httpx.Client(base_url=server.url, timeout=60) as client,
    ):
        began, cpu_before = time.perf_counter(), cpu_of_all(server.process.pid)
        for path in paths:
            headers = {"Content-Type": "application/zip"}
            client.post(stores.DELIVERIES, content=path.read_bytes(), headers=headers).raise_for_status()
        while _snapshots(client) < len(paths):
            if time.perf_counter() - began > _WAIT_SECONDS:
                raise RuntimeError("Not all services had a snapshot in time.")
            time.sleep(_POLL_SECONDS)
        wall = time.perf_counter() - began
        return Seconds(wall, cpu_of_all(server.process.pid) - cpu_before)


def _snapshots(client: httpx.Client) -> int:
    """Return how many snapshots there are that show all that was delivered."""
    query = {"period_id": str(case_files.YEAR), "snapshot_status": "current", "limit": 1}
    return client.get(stores.SNAPSHOTS, params=query).raise_for_status().json()["pagination"]["total"]
