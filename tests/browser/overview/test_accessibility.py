"""Accessibility of the overview: axe-core at each width and theme, visible content in each language, target sizes,
table semantics.
"""

from collections.abc import Generator, Sequence

import pytest
from playwright.sync_api import Page, expect

from preview.core.languages import LANGUAGES
from tests.browser.support import overview_fixtures
from tests.browser.support.axe import violations_in_both_schemes
from tests.browser.support.layout import broken_words, everything_laid_out
from tests.browser.support.overview_fixtures import ALL, AS, BODO, DRAMMEN, HAMAR, LOM, MOSS, NESODDEN, READY, VIK
from tests.browser.support.overview_page import open_overview
from tests.support.server_process import Server

pytestmark = pytest.mark.browser

WIDTHS = (1440, 1000, 768, 375, 320)

# Texts that reach over the edge of their row, or overlap another text of it.
_CROSSING = """() => [...document.querySelectorAll('.list > tbody > tr')].flatMap(row => {
  const edge = row.getBoundingClientRect()
  const texts = document.createTreeWalker(row, NodeFilter.SHOW_TEXT), boxes = []
  for (let text; (text = texts.nextNode());) {
    if (text.parentElement.closest('.ds-sr-only') || !text.parentElement.checkVisibility()) continue
    const range = document.createRange()
    range.selectNodeContents(text)
    if (range.getBoundingClientRect().width > 1) boxes.push(range.getBoundingClientRect())
  }
  const icons = [...row.querySelectorAll('svg')].filter(icon => icon.checkVisibility())
    .map(icon => icon.getBoundingClientRect())
  boxes.push(...icons)
  // A number and an icon that touch read as one.
  const gap = (one, other) => icons.includes(one) !== icons.includes(other) ? 2 : -1
  const meet = (one, other) => one.left < other.right + gap(one, other) && other.left < one.right + gap(one, other)
    && one.top < other.bottom - 1 && other.top < one.bottom - 1
  return boxes
    .filter((box, i) => box.right > edge.right + 1 || boxes.some((other, j) => j > i && meet(box, other)))
    .map(() => row.textContent)
})"""

# Fills in what takes the most room: counts of two digits of all severities.
_TWO_DIGITS = """() => {
  const count = document.querySelector('.severity-count')
  for (const cell of document.querySelectorAll('.devs > span:empty, .full:not(:has(.severity-count))'))
    cell.append(count.cloneNode(true))
  for (const shown of document.querySelectorAll('.list .severity-count > span[aria-hidden]')) shown.textContent = '12'
}"""


@pytest.fixture(scope="module")
def reported_periods() -> Sequence[str]:
    return ("2023", "2024")


@pytest.fixture(scope="module")
def states_server(states_server: Server) -> Generator[Server]:
    """Aggregate one of the services for as long as the module runs."""
    with overview_fixtures.open_second_application(states_server.data_dir) as application:
        overview_fixtures.start_held_job(application, MOSS, 0.62)
        yield states_server


@pytest.mark.parametrize("widths", [(320,), pytest.param((1440, 768, 375), marks=pytest.mark.slow)])
def test_overview_has_no_axe_violation_at_any_width(page: Page, states_server: Server, widths: tuple[int, ...]) -> None:
    """Check each width; test_states.py checks each state at full width."""
    open_overview(page, states_server)
    expect(page.locator(".job__n")).to_have_text("62\u00a0%")
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, violations_in_both_schemes(page)) == (width, {})


def test_overview_content_is_visible_at_any_width(page: Page, states_server: Server) -> None:
    open_overview(page, states_server)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        check_content(page, width)
    page.evaluate(_TWO_DIGITS)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, crossing_texts(page)) == (width, [])
    page.get_by_role("searchbox").fill("vik")
    expect(page.locator(".tile b[data-zero]")).to_have_text(["0"] * 8)  # all but "Alle" and "Ikke levert"
    alarming = page.locator(".tile:has(b[data-zero]) .ico").evaluate_all(
        "icons => icons.filter(icon => getComputedStyle(icon).color !== getComputedStyle(icon.parentElement).color)"
    )
    assert alarming == [], "an icon beside 0 has the colour of its severity"


