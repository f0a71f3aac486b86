"""Takes the screenshots of the documentation: `python tools/screenshots.py docs/screenshots`.

Starts the program with the demo in a temporary data folder, waits until the demo is loaded, and takes the screenshots
in Chromium. The data is synthetic and generated for the present day.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import httpx
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.support.browsers import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.support.server_process import running_server

OVERVIEW = "/?show=all"
PREVIEW = "/preview?organization_id=org-0301-02&period_id=2025"
PREVIEW_WITH_DEVIATIONS = "/preview?organization_id=org-5601&period_id=2026"
PREVIEW_ANSWERED = "/preview?organization_id=org-0301-02&period_id=2025"
PREVIEW_CHANGED = "/preview?organization_id=org-5601&period_id=2025"
PREVIEW_READY = "/preview?organization_id=org-5025&period_id=2025"
DESKTOP_SIZE, MOBILE_SIZE, PRINT_SIZE = (1440, 900), (375, 812), (720, 400)
MAX_BYTES = 250_000
DEMO_TIMEOUT_SECONDS, STABLE_SECONDS = 180, 8


def _open_row(page: Page) -> None:
    page.locator("tr[data-flags~=warning] .open").first.click()
    expect(page.locator("[data-chart] canvas").first).to_be_visible()
    page.locator(".detail:visible").evaluate("row => row.scrollIntoView({block: 'center'})")


def _ask_for_reason(page: Page) -> None:
    page.keyboard.press("a")
    page.get_by_role("button", name="Feil rettet i kilden").click()


def _deliver(page: Page) -> None:
    page.keyboard.press("i")
    expect(page.locator("#deliver").get_by_role("link").first).to_be_visible()


def _approve(page: Page) -> None:
    page.keyboard.press("g")
    expect(page.get_by_role("dialog")).to_be_visible()


def _approve_all_ready(page: Page) -> None:
    page.get_by_role("button", name="Velg alle").click()
    _approve(page)


def _open_first_row(page: Page) -> None:
    page.locator("tbody .open").first.click()


class Screenshot(NamedTuple):
    """One screenshot.

    Attributes:
        name: Name of the file, without its suffix.
        path: Path and query of the page.
        size: Size of the window.
        theme: `light` or `dark`.
        prepare: Actions on the page before the screenshot.
        print_media: Whether the page is rendered as for printing.
    """

    name: str
    path: str
    size: tuple[int, int] = DESKTOP_SIZE
    theme: str = "light"
    prepare: Callable[[Page], None] = lambda _: None
    print_media: bool = False


SCREENSHOTS = (
    Screenshot("overview", OVERVIEW),
    Screenshot("overview-dark", OVERVIEW, theme="dark"),
    Screenshot("overview-375", OVERVIEW, MOBILE_SIZE),
    Screenshot("overview-numbers", f"{OVERVIEW}&columns=undersokelser"),
    Screenshot("overview-deliver", OVERVIEW, prepare=_deliver),
    Screenshot("preview", PREVIEW),
    Screenshot("preview-dark", PREVIEW, theme="dark"),
    Screenshot("preview-375", PREVIEW, MOBILE_SIZE),
    Screenshot("preview-row", PREVIEW_WITH_DEVIATIONS, prepare=_open_row),
    Screenshot("preview-dialog", PREVIEW, prepare=_ask_for_reason),
    Screenshot("preview-approve", PREVIEW_READY, prepare=_approve),
    Screenshot("preview-answer", PREVIEW_ANSWERED, prepare=_open_row),
    Screenshot("preview-changed", PREVIEW_CHANGED),
    Screenshot("overview-approve", OVERVIEW, prepare=_approve_all_ready),
    Screenshot("country", "/country", prepare=_open_first_row),
    Screenshot("wall", "/wall", (1920, 1080)),
    Screenshot("activity", "/activity"),
    Screenshot("deliveries", "/deliveries"),
    Screenshot("definitions", "/definitions"),
    Screenshot("preview-print", PREVIEW, PRINT_SIZE, print_media=True),
)


def main(folder: Path) -> None:
    """Write the screenshots into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
    with (
        tempfile.TemporaryDirectory() as data,
        running_server(Path(data) / "data", "--demo") as server,
        sync_playwright() as playwright,
    ):
        _wait_for_demo(server.url)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        for picture in SCREENSHOTS:
            path = folder / f"{picture.name}.png"
            _take_screenshot(browser, server.url, picture, path)
            print(f"{path} {path.stat().st_size // 1000} kB")
            if path.stat().st_size > MAX_BYTES:
                raise SystemExit(f"{path} is too large for a repository.")
        browser.close()


def _take_screenshot(browser: Browser, url: str, picture: Screenshot, path: Path) -> None:
    width, height = picture.size
    page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
    separator = "&" if "?" in picture.path else "?"
    page.goto(f"{url}{picture.path}{separator}theme={picture.theme}&lang=nb")
    page.locator("html[data-live=on]").wait_for()
    picture.prepare(page)
    page.mouse.move(0, 0)  # Nothing is shown as hovered.
    if picture.print_media:
        page.emulate_media(media="print")
    page.screenshot(path=path, full_page=picture.print_media, animations="disabled", caret="hide")
    page.close()


def _wait_for_demo(url: str) -> None:
    """Wait until every service with data has a report of 2024, and no report or decision has changed for a while."""
    deadline = time.monotonic() + DEMO_TIMEOUT_SECONDS
    last_etag, unchanged_since = "", time.monotonic()
    with httpx.Client(base_url=url, params={"limit": 100}) as api:
        while time.monotonic() < deadline:
            response = api.get("/api/v1/aggregated-report-data", params={"period_id": "2024"})
            etag = response.headers["etag"] + api.get("/api/v1/reviews").headers["etag"]
            if etag != last_etag:
                last_etag, unchanged_since = etag, time.monotonic()
            reported = {row["organization_id"] for row in response.json()["data"] if row["aggregated_at"]}
            delivered = {
                organization["organization_id"]
                for organization in api.get("/api/v1/organizations").json()["data"]
                if organization["sources"]
            }
            if delivered and delivered <= reported and time.monotonic() - unchanged_since > STABLE_SECONDS:
                return
            time.sleep(0.2)
    raise SystemExit("The demo was not loaded in time.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
