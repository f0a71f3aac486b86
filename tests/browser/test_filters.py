"""The filters of the preview: rows, badge, print and export agree in every filter, after every turn and change."""

import csv
import io
import json
import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import API, Service, post_delivery, with_new_melding
from tests.browser.support.axe import violations_in_both_schemes
from tests.support.server_process import Server

pytestmark = pytest.mark.browser

OpenPreview = Callable[..., Page]

FILTERS = (
    *("all", "error", "warning", "notice", "missing", "not_applicable", "withheld"),
    *("blocking", "changed", "since"),
)
RECEIVED, DISMISSED, SHARE = "antall_meldinger_mottatt", "antall_meldinger_henlagt", "andel_meldinger_innen_frist"

_STATE = """() => {
  const {value: filter, parentElement: label} = document.querySelector("[name=filter]:checked")
  const rows = [...document.querySelectorAll("tr[data-field]")]
  const passes = row => filter === "all" || (filter === "changed"
    ? row.querySelector("[data-changed]") !== null
    : row.dataset.flags.split(" ").includes(filter))
  const link = document.querySelector("a[data-export][href*='.csv']")
  addEventListener("click", event => event.preventDefault(), {once: true})
  link?.click()
  return {
    filter,
    name: label.querySelector("span").textContent,
    shown: rows.filter(row => row.getClientRects().length > 0).map(row => row.dataset.field),
    passing: rows.filter(passes).map(row => row.dataset.field),
    badge: Number(label.querySelector("b").textContent),
    printed: document.querySelector("#filtered").textContent,
    offered: label.hidden === false,
    csv: link?.href ?? null,
  }
}"""


def choose(page: Page, name: str) -> None:
    page.locator(f"[name=filter][value={name}]").evaluate("radio => radio.click()")


def check_agreement(page: Page, kept: tuple[str, ...] = ()) -> list[str]:
    """Assert that what is shown, passes, is counted, printed and exported is the same; return the keys.

    Args:
        page: The page.
        kept: Rows that stay although they do not pass.
    """
    state = page.evaluate(_STATE)
    shown = state["shown"]
    assert set(shown) == {*state["passing"], *kept}, state["filter"]
    assert state["badge"] == len(shown), state["filter"]
    assert state["offered"]
    sentence = f"Utskriften viser {len(shown)} av 34 felt: {state['name']}."
    assert state["printed"] == ("" if state["filter"] == "all" else sentence)
    if state["csv"] is not None:  # without a report there is nothing to export
        content = httpx.get(state["csv"]).raise_for_status().content.decode("utf-8-sig")
        exported = [line[10] for line in csv.reader(io.StringIO(content, newline=""), delimiter=";")][1:]
        assert exported == shown, state["filter"]
    expect(page.get_by_text("Ingen felt passer filteret.")).to_be_visible(visible=not shown)
    return shown


def expect_report(page: Page, service: Service, period: str, compared: str) -> None:
    identity = f"{service.organization_id} {period} {compared}"
    expect(page.locator("[data-region=columns]")).to_have_attribute("data-identity", identity)


def choose_service(page: Page, service: Service) -> None:
    page.keyboard.press("/")
    page.get_by_role("link", name=service.name).click()


@pytest.mark.parametrize(
    "filters",
    [("missing",), pytest.param(FILTERS, marks=pytest.mark.slow)],
    ids=["one filter", "all filters"],
)
def test_rows_badge_print_and_export_agree_in_every_filter_after_every_turn(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service], filters: tuple[str, ...]
) -> None:
    """A turn shows another service, period or comparison while a filter is chosen; `make slow` tries all filters."""
    still, other = services["still"], services["posted"]
    page = open_preview(busy, still, period_id="2024")
    period, compared = (page.get_by_role("combobox", name=name, exact=True) for name in ("Periode", "mot"))
    found: dict[str, set[int]] = {}
    for name in filters:
        choose(page, name)
        sizes = [len(check_agreement(page))]
        period.select_option("2023")
        expect_report(page, still, "2023", "2022")
        sizes.append(len(check_agreement(page)))
        compared.select_option("2024")
        expect_report(page, still, "2023", "2024")
        sizes.append(len(check_agreement(page)))
        choose_service(page, other)
        expect_report(page, other, "2023", "2024")  # it has both periods, which are kept
        sizes.append(len(check_agreement(page)))
        period.select_option("2025")
        expect_report(page, other, "2025", "2024")
        sizes.append(len(check_agreement(page)))
        for back in (
            (other, "2023", "2024"),
            (still, "2023", "2024"),
            (still, "2023", "2022"),
            (still, "2024", "2023"),
        ):
            page.go_back()
            expect_report(page, *back)
        assert len(check_agreement(page)) == sizes[0]
        found[name] = set(sizes)
    # The walk sees filters that leave some rows, none, and other ones after a turn.
    assert found.get("all", {34}) == {34}
    assert all(sizes == {0} for name, sizes in found.items() if name in ("error", "withheld", "changed"))
    assert all(len(found[name]) > 1 for name in {"notice", "missing", "not_applicable", "warning"} & found.keys())
    choose(page, "error")
    page.get_by_role("button", name="Nullstill filter").click()
    assert len(check_agreement(page)) == 34


