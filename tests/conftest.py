"""What every test may ask for: a data folder, the running program, a real browser, the published example files."""

import shutil
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from tests.servers import REPOSITORY, Server, running

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these a headless Chromium talks to its maker, which a closed network answers with noise.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Machines differ in speed: time is measured in benchmarks/, never by a test.
hypothesis.settings.register_profile("preview", deadline=None)
hypothesis.settings.load_profile("preview")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder of the test's own."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def cases() -> Path:
    """The folder of published example files; tests that need it are skipped where it does not lie beside the repository."""
    folder = REPOSITORY.parent / "shared" / "cases"
    if not folder.is_dir():
        pytest.skip("The published example files are not here.")
    return folder


@pytest.fixture
def server(data_dir: Path) -> Generator[Server]:
    """The program, started on the empty `data_dir`."""
    with running(data_dir) as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the machine's Chromium or Chrome."""
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return path
    pytest.fail("No Chromium was found: `make test` installs Debian's, elsewhere install it yourself.")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Generator[Browser]:
    """A headless Chromium. By module, as Playwright's event loop must be gone before tests with a loop of their own run."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Generator[Page]:
    """A page with cookies of its own, 1440 by 900, bokmål. An uncaught script error, an error in its console (one of the
    Content-Security-Policy too) or a request to another host fails the test.
    """
    faults: list[str] = []

    def console(message: ConsoleMessage) -> None:
        # What a server that is down or answers 4xx gives is a test's own affair.
        if message.type == "error" and "Failed to load resource" not in message.text and "WebSocket connection" not in message.text:
            faults.append(message.text)

    def request(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            faults.append(f"request to another host: {request.url}")

    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nb-NO", timezone_id="Europe/Oslo")
    context.on("console", console)
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("request", request)
    yield context.new_page()
    context.close()
    assert not faults, faults
