"""The pages work in a browser that is set to block cookies, where every access to its storage throws."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service
from tests.support.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.own_page]

_BLOCK_STORAGE = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, {get() { throw new DOMException("Access is denied.", "SecurityError") }})
}
Object.defineProperty(Document.prototype, "cookie", {get: () => "", set() {}})
"""


@pytest.fixture
def blocked(page: Page) -> Page:
    page.add_init_script(_BLOCK_STORAGE)
    return page


def test_overview_works_with_blocked_storage(blocked: Page, busy: Server) -> None:
    blocked.goto(f"{busy.url}/")
    expect(blocked.get_by_text("Direkte", exact=True)).to_be_visible()
    blocked.keyboard.press("j")
    expect(blocked.locator(".row-link").first).to_be_focused()
    blocked.keyboard.press("?")
    blocked.locator("#single-keys").uncheck()
    blocked.keyboard.press("Escape")
    blocked.keyboard.press("t")
    expect(blocked.locator("html")).to_have_attribute("data-color-scheme", "light")


def test_theme_and_language_are_kept_in_url_without_cookies(blocked: Page, busy: Server) -> None:
    blocked.goto(f"{busy.url}/")
    expect(blocked.get_by_text("Direkte", exact=True)).to_be_visible()
    blocked.keyboard.press("t")
    expect(blocked.locator("html")).to_have_attribute("data-color-scheme", "dark")
    blocked.locator("[data-setting=lang]").select_option("en")
    expect(blocked.get_by_text("Live", exact=True)).to_be_visible()
    expect(blocked.locator("html")).to_have_attribute("data-color-scheme", "dark")


def test_preview_works_with_blocked_storage(blocked: Page, busy: Server, services: dict[str, Service]) -> None:
    blocked.goto(f"{busy.url}/preview?organization_id={services['still'].organization_id}")
    expect(blocked.get_by_text("Direkte", exact=True)).to_be_visible()
    blocked.keyboard.press("j")
    blocked.keyboard.press("Enter")
    expect(blocked.locator("tr.detail").first).to_be_visible()
    blocked.keyboard.press("i")
    expect(blocked.locator("#deliver")).to_be_visible()
    blocked.keyboard.press("Escape")
    blocked.get_by_role("button", name="Endret siden").click()
    expect(blocked.get_by_text("«Sist jeg var her» kan ikke velges")).to_be_visible()
    expect(blocked.locator("#since-visit")).to_be_hidden()
