"""The first connection of a page, when it fails: shown within two heartbeats, and tried again."""

from collections.abc import Callable, Generator
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service, fill_store
from tests.browser.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

HEARTBEAT_SECONDS = 3
RELOAD_TIMEOUT_MS = 60_000
"""A page reloads to reconnect, and more than once on a busy machine."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server with one report."""
    data_dir = tmp_path_factory.mktemp("first") / "data"
    data_dir.mkdir()
    fill_store(data_dir, [Service(9980)], "2024")
    environment = {"BUFDIR_PREVIEW_HEARTBEAT_SECONDS": f"{HEARTBEAT_SECONDS}"}
    with running_server(data_dir, environment=environment) as server:
        yield server


@pytest.fixture
def proxy(server: Server) -> Generator[FaultyProxy]:
    with faulty_proxy(server) as proxy:
        yield proxy


_REPORT_STATES = """
let openedAt = null
window.WebSocket = class extends WebSocket { constructor(...given) { super(...given); openedAt = performance.now() } }
new MutationObserver(() => {
  const state = document.documentElement.dataset.live
  if (state) reportState(state, openedAt === null ? null : performance.now() - openedAt)
}).observe(document, {subtree: true, attributeFilter: ["data-live"]})
"""


@pytest.mark.parametrize("fault", ["refused", pytest.param("unanswered", marks=pytest.mark.slow), "page_cut_off"])
@pytest.mark.own_page
def test_failed_first_connection_is_shown_and_retried(
    fault: Literal["refused", "unanswered", "page_cut_off"], proxy: FaultyProxy, page: Page
) -> None:
    reported: list[tuple[str, float | None]] = []
    page.expose_function("reportState", lambda state, milliseconds: reported.append((state, milliseconds)))
    page.add_init_script(_REPORT_STATES)
    set_fault: Callable[[bool], None] = {
        "refused": proxy.refuse_websockets,
        "unanswered": lambda on: proxy.stall_websockets() if on else proxy.release_websockets(),
        "page_cut_off": proxy.cut_pages_off,
    }[fault]
    set_fault(True)
    page.goto(f"{proxy.url}/?period_id=2024", wait_until="commit")
    if fault == "page_cut_off":  # after its script has come, which a browser would no longer fetch afterwards
        expect(page.locator("html[data-watched]")).to_be_attached()
        proxy.end_pages()
    expect(page.get_by_role("alert")).to_contain_text("Frakoblet siden ")
    expect(page.get_by_text("Frakoblet", exact=True)).to_be_visible()
    state, milliseconds = reported[0]
    assert state == "lost"
    if fault != "page_cut_off":
        assert milliseconds is not None
        assert milliseconds < 2 * HEARTBEAT_SECONDS * 1000, "the page waited too long for its session"
    page.wait_for_event("framenavigated", timeout=RELOAD_TIMEOUT_MS)
    set_fault(False)
    expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=RELOAD_TIMEOUT_MS)
    expect(page.get_by_role("alert")).to_be_hidden()


@pytest.mark.slow
def test_link_has_focus_after_back_to_page_that_is_reloaded(proxy: FaultyProxy, page: Page) -> None:
    page.goto(f"{proxy.url}/?period_id=2024")
    page.locator("html[data-live=on]").wait_for()
    service = page.locator("a.row-link")
    service.click()
    page.locator("html[data-live=on] h1", has_text=Service(9980).name).wait_for()
    proxy.refuse_websockets(True)
    page.go_back()
    expect(page.get_by_role("alert")).to_contain_text("Frakoblet siden ")
    page.wait_for_event("framenavigated", timeout=RELOAD_TIMEOUT_MS)
    proxy.refuse_websockets(False)
    expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=RELOAD_TIMEOUT_MS)
    expect(service).to_be_focused()


@pytest.mark.own_context
def test_page_without_its_scripts_is_reloaded(proxy: FaultyProxy, page: Page) -> None:
    page.clock.install()
    page.route("**/connection.js", lambda route: route.abort())
    proxy.cut_pages_off(True)
    page.goto(f"{proxy.url}/?period_id=2024", wait_until="commit")
    expect(page.locator("#texts")).to_be_attached()
    with page.expect_event("requestfailed"):
        page.clock.run_for(100)
    page.unroute("**/connection.js")
    proxy.end_pages()
    proxy.cut_pages_off(False)
    page.clock.fast_forward(20_000)
    expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=RELOAD_TIMEOUT_MS)


def test_slow_first_connection_needs_no_reload(proxy: FaultyProxy, page: Page) -> None:
    proxy.stall_websockets()
    page.goto(f"{proxy.url}/?period_id=2024")
    page.evaluate("window.stayed = true")
    expect(page.locator("html")).to_have_attribute("data-live", "lost")
    proxy.release_websockets()
    expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=RELOAD_TIMEOUT_MS)
    expect(page.get_by_role("alert")).to_be_hidden()
    assert page.evaluate("window.stayed")
