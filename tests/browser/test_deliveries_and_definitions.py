"""The pages of the deliveries and of the definitions: search in place, live, keys, deep links, widths, print, axe."""

import re
from collections.abc import Generator

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.support.axe import violations_in_both_schemes
from tests.browser.support.layout import layout_problems, problems_by_font_size, small_targets
from tests.browser.support.pdf import PrintedPdf
from tests.builders.services import SampleService
from tests.support import pipeline
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

REFUSED = 26  # with the others, more than a page
FIRST, SECOND = SampleService(), SampleService()

READABLE: dict[int, list[str]] = {20: [], 24: [], 32: []}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server with more than a page of deliveries: one of each service, and refused ones."""
    data_dir = tmp_path_factory.mktemp("pages") / "data"
    data_dir.mkdir()
    with pipeline.open_application(data_dir) as application:
        pipeline.deliver(application, FIRST.folder(1, "2024-12-31"))
        pipeline.deliver(application, *(SECOND.folder(case, "2024-12-30T12:00:00") for case in range(1, 7)))
        receipts = [application.deliveries.receive([b"<Barnevern/>"], full=False, actor="test") for _ in range(REFUSED)]
        pipeline.wait_for_delivery(application, receipts[-1].delivery_id)
    with running_server(data_dir) as server:
        yield server


def open_page(page: Page, server: Server, path: str) -> Page:
    page.goto(server.url + path)
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def test_deliveries_are_searched_in_place_and_live(page: Page, pages: Server) -> None:
    open_page(page, pages, "/deliveries")
    page.evaluate("window.isSamePage = true")
    entries, shown = page.locator("#listed > li"), page.locator("#shown")
    expect(shown).to_have_text(f"1–25 av {REFUSED + 2} leveranser")
    page.keyboard.press("]")
    expect(shown).to_have_text(f"26–{REFUSED + 2} av {REFUSED + 2} leveranser")
    expect(page).to_have_url(re.compile(r"page=2"))
    page.locator("select[name=severity]").select_option("notice")
    expect(shown).to_have_text("1 leveranse")
    expect(entries).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?severity=notice$"))
    expect(page.locator("#said")).to_have_text("1 leveranse")
    expect(entries).to_contain_text("fil 1, linje")
    entries.get_by_role("link", name="og 3 steder til").click()
    expect(entries.locator(".finds__places > li")).to_have_count(6)
    expect(page.locator(".chosen")).to_contain_text("Leveranse dlv-002")
    page.go_back()
    expect(page.locator(".chosen")).to_be_empty()
    expect(page.locator("select[name=severity]")).to_have_value("notice")
    page.keyboard.press("/")
    page.keyboard.type(FIRST.organization_id)
    expect(page.get_by_text("Ingen leveranser passer søket.")).to_be_visible()
    page.get_by_role("link", name="Vis alle").click()
    expect(page.locator("#search")).to_have_value("")
    expect(entries).to_have_count(25)
    # The link has vanished that had the focus.
    expect(page.locator("#listed-dlv-028-link")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#listed-dlv-027-link")).to_be_focused()
    httpx.post(f"{pages.url}/api/v1/deliveries", content=FIRST.folder(1, "2025-01-02")).raise_for_status()
    expect(page.locator("#listed > li").first).to_contain_text("Tatt inn")
    expect(page.locator("#listed-dlv-027-link")).to_be_focused()
    assert page.evaluate("window.isSamePage")
    page.keyboard.press("e")
    expect(page.get_by_role("link", name="CSV")).to_have_attribute("href", "/deliveries/findings.csv?lang=nb")


def test_definitions_are_searched_and_opened_by_address(page: Page, pages: Server) -> None:
    open_page(page, pages, "/definitions?q=ettervern#field-antall_akuttplasseringer")
    # The address names an entry that its search would hide.
    expect(page.locator("#field-antall_akuttplasseringer")).to_be_in_viewport()
    expect(page.locator("#search")).to_have_value("")
    page.keyboard.press("/")
    page.keyboard.type("stor_endring")
    expect(page.locator(".entry:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=stor_endring"))
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Stor endring")).to_be_focused()
    page.locator("[data-action=reset]").first.click()
    expect(page.locator(".entry:visible")).to_have_count(50)
    page.locator("#field-antall_meldinger_mottatt .entry__link").focus()
    page.keyboard.press("j")
    expect(page.locator("#field-antall_meldinger_til_undersokelse .entry__link")).to_be_focused()
    page.get_by_role("navigation", name="Deler av skjemaet").get_by_role("link", name="Avviksregler").click()
    expect(page.get_by_role("link", name="Avviksregler")).to_have_attribute("aria-current", "true")
    expect(page.locator("#rules")).to_be_in_viewport()


@pytest.mark.parametrize(
    ("path", "language", "count"),
    [("/deliveries?severity=notice", "nn", 1), ("/definitions?q=undersokelser", "en", 9)],
    ids=["deliveries", "definitions"],
)
def test_page_is_accessible_at_any_width(page: Page, pages: Server, path: str, language: str, count: int) -> None:
    separator = "&" if "?" in path else "?"
    open_page(page, pages, f"{path}{separator}lang={language}")
    entries = page.locator("#listed > li:visible, .entry:visible")
    for width in (1440, 768, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        expect(entries).to_have_count(count)
        assert (width, layout_problems(page)) == (width, [])
        assert (width, small_targets(page)) == (width, [])
    assert violations_in_both_schemes(page) == {}


@pytest.mark.slow
@pytest.mark.chromium
def test_pages_are_readable_on_paper_and_in_large_text(page: Page, pages: Server) -> None:
    open_page(page, pages, "/deliveries?severity=notice")
    deliveries = PrintedPdf(page)
    assert deliveries.pages == 1
    assert "1 leveranse: merknad." in deliveries.text
    assert "Barnevern@DatoUttrekk" in deliveries.text
    assert problems_by_font_size(page) == READABLE
    open_page(page, pages, "/definitions")
    definitions = PrintedPdf(page)
    assert definitions.pages > 3
    assert "GROUP BY sak" in definitions.text
    assert re.search(r"Utskrift .* kl\. ", definitions.text)
    page.locator("#search").fill("undersokelser")
    assert problems_by_font_size(page) == READABLE
    for printed in (deliveries, definitions):
        assert "Hopp til innholdet" not in printed.text


def test_store_without_deliveries_is_readable_and_accessible(page: Page, server: Server) -> None:
    open_page(page, server, "/deliveries")
    expect(page.get_by_text("Ingen leveranser ennå.").first).to_be_visible()
    assert violations_in_both_schemes(page) == {}
