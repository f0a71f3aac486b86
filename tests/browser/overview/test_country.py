"""The overview of 400 services: search, filters, sorting and live updates.

The slow suite has reports of eight years.
"""

from collections.abc import Generator, Sequence

import httpx
import pytest
from lxml import html
from playwright.sync_api import Page, expect

from preview.reports.decision_state import DECISION_STATES
from tests.browser.conftest import post_delivery
from tests.browser.support import overview_fixtures
from tests.browser.support.overview_page import open_overview
from tests.builders import large_dataset
from tests.support.server_process import Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module", params=[2, pytest.param(len(large_dataset.YEARS), marks=pytest.mark.slow)])
def years(request: pytest.FixtureRequest) -> Sequence[str]:
    """Return the newest periods, which have reports."""
    return large_dataset.YEARS[-request.param :]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, years: Sequence[str]) -> Generator[Server]:
    data_dir = tmp_path_factory.mktemp("large") / "data"
    data_dir.mkdir()
    large_dataset.fill_store(data_dir, years=years)
    with running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE) as server:
        yield server


@pytest.fixture
def overview(large: Server, page: Page) -> Page:
    return open_overview(page, large)


def test_html_contains_every_service_and_period(large: Server, years: Sequence[str]) -> None:
    for year in years:
        document = html.fromstring(httpx.get(large.url, params={"period_id": year}).content)
        rows = document.xpath("//table/tbody/tr")
        assert len({row.get("data-region") for row in rows}) == large_dataset.SERVICES
        assert {row.get("data-flags").split()[0] for row in rows} <= set(DECISION_STATES)
        assert len(document.xpath("//select[@name='period_id']//option")) == len(years)


def test_search_filters_and_column_heads_sort_400_services(overview: Page) -> None:
    search = overview.get_by_role("searchbox")
    for typed, left in (("kommune", 400), (" 39", 14), ("9", 1)):
        search.press_sequentially(typed)
        expect(overview.locator(".list > tbody > tr:visible")).to_have_count(left)
    search.press("Escape")
    expect(overview.locator(".list > tbody > tr:visible")).to_have_count(large_dataset.SERVICES)
    overview.get_by_role("combobox", name="Fagsystem").select_option("CIS")
    expect(overview.locator(".list > tbody > tr:visible")).to_have_count(133)
    overview.get_by_role("combobox", name="Fagsystem").select_option("Alle")
    head = overview.get_by_role("columnheader", name="Tjeneste").get_by_role("button")
    for name in ("Kommune 000", "Kommune 399"):
        head.click()
        expect(overview.locator(".list > tbody > tr .row-link").first).to_contain_text(name)


def test_last_row_updates_without_affecting_other_rows(overview: Page, large: Server) -> None:
    overview.get_by_role("columnheader", name="Tjeneste").get_by_role("button").click()
    last = overview.locator(".list > tbody > tr").last
    last.scroll_into_view_if_needed()
    expect(last).to_contain_text("Kommune 399")
    post_delivery(large, large_dataset.folder(399, meldinger=2, day="2025-01-20"))
    expect(last).to_contain_text("Utdatert")
    expect(overview.locator("tr[data-changed]")).to_have_count(1)
    expect(overview.locator(".list > tbody > tr").last).to_contain_text("Kommune 399")
