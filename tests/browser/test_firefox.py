"""The core paths in Firefox: open, read, live change, dialog, menu, keyboard.

`make firefox` runs all browser tests in it.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import (
    Service,
    decision_tag,
    differing_cells,
    import_with_cli,
    marked_cells,
    reported_values,
    with_new_melding,
)
from tests.support.browsers import BrowserName
from tests.support.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

OpenPreview = Callable[..., Page]


@pytest.fixture(scope="module")
def browser_name() -> BrowserName:
    return "firefox"


def test_report_opens_from_overview_by_keyboard(page: Page, busy: Server, services: dict[str, Service]) -> None:
    page.goto(f"{busy.url}/")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    expect(page.locator(".list > tbody > tr:visible")).to_have_count(len(services))
    page.keyboard.press("/")
    page.keyboard.type(f"{services['again'].number}")
    expect(page.locator(".list > tbody > tr:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=services["again"].name)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("searchbox")).to_have_value(f"{services['again'].number}")


def test_preview_shows_all_values_and_opens_rows(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service]
) -> None:
    page = open_preview(busy, services["still"])
    values = reported_values(busy, services["still"])
    expect(page.locator("tr[data-field]:visible")).to_have_count(len(values))
    for key in ("antall_meldinger_mottatt", "antall_meldinger_over_frist"):
        expect(page.locator(f"tr[data-field={key}] td.current")).to_have_text(str(values[key][0]))
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Meldinger til undersøkelse", exact=True)).to_have_attribute(
        "aria-expanded", "true"
    )
    expect(page.locator(".detail:visible")).to_have_count(1)
    page.keyboard.press("f")
    expect(page.get_by_text("Ingen felt passer filteret.")).to_be_visible()
    page.keyboard.press("x")
    expect(page.locator("tr[data-field]:visible")).to_have_count(len(values))


def test_delivery_updates_values_in_place(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service], tmp_path: Path
) -> None:
    service = services["imported"]
    before = reported_values(busy, service)
    page = open_preview(busy, service)
    import_with_cli(busy.data_dir, tmp_path / "folders", with_new_melding(service))
    expect(page.locator("tr[data-field=antall_meldinger_mottatt] td.current")).to_have_text("9")
    after = reported_values(busy, service)
    assert marked_cells(page) == differing_cells(before, after)


def test_dialog_takes_and_restores_focus(open_preview: OpenPreview, busy: Server, services: dict[str, Service]) -> None:
    page = open_preview(busy, services["again"])
    opener, dialog = page.get_by_role("button", name="Aggreger på nytt"), page.locator("#again")
    opener.click()
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    page.mouse.click(5, 5)  # outside the dialog, which has closedby=any
    expect(dialog).to_be_hidden()
    page.keyboard.press("a")
    page.keyboard.type("Feil rettet i kilden")
    dialog.get_by_role("button", name="Aggreger på nytt").press("Enter")
    expect(dialog).to_be_hidden()
    expect(decision_tag(page)).to_be_visible()


def test_menu_is_placed_under_its_button(open_preview: OpenPreview, busy: Server, services: dict[str, Service]) -> None:
    page = open_preview(busy, services["still"])
    opener, menu = page.get_by_role("button", name="Eksporter"), page.locator("#export")
    opener.press("Enter")
    expect(menu).to_be_visible()
    above, below = opener.bounding_box(), menu.bounding_box()
    assert above is not None
    assert below is not None
    assert 0 <= below["y"] - (above["y"] + above["height"]) < 20
    assert abs((below["x"] + below["width"]) - (above["x"] + above["width"])) < 20
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(opener).to_be_focused()


def test_page_stays_live_when_a_file_is_downloaded(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service]
) -> None:
    """Firefox ends a page's WebSocket when a link without `download` is followed, even one that leads to a file."""
    page = open_preview(busy, services["still"])
    page.evaluate("window.stayed = true")
    for file in (".xlsx", "CSV", "JSON"):
        page.get_by_role("button", name="Eksporter").click()
        with page.expect_download():
            page.get_by_role("link", name=file).click()
        expect(page.locator("html")).to_have_attribute("data-live", "on")
    page.get_by_role("button", name="Meldinger mottatt").click()
    expect(page.locator("[data-plot=antall_meldinger_mottatt] canvas").first).to_be_visible()  # drawn by the session
    assert page.evaluate("window.stayed")
