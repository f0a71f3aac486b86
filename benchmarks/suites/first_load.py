"""Measures the first load of a preview, from the navigation until 34 rows are laid out, beside minimal pages of Dash
and Streamlit with the same table, after an empty page and after one of another site; and the bytes that a first and a
later visit transfer.
"""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx
from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks.fixtures import stores
from benchmarks.processes import PEERS_PYTHON, run_alongside
from benchmarks.results import BenchmarkResult, percentile, ratio
from tests.browser.support.network_usage import NetworkUsage
from tests.support.browsers import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.support.server_process import running_server

TARGET = 0.33
STREAMLIT_TARGET = 0.25
ROUNDS_WITHIN_TARGET = 0.9
WARM_TARGET_BYTES = 60_000
ROWS = 34

_WAIT_MS = 30_000
_EMPTY_PAGE = "about:blank"
# This script runs before the page is parsed. It checks at each frame whether all rows have a height. Times count from
# the navigation.
_WATCH = """
(() => {
  const look = () => {
    const rows = [...document.querySelectorAll("SELECTOR")].filter(row => row.getBoundingClientRect().height > 0);
    if (rows.length >= COUNT) window.laidOutAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})();
"""


def measure(rounds: int = 10) -> list[BenchmarkResult]:
    """Measure the pages in turns, each in a newly started Chromium with an empty profile."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir, document = Path(folder) / "data", Path(folder) / "snapshot.json"
        snapshot_id = stores.with_example(data_dir)
        with running_server(data_dir) as server:
            document.write_bytes(httpx.get(f"{server.url}{stores.SNAPSHOTS}/{snapshot_id}").raise_for_status().content)
            url = f"{server.url}/preview?organization_id={stores.EXAMPLE}&period_id=2024"
            with (
                run_alongside("benchmarks.baselines.dash_page", document, "chart") as chart_baseline,
                run_alongside("benchmarks.baselines.dash_page", document) as plain_baseline,
                run_alongside("benchmarks.baselines.streamlit_page", document, python=PEERS_PYTHON) as streamlit,
                run_alongside("benchmarks.baselines.bare_tornado", document) as other_site,
            ):
                # To a browser, `localhost` is another site than the address at which all the pages are.
                other_page = other_site.ready_line.replace("127.0.0.1", "localhost")
                pages = [
                    (url, "tr[data-field]", _EMPTY_PAGE),
                    (chart_baseline.ready_line, "tr.field", _EMPTY_PAGE),
                    (plain_baseline.ready_line, "tr.field", _EMPTY_PAGE),
                    (streamlit.ready_line, "[data-testid=stTable] tbody tr", _EMPTY_PAGE),
                    (url, "tr[data-field]", other_page),
                    (chart_baseline.ready_line, "tr.field", other_page),
                ]
                # In the first round the browser's own files are not in the file cache.
                _, *durations = [
                    [first_load_ms(playwright, page, selector, start=start) for page, selector, start in pages]
                    for _round in range(rounds + 1)
                ]
                cold, warm = visit_bytes(playwright, url, "html[data-live=on]")
                dash_cold, _ = visit_bytes(playwright, chart_baseline.ready_line, "tr.field")
    ours, with_chart, without_chart, of_streamlit, ours_from_site, chart_from_site = zip(*durations, strict=True)
    return [
        *_ratios("34 rows on a cold screen, beside Dash with the table and one chart", ours, with_chart, TARGET),
        ratio("- beside Dash with the table alone", ours, without_chart, unit="ms"),
        *_ratios(
            "- after a page of another site, beside Dash with the table and one chart", ours_from_site, chart_from_site
        ),
        *_ratios(
            "34 rows on a cold screen, beside Streamlit with the table and one chart",
            ours,
            of_streamlit,
            STREAMLIT_TARGET,
        ),
        ratio(
            "bytes that a cold visit moves, beside Dash with the table and one chart",
            [cold],
            [dash_cold],
            1,
            unit="bytes",
        ),
        BenchmarkResult("bytes that a warm visit moves, WebSocket and all", warm, "bytes", WARM_TARGET_BYTES),
    ]


def _ratios(
    name: str, samples: Sequence[float], baseline_samples: Sequence[float], target: float | None = None
) -> list[BenchmarkResult]:
    """Return the ratio of the medians, and the one that nine of ten rounds do not exceed."""
    of_rounds = [one / other for one, other in zip(samples, baseline_samples, strict=True)]
    return [
        ratio(name, samples, baseline_samples, target, unit="ms"),
        BenchmarkResult(
            "- in nine of ten rounds",
            percentile(of_rounds, ROUNDS_WITHIN_TARGET),
            "x",
            target,
            samples=of_rounds,
            samples_unit="x",
        ),
    ]


def first_load_ms(
    playwright: Playwright, url: str, selector: str, rows: int = ROWS, *, start: str = _EMPTY_PAGE
) -> float:
    """Return the milliseconds from the navigation to the first frame with all rows.

    Args:
        playwright: Starts the browser.
        url: The page.
        selector: Matches each row.
        rows: How many rows the page has.
        start: The page that the browser shows before.
    """
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="nb-NO")
        page.add_init_script(_WATCH.replace("SELECTOR", selector).replace("COUNT", str(rows)))
        if start != _EMPTY_PAGE:  # which it shows already
            page.goto(start, wait_until="networkidle")
        page.goto(url, wait_until="commit")
        waited = 0
        while (laid_out_at := page.evaluate("window.laidOutAt ?? null")) is None:
            if waited > _WAIT_MS:
                raise RuntimeError("The rows did not appear.")
            page.wait_for_timeout(50)
            waited += 50
        return float(laid_out_at)
    finally:
        browser.close()


def visit_bytes(playwright: Playwright, url: str, selector: str) -> tuple[int, int]:
    """Return the bytes that a first and a second visit transfer until the page is usable and idle.

    Args:
        playwright: Starts the browser.
        url: The page.
        selector: Matches an element once the page is usable.
    """
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
    try:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO")
        return _visit_bytes(context.new_page(), url, selector), _visit_bytes(context.new_page(), url, selector)
    finally:
        browser.close()


def _visit_bytes(page: Page, url: str, selector: str) -> int:
    usage = NetworkUsage(page)
    page.goto(url)
    page.locator(selector).first.wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    return usage.bytes


def chromium_path() -> str:
    """Return the path of the installed Chromium or Chrome."""
    return next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
