"""The overview in the browser: open it, and compare its rows."""

from playwright.sync_api import Page, expect

from tests.browser.support.overview_fixtures import SampleService
from tests.support.server_process import Server


def open_overview(page: Page, server: Server, query: str = "") -> Page:
    """Open the overview of 2024, with more of a query, and wait until it is live."""
    page.goto(f"{server.url}/?period_id=2024{query}")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def expect_order(page: Page, *services: SampleService) -> None:
    """Assert that exactly these services are visible, in this order."""
    expect(page.locator(".list > tbody > tr:visible .row-link")).to_have_text(
        [service.full_name for service in services]
    )
