"""Measures the overview with 400 services and eight years: its first load, and what reviews of all reports cost."""

import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from benchmarks.baselines import overview_query
from benchmarks.pages import readable_page_ms
from benchmarks.results import BenchmarkResult, ratio
from benchmarks.suites.first_load import first_load_ms
from preview.storage import overviews
from preview.storage.database import Connection, Database
from tests.builders import large_dataset
from tests.support import pipeline
from tests.support.server_process import running_server

COLD_TARGET_MS = 1_000
REVIEW_TARGET = 1.2
_PERIOD = "2024"
_PATH = f"/?period_id={_PERIOD}"


def measure(rounds: int = 5) -> list[BenchmarkResult]:
    """Measure first loads, and what reviews add."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        large_dataset.fill_store(data_dir)
        with running_server(data_dir) as server:
            load_times = [
                first_load_ms(playwright, f"{server.url}{_PATH}", ".list > tbody > tr", large_dataset.SERVICES)
                for _ in range(rounds + 1)
            ][1:]
        reviews = _measure_reviews(data_dir)
    return [
        BenchmarkResult(
            "400 services of 8 years on a cold screen",
            max(load_times),
            "ms",
            COLD_TARGET_MS,
            samples=load_times,
            samples_unit="ms",
        ),
        *reviews,
    ]


def _measure_reviews(data_dir: Path, rounds: int = 40) -> list[BenchmarkResult]:
    """Measure the page and its query with all reports decided on, in turns with the same without decisions."""
    decided_dir = data_dir.with_name("decided")
    shutil.copytree(data_dir, decided_dir)
    large_dataset.decide_all(decided_dir)
    with pipeline.open_application(decided_dir, started=False) as application:
        database: Database = application.database
        queries = _in_turns(
            partial(_query_ms, database, lambda connection: overviews.rows(connection, _PERIOD, None)),
            partial(_query_ms, database, lambda connection: overview_query.rows(connection, _PERIOD)),
            rounds,
        )
    with (
        running_server(decided_dir) as decided,
        running_server(data_dir) as plain,
        httpx.Client(base_url=decided.url, timeout=30) as decided_client,
        httpx.Client(base_url=plain.url, timeout=30) as plain_client,
    ):
        pages = _in_turns(
            partial(readable_page_ms, decided_client, _PATH), partial(readable_page_ms, plain_client, _PATH), rounds
        )
    return [
        ratio("- its readable part with all reports decided on, over HTTP", *pages, REVIEW_TARGET, unit="ms"),
        ratio("- its query, beside the one without reviews", *queries, None, unit="ms"),
    ]


def _query_ms(database: Database, query: Callable[[Connection], object]) -> float:
    started = time.perf_counter()
    database.read(query)
    return 1000 * (time.perf_counter() - started)


def _in_turns(
    program: Callable[[], float], baseline: Callable[[], float], rounds: int
) -> tuple[list[float], list[float]]:
    """Return the milliseconds of each round of both, without the first, which fills caches."""
    turns = [(program(), baseline()) for _ in range(rounds + 1)][1:]
    return [ms for ms, _ in turns], [ms for _, ms in turns]