def test_opened_row_stays_in_filter_of_changed_rows_until_it_is_chosen_again(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service]
) -> None:
    """Changes arrive while the filter is chosen; a value that returns to what it was has not changed."""
    service = services["filtered"]
    page = open_preview(busy, service)
    changed = page.get_by_role("radio", name="Endret nå")
    choose(page, "changed")
    assert check_agreement(page) == []
    post_delivery(busy, with_new_melding(service))
    expect(changed).to_have_accessible_name(re.compile("3"))
    assert check_agreement(page) == [RECEIVED, DISMISSED, SHARE]

    opener = page.locator(f"#row-{RECEIVED} .open")
    opener.click()
    expect(page.locator(f"#row-{RECEIVED} [data-changed]")).to_have_count(0)
    assert check_agreement(page, kept=(RECEIVED,)) == [RECEIVED, DISMISSED, SHARE]
    opener.click()
    page.locator("h1").click()
    assert check_agreement(page, kept=(RECEIVED,)) == [RECEIVED, DISMISSED, SHARE]
    choose(page, "changed")
    assert check_agreement(page) == [DISMISSED, SHARE]

    post_delivery(busy, service.folder(0, day="2025-01-21"))
    expect(page.locator(f"#row-{RECEIVED} [data-changed]")).to_have_attribute("data-value", "8")
    assert check_agreement(page) == [RECEIVED]
    for name in ("all", "warning", "missing", "changed"):
        choose(page, name)
        check_agreement(page)


@pytest.mark.slow
def test_changes_since_a_moment_are_marked_filtered_and_exported_live(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service]
) -> None:
    """The moment is in the address; a commit while the page is open adds to what has changed since then."""
    service = services["again"]
    event_id = httpx.get(f"{busy.url}{API}").headers["Last-Event-ID"]
    page = open_preview(busy, service, since=event_id)
    sentence, menu = page.locator("[data-region=changes]"), page.locator("#since-open")
    expect(sentence).to_have_text(f"Ingen felt er endret siden hendelse {event_id}.")
    choose(page, "since")
    assert check_agreement(page) == []
    post_delivery(busy, with_new_melding(service))
    expect(sentence).to_contain_text(f"3 felt er endret siden hendelse {event_id}.")
    assert check_agreement(page) == [RECEIVED, DISMISSED, SHARE]
    page.locator(f"#row-{RECEIVED} .open").click()
    newest = page.locator(f"#detail-{RECEIVED} .last-change")
    expect(newest).to_contain_text(re.compile(r"8 →.*9\s+Leveranse: dlv-"))
    content = httpx.get(page.evaluate(_STATE)["csv"]).content.decode("utf-8-sig")
    received = list(csv.reader(io.StringIO(content, newline=""), delimiter=";"))[1]
    assert (received[11], received[12], received[14]) == ("8", "9", newest.get_by_role("link").first.inner_text())

    menu.focus()
    page.keyboard.press("Enter")
    assert violations_in_both_schemes(page) == {}
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="I går kl. 16:00")).to_be_focused()
    page.keyboard.press("Enter")
    expect(sentence).to_contain_text("Alle tallene har kommet siden i går kl. 16:00.")
    expect(menu).to_be_focused()
    expect(page).to_have_url(re.compile("since=yesterday"))
    assert len(check_agreement(page)) == page.locator("td.current:not([data-value='–'])").count()
    page.get_by_role("combobox", name="Periode", exact=True).select_option("2023")
    expect_report(page, service, "2023", "2022")
    expect(page).to_have_url(re.compile("since=yesterday"))
    menu.click()
    page.get_by_role("link", name="Ta bort valget").click()
    expect(sentence).to_be_empty()
    expect(page).not_to_have_url(re.compile("since"))
    assert len(check_agreement(page)) == 34

    visit = {f"{service.organization_id} 2023": {"seen": 1774447200000, "before": None}}  # 25 March 2026, 14:00 UTC
    page.evaluate("visits => { localStorage.visits = visits }", json.dumps(visit))
    page.reload()
    expect(page.get_by_text("Direkte", exact=True)).to_be_visible()
    menu.click()
    page.get_by_role("button", name="Sist jeg var her").click()
    expect(sentence).to_contain_text("siden 25. mars 2026 kl. 15:00.")
