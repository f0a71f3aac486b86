"""Measures how far 10,000 event streams of two processes fall behind while 13 changes are made every second."""

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.fixtures import stores
from benchmarks.processes import loaded_server, run_alongside
from benchmarks.results import BenchmarkResult
from benchmarks.suites.fanout import COMMENT, COMMENTS

STREAMS = 10_000
PER_SECOND = 13
TARGET_MS = 1000


def measure(seconds: float = 15, rounds: int = 3) -> list[BenchmarkResult]:
    """Measure some times on the same streams."""
    delays: list[float] = []
    count = round(PER_SECOND * seconds)
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        stores.with_example(data_dir)
        options = ("--processes", "2", "--max-streams", "16000")
        with loaded_server(data_dir, *options) as server:
            address = urlsplit(server.url)
            path = f"{stores.SNAPSHOTS}/watch"
            streams = (address.hostname or "", str(address.port), path, str(STREAMS), "", "", "")
            with run_alongside("benchmarks.generators.streams", *streams) as clients:
                for _ in range(rounds):
                    changes = (server.url, "POST", COMMENTS, COMMENT, str(PER_SECOND), str(count))
                    with run_alongside("benchmarks.generators.changes", *changes) as generator:
                        clients.send(str(count))
                        sent = generator.request("")
                        if clients.read() != "all":
                            raise RuntimeError("The streams did not get all events.")
                        delays.append(float(clients.request(sent).split()[1]))
    return [
        BenchmarkResult(
            f"{PER_SECOND} events a second on {STREAMS:,} streams of two processes (p99 of all, slowest round)",
            max(delays),
            "ms",
            TARGET_MS,
            samples=delays,
            samples_unit="ms",
        )
    ]
