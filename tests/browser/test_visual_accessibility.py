"""Forced colours, reduced motion, and the way through a page with the Tab key."""

from collections.abc import Generator
from typing import TypedDict

import pytest
from playwright.sync_api import Page, expect

from tests.browser.support import overview_fixtures
from tests.browser.support.overview_fixtures import AS, DRAMMEN, SampleService
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser


class FocusStop(TypedDict):
    """The focused element of a page."""

    name: str
    seen: bool
    shown: bool
    row: bool
    position: int


VIEWS = ["/?period_id=2024", f"/preview?organization_id={DRAMMEN.organization_id}&period_id=2024"]
# By view, the states that must look different: an element, and the attribute value that sets the state.
DISTINCT_STATES = [
    (VIEWS[0], "tbody tr:nth-child(6)", "data-changed", "now"),
    (VIEWS[0], "tbody tr:nth-child(6)", "data-changed", "unseen"),
    (VIEWS[0], ".h-name", "aria-sort", "ascending"),
    (VIEWS[1], "tr[data-field] td.current", "data-changed", "now"),
    (VIEWS[1], "tr[data-field] td.current", "data-changed", "unseen"),
    (VIEWS[1], ".sections li:nth-child(4) a", "aria-current", "true"),
]
SELECTED = [(VIEWS[0], ".tile:nth-of-type(2)"), (VIEWS[1], ".ds-toggle-group label:nth-of-type(3)")]

# The focused element: its name, whether it is visible, and whether the focus is visible on it.
_FOCUS = """() => {
  const here = document.activeElement
  if (here === document.body) return null
  const target = here.matches('input[type=radio]') ? here.closest('label') : here, box = target.getBoundingClientRect()
  const at = document.elementFromPoint(Math.max(1, box.left + Math.min(box.width, 30) / 2), box.top + box.height / 2)
  const style = getComputedStyle(target)
  return {
    name: (here.ariaLabel ?? target.textContent.trim() ?? '').slice(0, 60) || here.name || here.id,
    seen: !!at && (target.contains(at) || at.contains(target)) && box.top >= 0 && box.bottom <= innerHeight + 1,
    // the skip link is visible only with focus
    shown: style.outlineStyle !== 'none' || style.boxShadow !== 'none' || here.matches('.ds-skip-link'),
    row: here.matches('.row-link, .open'),
    position: [...document.querySelectorAll('*')].indexOf(here),
  }
}"""


