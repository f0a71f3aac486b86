"""The wall in a browser: pages that turn by themselves, alarms that stay, changes, and nights without a hand on it."""

from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from preview.core.languages import LANGUAGES
from tests.browser.support import overview_fixtures
from tests.browser.support.axe import violations, violations_in_both_schemes
from tests.browser.support.disruptions import (
    RELOAD_TIMEOUT_MS,
    Disruption,
    RestartableServer,
    disrupted,
    run_server,
)
from tests.browser.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.browser.support.layout import layout_problems, problems_by_font_size
from tests.browser.support.overview_fixtures import AS, BODO, DEFAULT_ORDER, DRAMMEN, NO_AUTO_AGGREGATE, OSLO_VEST
from tests.support import pipeline
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

SERVICES, PAGES = 100, 9
NAMED = 10
"""The services that come before those that have delivered nothing."""
PAGE_SECONDS = {"BUFDIR_PREVIEW_WALL_PAGE_SECONDS": "1", "BUFDIR_PREVIEW_REPORTING_PERIOD": "2024"}


def listing(count: int) -> bytes:
    """Return an organizations file of services that have delivered nothing."""
    lines = [f"org-wall-{number},Barnevernstjenesten Vegg {number},{930_000_000 + number}" for number in range(count)]
    return "\n".join(["organization_id,organization_name,organisasjonsnummer", *lines]).encode()


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server with a service in every state, and many that have delivered nothing."""
    data_dir = tmp_path_factory.mktemp("wall") / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir)
    with pipeline.open_application(data_dir) as application:
        pipeline.deliver(application, listing(SERVICES - len(DEFAULT_ORDER)))
    with running_server(data_dir, environment=NO_AUTO_AGGREGATE | PAGE_SECONDS) as server:
        yield server


def open_wall(page: Page, address: str) -> None:
    """Open a wall and wait until it is live."""
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=RELOAD_TIMEOUT_MS)


def shown_rows(page: Page) -> Locator:
    return page.locator(".board tbody tr:visible")


def wide_column_heads(page: Page) -> list[str]:
    """Return the column heads that can be seen; the others are there for screen readers only."""
    heads = page.get_by_role("columnheader").all()
    return [head.inner_text() for head in heads if head.evaluate("head => head.clientWidth > 1")]


def count_elements(page: Page) -> int:
    return page.evaluate("document.getElementsByTagName('*').length")


@pytest.mark.slow
@pytest.mark.chromium
def test_pages_turn_and_never_hide_an_alarm(wall: Server, page: Page) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    open_wall(page, f"{wall.url}/wall")
    page.keyboard.press("Space")
    expect(page.get_by_text("Satt på pause.").last).to_be_visible()
    while page.locator("#page-number").text_content() != f"Side 1 av {PAGES}":
        page.keyboard.press("ArrowLeft")
    names = [service.name for service in DEFAULT_ORDER[:NAMED]] + ["Vegg 0", "Vegg 1"]
    expect(shown_rows(page).locator("[data-name]")).to_have_text(names)
    expect(shown_rows(page).first).to_have_css("font-size", "30px")
    expect(page.locator(".figure dd").first).to_have_css("font-size", "60px")
    expect(page.locator("#figure-all dd")).to_have_text(f"{SERVICES}")
    assert page.evaluate("document.documentElement.scrollHeight") <= 1080, "twelve rows fill one screen"
    elements = count_elements(page)

    page.keyboard.press("Space")
    expect(page.locator("#page-number")).to_have_text(f"Side 3 av {PAGES}")
    page.get_by_role("button", name="Pause").click()
    number = page.locator("#page-number").text_content()
    expect(shown_rows(page)).to_have_count(12)
    alarms = page.locator(".alarms p")
    expect(alarms).to_have_text([f"Feilet: {BODO.name}", f"Med feil: {DRAMMEN.name}"])

    with overview_fixtures.open_second_application(wall.data_dir) as application:
        application.jobs.fail(overview_fixtures.start_held_job(application, OSLO_VEST), "It failed.")
    expect(alarms.first).to_have_text(f"Feilet: {BODO.name}, {OSLO_VEST.name}")
    expect(page.locator("#figure-failed")).to_have_attribute("data-changed", "now")
    expect(page.locator("#page-number")).to_have_text(number or "")
    assert page.evaluate("document.querySelectorAll('.board tr[data-changed]').length") == 1

    for _ in range(PAGES):
        page.keyboard.press("ArrowRight")
    assert abs(count_elements(page) - elements) < 20, "turning adds nothing that stays"
    while page.locator("#page-number").text_content() != f"Side 1 av {PAGES}":
        page.keyboard.press("ArrowRight")
    expect(shown_rows(page).locator("[data-name]").nth(1)).to_have_text(OSLO_VEST.name)
    expect(page.locator("[data-changed=now]")).to_have_count(
        0
    )  # the colours of a tint change at once, its ground slowly
    for width, height in ((1440, 900), (768, 1024), (375, 812), (320, 700)):
        page.set_viewport_size({"width": width, "height": height})
        assert (width, layout_problems(page)) == (width, [])
        if width == 1440:
            assert violations_in_both_schemes(page) == {}
    assert violations(page) == [], "in the narrowest"
    assert wide_column_heads(page) == ["Status", "Utfylt", "Avvik mot 2023"]
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not any(problems_by_font_size(page).values())


def test_narrow_wall_breaks_no_word(wall: Server, page: Page) -> None:
    for language in LANGUAGES:
        page.goto(f"{wall.url}/wall?lang={language}")
        expect(page.locator("html")).to_have_attribute("data-live", "on")
        for width in (375, 320):
            page.set_viewport_size({"width": width, "height": 700})
            assert (language, width, layout_problems(page)) == (language, width, [])


def test_wall_of_one_service_shows_fields_until_it_is_erased(wall: Server, page: Page) -> None:
    address = f"{wall.url}/wall?org={AS.organization_id}&lang=en"
    open_wall(page, address)
    expect(page.get_by_role("heading", level=1)).to_have_text("Barnevernstjenesten Ås")
    received = page.locator("[data-region=row-antall_meldinger_mottatt]")
    expect(received.locator(".c-current")).to_have_text("1")
    expect(page.get_by_text("Page 1 of 3")).to_be_visible()
    assert violations_in_both_schemes(page) == {}
    page.set_viewport_size({"width": 375, "height": 812})
    assert wide_column_heads(page) == ["2024", "2023", "Change", "Deviation"]

    with overview_fixtures.open_second_application(wall.data_dir) as application:
        pipeline.deliver(application, AS.folder(overview_fixtures.LATER, meldinger=3))
        job = overview_fixtures.start_held_job(application, AS)
        overview_fixtures.finish_job(application, job)
        expect(received.locator(".c-current")).to_have_text("3")
        expect(received).to_have_attribute("data-changed", "now")
        application.eraser.erase(AS.organization_id, "a test")
    expect(page.locator(".board tbody tr")).to_have_count(0)
    expect(page.get_by_text("The service has been removed")).to_be_visible()
    expect(page.locator("body")).not_to_contain_text("Ås")
    answer = httpx.get(address)
    assert (answer.status_code, answer.headers["Refresh"]) == (404, "30")


class WallDriver:
    """A wall in the browser, paused on its second page."""

    def __init__(self, page: Page, proxy: FaultyProxy) -> None:
        self.page = page
        open_wall(page, f"{proxy.url}/wall?period_id=2024")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
        self.expect_second_page()

    def expect_second_page(self) -> None:
        expect(self.page.locator("#page-number")).to_have_text("Side 2 av 2")
        expect(self.page.locator("#page-paused")).to_be_visible()
        expect(shown_rows(self.page)).to_have_count(3)

    def expect_offline(self) -> None:
        """Assert that the wall says that it is offline, without a control, and shows what it had."""
        alert = self.page.get_by_role("alert")
        expect(alert).to_contain_text("Frakoblet siden kl. ", timeout=RELOAD_TIMEOUT_MS)
        expect(alert).to_contain_text(" – viser siste verdier")
        expect(alert.get_by_role("button")).to_have_count(0)
        self.expect_second_page()


@pytest.mark.parametrize(
    "disruption",
    ["cut", pytest.param("restart", marks=pytest.mark.slow), pytest.param("sleep", marks=pytest.mark.slow)],
)
def test_wall_comes_back_by_itself(disruption: Disruption, page: Page, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(run_server(tmp_path / "data", 1))
        restartable = RestartableServer(server, 7300, stack)
        restartable.deliver(listing(14))  # a wall of one page cannot be paused
        proxy = stack.enter_context(faulty_proxy(server, 1))
        driver = WallDriver(page, proxy)
        with disrupted(disruption, driver, restartable, proxy, 1):
            restartable.change()
        expect(page.locator("html")).to_have_attribute("data-live", "on", timeout=RELOAD_TIMEOUT_MS)
        expect(page.get_by_role("alert")).to_be_hidden()
        driver.expect_second_page()
        changed = page.locator(f"[data-region=row-{restartable.service.organization_id}]")
        expect(changed).to_have_attribute("data-changed", "unseen")
        page.keyboard.press("ArrowLeft")
        expect(changed).to_be_visible()
