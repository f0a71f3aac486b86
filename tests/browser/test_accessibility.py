"""Accessibility of the preview: axe-core's rules of WCAG 2.2 AA, and that all content is visible at any width."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service
from tests.browser.support.axe import violations_in_both_schemes
from tests.browser.support.layout import layout_problems
from tests.support.server_process import Server

pytestmark = pytest.mark.browser

OpenPreview = Callable[..., Page]


@pytest.mark.parametrize("widths", [(320,), pytest.param((1440, 768, 375), marks=pytest.mark.slow)])
def test_preview_has_no_axe_violation_at_any_width(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service], page: Page, widths: tuple[int, ...]
) -> None:
    """Check with an open row and an open history; test_states.py checks each state at full width."""
    open_preview(busy, services["still"])
    page.get_by_role("button", name="Meldinger over frist", exact=True).click()
    page.locator("[data-history=meldinger] summary").click()
    expect(page.locator("[data-history=meldinger]").get_by_role("table")).to_be_visible()
    expect(page.locator(".detail:visible").get_by_text("Barnevernsloven § 2-1")).to_be_visible()
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, violations_in_both_schemes(page)) == (width, {})


def test_preview_content_is_visible_at_any_width(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service], page: Page
) -> None:
    open_preview(busy, services["still"])
    for width in (1440, 768, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, layout_problems(page)) == (width, [])
        expect(page.locator("tr[data-field]:visible")).to_have_count(34)
        expect(page.locator("tr.section-row th:visible")).to_have_count(9)
        expect(page.locator("td.current:visible")).to_have_count(34)
        expect(page.get_by_role("navigation", name="Deler av skjemaet").get_by_role("link")).to_have_count(9)
        expect(page.get_by_role("columnheader", name="2024", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Aggreger på nytt")).to_be_visible()


def test_all_that_a_note_says_is_visible_at_any_width(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service], page: Page
) -> None:
    open_preview(busy, services["still"])
    page.locator("td.note:has(> .ds-tag)").first.evaluate(
        """note => note.insertAdjacentHTML("beforeend",
          '<span class="note__more">+1</span><span class="note__since">godkjent: 87,7\u00a0%</span>')"""
    )
    for width in (1440, 1200, 768, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert (width, layout_problems(page)) == (width, [])


def test_app_bar_is_one_line_at_any_width(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service], page: Page
) -> None:
    """The preview is a sixth page in the bar, and the one with the longest name."""
    open_preview(busy, services["still"])
    for width in (1440, 1000, 980, 860, 768, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        middles = page.locator(".bar > :is(a, nav, button, label, .bar__live):visible").evaluate_all(
            "parts => parts.map(part => part.getBoundingClientRect()).map(box => box.top + box.height / 2)"
        )
        assert len(middles) > 3
        assert (width, max(middles) - min(middles) < 12) == (width, True)
