"""Approval of several reports from the overview: each that was selected and seen, with its own check and outcome."""

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import API, post_delivery
from tests.browser.support import overview_fixtures
from tests.browser.support.axe import violations_in_scheme
from tests.browser.support.overview_fixtures import (
    ALTA,
    APPROVER,
    HAMAR,
    LATER,
    MOSS,
    ORDER_WITHOUT_2023,
    OSLO_SOR,
    OSLO_VEST,
    SampleService,
)
from tests.browser.support.overview_page import expect_order
from tests.support.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("restored")]


def row(page: Page, service: SampleService) -> Locator:
    return page.locator(f"[data-region='row-{service.organization_id}']")


def candidate(page: Page, service: SampleService) -> Locator:
    return page.locator(f"#candidate-{service.organization_id}")


def test_reports_are_selected_by_keyboard(overview: Page) -> None:
    expect(row(overview, HAMAR).get_by_role("checkbox")).to_have_count(0)  # it is stale
    overview.get_by_role("link", name=ALTA.full_name).focus()
    overview.keyboard.press("Space")
    expect(overview.locator("#said")).to_have_text("1 valgt")
    overview.keyboard.press("Tab")
    checkbox = row(overview, ALTA).get_by_role("checkbox", name="Velg Alta: Klar til godkjenning")
    expect(checkbox).to_be_focused()
    expect(checkbox).to_be_checked()
    overview.keyboard.press("Space")
    expect(overview.get_by_role("button", name="Godkjenn valgte …")).to_be_hidden()
    overview.keyboard.press("g")
    expect(overview.locator("#said")).to_have_text("Velg først rapporter som er klare til godkjenning.")
    overview.keyboard.press("ArrowDown")
    expect(overview.get_by_role("link", name=MOSS.full_name)).to_be_focused()
    overview.get_by_role("button", name="Velg alle 4 klare som vises").click()
    overview.get_by_role("searchbox").fill("oslo")
    expect(overview.get_by_text("4 valgt (2 vises ikke)")).to_be_visible()
    overview.get_by_role("button", name="Fjern valget").click()
    expect(overview.get_by_role("button", name="Velg alle 2 klare som vises")).to_be_visible()


def test_each_report_is_approved_as_it_was_seen(overview: Page, states_server: Server) -> None:
    overview.get_by_role("button", name="Velg alle 4 klare som vises").click()
    overview.keyboard.press("g")
    dialog = overview.get_by_role("dialog", name="Godkjenne rapportene?")
    expect(dialog.get_by_role("row")).to_have_count(5)
    expect(candidate(overview, MOSS).get_by_role("cell")).to_have_text(["1", "0", "0", "0", "–", ""])
    for width, scheme in ((1440, "light"), (320, "dark")):
        overview.set_viewport_size({"width": width, "height": 900})
        assert (width, violations_in_scheme(overview, scheme, "dialog[open]")) == (width, [])
        assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth"), "the dialog scrolls sideways"
    overview.set_viewport_size({"width": 1440, "height": 900})

    # Somebody else approves one, which is seen at once; another changes unseen, as the page is paused.
    with overview_fixtures.open_second_application(states_server.data_dir) as application:
        overview_fixtures.approve(application, OSLO_VEST)
    expect(candidate(overview, OSLO_VEST)).to_contain_text(f"Godkjent i dag av {APPROVER} Se rapporten")
    overview.evaluate("document.documentElement.dataset.live = 'paused'")
    changed = httpx.post(
        f"{states_server.url}{API}", json={"organization_id": MOSS.organization_id, "period_id": "2024"}
    )
    assert changed.is_success
    post_delivery(states_server, MOSS.folder(LATER, meldinger=3))

    dialog.get_by_role("button", name="Godkjenn 3 rapporter").click()
    expect(dialog.get_by_text("Skriv navnet ditt.")).to_be_visible()
    dialog.get_by_role("textbox", name="Navnet ditt").fill("Ola Nordmann")
    dialog.get_by_role("button", name="Godkjenn 3 rapporter").click()
    expect(dialog.get_by_role("status")).to_have_text("2 rapporter er godkjent. 2 ble ikke godkjent.")
    expect(candidate(overview, MOSS)).to_contain_text("Rapporten er endret siden du så den.")
    expect(candidate(overview, MOSS).get_by_role("link", name="Se rapporten")).to_be_visible()
    for service in (ALTA, OSLO_SOR):
        expect(candidate(overview, service).get_by_role("cell").last).to_have_text("Godkjent.")
    dialog.get_by_role("button", name="Lukk").last.click()

    overview.evaluate("document.documentElement.dataset.live = 'on'")
    reviews = httpx.get(f"{states_server.url}/api/v1/reviews", params={"review_status": "approved"}).json()["data"]
    assert {review["organization_id"]: review["approval"]["stated_name"] for review in reviews}.items() >= {
        (ALTA.organization_id, "Ola Nordmann"),
        (OSLO_SOR.organization_id, "Ola Nordmann"),
        (OSLO_VEST.organization_id, APPROVER),
    }
    assert MOSS.organization_id not in {review["organization_id"] for review in reviews}
    # The rows say so, and stay where they are.
    overview.reload()
    expect(row(overview, ALTA)).to_contain_text("Godkjent i dag av Ola Nordmann")
    expect(overview.locator("html")).to_have_attribute("data-live", "on")


def test_approval_by_another_updates_row_in_place(overview: Page, states_server: Server) -> None:
    row(overview, ALTA).hover()
    with overview_fixtures.open_second_application(states_server.data_dir) as application:
        overview_fixtures.approve(application, ALTA)
    expect(row(overview, ALTA)).to_contain_text(f"Godkjent i dag av {APPROVER}")
    expect(row(overview, ALTA)).to_have_attribute("data-changed", "now")
    expect(overview.locator("#said")).to_have_text(f"Endret: {ALTA.full_name}.")
    expect(overview.get_by_text("1 rad står ikke lenger i rekkefølge")).to_be_visible()
    expect_order(overview, *ORDER_WITHOUT_2023)
    expect(overview.locator(".tile").filter(has_text="Godkjent").locator("b")).to_have_text("2")