@pytest.mark.parametrize("columns", ["status", "undersokelser", "barn-under-omsorg"])
def test_overview_breaks_no_word_in_any_language(page: Page, states_server: Server, columns: str) -> None:
    for language in LANGUAGES:
        page.goto(f"{states_server.url}/?period_id=2024&show=all&columns={columns}&lang={language}")
        expect(page.locator("html")).to_have_attribute("data-live", "on")
        for width in (1440, 1200, 768, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert (language, width, broken_words(page)) == (language, width, [])


@pytest.mark.parametrize(
    "query", ["columns=undersokelser", "columns=undersokelser&since=2024-01-01T00:00:00Z", "since=2024-01-01T00:00:00Z"]
)
def test_sort_buttons_of_a_phone_are_one_strip(page: Page, states_server: Server, query: str) -> None:
    """It is sticky: in several lines it would cover the rows."""
    page.goto(f"{states_server.url}/?period_id=2024&show=all&{query}")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    for width in (375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        tops = page.locator(".list > thead th:visible").evaluate_all(
            "heads => heads.map(head => head.getBoundingClientRect().top)"
        )
        assert len(tops) > 4
        assert (width, max(tops) - min(tops) < 2) == (width, True)


def crossing_texts(page: Page) -> list[str]:
    """Return the texts of the rows that have such a text."""
    with everything_laid_out(page):
        return page.evaluate(_CROSSING)


def check_content(page: Page, width: int) -> None:
    """Assert that everything that a row may say is visible."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
    rows = page.locator(".list > tbody > tr")
    expect(page.locator(".list > tbody > tr .row-link:visible")).to_have_count(len(ALL))
    expect(page.locator(".tile:visible")).to_have_count(10)
    for service, seen in (
        (BODO, "Feilet"),
        (VIK, "Ikke levert"),
        (HAMAR, "Utdatert"),
        (MOSS, "Aggregerer"),
        (MOSS, "Varsler venter"),
        (LOM, "Foreløpig: data til 15. aug. 2024"),
        (NESODDEN, "Endret etter godkjenning"),
        (AS, "i dag av Kari Nordmann"),
    ):
        expect(rows.filter(has_text=service.name).get_by_text(seen)).to_be_visible()
    drammen = rows.filter(has_text=DRAMMEN.name)
    day_is_shown = not 760 <= width < 1000
    for seen in ("/34", "Med feil", *(["i dag"] if day_is_shown else [])):
        expect(drammen.get_by_text(seen, exact=seen != "i dag")).to_be_visible()
    expect(drammen.locator(".severity-count:visible")).to_have_count(3)  # missing, error, notice
    for name in ("Tjeneste", "Status", "Utfylt", "Avvik", *(["Aggregert"] if day_is_shown else [])):
        expect(page.get_by_role("columnheader", name=name).get_by_role("button")).to_be_visible()


def test_touch_targets_are_large_enough(page: Page, states_server: Server) -> None:
    """Targets are at least 44 px high on touch screens, and 24 px (WCAG 2.5.8) on others."""
    open_overview(page, states_server)
    for width, least in ((375, 44), (1440, 24)):
        page.set_viewport_size({"width": width, "height": 800})
        heights = page.evaluate("""() =>
          [...document.querySelectorAll('main :is(button, select, input[type=search], .tile)')]
          .filter(each => each.checkVisibility() && !each.matches('.ds-link'))
          .map(each => [each.textContent.trim(), each.getBoundingClientRect().height])""")
        assert heights
        assert (width, [target for target in heights if target[1] < least]) == (width, [])


def test_overview_exposes_table_semantics(page: Page, states_server: Server) -> None:
    open_overview(page, states_server)
    table = page.get_by_role("table", name="Tjenester med nyeste rapport for 2024")
    expect(table.get_by_role("columnheader")).to_have_text(
        ["Tjeneste", "Vurdering", "Status", "Utfylt", "Avvik", "Aggregert", "Fagsystem"]
    )
    expect(table.get_by_role("row")).to_have_count(len(ALL) + 1)
    expect(table.get_by_role("rowheader")).to_have_count(len(ALL))
    assert page.evaluate(
        "[...document.querySelectorAll('.list th')].every(head => head.scope === 'col' || head.scope === 'row')"
    )
    expect(page.get_by_role("row", name=DRAMMEN.full_name)).to_match_aria_snapshot("""
        - row:
          - rowheader:
            - link "Barnevernstjenesten Drammen"
            - text: "911003301"
          - cell "Med feil"
          - cell "Gyldig"
          - cell "32 av 34 felt 2 mangler"
          - cell "1 felt med feil 1 felt med merknad"
          - cell /i dag/
          - cell "CIS"
    """)


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "nn",
            [
                *("Oversyn", "Ikkje levert", "Utan rapport", "Feila", "Utdatert", "Gyldig", "12 av 12 tenester"),
                *("Teneste", "Med feil", "Varsel ventar", "Klar til godkjenning", "Godkjend"),
                *("Endra etter godkjenning", "Førebels: data til 15. aug. 2024", "i dag av Kari Nordmann"),
            ],
        ),
        (
            "en",
            [
                *("Overview", "Not delivered", "No report", "Failed", "Stale", "Valid", "12 of 12 services", "Service"),
                *("With errors", "Warnings waiting", "Ready for approval", "Approved", "Changed since approval"),
                *("Provisional: data until 15 Aug 2024", "today by Kari Nordmann"),
            ],
        ),
    ],
)
def test_overview_is_shown_in_requested_language(
    page: Page, states_server: Server, language: str, texts: list[str]
) -> None:
    open_overview(page, states_server, f"&lang={language}")
    expect(page.locator("html")).to_have_attribute("lang", language)
    for text in texts:
        expect(page.locator("main").get_by_text(text, exact=True).first).to_be_visible()


@pytest.mark.chromium
@pytest.mark.own_page
def test_print_contains_visible_rows_and_no_controls(page: Page, states_server: Server) -> None:
    open_overview(page, states_server, "&theme=dark")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") == 1
    page.emulate_media(media="print")
    expect(page.locator(".list > tbody > tr .row-link:visible")).to_have_count(len(ALL))
    expect(page.get_by_role("searchbox")).to_be_hidden()
    expect(page.locator(".tile:visible")).to_have_count(0)
    expect(page.get_by_text("Skrevet ut fra Bufdir Rapportering.")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.row-link')).color") == "rgb(0, 0, 0)"


def test_numbers_are_readable_at_any_width(page: Page, states_server: Server) -> None:
    """The section with the most fields fits at every width; the narrowest has no violation in either scheme."""
    open_overview(page, states_server, "&columns=barn-under-omsorg")
    expect(page.get_by_role("columnheader", name="I fosterhjem: 2024")).to_have_attribute("aria-sort", "none")
    expect(page.get_by_role("rowheader", name="De viste")).to_be_visible()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
        assert (width, crossing_texts(page)) == (width, [])
        expect(page.locator(".rows .c-value:visible")).to_have_count(8 * len(ALL))
        expect(page.locator(".rows .c-change:not(:empty):visible")).to_have_count(8 * len(READY))
    assert violations_in_both_schemes(page) == {}
