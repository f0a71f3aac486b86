"""Navigation on the preview: service, period, filters, rows, language and theme, all of which the URL holds."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service
from tests.support.server_process import Server

pytestmark = pytest.mark.browser

OpenPreview = Callable[..., Page]


@pytest.fixture
def still(open_preview: OpenPreview, busy: Server, services: dict[str, Service]) -> Page:
    return open_preview(busy, services["still"])


def test_period_change_updates_page_and_url(still: Page, services: dict[str, Service]) -> None:
    still.evaluate("window.stayed = true")
    still.get_by_role("combobox", name="Periode", exact=True).select_option("2023")
    expect(still.get_by_role("columnheader", name="2022", exact=True)).to_be_visible()
    expect(still).to_have_url(re.compile(r"period_id=2023"))
    expect(still).to_have_title(re.compile("2023 – Bufdir"))
    expect(still.locator("[data-changed]")).to_have_count(0)
    still.get_by_role("combobox", name="mot", exact=True).select_option("2024")
    expect(still.get_by_role("columnheader", name="2024", exact=True)).to_be_visible()
    expect(still).to_have_url(re.compile(r"period_id=2023.*compare=2024"))
    bar = still.get_by_role("banner")
    expect(bar.locator("#reporting-period")).to_contain_text("Du ser 2023")
    expect(bar.get_by_role("link", name="Oversikt")).to_have_attribute("href", "/?period_id=2023")
    still.get_by_role("button", name="Bytt tjeneste").click()
    other = still.locator("#chooser").get_by_role("link", name=services["posted"].name)
    expect(other).to_have_attribute("href", re.compile(r"period_id=2023&compare=2024$"))
    still.keyboard.press("Escape")
    bar.get_by_role("link", name="Til 2024").click()
    expect(still.get_by_role("combobox", name="Periode", exact=True)).to_have_value("2024")
    expect(bar.locator("#reporting-period")).not_to_contain_text("Du ser")
    assert "period_id" not in still.url
    still.go_back()
    expect(still.get_by_role("combobox", name="Periode", exact=True)).to_have_value("2023")
    still.go_back()
    still.go_back()
    expect(still.get_by_role("combobox", name="Periode", exact=True)).to_have_value("2024")
    expect(still.get_by_role("columnheader", name="2023", exact=True)).to_be_visible()
    assert still.evaluate("window.stayed")


def test_url_restores_all_options(open_preview: OpenPreview, busy: Server, services: dict[str, Service]) -> None:
    page = open_preview(busy, services["still"], period_id="2023", compare="2024", lang="en", theme="dark")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
    expect(page.get_by_role("combobox", name="Period", exact=True)).to_have_value("2023")
    expect(page.get_by_role("combobox", name="against", exact=True)).to_have_value("2024")
    expect(page.get_by_role("button", name="Reports received")).to_be_visible()


def test_shared_link_opens_rows_and_leads_to_next_service(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service]
) -> None:
    order = httpx.get(f"{busy.url}/overview/order", params={"period_id": "2024"}).json()
    by_id = {service.organization_id: service for service in services.values()}
    first, second = (by_id[organization_id] for organization_id in order[:2])
    page = open_preview(busy, first, period_id="2024", filter="missing", open="antall_flyttinger,antall_arsverk")
    row = page.get_by_role("button", name="Flyttinger", exact=True)
    expect(row).to_have_attribute("aria-expanded", "true")
    expect(row).to_be_in_viewport()
    expect(page.get_by_role("radio", name="Mangler")).to_be_checked()
    page.keyboard.press("K")
    expect(page.locator("#said")).to_have_text("Dette er den første tjenesten i oversikten.")
    page.keyboard.press("J")
    expect(page.get_by_role("heading", level=1, name=second.name)).to_be_visible()
    expect(page).to_have_url(re.compile(f"organization_id={second.organization_id}.*filter=missing"))
    page.get_by_role("link", name="Forrige tjeneste").click()
    expect(page.get_by_role("heading", level=1, name=first.name)).to_be_visible()
    page.keyboard.press("x")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.keyboard.press("y")
    copied = httpx.URL(page.get_by_role("textbox", name="Lenke til det du ser").input_value()).params
    assert (copied["organization_id"], copied["period_id"], copied["compare"]) == (
        first.organization_id,
        "2024",
        "2023",
    )
    assert "filter" not in copied


def test_service_can_be_found_and_opened_by_keyboard(still: Page, services: dict[str, Service]) -> None:
    other = services["posted"]
    still.keyboard.press("/")
    expect(still.get_by_role("searchbox", name="Søk i tjenester")).to_be_focused()
    expect(still.get_by_role("link", name=other.name)).to_be_visible()
    still.keyboard.type(f"testby {other.number}")
    expect(still.locator("#chooser").get_by_role("link")).to_have_count(1)
    still.keyboard.press("ArrowDown")
    expect(still.get_by_role("link", name=other.name)).to_be_focused()
    still.keyboard.press("Enter")
    expect(still.get_by_role("heading", level=1, name=other.name)).to_be_visible()
    expect(still).to_have_url(re.compile(f"organization_id={other.organization_id}"))
    still.keyboard.press("/")
    still.keyboard.type("finnes ikke")
    expect(still.get_by_text("Ingen tjenester passer med søket eller filteret.")).to_be_visible()
    still.keyboard.press("Escape")  # clears the search field
    still.keyboard.press("Escape")
    expect(still.get_by_role("searchbox", name="Søk i tjenester")).to_be_hidden()


def test_preview_rows_are_one_tab_stop_and_open_with_enter(still: Page) -> None:
    assert still.locator("table .open[tabindex='0']").count() == 1
    first, second = (
        still.get_by_role("button", name=name, exact=True)
        for name in ("Meldinger mottatt", "Meldinger til undersøkelse")
    )
    first.focus()
    still.keyboard.press("j")
    expect(second).to_be_focused()
    still.keyboard.press("ArrowUp")
    expect(first).to_be_focused()
    still.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "true")
    expect(still.get_by_text("Meldinger som tjenesten mottok i perioden.")).to_be_visible()
    expect(still.get_by_text("antall_meldinger_mottatt")).to_be_visible()
    still.keyboard.press("Enter")
    expect(first).to_have_attribute("aria-expanded", "false")
    still.keyboard.press("Enter")
    history = still.locator("#detail-antall_meldinger_mottatt .trend__in")
    expect(history.get_by_role("table")).to_be_visible()
    still.keyboard.press("Tab")
    expect(still.locator("#open-comment-antall_meldinger_mottatt")).to_be_focused()
    facts = still.locator("#detail-antall_meldinger_mottatt .facts a")
    assert facts.count() > 0
    for index in range(facts.count()):
        still.keyboard.press("Tab")
        expect(facts.nth(index)).to_be_focused()
    still.keyboard.press("Tab")
    expect(history).to_be_focused()
    still.keyboard.press("ArrowLeft")
    expect(still.locator("#said")).to_have_text("2024: 8")
    still.keyboard.press("Escape")
    expect(first).to_have_attribute("aria-expanded", "false")
    expect(first).to_be_focused()
    still.keyboard.press("]")
    expect(still.get_by_role("button", name="Undersøkelser startet")).to_be_focused()
    still.keyboard.press("[")
    expect(first).to_be_focused()


def test_section_history_shows_chart_and_table(still: Page) -> None:
    details = still.locator("[data-history=meldinger]")
    expect(details.get_by_role("table")).to_have_count(0)
    details.locator("summary", has_text="Utvikling: Meldinger").click()
    expect(details.get_by_role("columnheader")).to_have_text(["Felt", "2023", "2024"])
    expect(details.get_by_role("row", name="Meldinger mottatt").get_by_role("cell")).to_have_text(["8", "8"])
    expect(details.locator("canvas").first).to_be_visible()
    details.get_by_role("img").focus()
    still.keyboard.press("Tab")  # past the canvas, in which no key does anything
    expect(details.get_by_role("group", name="Utvikling: Meldinger")).to_be_focused()
    still.locator("[data-history=planer] summary").click()
    expect(details.locator("canvas")).to_have_count(0)
    expect(still.locator("[data-history=planer] canvas").first).to_be_visible()


def test_script_of_charts_comes_with_the_first_one(still: Page) -> None:
    fetched = "performance.getEntriesByType('resource').filter(each => each.name.endsWith('bokeh-plots.js')).length"
    assert still.evaluate(fetched) == 0
    still.locator("[data-history=meldinger] summary").click()
    expect(still.locator("[data-history=meldinger] canvas").first).to_be_visible()
    assert still.evaluate(fetched) == 1


@pytest.mark.own_page
def test_chart_whose_script_fails_comes_after_a_reload(still: Page) -> None:
    still.route("**/bokeh-plots.js", lambda route: route.abort())
    still.locator("[data-history=meldinger] summary").click()
    expect(still.locator("html")).to_have_attribute("data-live", "lost")
    still.unroute("**/bokeh-plots.js")
    expect(still.locator("[data-history=meldinger] canvas").first).to_be_visible(timeout=20_000)


def _roots(page: Page) -> int:
    module = page.locator("link[rel=modulepreload][href$='bokeh-session.js']").get_attribute("href")
    return page.evaluate("async module => (await import(module)).documents[0].all_roots.length", module)


def test_open_row_shows_field_history_until_closed(still: Page) -> None:
    """Several histories can be open; a closed one is not read."""
    before = _roots(still)
    names = ("antall_meldinger_mottatt", "antall_barn_med_hjelpetiltak")
    for name in names:
        still.locator(f"#row-{name} .open").click()
    for name, values in zip(names, (["8", "8"], ["0", "8"]), strict=True):
        detail = still.locator(f"#detail-{name}")
        expect(detail.get_by_role("columnheader")).to_have_text(["2023", "2024"])
        expect(detail.get_by_role("table").get_by_role("cell")).to_have_text(values)
        expect(detail.locator("[role=img] canvas").first).to_be_visible()
    assert _roots(still) == before + 2
    still.locator("#row-antall_meldinger_mottatt .open").click()
    expect(still.locator("[data-chart]")).to_have_count(1)
    still.get_by_role("button", name="Mørkt tema").click()
    expect(still.locator("[data-chart] canvas").first).to_be_visible()
    still.keyboard.press("p")
    still.locator("#row-antall_flyttinger .open").click()
    expect(still.locator("#detail-antall_flyttinger").get_by_role("table")).to_be_visible()
    expect(still.locator("[data-chart]")).to_have_count(2)
    still.keyboard.press("f")
    expect(still.locator("[data-chart]")).to_have_count(0)
    assert _roots(still) == before


def test_skip_link_and_single_keys_move_and_filter(still: Page) -> None:
    still.keyboard.press("Tab")
    skip = still.get_by_role("link", name="Hopp til innholdet")
    expect(skip).to_be_focused()
    still.keyboard.press("Enter")
    expect(still.locator("main")).to_be_focused()
    deviating = still.locator("tr[data-flags~=error], tr[data-flags~=warning], tr[data-flags~=notice]")
    expect(deviating.first).to_be_visible()
    for index in range(deviating.count()):
        still.keyboard.press("n")
        expect(deviating.nth(index).get_by_role("button")).to_be_focused()
    still.keyboard.press("n")
    expect(deviating.first.get_by_role("button")).to_be_focused()
    still.keyboard.press("N")
    expect(deviating.last.get_by_role("button")).to_be_focused()
    for key, name in (("f", "Feil"), ("w", "Varsler"), ("m", "Mangler"), ("c", "Endret nå"), ("x", "Alle")):
        still.keyboard.press(key)
        expect(still.get_by_role("radio", name=name)).to_be_checked()


def test_single_key_shortcuts_can_be_disabled(still: Page) -> None:
    still.keyboard.press("?")
    still.get_by_role("checkbox", name="Bruk enkelttaster som snarveier").uncheck()
    still.keyboard.press("Escape")
    still.keyboard.press("a")
    still.keyboard.press("t")
    expect(still.get_by_role("dialog")).to_have_count(0)
    expect(still.locator("html")).to_have_attribute("data-color-scheme", "light")
    still.reload()
    still.keyboard.press("t")
    expect(still.locator("html")).to_have_attribute("data-color-scheme", "light")


def test_theme_and_language_are_remembered(still: Page) -> None:
    still.get_by_role("button", name="Mørkt tema").click()
    expect(still.locator("html")).to_have_attribute("data-color-scheme", "dark")
    still.get_by_label("Språk").select_option("nn")
    expect(still.locator("html")).to_have_attribute("lang", "nn")
    expect(still.get_by_role("button", name="Mottekne meldingar")).to_be_visible()
    expect(still.locator("html")).to_have_attribute("data-color-scheme", "dark")
    still.goto(still.url.split("/preview")[0])
    expect(still.locator("html")).to_have_attribute("lang", "nn")
    expect(still.get_by_role("heading", level=1, name="Oversyn")).to_be_visible()


def test_content_security_policy_allows_only_own_scripts(
    page: Page, busy: Server, services: dict[str, Service]
) -> None:
    answer = page.goto(f"{busy.url}/preview?organization_id={services['still'].organization_id}")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'nonce-" in policy
    assert page.evaluate("document.querySelectorAll('script[type$=javascript], script:not([type])').length") > 0
    assert page.evaluate("[...document.scripts].every(script => script.nonce)")
