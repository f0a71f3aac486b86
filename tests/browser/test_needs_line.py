"""What needs the connection, while the page connects and while the line is lost: said at once, and nothing is lost."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.browser.support.overview_fixtures import OSLO_VEST
from tests.browser.test_actions import OFFERED, shown_actions
from tests.support.server_process import Server

pytestmark = pytest.mark.browser

WHY_OFFLINE = "Frakoblet: dette kan gjøres når siden er tilkoblet igjen."
WHY_CONNECTING = "Kobler til: dette kan gjøres straks siden er tilkoblet."
NO_HISTORY_OFFLINE = "Frakoblet: utviklingen vises når siden er tilkoblet igjen."
NO_HISTORY_CONNECTING = "Kobler til: utviklingen vises straks siden er tilkoblet."


def open_again_dialog(page: Page, url: str, state: str) -> Locator:
    """Open the dialog of a new aggregation on a page in a state of the connection, and write a reason."""
    page.goto(f"{url}/preview?organization_id={OSLO_VEST.organization_id}&period_id=2023")
    expect(page.locator("html")).to_have_attribute("data-live", state)
    page.get_by_role("button", name="Aggreger på nytt").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("Kontroll av egne tall")
    return dialog


@pytest.fixture
def proxy(states: Server) -> Generator[FaultyProxy]:
    with faulty_proxy(states) as opened:
        yield opened


def test_request_while_offline_keeps_reason_and_works_when_back(page: Page, proxy: FaultyProxy) -> None:
    dialog = open_again_dialog(page, proxy.url, "on")
    proxy.cut()
    expect(page.locator("html")).to_have_attribute("data-live", "lost")
    expect(dialog.get_by_role("alert").filter(has_text=WHY_OFFLINE)).to_be_visible()
    dialog.get_by_role("button", name="Aggreger på nytt").click()
    expect(dialog.get_by_role("textbox")).to_have_value("Kontroll av egne tall")
    page.keyboard.press("Escape")

    # What needs the connection says so; a file can be chosen, and is uploaded when the connection is back.
    reasons = shown_actions(page)
    assert reasons.pop("deliver") == OFFERED
    assert reasons == dict.fromkeys(("again", "approve", "export", "delete"), WHY_OFFLINE)
    why = page.locator("#why-offline")
    for key in ("a", "e", "p", "/"):
        page.keyboard.press(key)
        expect(why).to_have_text(WHY_OFFLINE)
        expect(why).to_be_visible()
        page.keyboard.press("Escape")
        expect(why).to_be_hidden()
    compare, address = page.locator("select[name=compare]"), page.url
    shown = compare.input_value()
    compare.select_option("2024")
    expect(compare).to_have_value(shown)
    page.get_by_role("navigation", name="Hovedmeny").get_by_role("link", name="Oversikt").click()
    expect(why).to_be_visible()
    page.get_by_role("combobox", name="Språk").select_option("en")
    expect(page.get_by_role("combobox", name="Språk")).to_have_value("nb")
    assert page.url == address
    expect(page.locator("tr[data-field]:visible")).to_have_count(34)

    # A row opens; its history, which has to be read, says that it comes.
    page.get_by_role("button", name="Meldinger mottatt").click()
    history = page.locator("[data-region=history-antall_meldinger_mottatt]")
    expect(history.get_by_text(NO_HISTORY_OFFLINE)).to_be_visible()
    page.locator("[data-history=planer] summary").click()
    chart = page.locator("[data-region=history-planer]")
    expect(chart.get_by_text(NO_HISTORY_OFFLINE)).to_be_visible()

    # The page comes back by itself, with what was written; now the same request is done.
    proxy.restore()
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    expect(history.get_by_role("table")).to_be_visible()
    expect(chart.get_by_role("table")).to_be_visible()
    expect(history.get_by_text(NO_HISTORY_OFFLINE)).to_be_hidden()
    page.get_by_role("button", name="Aggreger på nytt").click()
    expect(dialog.get_by_role("textbox")).to_have_value("Kontroll av egne tall")
    dialog.get_by_role("button", name="Aggreger på nytt").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("status").get_by_text("Aggregert på nytt kl.")).to_contain_text("Ingen verdier er endret.")
    expect(page.locator(".because")).to_have_text("via nettsiden: Kontroll av egne tall")


@pytest.mark.slow
def test_dialog_is_open_again_with_its_reason_after_reconnect(page: Page, proxy: FaultyProxy) -> None:
    dialog = open_again_dialog(page, proxy.url, "on")
    proxy.cut()
    expect(page.locator("html")).to_have_attribute("data-live", "lost")
    proxy.restore()
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    expect(dialog.get_by_role("textbox")).to_have_value("Kontroll av egne tall")


@pytest.mark.own_page
def test_request_while_connecting_keeps_reason(page: Page, states: Server) -> None:
    page.route_web_socket("**/ws*", lambda _: None)  # it opens, and nothing is ever answered
    dialog = open_again_dialog(page, states.url, "connecting")
    dialog.get_by_role("button", name="Aggreger på nytt").click()
    expect(dialog.get_by_text(WHY_CONNECTING)).to_be_visible()
    expect(dialog.get_by_role("textbox")).to_have_value("Kontroll av egne tall")
    page.keyboard.press("Escape")
    page.locator("[data-history=meldinger] summary").click()
    expect(page.locator("#meldinger .chart__table").get_by_text(NO_HISTORY_CONNECTING)).to_be_visible()
    address = page.url
    for key in ("p", "/"):
        page.keyboard.press(key)
        expect(page.locator("#why-offline")).to_have_text(WHY_CONNECTING)
        expect(page.locator("#why-offline")).to_be_visible()
        page.keyboard.press("Escape")
    assert page.url == address


@pytest.mark.slow
def test_overview_stays_readable_while_offline(page: Page, proxy: FaultyProxy) -> None:
    page.goto(f"{proxy.url}/?period_id=2024")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    proxy.cut()
    expect(page.locator("html")).to_have_attribute("data-live", "lost")
    address, why = page.url, page.locator("#why-offline")
    rows = page.locator(".list > tbody > tr:visible").count()

    def assert_held_back() -> None:
        expect(why).to_be_visible()
        page.keyboard.press("Escape")
        expect(why).to_be_hidden()

    page.get_by_role("row", name=OSLO_VEST.full_name).click()
    assert_held_back()
    page.get_by_role("navigation", name="Hovedmeny").get_by_role("link", name="Oversikt").click()
    assert_held_back()
    page.get_by_role("button", name="Eksporter").click()
    page.get_by_role("link", name="CSV").click()
    assert_held_back()
    period = page.get_by_role("combobox", name="Periode")
    period.select_option("2023")
    assert_held_back()
    expect(period).to_have_value("")
    page.get_by_role("combobox", name="Språk").select_option("en")
    assert_held_back()
    assert page.url == address
    expect(page.locator(".list > tbody > tr:visible")).to_have_count(rows)

    # The server answers while the page has not come back yet: the link works.
    page.evaluate("document.addEventListener('live:before-reload', event => event.preventDefault())")
    proxy.restore()
    page.get_by_role("row", name=OSLO_VEST.full_name).click()
    page.wait_for_url("**/preview?**")
