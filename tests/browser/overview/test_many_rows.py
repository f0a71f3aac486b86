"""The overview of as many services as a country has: in the frame after a key or click, and when all rows are drawn."""

import pytest
from playwright.sync_api import Page

from tests.browser.support.overview_page import open_overview
from tests.browser.support.pdf import PrintedPdf
from tests.support.pipeline import wait_until
from tests.support.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.own_page]

ROWS = 240
ROW_HEIGHT = 41
ALL = [f"Tjeneste {number:03}" for number in range(ROWS)]

# Keeps back what scripts ask to do after the next frame, from `holdFrames` to `releaseFrames`.
_HOLD_FRAMES = """
const request = requestAnimationFrame.bind(window)
let held = null
window.requestAnimationFrame = done => held ? held.push(done) : request(done)
window.holdFrames = () => { held ??= [] }
window.releaseFrames = () => { held.forEach(request); held = null }
"""

# The rows are not in the order of these names.
_MULTIPLY_ROWS = """names => {
  const body = document.querySelector(".list > .rows"), rows = [...body.rows]
  body.replaceChildren(...names.map((_, n) => {
    const row = rows[n % rows.length].cloneNode(true), name = names[7 * n % names.length]
    row.dataset.region = `row-${n}`
    row.dataset.keys = [name, ...row.dataset.keys.split("\\t").slice(1)].join("\\t")
    row.querySelector(".row-link").textContent = name
    return row
  }))
}"""

_NAMES_WHERE = """condition => [...document.querySelectorAll(".list > .rows > tr:not([hidden])")]
  .filter(row => {
    const {top, bottom} = row.getBoundingClientRect()
    const isInWindow = bottom > 0 && top < innerHeight
    const isDrawn = row.querySelector(".row-link").checkVisibility()
    return {listed: true, drawn: isDrawn, inWindow: isInWindow}[condition]
  })
  .map(row => row.querySelector(".row-link").textContent)"""


@pytest.fixture
def many(page: Page, states_server: Server) -> Page:
    """Open the overview with many rows, sorted by their names."""
    page.add_init_script(_HOLD_FRAMES)
    open_overview(page, states_server)
    page.evaluate(_MULTIPLY_ROWS, ALL)
    sort_by_name(page)
    release_frames(page, ROWS)
    return page


def sort_by_name(page: Page) -> None:
    page.evaluate("holdFrames()")
    page.get_by_role("columnheader", name="Tjeneste").get_by_role("button").click()


def press_before_frame(page: Page, key: str) -> None:
    """Press a key, and keep back what follows in later frames."""
    page.evaluate("holdFrames()")
    page.keyboard.press(key)


def release_frames(page: Page, rows: int) -> None:
    """Let scripts go on, until so many rows are drawn."""
    page.evaluate("releaseFrames()")
    page.wait_for_function(f"count => ({_NAMES_WHERE})('drawn').length === count", arg=rows)


def names(page: Page, condition: str = "listed") -> list[str]:
    return page.evaluate(_NAMES_WHERE, condition)


def with_errors(page: Page) -> list[str]:
    """Return the names of the rows with errors, in order, whether they are shown or not."""
    return sorted(page.locator(".list > .rows > tr[data-flags~=error] .row-link").all_text_contents())


def page_height(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollHeight")


def count_text(page: Page) -> str:
    return page.locator("#seen").inner_text()


def expect_window_drawn_first(page: Page, expected: list[str]) -> None:
    """Assert that the next frame has the rows in the window, and the page its final height and order."""
    in_window, drawn, height = names(page, "inWindow"), names(page, "drawn"), page_height(page)
    assert names(page) == expected
    assert count_text(page) == f"{ROWS} av {ROWS} tjenester"
    assert len(in_window) > 5
    assert set(in_window) <= set(drawn)
    assert len(drawn) < 60, "the others are left to a later frame"
    release_frames(page, ROWS)
    assert names(page) == expected
    assert names(page, "inWindow") == in_window
    assert abs(page_height(page) - height) < ROW_HEIGHT, "names that wrap have the height of two lines once drawn"


def test_window_is_drawn_first_after_a_filter_had_left_none_or_few(many: Page) -> None:
    for narrowing_key, left in (("c", 0), ("f", ROWS // 12)):
        many.keyboard.press(narrowing_key)
        assert names(many) == (with_errors(many) if left else [])
        assert len(names(many)) == left
        assert count_text(many) == f"{left} av {ROWS} tjenester"
        press_before_frame(many, "x")
        expect_window_drawn_first(many, ALL)


def test_window_is_drawn_first_after_sorting(many: Page) -> None:
    sort_by_name(many)
    expect_window_drawn_first(many, ALL[::-1])
    many.evaluate("scrollTo(0, 3000)")
    sort_by_name(many)
    expect_window_drawn_first(many, ALL)


def test_another_key_before_all_rows_are_drawn_replaces_them(many: Page) -> None:
    press_before_frame(many, "f")
    many.keyboard.press("x")
    many.keyboard.press("f")
    few = with_errors(many)
    assert names(many) == few
    assert count_text(many) == f"{len(few)} av {ROWS} tjenester"
    release_frames(many, len(few))
    assert names(many) == few


def _jump_to_end(page: Page) -> str:
    page.keyboard.press("End")
    at_end = "scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 1"
    wait_until(lambda: page.evaluate(at_end), "the end of the page")
    return ALL[-1]


def _focus_last_deviation(page: Page) -> str:
    page.keyboard.press("N")
    return page.evaluate("document.activeElement.textContent")


def test_jump_before_all_rows_are_drawn_reaches_the_last_rows(many: Page) -> None:
    for move in (_jump_to_end, _focus_last_deviation):
        many.keyboard.press("c")
        assert many.evaluate("scrollY") == 0
        press_before_frame(many, "x")
        reached = move(many)
        release_frames(many, ROWS)
        assert names(many) == ALL
        in_window = names(many, "inWindow")
        assert reached in in_window
        assert min(in_window) > ALL[ROWS // 2]


@pytest.mark.slow
@pytest.mark.chromium
def test_print_before_all_rows_are_drawn_has_all_rows(many: Page) -> None:
    many.keyboard.press("c")
    press_before_frame(many, "x")
    assert set(names(many, "drawn")) < set(ALL)
    printed = PrintedPdf(many).text
    assert [name for name in ALL if name not in printed] == []
