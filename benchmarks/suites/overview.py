"""Measures the overview with 400 services and eight years: its first load, its response to typing and clicking, and
what reviews of all reports cost.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks.baselines import overview_query
from benchmarks.results import BenchmarkResult, ratio
from benchmarks.suites.first_load import chromium_path, first_load_ms
from preview.storage import overviews
from preview.storage.database import Database
from tests.builders import large_dataset
from tests.support import pipeline
from tests.support.browsers import CHROMIUM_ARGUMENTS
from tests.support.server_process import running_server

COLD_TARGET_MS = 1_000
INTERACTION_TARGET_MS = 100  # A response within this time is perceived as immediate.
REVIEW_TARGET = 1.2
_PERIOD = "2024"
_PATH = f"/?period_id={_PERIOD}"

# The browser measures the time from an event to the next painted frame, in steps of 8 ms.
_OBSERVE_EVENTS = """
window.answers = [];
new PerformanceObserver(list => window.answers.push(...list.getEntries().map(entry => entry.duration)))
  .observe({type: "event", durationThreshold: 16, buffered: true});
"""
_SEARCHES = ("kommune 1", "kommune 39", "3211", "finnes ikke")


def measure(rounds: int = 5) -> list[BenchmarkResult]:
    """Measure first loads, then typing, filter tiles and column headers on one page."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        large_dataset.fill_store(data_dir)
        with running_server(data_dir) as server:
            load_times = [
                first_load_ms(playwright, f"{server.url}{_PATH}", ".list > tbody > tr", large_dataset.SERVICES)
                for _ in range(rounds + 1)
            ][1:]
            interactions = _measure_interactions(playwright, server.url)
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
        BenchmarkResult(
            "- from a key or click to the frame that shows it, slowest",
            max(interactions),
            "ms",
            INTERACTION_TARGET_MS,
            samples=interactions,
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
            partial(database.read, lambda connection: overviews.rows(connection, _PERIOD, None)),
            partial(database.read, lambda connection: overview_query.rows(connection, _PERIOD)),
            rounds,
        )
    with running_server(decided_dir) as decided, running_server(data_dir) as plain:
        pages = _in_turns(partial(_load_page, decided.url), partial(_load_page, plain.url), rounds)
    return [
        ratio("- its HTML with all reports decided on, over HTTP", *pages, REVIEW_TARGET),
        ratio("- its query, beside the one without reviews", *queries, None),
    ]


def _load_page(url: str) -> None:
    httpx.get(url + _PATH, timeout=30).raise_for_status()


def _in_turns(
    program: Callable[[], object], baseline: Callable[[], object], rounds: int
) -> tuple[list[float], list[float]]:
    """Return the seconds of each round of both, without the first, which fills caches."""
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds + 1):
        for measured, call in zip(samples, (program, baseline), strict=True):
            started = time.perf_counter()
            call()
            measured.append(time.perf_counter() - started)
    return samples[0][1:], samples[1][1:]


def _measure_interactions(playwright: Playwright, url: str) -> list[float]:
    """Return the milliseconds of each interaction; the browser does not report less than 16, which counts as 16."""
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="nb-NO")
        page.add_init_script(_OBSERVE_EVENTS)
        page.goto(url)
        page.locator("html[data-live=on]").wait_for()
        page.evaluate("window.answers.length = 0")
        action_count = _interact(page)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        measured: list[float] = page.evaluate("window.answers")
        return [*measured, *[16.0] * max(0, action_count - len(measured))]
    finally:
        browser.close()


def _interact(page: Page) -> int:
    """Interact with the page; return the number of interactions."""
    action_count = 0
    search = page.get_by_role("searchbox")
    for query in _SEARCHES:
        search.press_sequentially(query)
        search.press("Escape")
        action_count += len(query) + 1
    for head in page.locator("th[aria-sort] button").all():
        head.click()
        head.click()
        action_count += 2
    for tile in page.locator(".tile").all():
        tile.click()
        action_count += 1
    return action_count
