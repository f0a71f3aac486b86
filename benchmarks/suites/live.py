"""Measures the time from a commit until screens show it: two pages in Chromium beside 50 further sessions, most of them
on the same organisation.
"""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.fixtures.stores import SNAPSHOTS
from benchmarks.processes import Helper, run_alongside
from benchmarks.results import BenchmarkResult, percentile
from benchmarks.suites.first_load import chromium_path
from tests.builders import large_dataset
from tests.support.browsers import CHROMIUM_ARGUMENTS
from tests.support.server_process import running_server

TARGET_MS = 100
PERCENTILE = 0.95
SERVICES = 20
PERIOD = "2024"
ORGANIZATION = large_dataset.organization_id(0)
SESSIONS_ON_PREVIEW, SESSIONS_ON_OVERVIEW, SESSIONS_ON_OTHER_PREVIEWS = 25, 10, 15

_PAUSE_SECONDS = (0.2, 0.6)  # The pause is random, so that commits are not synchronous with polling.
_WAIT_SECONDS = 30
# This script records the time of each change of the watched element, in seconds since 1970.
_WATCH = """selector => {
  window.changedAt = []
  const watched = document.querySelector(selector)
  new MutationObserver(() => window.changedAt.push((performance.timeOrigin + performance.now()) / 1000))
    .observe(watched, {subtree: true, childList: true, characterData: true, attributeFilter: ["data-version"]})
}"""


def measure(rounds: int = 20) -> list[BenchmarkResult]:
    """Measure while a report is deleted and requested, in turns by another process and by the API.

    Each of these changes both screens.
    """
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        large_dataset.fill_store(data_dir, SERVICES, (PERIOD,))
        with running_server(data_dir, "--no-auto-aggregate") as server:
            pages = [f"{server.url}{_preview_path(0)}"] * SESSIONS_ON_PREVIEW + [
                f"{server.url}/"
            ] * SESSIONS_ON_OVERVIEW
            pages += [
                f"{server.url}{_preview_path(1 + number % (SERVICES - 1))}"
                for number in range(SESSIONS_ON_OTHER_PREVIEWS)
            ]
            with (
                run_alongside("benchmarks.generators.sessions", *pages),
                run_alongside("benchmarks.generators.commits", data_dir) as commit_process,
                httpx.Client(base_url=server.url, timeout=_WAIT_SECONDS) as client,
            ):
                browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(CHROMIUM_ARGUMENTS))
                screens = {
                    "the preview": _open_screen(browser, f"{server.url}{_preview_path(0)}", ".head"),
                    "the overview": _open_screen(browser, f"{server.url}/", f"[data-region=row-{ORGANIZATION}]"),
                }
                return _measure(_writers(client, commit_process), client, screens, rounds)


Writer = tuple[Callable[[str], float], Callable[[], float]]


def _writers(client: httpx.Client, commit_process: Helper) -> dict[str, Writer]:
    """Return functions that delete and request the report; each returns the time before its commit."""

    def delete(snapshot: str) -> float:
        started = time.time()
        client.delete(f"{SNAPSHOTS}/{snapshot}").raise_for_status()
        return started

    def post() -> float:
        started = time.time()
        client.post(SNAPSHOTS, json={"organization_id": ORGANIZATION, "period_id": PERIOD}).raise_for_status()
        return started

    return {
        "another process": (
            lambda snapshot: float(commit_process.request(f"delete {snapshot}")),
            lambda: float(commit_process.request(f"request {ORGANIZATION} {PERIOD}")),
        ),
        "the API": (delete, post),
    }


def _measure(
    writers: dict[str, Writer], client: httpx.Client, screens: dict[str, Page], rounds: int
) -> list[BenchmarkResult]:
    durations: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds + 1):
        for writer, (delete, request) in writers.items():
            snapshot = _wait_for_snapshot(client)
            for commit in (lambda snapshot=snapshot, delete=delete: delete(snapshot), request):
                time.sleep(random.uniform(*_PAUSE_SECONDS))
                started = commit()
                for name, screen in screens.items():
                    delay = _changed_at(screen, started) - started
                    if number:  # The first round warms up the code.
                        durations.setdefault((writer, name), []).append(delay * 1000)
    return [
        BenchmarkResult(
            f"a commit by {writer} on {name}, beside 50 sessions (p95)",
            percentile(times, PERCENTILE),
            "ms",
            TARGET_MS,
            samples=times,
            samples_unit="ms",
        )
        for (writer, name), times in durations.items()
    ]


def _preview_path(number: int) -> str:
    return f"/preview?organization_id={large_dataset.organization_id(number)}&period_id={PERIOD}"


def _wait_for_snapshot(client: httpx.Client) -> str:
    """Return the id of the report's snapshot when it is ready."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        listed = (
            client.get(SNAPSHOTS, params={"organization_id": ORGANIZATION, "period_id": PERIOD})
            .raise_for_status()
            .json()["data"]
        )
        if listed and listed[0]["snapshot_status"] == "current":
            return listed[0]["snapshot_id"]
        time.sleep(0.02)
    raise RuntimeError("The report was not aggregated in time.")


def _open_screen(browser: Browser, url: str, selector: str) -> Page:
    """Open a page in a window of its own, so that the browser does not throttle it as a background tab."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO").new_page()
    page.goto(url)
    page.locator("html[data-live=on]").wait_for()
    page.evaluate(_WATCH, selector)
    return page


def _changed_at(screen: Page, started: float) -> float:
    """Return the time of the first change of the screen after that time."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        changed_at: float | None = screen.evaluate("began => window.changedAt.find(at => at > began) ?? null", started)
        if changed_at is not None:
            return changed_at
        time.sleep(0.05)
    raise RuntimeError("The screen did not change in time.")
