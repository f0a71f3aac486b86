"""What every test may ask for: a data folder, the running program, a real browser, the published example files."""

import gc
import logging
import os
from collections.abc import Generator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, WebError
from playwright.sync_api import Error as PlaywrightError

from preview.core.logging_config import LimitedStreamHandler
from tests.support.browsers import BrowserName, Browsers
from tests.support.published_files import published_folder
from tests.support.server_process import Server, forking_servers, running_server

_TESTS = Path(__file__).parent
_BROWSERS = pytest.StashKey[Browsers]()
_FAILED = pytest.StashKey[bool]()
# In the console: what a server that is down, dies or answers 4xx gives is a test's own affair.
_OF_A_LOST_SERVER = (
    "Failed to load resource",
    "WebSocket connection",
    "Failed to load Bokeh session",
    "Failed to repull session",  # Bokeh reconnects where a test keeps the page from reloading
    "Failed to connect to Bokeh server",
    "Error rendering Bokeh items",
)
# The tests use plain HTTP. Without these, each of their clients reads all certificate authorities: 30 ms of CPU time.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = os.devnull
# Machines differ in speed: time is measured in benchmarks/, never by a test.
hypothesis.settings.register_profile("preview", deadline=None)
hypothesis.settings.load_profile("preview")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--firefox`: the browser tests in Firefox."""
    parser.addoption("--firefox", action="store_true", help="drive Firefox in place of Chromium")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect no garbage while the tests are collected, and keep what they are out of later collections: it stays to
    the end, and to walk through it again and again takes a third of the time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put the longest files first, so that the workers end together: those of the browser, then the folder's own, of
    which each test starts a server. Leave out what the driver of Firefox cannot do: print, emulate media, switch
    scripts off.
    """
    items.sort(key=lambda item: (not item.get_closest_marker("browser"), item.path.parent != _TESTS))
    if config.getoption("--firefox"):
        left_out = [item for item in items if item.get_closest_marker("chromium")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def fork_server() -> Generator[None]:
    """Import the program once for all servers of the tests."""
    with forking_servers():
        yield


@pytest.fixture(autouse=True)
def unconfigured_logging() -> Generator[None]:
    """Undo what a command that ran in this process has set: a test of the log would depend on the tests before it."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in root.handlers[:]:
        if isinstance(handler, LimitedStreamHandler):
            root.removeHandler(handler)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """An empty data folder of the test's own."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def cases() -> Path:
    """Return the folder of published example files; tests that need it are skipped without it."""
    folder = published_folder()
    if folder is None:
        pytest.skip("The published example files are not here.")
    return folder


@pytest.fixture
def server(data_dir: Path) -> Generator[Server]:
    """The program, started on the empty `data_dir`."""
    with running_server(data_dir) as started:
        yield started


@pytest.fixture(scope="module")
def browser_name(request: pytest.FixtureRequest) -> BrowserName:
    """Chromium, unless `--firefox` is given; a module that is of one browser alone puts its own in place."""
    return "firefox" if request.config.getoption("--firefox") else "chromium"


@pytest.fixture(scope="session")
def browsers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Browsers]:
    """The browsers of this worker, which all modules share, until a test without a browser is next."""
    browsers = request.config.stash[_BROWSERS] = Browsers(tmp_path_factory.mktemp("browsers"))
    yield browsers
    browsers.close()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Close the browsers before a test without one: the driver's event loop allows no other in its thread."""
    if _BROWSERS in item.config.stash and not item.get_closest_marker("browser"):
        item.config.stash[_BROWSERS].close()


@pytest.fixture(scope="module")
def browser(browser_name: BrowserName, browsers: Browsers) -> Browser:
    """Headless, for contexts that share nothing with other tests'."""
    return browsers.browser(browser_name)


@pytest.fixture(scope="module")
def context(browser_name: BrowserName, browsers: Browsers) -> BrowserContext:
    """1440 by 900, bokmål, for all pages."""
    return browsers.context(browser_name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test has failed: the state of its page is not known."""
    report = yield
    item.stash[_FAILED] = report.failed or item.stash.get(_FAILED, False)
    return report


@contextmanager
def _watched(context: BrowserContext) -> Generator[None]:
    """Fail on an uncaught script error, an error in the console (one of the Content-Security-Policy too) or a request
    to another host, of any page; close the pages that were opened, and forget what the browser has stored.
    """
    faults: list[str] = []

    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(each in message.text for each in _OF_A_LOST_SERVER):
            faults.append(message.text)

    def request(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")):
            faults.append(f"request to another host: {request.url}")

    def error(error: WebError) -> None:
        faults.append(str(error.error))

    context.on("console", console)
    context.on("weberror", error)
    context.on("request", request)
    before = context.pages
    yield
    for opened in (each for each in context.pages if each not in before):
        with suppress(PlaywrightError):  # a page of the browser's own, where a server is gone, holds nothing
            opened.evaluate("localStorage.clear()")
        opened.close()
    context.clear_cookies()
    context.remove_listener("console", console)
    context.remove_listener("weberror", error)
    context.remove_listener("request", request)
    assert not faults, faults


@pytest.fixture
def page(
    request: pytest.FixtureRequest, context: BrowserContext, browser_name: BrowserName, browsers: Browsers
) -> Generator[Page]:
    """A page of a browser that knows nothing of the tests before. Tests use the same one in turn, which each leaves
    without a document, but for those that are marked `own_page` or `own_context`.
    """
    if request.node.get_closest_marker("own_context"):
        with closing(browsers.new_context(browser_name)) as own, _watched(own):
            yield own.new_page()
        return
    is_shared = browser_name == "chromium" and request.node.get_closest_marker("own_page") is None
    shared = browsers.page(browser_name) if is_shared else None
    try:
        with _watched(context):
            yield shared or context.new_page()
    finally:
        if shared:
            browsers.reset_page(shared)
            if request.node.stash[_FAILED]:
                shared.close()
