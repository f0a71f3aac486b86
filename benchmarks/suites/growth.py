"""Measures how cost grows: with services, cases, event streams and events, each up to the largest size that is meant.

The result is the largest exponent of a step from one size to the next: 1 means that ten times as much costs ten times
as much.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log
from pathlib import Path
from statistics import median

import httpx

from benchmarks.fixtures import case_files, stores
from benchmarks.pages import readable_page_ms
from benchmarks.processes import loaded_server
from benchmarks.results import BenchmarkResult
from benchmarks.suites import activity
from benchmarks.suites.fanout import open_streams, program_as_peer
from tests.builders import large_dataset
from tests.support import pipeline
from tests.support.server_process import running_server

MAX_EXPONENT = 1.1

_PERIOD = "2024"

Measure = Callable[[Path, int, int], Sequence[float]]
"""Takes an empty folder, a size and a number of rounds, and returns the milliseconds of each kind of work."""


def measure(
    services: Sequence[int] = (10, 100, 1_000),
    cases: Sequence[int] = (1_000, 10_000, 100_000),
    streams: Sequence[int] = (100, 1_000, 8_000),
    events: Sequence[int] = (10_000, 100_000, 1_000_000),
    rounds: int = 7,
) -> list[BenchmarkResult]:
    """Measure at each size: where work is done in rounds, their median."""
    return [
        *_growth(
            ["from a delivery to the snapshots of all services", "readable part of the overview, over HTTP"],
            ("services", services),
            _services_ms,
            rounds,
        ),
        *_growth(
            ["import, to the committed case base", "aggregation of 34 fields"], ("case files", cases), _cases_ms, rounds
        ),
        *_growth(["an event on all streams (p99 of the streams)"], ("event streams", streams), _event_ms, rounds),
        *_growth(["first page of the activity"], ("events", events), _activity_ms, rounds),
    ]


def _growth(
    names: Sequence[str], axis: tuple[str, Sequence[int]], measure_at: Measure, rounds: int
) -> list[BenchmarkResult]:
    """Return a result for each name, from the measurement at each size of an axis."""
    unit, sizes = axis
    times: list[Sequence[float]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            times.append(measure_at(Path(folder), size, rounds))
    return [
        _result(name, unit, list(zip(sizes, milliseconds, strict=True)))
        for name, milliseconds in zip(names, zip(*times, strict=True), strict=True)
    ]


def _result(name: str, unit: str, points: Sequence[tuple[float, float]]) -> BenchmarkResult:
    exponents = [log(next_ms / ms) / log(next_size / size) for (size, ms), (next_size, next_ms) in pairwise(points)]
    return BenchmarkResult(
        f"{name}: {' / '.join(f'{size:,.0f}' for size, _ in points)} {unit}",
        max(exponents),
        "as exponent",
        MAX_EXPONENT,
        samples_unit="ms",
        points=points,
        points_unit=unit,
    )


def _services_ms(folder: Path, services: int, rounds: int) -> tuple[float, float]:
    data_dir = folder / "data"
    data_dir.mkdir()
    began = time.perf_counter()
    large_dataset.fill_store(data_dir, services, (_PERIOD,))
    filled = 1000 * (time.perf_counter() - began)
    with running_server(data_dir) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        pages = [readable_page_ms(client, f"/?period_id={_PERIOD}") for _ in range(rounds + 1)]
        return filled, median(pages[1:])  # the first fills caches


def _cases_ms(folder: Path, cases: int, rounds: int) -> tuple[float, float]:
    path = case_files.zip_of(cases)
    with pipeline.open_application(folder / "data") as application:
        began = time.perf_counter()
        stores.import_file(application, path)
        imported = 1000 * (time.perf_counter() - began)
        return imported, _in_rounds(
            lambda: pipeline.aggregate(application, case_files.ORGANIZATION, str(case_files.YEAR), force=True), rounds
        )


def _event_ms(folder: Path, streams: int, rounds: int) -> tuple[float]:
    stores.with_example(folder / "data")
    with (
        loaded_server(folder / "data", "--max-streams", "16000") as server,
        open_streams(program_as_peer(server), streams) as clients,
    ):
        return (median([float(clients.request("").split()[1]) for _ in range(rounds + 1)][1:]),)


def _activity_ms(folder: Path, events: int, rounds: int) -> tuple[float]:
    data_dir = folder / "data"
    data_dir.mkdir()
    activity.fill_store(data_dir, events)
    with loaded_server(data_dir) as server, httpx.Client(base_url=server.url, timeout=60) as client:
        return (_in_rounds(lambda: client.get("/api/v1/activity", params={"limit": 20}).raise_for_status(), rounds),)


def _in_rounds(call: Callable[[], object], rounds: int) -> float:
    """Return the median of the milliseconds of all rounds but the first, which fills caches."""
    times: list[float] = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - began))
    return median(times[1:])
