"""The overview: first HTML, search, filters, sorting, keyboard, and the URL that holds all choices."""

from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from lxml import html
from playwright.sync_api import Browser, Page, expect

from preview.reports.decision_state import DECISION_STATES
from tests.browser.support.layout import empty_menus
from tests.browser.support.overview_fixtures import (
    ALL,
    ALTA,
    AS,
    BODO,
    DEFAULT_ORDER,
    DRAMMEN,
    HAMAR,
    LOM,
    MOSS,
    NESODDEN,
    OSLO_SOR,
    OSLO_VEST,
    TROMSO,
    VIK,
)
from tests.browser.support.overview_page import expect_order, open_overview
from tests.support.server_process import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def reported_periods() -> Sequence[str]:
    return ("2023", "2024")


def query_of(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def sort_by(page: Page, name: str) -> None:
    page.get_by_role("columnheader", name=name).get_by_role("button").click()


def select_tile(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).check(force=True)


# ── First HTML ──
def test_first_html_contains_all_rows_in_default_order(states_server: Server) -> None:
    document = html.fromstring(httpx.get(f"{states_server.url}/?period_id=2024").content)
    rows = document.xpath("//table/tbody/tr")
    assert [row.find(".//a").text_content().removeprefix("Barnevernstjenesten ") for row in rows] == [
        service.name for service in DEFAULT_ORDER
    ]
    texts = {row.get("data-region"): " ".join(row.text_content().split()) for row in rows}
    assert "Feilet" in texts[f"row-{BODO.organization_id}"]
    drammen = "Med feilGyldig32/3432 av 34 felt22 mangler11 felt med feil11 felt med merknad"
    assert drammen in texts[f"row-{DRAMMEN.organization_id}"]
    assert "Klar til godkjenningUtdatert31/3431 av 34 felt22 mangler" in texts[f"row-{HAMAR.organization_id}"]
    assert "Foreløpig: data til 15. aug. 2024" in texts[f"row-{LOM.organization_id}"]
    assert "Ikke levert" in texts[f"row-{VIK.organization_id}"]
    assert document.get("data-live") == "connecting"
    assert [head.get("aria-sort") for head in document.iter("th") if head.get("aria-sort") not in (None, "none")] == [
        "descending"
    ]


def test_first_html_applies_filters_and_sorting_of_url(states_server: Server) -> None:
    query = {"period_id": "2024", "q": "oslo", "sort": "-name", "show": "warnings_waiting", "deviation": "warning"}
    document = html.fromstring(httpx.get(states_server.url, params=query).content)
    rows = document.xpath("//table/tbody/tr")
    assert len(rows) == len(ALL)
    assert [row.find(".//a").text_content() for row in rows if row.get("hidden") is None] == [OSLO_SOR.full_name]
    assert document.get_element_by_id("seen").text == f"1 av {len(ALL)} tjenester"
    assert document.get_element_by_id("search").get("value") == "oslo"


@pytest.mark.chromium
def test_overview_works_without_scripts(browser: Browser, states_server: Server) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{states_server.url}/?period_id=2024")
    expect_order(page, *DEFAULT_ORDER)
    assert empty_menus(page) == []
    page.get_by_role("searchbox").fill("oslo")
    sort_by(page, "Tjeneste")
    expect_order(page, OSLO_SOR, OSLO_VEST)
    assert query_of(page) == {"q": "oslo", "show": "all", "deviation": "all", "sort": "name"}
    sort_by(page, "Tjeneste")
    expect_order(page, OSLO_VEST, OSLO_SOR)
    context.close()


@pytest.mark.own_page
def test_overview_is_usable_while_connecting(page: Page, states_server: Server) -> None:
    page.route_web_socket("**/ws**", lambda _: None)  # accepted, but never answered
    page.goto(f"{states_server.url}/?period_id=2024")
    expect(page.get_by_text("Kobler til …")).to_be_visible()
    expect_order(page, *DEFAULT_ORDER)
    page.get_by_role("searchbox").fill("vik")
    expect_order(page, VIK)


# ── Search, filters, tiles ──
SEARCHES = (
    ("oslo", [OSLO_SOR, OSLO_VEST]),
    ("  vest OSLO", [OSLO_VEST]),
    (BODO.organisasjonsnummer, [BODO]),
    ("3218", [AS]),
    ("tromso", [TROMSO]),
    ("ås", [AS]),
)


def test_search_shows_matching_services_until_cleared(overview: Page) -> None:
    search = overview.get_by_role("searchbox", name="Søk i tjenester")
    for typed, found in SEARCHES:
        search.press_sequentially(typed)
        expect_order(overview, *found)
        expect(overview.get_by_text(f"{len(found)} av {len(ALL)} tjenester").first).to_be_visible()
        expect(overview.locator("#said")).to_have_text(f"{len(found)} av {len(ALL)} tjenester")
        search.press("Escape")
        expect_order(overview, *DEFAULT_ORDER)
    clear = overview.get_by_role("button", name="Tøm søket")
    expect(clear).to_be_hidden()
    search.fill("vik")
    clear.click()
    expect_order(overview, *DEFAULT_ORDER)
    expect(search).to_be_focused()


def exported_names(page: Page, server: Server) -> list[str]:
    """Return the names in the CSV file of what the page shows, in their order."""
    content = httpx.get(f"{server.url}/overview/export.csv", params=query_of(page)).content.decode("utf-8-sig")
    return [line.split(";")[0] for line in content.splitlines()[1:]]


def test_tiles_count_filtered_and_exported_rows(overview: Page, states_server: Server) -> None:
    expect(overview.locator(".tile")).to_have_text(
        [
            *("12Alle", "3Ikke levert", "1Foreløpig", "1Med feil", "2Varsler venter", "3Klar til godkjenning"),
            *("1Godkjent", "1Endret etter godkjenning", "1Utdaterte", "1Feilet"),
        ]
    )
    gap, stale = overview.locator(".tiles__gap"), overview.locator(".tile").filter(has_text="Utdaterte")
    assert gap.evaluate("(gap, stale) => gap.nextElementSibling === stale", stale.element_handle())
    for search in ("", "oslo"):
        overview.get_by_role("searchbox").fill(search)
        sizes: dict[str, int] = {}
        for radio in overview.get_by_role("radio").all():
            label = radio.locator("xpath=..")
            sizes[radio.get_attribute("value") or ""] = size = int(label.locator("b").inner_text())
            radio.check(force=True)
            expect(overview.locator(".list > tbody > tr:visible")).to_have_count(size)
            shown = overview.locator(".list > tbody > tr:visible .row-link").all_text_contents()
            assert exported_names(overview, states_server) == shown
            expect(overview.get_by_text("Ingen tjenester passer med søket eller filteret.")).to_be_visible(
                visible=size == 0
            )
        assert sum(sizes[state] for state in DECISION_STATES) == sizes["all"]
        select_tile(overview, "Alle")


def test_filters_show_matching_services_and_combine(overview: Page) -> None:
    overview.get_by_role("combobox", name="Fagsystem", exact=True).select_option("Acos")
    expect_order(overview, MOSS, ALTA)
    overview.get_by_role("combobox", name="Avvik", exact=True).select_option("Varsler")
    expect_order(overview, MOSS)
    select_tile(overview, "Utdaterte")
    expect(overview.get_by_text("Ingen tjenester passer med søket eller filteret.")).to_be_visible()
    expect(overview.get_by_role("table")).to_be_hidden()
    overview.get_by_role("button", name="Nullstill filter").click()
    expect_order(overview, *DEFAULT_ORDER)
    assert query_of(overview) == {}
    for deviation, left in (
        ("Feil", [DRAMMEN]),
        ("Varsler", [MOSS, OSLO_SOR]),
        ("Merknader", [DRAMMEN, MOSS, OSLO_SOR, LOM]),
        ("Mangler", [DRAMMEN, HAMAR, NESODDEN, MOSS, OSLO_SOR, ALTA, OSLO_VEST, LOM, AS]),
        ("Ingen avvik", [HAMAR, NESODDEN, ALTA, OSLO_VEST, AS]),
    ):
        overview.get_by_role("combobox", name="Avvik", exact=True).select_option(deviation)
        expect_order(overview, *left)


# ── Sorting ──
def test_column_heads_sort_rows_as_the_server_does(overview: Page, states_server: Server) -> None:
    """test_filters.py tests the orders of the server, in which rows without a value come last in both directions."""
    for head, column, directions in (
        ("Tjeneste", "name", ("ascending", "descending")),
        ("Vurdering", "review", ("ascending", "descending")),
        ("Utfylt", "filled", ("ascending", "descending")),
        ("Avvik", "deviations", ("descending", "ascending")),
        ("Aggregert", "aggregated", ("descending", "ascending")),
        ("Fagsystem", "system", ("ascending", "descending")),
    ):
        for direction in directions:
            sort_by(overview, head)
            expect(overview.locator(f"th[aria-sort={direction}]")).to_have_text([head])
            sort = f"{'-' if direction == 'descending' else ''}{column}"
            page = httpx.get(states_server.url, params={"period_id": "2024", "sort": sort})
            links = html.fromstring(page.content).find_class("row-link")
            expect(overview.locator(".list > tbody > tr .row-link")).to_have_text(
                [link.text_content() for link in links]
            )


# ── URL ──
def test_url_restores_all_filters(page: Page, states_server: Server) -> None:
    query = "&q=oslo&show=ready&deviation=none&case_system=CIS&sort=-name&lang=en&theme=dark"
    open_overview(page, states_server, query)
    expect_order(page, OSLO_VEST)
    expect(page.get_by_role("combobox", name="Period", exact=True).locator("option:checked")).to_have_text("2024")
    expect(page.get_by_role("searchbox")).to_have_value("oslo")
    expect(page.get_by_role("radio", name="Ready for approval")).to_be_checked()
    expect(page.get_by_role("combobox", name="Deviations", exact=True)).to_have_value("none")
    expect(page.get_by_role("combobox", name="Case system", exact=True)).to_have_value("CIS")
    expect(page.get_by_role("columnheader", name="Service")).to_have_attribute("aria-sort", "descending")


def test_filters_update_url_and_back_restores_them(overview: Page) -> None:
    overview.evaluate("window.stayed = true")
    select_tile(overview, "Klar til godkjenning")
    overview.get_by_role("searchbox").press_sequentially("oslo")
    overview.get_by_role("combobox", name="Avvik", exact=True).select_option("Ingen avvik")
    sort_by(overview, "Tjeneste")
    assert query_of(overview) == {"show": "ready", "q": "oslo", "deviation": "none", "sort": "name"}
    expect_order(overview, OSLO_VEST)
    overview.go_back()
    expect(overview.get_by_role("columnheader", name="Status")).to_have_attribute("aria-sort", "descending")
    overview.go_back()
    expect_order(overview, OSLO_VEST)
    overview.go_back()
    expect(overview.get_by_role("searchbox")).to_have_value("")
    expect_order(overview, HAMAR, ALTA, OSLO_VEST)
    overview.go_back()
    expect_order(overview, *DEFAULT_ORDER)
    overview.go_forward()
    expect(overview.get_by_role("radio", name="Klar til godkjenning")).to_be_checked()
    assert overview.evaluate("window.stayed")


def test_period_change_updates_overview_in_place(overview: Page) -> None:
    overview.evaluate("window.stayed = true")
    overview.get_by_role("combobox", name="Periode", exact=True).select_option("2023")
    expect_order(overview, HAMAR, NESODDEN, ALTA, DRAMMEN, LOM, MOSS, OSLO_SOR, OSLO_VEST, AS, BODO, TROMSO, VIK)
    expect(overview.get_by_role("row", name=BODO.full_name)).to_contain_text("Uten rapport")
    latest = overview.get_by_role("row", name=BODO.full_name).get_by_role("link", name="siste: 2024")
    expect(latest).to_have_count(0)  # the report of 2024 has failed, so that there is none to link to
    assert query_of(overview)["period_id"] == "2023"
    expect(overview.locator("tr[data-changed]")).to_have_count(0)
    expect(overview.get_by_role("table", name="Tjenester med nyeste rapport for 2023")).to_be_visible()
    expect(overview).to_have_title("Oversikt 2023 – Bufdir Rapportering")
    bar = overview.get_by_role("banner")
    expect(bar.get_by_role("link", name="Bufdir")).to_have_attribute("href", "/?period_id=2023")
    expect(bar.locator("#reporting-period")).to_contain_text("Du ser 2023")
    bar.get_by_role("link", name="Til 2024").click()
    expect(bar.locator("#reporting-period")).not_to_contain_text("Du ser")
    expect_order(overview, *DEFAULT_ORDER)
    assert query_of(overview) == {}
    overview.go_back()
    overview.go_back()
    expect_order(overview, *DEFAULT_ORDER)
    assert overview.evaluate("window.stayed")


def test_invalid_period_shows_error_page(page: Page, states_server: Server) -> None:
    answer = page.goto(f"{states_server.url}/?period_id=2024-H3")
    assert answer is not None
    assert answer.status == 422
    expect(page.get_by_role("heading", level=1)).to_contain_text("Perioden finnes ikke.")


# ── Rows and keyboard ──
def test_click_on_row_opens_report(overview: Page) -> None:
    cell = overview.get_by_role("row", name=MOSS.full_name).get_by_role("cell").nth(2)
    for click in (lambda: cell.click(modifiers=["ControlOrMeta"]), lambda: cell.click(button="middle")):
        with overview.context.expect_page() as opened:
            click()
        assert f"organization_id={MOSS.organization_id}" in opened.value.url
    cell.click()
    expect(overview.get_by_role("heading", level=1, name=MOSS.full_name)).to_be_visible()


def test_overview_works_by_keyboard_and_is_restored_by_back(overview: Page) -> None:
    keyboard = overview.keyboard
    keyboard.press("Tab")
    expect(overview.get_by_role("link", name="Hopp til innholdet")).to_be_focused()
    keyboard.press("Enter")
    expect(overview.locator("main")).to_be_focused()
    keyboard.press("/")
    expect(overview.get_by_role("searchbox")).to_be_focused()
    keyboard.type("oslo")
    keyboard.press("ArrowDown")
    expect(overview.get_by_role("link", name=OSLO_SOR.full_name)).to_be_focused()
    keyboard.press("j")
    expect(overview.get_by_role("link", name=OSLO_VEST.full_name)).to_be_focused()
    keyboard.press("k")
    keyboard.press("Enter")
    expect(overview.get_by_role("heading", level=1, name=OSLO_SOR.full_name)).to_be_visible()
    assert query_of(overview) == {"organization_id": OSLO_SOR.organization_id, "period_id": "2024"}
    overview.go_back()
    expect_order(overview, OSLO_SOR, OSLO_VEST)
    expect(overview.get_by_role("searchbox")).to_have_value("oslo")
    expect(overview.get_by_role("link", name=OSLO_SOR.full_name)).to_be_focused()


def test_overview_rows_are_one_tab_stop(overview: Page) -> None:
    expect(overview.locator(".row-link[tabindex='0']")).to_have_count(1)
    overview.keyboard.press("j")
    expect(overview.get_by_role("link", name=BODO.full_name)).to_be_focused()
    for service in DEFAULT_ORDER[1:]:
        overview.keyboard.press("ArrowDown")
        expect(overview.get_by_role("link", name=service.full_name)).to_be_focused()
    expect(overview.locator(".row-link[tabindex='0']")).to_have_count(1)
    overview.keyboard.press("Tab")
    expect(overview.locator(".list :focus")).to_have_count(0)


def test_shortcuts_move_between_deviations_and_filter(overview: Page) -> None:
    keyboard = overview.keyboard
    for service in (DRAMMEN, MOSS, OSLO_SOR, LOM, DRAMMEN):
        keyboard.press("n")
        expect(overview.get_by_role("link", name=service.full_name)).to_be_focused()
    keyboard.press("N")
    expect(overview.get_by_role("link", name=LOM.full_name)).to_be_focused()
    for key, left in (
        ("f", [DRAMMEN]),
        ("x", DEFAULT_ORDER),
        ("w", [MOSS, OSLO_SOR]),
        ("x", DEFAULT_ORDER),
        ("m", [DRAMMEN, HAMAR, NESODDEN, MOSS, OSLO_SOR, ALTA, OSLO_VEST, LOM, AS]),
    ):
        keyboard.press(key)
        expect_order(overview, *left)
    keyboard.press("c")
    expect(overview.get_by_text("Ingen tjenester passer med søket eller filteret.")).to_be_visible()
    assert "deviation" not in query_of(overview), "what changed before these eyes is nobody else's choice"
    keyboard.press("?")
    expect(overview.get_by_role("dialog", name="Snarveier og tegn")).to_be_visible()
