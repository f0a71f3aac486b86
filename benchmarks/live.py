"""From a commit to the screens that show it: two pages in a real Chromium, and 50 further sessions, most of them on the same organisation."""

import random
import tempfile
import time
from collections.abc import Callable
from math import ceil
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.cold_screen import installed
from benchmarks.figures import Figure
from benchmarks.processes import Helper, beside
from benchmarks.stores import SNAPSHOTS
from tests import country
from tests.conftest import CHROMIUM_ARGUMENTS
from tests.servers import running

TARGET_MS = 200
SHARE = 0.95
SERVICES = 20
ON_THE_SAME, ON_THE_OVERVIEW, ON_OTHERS = 25, 10, 15

_PAUSE_SECONDS = (0.2, 0.6)  # by chance, so that no commit comes in step with what looks for it
_WAIT_SECONDS = 30
_REASON = {"invalidate_cache": True, "reason": "Measured until it is seen"}
# The moment of each change of what the commit shows itself in, in seconds since 1970.
_WATCH = """selector => {
  window.changedAt = []
  const watched = document.querySelector(selector)
  new MutationObserver(() => window.changedAt.push((performance.timeOrigin + performance.now()) / 1000))
    .observe(watched, {subtree: true, childList: true, characterData: true, attributeFilter: ["data-version"]})
}"""


def measure(rounds: int = 40) -> list[Figure]:
    """Each commit asks for a report anew: by a process of its own, and by the API, in turns."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        country.fill(data_dir, SERVICES, ("2023", "2024"))
        with running(data_dir, "--no-auto-aggregate") as server:
            browser = playwright.chromium.launch(executable_path=installed(), args=list(CHROMIUM_ARGUMENTS))
            pages = [f"{server.url}{_preview(0)}"] * ON_THE_SAME + [f"{server.url}/"] * ON_THE_OVERVIEW
            pages += [f"{server.url}{_preview(1 + number % (SERVICES - 1))}" for number in range(ON_OTHERS)]
            with httpx.Client(base_url=server.url, timeout=_WAIT_SECONDS) as client, beside("benchmarks.sessions", *pages):
                screens = [
                    _screen(browser, f"{server.url}{_preview(0)}", ".head"),
                    _screen(browser, f"{server.url}/", f"[data-region=row-{country.organization_id(0)}]"),
                ]
                snapshot = f"{SNAPSHOTS}/{_snapshot(client)}"
                with beside("benchmarks.committing", data_dir, snapshot.rpartition("/")[2]) as other:
                    return _measured(client, snapshot, other, screens, rounds)


def _measured(client: httpx.Client, snapshot: str, other: Helper, screens: list[Page], rounds: int) -> list[Figure]:
    def by_api() -> float:
        began = time.time()
        client.put(snapshot, json=_REASON).raise_for_status()
        return began

    writers: dict[str, Callable[[], float]] = {"another process": lambda: float(other.ask("")), "the API": by_api}
    seen: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for writer, commit in writers.items():
            _settle(client, snapshot)
            began = commit()
            for name, screen in zip(("the preview", "the overview"), screens, strict=True):
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
    return f"/preview?organization_id={country.organization_id(number)}&period_id=2024"


def _snapshot(client: httpx.Client) -> str:
    listed = client.get(SNAPSHOTS, params={"organization_id": country.organization_id(0), "period_id": "2024"}).raise_for_status()
    return listed.json()["data"][0]["snapshot_id"]


def _screen(browser: Browser, url: str, watched: str) -> Page:
    """A window of its own, as if nobody looked at another."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO").new_page()
    page.goto(url)
    page.locator("html[data-live=on]").wait_for()
    page.evaluate(_WATCH, watched)
    return page


def _settle(client: httpx.Client, snapshot: str) -> None:
    """Until the report is there again, and a while for its own changes to be shown."""
    end = time.monotonic() + _WAIT_SECONDS
    while client.get(snapshot).json()["snapshot_status"] != "current":
        if time.monotonic() > end:
            raise RuntimeError("the report is not made")
        time.sleep(0.02)
    time.sleep(random.uniform(*_PAUSE_SECONDS))


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
