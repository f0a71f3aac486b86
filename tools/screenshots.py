"""Makes the pictures of the documentation from the running demo: `python tools/screenshots.py docs`.

Starts the program on a folder of its own with the demo, waits until the customer's example is there, and takes the pictures in Chromium.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.conftest import CHROMIUM_ARGUMENTS, CHROMIUM_NAMES
from tests.servers import running

PAGE = "/preview?organization_id=org-1042&period_id=2024"
PICTURES = (
    ("preview.png", 1440, 900, "light"),
    ("preview-dark.png", 1440, 900, "dark"),
    ("preview-375.png", 375, 812, "light"),
)


def main(folder: Path) -> None:
    """Writes the pictures into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    chromium = next(path for name in CHROMIUM_NAMES if (path := shutil.which(name)))
    with tempfile.TemporaryDirectory() as data, running(Path(data) / "data", "--demo") as server, sync_playwright() as playwright:
        _wait_for_example(server.url)
        browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        for name, width, height, theme in PICTURES:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"{server.url}{PAGE}&theme={theme}")
            page.locator("html[data-live=on]").wait_for()
            page.screenshot(path=folder / name)
            print(folder / name)
        browser.close()


def _wait_for_example(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        listed = httpx.get(f"{url}/api/v1/aggregated-report-data", params={"organization_id": "org-1042"}).json()["data"]
        if sum(row["cache_valid"] for row in listed) == 2:
            return
        time.sleep(0.2)
    raise SystemExit("The demo did not come up.")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
