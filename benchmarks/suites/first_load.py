"""Measures the first load of a preview, from the navigation until 34 rows are laid out, beside a minimal Dash page with
the same table; and the bytes that a later visit transfers.
"""

import shutil
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks.fixtures import stores
from benchmarks.processes import run_alongside
from benchmarks.results import BenchmarkResult, ratio
from tests.browser.support.network_usage import NetworkUsage
from tests.support.browsers import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.support.server_process import running_server

TARGET = 0.33
WARM_TARGET_BYTES = 60_000
ROWS = 34

_WAIT_MS = 30_000
# This script runs before the page is parsed. It checks at each frame whether all rows have a height. Times count from
# the
# navigation.
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


def measure(rounds: int = 9) -> list[BenchmarkResult]:
    """Measure the pages in turns, each in a newly started Chromium with an empty profile."""
    samples: list[float] = []
    with_chart: list[float] = []
    without_chart: list[float] = []
    warm_bytes = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir, document = Path(folder) / "data", Path(folder) / "snapshot.json"
        snapshot_id = stores.with_example(data_dir)
        with running_server(data_dir) as server:
            document.write_bytes(httpx.get(f"{server.url}{stores.SNAPSHOTS}/{snapshot_id}").raise_for_status().content)
            url = f"{server.url}/preview?organization_id={stores.EXAMPLE}&period_id=2024"
            with (
                run_alongside("benchmarks.baselines.dash_page", document, "chart") as chart_baseline,
                run_alongside("benchmarks.baselines.dash_page", document) as plain_baseline,
            ):
                for number in range(rounds + 1):
                    pages = (
                        (url, "tr[data-field]"),
                        (chart_baseline.ready_line, "tr.field"),
                        (plain_baseline.ready_line, "tr.field"),
                    )
                    durations = [first_load_ms(playwright, *each) for each in pages]
                    if number:  # In the first round the browser's own files are not in the file cache.
                        samples.append(durations[0])
                        with_chart.append(durations[1])
                        without_chart.append(durations[2])
            warm_bytes = warm_visit_bytes(playwright, url)
    return [
        ratio(
            "34 rows on a cold screen, beside Dash with the table and one chart", samples, with_chart, TARGET, unit="ms"
        ),
        ratio("- beside Dash with the table alone", samples, without_chart, unit="ms"),
        BenchmarkResult("bytes that a warm visit moves, WebSocket and all", warm_bytes, "bytes", WARM_TARGET_BYTES),
    ]


def first_load_ms(playwright: Playwright, url: str, selector: str, rows: int = ROWS) -> float:
    """Return the milliseconds from the navigation to the first frame with all rows."""
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="nb-NO")
        page.add_init_script(_WATCH.replace("SELECTOR", selector).replace("COUNT", str(rows)))
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


def warm_visit_bytes(playwright: Playwright, url: str) -> int:
    """Return the bytes that a second visit transfers until the page is connected and idle."""
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
    try:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO")
        return [_visit_bytes(context.new_page(), url) for _ in range(2)][-1]
    finally:
        browser.close()


def _visit_bytes(page: Page, url: str) -> int:
    usage = NetworkUsage(page)
    page.goto(url)
    page.locator("html[data-live=on]").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    return usage.bytes


def chromium_path() -> str:
    """Return the path of the installed Chromium or Chrome."""
    return next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