@pytest.fixture(scope="module")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server with services with and without deviations."""
    data_dir = tmp_path_factory.mktemp("seen") / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir, ["2024"])
    with running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE) as server:
        yield server


def open_page(page: Page, server: Server, path: str) -> Page:
    page.goto(server.url + path)
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def address(service: SampleService) -> str:
    return f"/preview?organization_id={service.organization_id}&period_id=2024"


@pytest.mark.chromium
@pytest.mark.own_page
def test_states_differ_with_forced_colors(page: Page, page_server: Server) -> None:
    page.emulate_media(forced_colors="active", reduced_motion="reduce")
    alike: list[object] = []
    for view in VIEWS:
        open_page(page, page_server, view)
        for path, selector, attribute, value in DISTINCT_STATES:
            if path == view:
                element = page.locator(selector).first
                before = element.screenshot()
                element.evaluate("(element, [name, value]) => element.setAttribute(name, value)", [attribute, value])
                alike += [(selector, value)] if element.screenshot() == before else []
                element.evaluate("(element, name) => element.removeAttribute(name)", attribute)
        for path, selector in SELECTED:
            if path == view:
                label = page.locator(selector).first
                before = label.screenshot()
                label.locator("input").evaluate("radio => { radio.checked = true }")
                alike += [selector] if label.screenshot() == before else []
    assert alike == []


@pytest.mark.chromium
@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.own_page
def test_reduced_motion_disables_animations(page: Page, page_server: Server, path: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, page_server, path)
    page.locator("[popovertarget=more]").click()
    moving = page.evaluate("""() => [...document.querySelectorAll('body *')].filter(each => {
      const style = getComputedStyle(each), seconds = text => Math.max(...text.split(',').map(parseFloat))
      return each.checkVisibility() && (seconds(style.transitionDuration) > .01
        || style.animationName !== 'none' && seconds(style.animationDuration) > .01)
    }).map(each => each.outerHTML.slice(0, 80))""")
    assert moving == []


@pytest.mark.parametrize("path", [*VIEWS, "/nowhere"])
def test_tab_order_follows_document_and_focus_is_visible(page: Page, page_server: Server, path: str) -> None:
    page.goto(page_server.url + path)
    if path != "/nowhere":
        expect(page.locator("html")).to_have_attribute("data-live", "on")
    stops: list[FocusStop] = []
    for _ in range(60):
        page.keyboard.press("Tab")
        stop: FocusStop | None = page.evaluate(_FOCUS)
        if stop is None or (stops and stop["position"] == stops[0]["position"]):
            break
        stops.append(stop)
    assert stops[0]["name"] == "Hopp til innholdet"
    assert [stop["name"] for stop in stops if not (stop["seen"] and stop["shown"])] == []
    order = [stop["position"] for stop in stops]
    assert order == sorted(order)
    assert sum(stop["row"] for stop in stops) == (path != "/nowhere"), "the table is one stop"
    for stop in reversed(stops):  # upwards, the sticky head must not lie over the focus
        page.keyboard.press("Shift+Tab")
        back: FocusStop | None = page.evaluate(_FOCUS)
        assert back is not None
        assert (back["name"], back["seen"]) == (stop["name"], True)


def test_focus_returns_to_opener_after_close(page: Page, page_server: Server) -> None:
    open_page(page, page_server, address(AS))
    for opener, inner in (
        ("[popovertarget=more]", "#more"),
        ("[popovertarget=export]", "#export"),
        ("[popovertarget=chooser]", "#chooser"),
    ):
        page.locator(opener).press("Enter")
        expect(page.locator(inner)).to_be_visible()
        if inner == "#chooser":
            expect(page.locator("#chooser a").first).to_be_visible()  # the list comes from the server
        page.keyboard.press("Tab")
        page.keyboard.press("Escape")
        expect(page.locator(inner)).to_be_hidden()
        expect(page.locator(opener)).to_be_focused()
    row = page.locator(".open").nth(3)
    row.focus()
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()

    # A dialog whose opener is in a menu that has closed returns the focus to the menu's button.
    page.locator("#action-more").press("Enter")
    page.locator("#more").get_by_role("button", name="Snarveier og tegn").press("Enter")
    page.keyboard.press("Escape")
    expect(page.locator("#action-more")).to_be_focused()


@pytest.mark.own_page
def test_focus_moves_on_when_its_element_vanishes(page: Page, page_server: Server) -> None:
    page.emulate_media(reduced_motion="reduce")
    open_page(page, page_server, address(DRAMMEN))
    page.locator(".open").first.press("f")
    expect(page.locator("[data-flags~=error] .open").first).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator("#empty").get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".open[tabindex='0']")).to_be_focused()
    page.locator(".sections a").nth(7).press("Enter")
    expect(page.locator(".form > tbody").nth(7).locator(".open").first).to_be_focused()
    expect(page.locator(".sections a[aria-current]")).to_contain_text("Ettervern")

    # What is opened at the lower edge is scrolled into view, below the sticky head.
    page.evaluate("scrollTo(0, 0)")
    last_in_view = page.locator(".open").evaluate_all(
        "all => all.findLastIndex(each => each.getBoundingClientRect().bottom < innerHeight)"
    )
    opener = page.locator(".open").nth(last_in_view)
    opener.click()
    detail = page.locator("tr.detail:visible")
    assert detail.evaluate("row => row.getBoundingClientRect().bottom <= innerHeight")
    assert opener.evaluate("row => row.getBoundingClientRect().top > document.querySelector('thead').offsetHeight")


def test_form_exposes_table_semantics(page: Page, page_server: Server) -> None:
    open_page(page, page_server, address(AS))
    table = page.get_by_role("table", name=f"{AS.full_name}, 2024 mot 2023: 34 felt i 9 deler")
    expect(table.get_by_role("columnheader")).to_have_count(8)
    expect(table.get_by_role("rowheader").filter(visible=True)).to_have_count(34 + 9)
    assert page.locator("table.form > caption").count() == 1
    # A report without another period says so in a line, and its rows have no band. A pointer leaves a row its band.
    page.locator(".open").first.click()
    only = page.locator(".trend__wide > p:visible")
    expect(only).to_be_visible()
    assert only.evaluate("p => p.offsetHeight / parseFloat(getComputedStyle(p).fontSize)") < 4
    plot = page.locator("tr[data-field] .change-plot").nth(20)
    assert plot.get_attribute("style") == "--b:0"
    plot.evaluate("cell => cell.style.setProperty('--b', '30')")
    plot.hover()
    with_band = plot.screenshot()
    plot.evaluate("cell => cell.style.setProperty('--band', 'transparent')")
    assert plot.screenshot() != with_band
    assert page.evaluate(
        "[...document.querySelectorAll('table.form th')].every(head => ['col', 'row', 'rowgroup'].includes(head.scope))"
    )
