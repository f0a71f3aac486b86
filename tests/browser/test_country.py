"""The country page in a browser: readable without scripts, accessible at any width, live, and shared by its address."""

from collections.abc import Generator

import httpx
import pytest
from lxml import html
from playwright.sync_api import Page, expect

from tests.browser.conftest import AUTO_AGGREGATE_AT_ONCE, Service, fill_store, post_delivery, with_new_melding
from tests.browser.support.axe import violations_in_both_schemes
from tests.browser.support.layout import layout_problems, problems_by_font_size
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

NORDLAND = Service(1804)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server with a service in Nordland, and one whose municipality number names no county."""
    data_dir = tmp_path_factory.mktemp("country") / "data"
    data_dir.mkdir()
    fill_store(data_dir, [NORDLAND, Service(9999)], "2023", "2024")
    environment = AUTO_AGGREGATE_AT_ONCE | {"BUFDIR_PREVIEW_REPORTING_PERIOD": "2024"}
    with running_server(data_dir, environment=environment) as running:
        yield running


def test_first_html_is_complete_without_scripts(server: Server) -> None:
    address = f"{server.url}/country"
    document = html.fromstring(httpx.get(address, params={"open": "antall_meldinger_mottatt"}).content)
    assert len(document.xpath("//tr[@data-field]")) == 34
    assert document.xpath("//tr[contains(@class, 'detail') and not(@hidden)]//table[@class='waterfall']")
    assert [link.text for link in document.xpath("//nav//a[@aria-current='page']")] == ["Landet"]
    assert document.xpath("//form[@data-region='choice']//noscript/button[@type='submit']")
    (link,) = document.xpath("//tr[@data-field='antall_flyttinger']//noscript/a/@href")
    opened = html.fromstring(httpx.get(f"{address}{link}").content)
    assert opened.xpath("//*[@id='waterfall-antall_flyttinger']")
    assert httpx.get(address, params={"county": "99"}).status_code == 422
    assert "finnes" in httpx.get(address, params={"period_id": "x"}).text


@pytest.mark.chromium
def test_page_is_accessible_live_and_shared_by_address(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/country")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    opener = page.get_by_role("button", name="Meldinger mottatt", exact=True)
    opener.press("Enter")
    waterfall = page.locator("#waterfall-antall_meldinger_mottatt")
    expect(waterfall).to_be_visible()
    assert page.url.endswith("/country?open=antall_meldinger_mottatt")

    row = page.locator("tr[data-field=antall_meldinger_mottatt]")
    expect(row.locator(".current")).to_have_text("16")
    post_delivery(server, with_new_melding(NORDLAND))
    expect(row.locator(".current")).to_have_text("17")
    expect(row.locator(".current")).to_have_attribute("data-changed", "now")
    expect(waterfall.get_by_role("link", name=NORDLAND.name)).to_be_visible()
    expect(waterfall.get_by_role("row", name=f"{NORDLAND.name} 8 9 +1")).to_be_visible()
    chosen = f"/field/antall_meldinger_mottatt?county=&period_id=2024&org={NORDLAND.organization_id}"
    expect(page.get_by_role("link", name="Se feltet hos alle tjenester")).to_have_attribute("href", chosen)

    for width in (1440, 1200, 768, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, layout_problems(page)) == (width, [])
    for width in (320,):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, violations_in_both_schemes(page)) == (width, {})
    assert problems_by_font_size(page, [24]) == {24: []}
    page.set_viewport_size({"width": 1280, "height": 900})
    assert not any(problems_by_font_size(page).values())

    page.get_by_role("combobox", name="Fylke").select_option("Nordland")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nordland")
    assert "county=18" in page.url
    expect(waterfall).to_be_visible()
    expect(page.get_by_text("1 tjeneste har ikke kjent fylke")).to_be_visible()
    waterfall.get_by_role("link", name=NORDLAND.name).click()
    page.wait_for_url(f"**/preview?organization_id={NORDLAND.organization_id}&period_id=2024")


@pytest.mark.chromium
def test_page_prints_on_one_sheet(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/country")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
