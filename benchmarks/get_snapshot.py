"""Measures GET of a snapshot beside a bare Tornado handler that serves the same bytes."""

import tempfile
from pathlib import Path

import httpx

from benchmarks import store_fixtures
from benchmarks.load import load_generator, requests_per_second
from benchmarks.processes import cpu_seconds, run_alongside
from benchmarks.results import BenchmarkResult, ratio
from tests.support.server_process import running_server

TARGET = 0.8


def measure(rounds: int = 7, seconds: float = 2) -> list[BenchmarkResult]:
    """Measure both in turns with the same load generator, each in its own process."""
    samples: list[tuple[float, float]] = []
    baseline_samples: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        data_dir, body_file = Path(folder) / "data", Path(folder) / "snapshot.json"
        snapshot_id = store_fixtures.with_example(data_dir)
        with running_server(data_dir) as server:
            url = f"{server.url}{store_fixtures.SNAPSHOTS}/{snapshot_id}"
            body_file.write_bytes(httpx.get(url).raise_for_status().content)
            with run_alongside("benchmarks.baselines.bare_tornado", body_file) as baseline:
                if httpx.get(baseline.ready_line).content != body_file.read_bytes():
                    raise RuntimeError("The two servers do not return the same bytes.")
                for number in range(rounds + 1):
                    pair = (
                        _measure(url, server.process.pid, seconds),
                        _measure(baseline.ready_line, baseline.pid, seconds),
                    )
                    if number:  # The first round warms up both servers.
                        samples.append(pair[0])
                        baseline_samples.append(pair[1])
        size = body_file.stat().st_size
    name = f"GET of a snapshot ({size:,} bytes), by {load_generator()}"
    return [
        ratio(
            name,
            [sample[0] for sample in samples],
            [sample[0] for sample in baseline_samples],
            TARGET,
            at_least=True,
            unit="requests/s",
        ),
        ratio(
            "- requests a second of the server's processor",
            [sample[1] for sample in samples],
            [sample[1] for sample in baseline_samples],
            at_least=True,
            unit="requests/s",
        ),
    ]


def _measure(url: str, pid: int, seconds: float) -> tuple[float, float]:
    """Return requests per second, and requests per second of processor time of the server."""
    before = cpu_seconds(pid)
    rate = requests_per_second(url, seconds)
    return rate, rate * max(1, round(seconds)) / max(0.01, cpu_seconds(pid) - before)
