"""From a commit to the screens that show it: two pages in a real Chromium, and 50 further sessions, most of them on the same organisation."""

import random
import tempfile
import time
from collections.abc import Callable
from math import ceil
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.first_load import installed
from benchmarks.processes import Helper, beside
from benchmarks.results import Figure
from benchmarks.store_fixtures import SNAPSHOTS
from tests.builders import large_dataset
from tests.conftest import CHROMIUM_ARGUMENTS
from tests.support.server_process import running

TARGET_MS = 200
SHARE = 0.95
SERVICES = 20
PERIOD = "2024"
OF = large_dataset.organization_id(0)
ON_THE_SAME, ON_THE_OVERVIEW, ON_OTHERS = 25, 10, 15

_PAUSE_SECONDS = (0.2, 0.6)  # by chance, so that no commit comes in step with what looks for it
_WAIT_SECONDS = 30
# The moment of each change of what the commit shows itself in, in seconds since 1970.
_WATCH = """selector => {
  window.changedAt = []
  const watched = document.querySelector(selector)
  new MutationObserver(() => window.changedAt.push((performance.timeOrigin + performance.now()) / 1000))
    .observe(watched, {subtree: true, childList: true, characterData: true, attributeFilter: ["data-version"]})
}"""


def measure(rounds: int = 20) -> list[Figure]:
    """A report is deleted and asked for, by a process of its own and by the API in turns: each leaves both screens other than they were."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        large_dataset.fill(data_dir, SERVICES, (PERIOD,))
        with running(data_dir, "--no-auto-aggregate") as server:
            pages = [f"{server.url}{_preview(0)}"] * ON_THE_SAME + [f"{server.url}/"] * ON_THE_OVERVIEW
            pages += [f"{server.url}{_preview(1 + number % (SERVICES - 1))}" for number in range(ON_OTHERS)]
            with (
                beside("benchmarks.sessions", *pages),
                beside("benchmarks.commit_load", data_dir) as other,
                httpx.Client(base_url=server.url, timeout=_WAIT_SECONDS) as client,
            ):
                browser = playwright.chromium.launch(executable_path=installed(), args=list(CHROMIUM_ARGUMENTS))
                screens = {
                    "the preview": _screen(browser, f"{server.url}{_preview(0)}", ".head"),
                    "the overview": _screen(browser, f"{server.url}/", f"[data-region=row-{OF}]"),
                }
                return _measured(_writers(client, other), client, screens, rounds)


Writer = tuple[Callable[[str], float], Callable[[], float]]


def _writers(client: httpx.Client, other: Helper) -> dict[str, Writer]:
    """What deletes that report, and what asks for it; each returns the moment before."""

    def delete(snapshot: str) -> float:
        began = time.time()
        client.delete(f"{SNAPSHOTS}/{snapshot}").raise_for_status()
        return began

    def post() -> float:
        began = time.time()
        client.post(SNAPSHOTS, json={"organization_id": OF, "period_id": PERIOD}).raise_for_status()
        return began

    return {
        "another process": (lambda snapshot: float(other.ask(f"delete {snapshot}")), lambda: float(other.ask(f"request {OF} {PERIOD}"))),
        "the API": (delete, post),
    }


def _measured(writers: dict[str, Writer], client: httpx.Client, screens: dict[str, Page], rounds: int) -> list[Figure]:
    seen: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for writer, (delete, request) in writers.items():
            snapshot = _when_made(client)
            for commit in (lambda snapshot=snapshot, delete=delete: delete(snapshot), request):
                time.sleep(random.uniform(*_PAUSE_SECONDS))
                began = commit()
                for name, screen in screens.items():
                    waited = _changed(screen, began) - began
                    if number:  # at the first, code is cold
                        seen.setdefault((writer, name), []).append(waited * 1000)
    return [
        Figure(
            f"a commit by {writer} on {name}, beside 50 sessions (p95)", _percentile(times), "ms", TARGET_MS, ours=times, samples_unit="ms"
        )
        for (writer, name), times in seen.items()
    ]


def _preview(number: int) -> str:
    return f"/preview?organization_id={large_dataset.organization_id(number)}&period_id={PERIOD}"


def _when_made(client: httpx.Client) -> str:
    """The snapshot of that report, which is ready."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        listed = client.get(SNAPSHOTS, params={"organization_id": OF, "period_id": PERIOD}).raise_for_status().json()["data"]
        if listed and listed[0]["snapshot_status"] == "current":
            return listed[0]["snapshot_id"]
        time.sleep(0.02)
    raise RuntimeError("the report is not made")


def _screen(browser: Browser, url: str, watched: str) -> Page:
    """A window of its own, as if nobody looked at another."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO").new_page()
    page.goto(url)
    page.locator("html[data-live=on]").wait_for()
    page.evaluate(_WATCH, watched)
    return page


def _changed(screen: Page, began: float) -> float:
    """When the screen changed first after that moment."""
    end = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < end:
        found: float | None = screen.evaluate("began => window.changedAt.find(at => at > began) ?? null", began)
        if found is not None:
            return found
        time.sleep(0.05)
    raise RuntimeError("the screen did not change")


def _percentile(times: list[float]) -> float:
    return sorted(times)[ceil(SHARE * len(times)) - 1]
