"""Measures how cost grows: with services, cases, event streams and events, each up to the largest size that is meant.

The result is the exponent of the last step: 1 means that ten times as much costs ten times as much.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from math import log
from pathlib import Path
from statistics import median

import httpx

from benchmarks.fixtures import case_files, stores
from benchmarks.results import BenchmarkResult
from benchmarks.suites import activity
from benchmarks.suites.fanout import open_streams, program_as_peer
from tests.builders import large_dataset
from tests.support import pipeline
from tests.support.server_process import running_server

MAX_EXPONENT = 1.1

_PERIOD = "2024"


def measure(
    services: Sequence[int] = (10, 100, 1_000),
    cases: Sequence[int] = (1_000, 10_000, 100_000),
    streams: Sequence[int] = (100, 1_000, 8_000),
    events: Sequence[int] = (10_000, 100_000, 1_000_000),
    rounds: int = 7,
) -> list[BenchmarkResult]:
    """Measure the median of some rounds at each size."""
    return [
        _growth("overview of services, HTML over HTTP", services, _overview_ms, rounds),
        _growth("import of case files, to the committed case base", cases, _import_ms, 1),
        _growth("aggregation of 34 fields over case files", cases, _aggregation_ms, rounds),
        _growth("an event on streams (p99 of the streams)", streams, _event_ms, rounds),
        _growth("first page of the activity of events", events, _activity_ms, rounds),
    ]


def _growth(
    name: str, sizes: Sequence[int], times: Callable[[Path, int, int], Sequence[float]], rounds: int
) -> BenchmarkResult:
    points: list[tuple[float, float]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            points.append((size, median(times(Path(folder), size, rounds))))
    (size_before, before), (size, last) = points[-2:]
    exponent = log(last / before) / log(size / size_before)
    return BenchmarkResult(
        f"{name}: {' / '.join(f'{each:,}' for each in sizes)}",
        exponent,
        "as exponent",
        MAX_EXPONENT,
        samples_unit="ms",
        points=points,
    )


def _overview_ms(folder: Path, services: int, rounds: int) -> list[float]:
    data_dir = folder / "data"
    data_dir.mkdir()
    large_dataset.fill_store(data_dir, services, (_PERIOD,))
    with running_server(data_dir) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        return _in_rounds(lambda: client.get(f"/?period_id={_PERIOD}").raise_for_status(), rounds)


def _import_ms(folder: Path, cases: int, _: int) -> list[float]:
    path = case_files.zip_of(cases)
    with pipeline.open_application(folder / "data") as application:
        began = time.perf_counter()
        stores.import_file(application, path)
        return [1000 * (time.perf_counter() - began)]


def _aggregation_ms(folder: Path, cases: int, rounds: int) -> list[float]:
    with pipeline.open_application(folder / "data") as application:
        stores.import_file(application, case_files.zip_of(cases))
        return _in_rounds(
            lambda: pipeline.aggregate(application, case_files.ORGANIZATION, str(case_files.YEAR), force=True), rounds
        )


def _event_ms(folder: Path, streams: int, rounds: int) -> list[float]:
    stores.with_example(folder / "data")
    with (
        running_server(folder / "data", "--max-streams", "16000") as server,
        open_streams(program_as_peer(server), streams) as clients,
    ):
        return [float(clients.request("").split()[1]) for _ in range(rounds + 1)][1:]


def _activity_ms(folder: Path, events: int, rounds: int) -> list[float]:
    data_dir = folder / "data"
    data_dir.mkdir()
    activity.fill_store(data_dir, events)
    with running_server(data_dir) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        return _in_rounds(lambda: client.get("/api/v1/activity", params={"limit": 20}).raise_for_status(), rounds)


def _in_rounds(call: Callable[[], object], rounds: int) -> list[float]:
    """Return the milliseconds of each round, without the first, which fills caches."""
    times: list[float] = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
    return times[1:]
