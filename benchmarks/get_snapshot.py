"""GET of a snapshot beside a bare Tornado handler that serves the same bytes."""

import tempfile
from pathlib import Path

import httpx

from benchmarks import store_fixtures
from benchmarks.load import generator, requests_a_second
from benchmarks.processes import beside, cpu_of
from benchmarks.results import Figure, ratio
from tests.support.server_process import running

TARGET = 0.8


def measure(rounds: int = 7, seconds: float = 2) -> list[Figure]:
    """In turns, on the same load generator, each in a process of its own."""
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        data_dir, bytes_ = Path(folder) / "data", Path(folder) / "snapshot.json"
        snapshot_id = store_fixtures.with_example(data_dir)
        with running(data_dir) as server:
            url = f"{server.url}{store_fixtures.SNAPSHOTS}/{snapshot_id}"
            bytes_.write_bytes(httpx.get(url).raise_for_status().content)
            with beside("benchmarks.baselines.bare_tornado", bytes_) as peer:
                if httpx.get(peer.ready_line).content != bytes_.read_bytes():
                    raise RuntimeError("the two do not serve the same bytes")
                for number in range(rounds + 1):
                    pair = _measured(url, server.process.pid, seconds), _measured(peer.ready_line, peer.pid, seconds)
                    if number:  # the first one warms both
                        ours.append(pair[0])
                        bare.append(pair[1])
        size = bytes_.stat().st_size
    what = f"GET of a snapshot ({size:,} bytes), by {generator()}"
    return [
        ratio(what, [each[0] for each in ours], [each[0] for each in bare], TARGET, at_least=True, unit="requests/s"),
        ratio(
            "- requests a second of the server's processor",
            [each[1] for each in ours],
            [each[1] for each in bare],
            at_least=True,
            unit="requests/s",
        ),
    ]


def _measured(url: str, pid: int, seconds: float) -> tuple[float, float]:
    """(requests a second, requests a second of processor that the process took)."""
    before = cpu_of(pid)
    rate = requests_a_second(url, seconds)
    return rate, rate * max(1, round(seconds)) / max(0.01, cpu_of(pid) - before)
