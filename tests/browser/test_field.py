"""The page of a field in a browser: readable without scripts, linked figures, accessible at any width, live, shared."""

import csv
import io
from collections.abc import Generator

import httpx
import pytest
from lxml import html
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import AUTO_AGGREGATE_AT_ONCE, Service, fill_store, post_delivery, with_new_melding
from tests.browser.support.axe import violations_in_both_schemes
from tests.browser.support.layout import layout_problems, problems_by_font_size
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

FIRST, SECOND = Service(1804), Service(1806)
FIELD = "antall_meldinger_mottatt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server with two services in Nordland, and one elsewhere."""
    data_dir = tmp_path_factory.mktemp("field") / "data"
    data_dir.mkdir()
    fill_store(data_dir, [FIRST, SECOND, Service(4601)], "2023", "2024")
    environment = AUTO_AGGREGATE_AT_ONCE | {"BUFDIR_PREVIEW_REPORTING_PERIOD": "2024"}
    with running_server(data_dir, environment=environment) as running:
        yield running


def rows_of(content: bytes) -> list[str]:
    """Return the ids of the services in the order of the table."""
    rows = html.fromstring(content).xpath("//tbody[@class='rows']/tr/@data-region")
    return [str(region).removeprefix("row-") for region in rows]


def test_first_html_is_complete_without_scripts(server: Server) -> None:
    address = f"{server.url}/field/{FIELD}"
    first = httpx.get(address, params={"org": SECOND.organization_id})
    document = html.fromstring(first.content)
    assert rows_of(first.content) == [FIRST.organization_id, SECOND.organization_id, "org-4601"]
    assert document.xpath("//*[@data-region='chosen']/@data-org") == [SECOND.organization_id]
    assert "SELECT" in document.xpath("string(//section[@id='definition']//code[@translate])")
    # The buttons of services and headings belong to one form, which keeps the other choices.
    kept = {each.get("name"): each.get("value") for each in document.xpath("//form[@id='choose']/input")}
    (button,) = document.xpath(f"//button[@name='choose'][@value='{FIRST.organization_id}'][@form='choose']")
    more = html.fromstring(httpx.get(address, params={**kept, "choose": button.get("value")}).content)
    assert more.xpath("//*[@data-region='chosen']/@data-org") == [f"{SECOND.organization_id},{FIRST.organization_id}"]
    assert rows_of(httpx.get(address, params={"sort": "-organization_name", "county": "18"}).content) == [
        SECOND.organization_id,
        FIRST.organization_id,
    ]
    assert httpx.get(f"{server.url}/field/unknown").status_code == 404
    assert httpx.get(f"{server.url}/field").status_code == 404
    assert httpx.get(address, params={"county": "99"}).status_code == 422


def test_export_says_what_the_api_says(server: Server) -> None:
    query = {"county": "18", "sort": "-organization_name"}
    exported = httpx.get(f"{server.url}/field/{FIELD}/export.csv", params=query)
    assert f'filename="{FIELD}-2024-18.csv"' in exported.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(exported.content.decode("utf-8-sig")), delimiter=";"))[1:]
    listed = httpx.get(f"{server.url}/api/v1/fields/{FIELD}", params=query).json()["data"]
    assert [(row[2], row[3], row[4]) for row in rows] == [
        (row["organization_id"], str(row["value"]), str(row["prior_period_value"])) for row in listed
    ]
    assert httpx.get(f"{server.url}/field/{FIELD}/export.xlsx").content.startswith(b"PK")
    assert httpx.get(f"{server.url}/field/unknown/export.csv").status_code == 404


def press_bar(page: Page, place: float) -> None:
    """Press on a place among the bars, from 0 at the left to 1 at the right of the axis."""
    plot = page.locator("[data-plot=bars]")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    left, right = box["x"] + 68, box["x"] + box["width"] - 16
    page.mouse.click(left + place * (right - left), box["y"] + 60)


@pytest.mark.chromium
def test_figures_table_and_address_share_one_choice(server: Server, page: Page) -> None:
    page.goto(f"{server.url}/field/{FIELD}")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    expect(page.locator("[data-plot] > [data-chart]")).to_have_count(3)
    chosen = page.locator("[data-region=chosen]")

    def choose_button(service: Service) -> Locator:
        return page.locator(f"[data-region=row-{service.organization_id}] .choose")

    choose_button(SECOND).click()
    expect(chosen).to_have_attribute("data-org", SECOND.organization_id)
    expect(choose_button(SECOND)).to_have_attribute("aria-pressed", "true")
    expect(choose_button(SECOND)).to_have_text("A")
    page.get_by_role("button", name="Alle", exact=True).focus()
    page.keyboard.press("Tab")  # past the canvases, in which no key does anything
    expect(page.get_by_role("group", name="Utvikling for de valgte tjenestene")).to_be_focused()
    press_bar(page, 1 / 6)
    both = f"{SECOND.organization_id},{FIRST.organization_id}"
    expect(chosen).to_have_attribute("data-org", both)
    assert page.url.endswith(f"/field/{FIELD}?org={both}")
    expect(page.get_by_role("table", name="Utvikling for de valgte tjenestene")).to_contain_text("2023")
    page.locator(f"[data-region=row-{FIRST.organization_id}] .row-link").focus()
    page.keyboard.press(" ")
    expect(chosen).to_have_attribute("data-org", SECOND.organization_id)

    page.get_by_role("button", name="Pause").click()
    choose_button(FIRST).click()
    expect(choose_button(FIRST)).to_have_text("B")
    choose_button(FIRST).click()
    expect(choose_button(FIRST)).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Fortsett").first.click()

    page.get_by_role("button", name="Tjeneste", exact=True).click()
    page.get_by_role("button", name="Tjeneste", exact=True).click()
    assert "sort=-organization_name" in page.url
    expect(page.locator("tbody.rows > tr").first).to_have_attribute("data-region", "row-org-4601")

    row = page.locator(f"[data-region=row-{FIRST.organization_id}]")
    post_delivery(server, with_new_melding(FIRST))
    expect(row.locator(".c-now")).to_have_text("9")
    expect(row).to_have_attribute("data-changed", "now")

    for width in (1440, 1200, 768, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, layout_problems(page)) == (width, [])
    for width in (320, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, violations_in_both_schemes(page)) == (width, {})
    assert not any(problems_by_font_size(page).values())
    expect(page.locator("[data-plot] > [data-chart]")).to_have_count(3)

    page.get_by_role("combobox", name="Fylke").select_option("Nordland")
    expect(page.locator("tbody.rows > tr")).to_have_count(2)
    assert "county=18" in page.url
    expect(chosen).to_have_attribute("data-org", SECOND.organization_id)
    row.get_by_role("link").click()
    page.wait_for_url(f"**/preview?organization_id={FIRST.organization_id}&period_id=2024#row-{FIELD}")
    expect(page.locator(f"#detail-{FIELD}")).to_be_visible()
    page.get_by_role("link", name="Se feltet hos alle tjenester").locator("visible=true").click()
    page.wait_for_url(f"**/field/{FIELD}?period_id=2024")
