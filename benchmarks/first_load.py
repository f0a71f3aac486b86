"""The page of a snapshot on a cold screen beside Dash's minimal page with the same table, from navigation to 34 rows laid out; and what a
later visit moves."""

import shutil
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks import store_fixtures
from benchmarks.processes import beside
from benchmarks.results import Figure, ratio
from tests.browser.network_usage import Moved
from tests.conftest import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.support.server_process import running

TARGET = 0.4
WARM_TARGET_BYTES = 60_000
ROWS = 34

_WAIT_MS = 30_000
# In the page, before anything of it is read: at each frame, whether all rows have a height. Times count from the navigation.
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


def measure(rounds: int = 9) -> list[Figure]:
    """In turns, each in a Chromium that has just been started on an empty profile."""
    ours: list[float] = []
    charted: list[float] = []
    plain: list[float] = []
    moved = 0
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir, document = Path(folder) / "data", Path(folder) / "snapshot.json"
        snapshot_id = store_fixtures.with_example(data_dir)
        with running(data_dir) as server:
            document.write_bytes(httpx.get(f"{server.url}{store_fixtures.SNAPSHOTS}/{snapshot_id}").raise_for_status().content)
            url = f"{server.url}/preview?organization_id={store_fixtures.EXAMPLE}&period_id=2024"
            with (
                beside("benchmarks.baselines.dash_page", document, "chart") as chart_peer,
                beside("benchmarks.baselines.dash_page", document) as plain_peer,
            ):
                for number in range(rounds + 1):
                    addresses = ((url, "tr[data-field]"), (chart_peer.ready_line, "tr.field"), (plain_peer.ready_line, "tr.field"))
                    shown = [cold(playwright, *each) for each in addresses]
                    if number:  # at the first, the browser's own files are cold
                        ours.append(shown[0])
                        charted.append(shown[1])
                        plain.append(shown[2])
            moved = warm(playwright, url)
    return [
        ratio("34 rows on a cold screen, beside Dash with the table and one chart", ours, charted, TARGET, unit="ms"),
        ratio("- beside Dash with the table alone", ours, plain, unit="ms"),
        Figure("bytes that a warm visit moves, WebSocket and all", moved, "bytes", WARM_TARGET_BYTES),
    ]


def cold(playwright: Playwright, url: str, selector: str, rows: int = ROWS) -> float:
    """Milliseconds from the navigation to the first frame with all rows."""
    browser = playwright.chromium.launch(executable_path=installed(), args=list(CHROMIUM_ARGUMENTS))
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="nb-NO")
        page.add_init_script(_WATCH.replace("SELECTOR", selector).replace("COUNT", str(rows)))
        page.goto(url, wait_until="commit")
        waited = 0
        while (found := page.evaluate("window.laidOutAt ?? null")) is None:
            if waited > _WAIT_MS:
                raise RuntimeError("the rows did not appear")
            page.wait_for_timeout(50)
            waited += 50
        return float(found)
    finally:
        browser.close()


def warm(playwright: Playwright, url: str) -> int:
    """Bytes that a second visit moves until it is live and quiet."""
    browser = playwright.chromium.launch(executable_path=installed(), args=list(CHROMIUM_ARGUMENTS))
    try:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO")
        return [_visit(context.new_page(), url) for _ in range(2)][-1]
    finally:
        browser.close()


def _visit(page: Page, url: str) -> int:
    moved = Moved(page)
    page.goto(url)
    page.locator("html[data-live=on]").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    return moved.bytes


def installed() -> str:
    """The path of the machine's Chromium or Chrome."""
    return next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
