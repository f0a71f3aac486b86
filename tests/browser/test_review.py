"""Deciding on a report: answers, comments, the approval, what changes after it, and two people at once."""

import re
from collections.abc import Generator
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from preview.core.national_id import add_check_digits
from preview.model.reviews import ReviewDocument
from tests.browser.conftest import AUTO_AGGREGATE_AT_ONCE, Service, decision_tag, fill_store, post_delivery
from tests.browser.support.axe import violations_in_scheme
from tests.browser.support.layout import small_targets
from tests.builders import case_xml
from tests.support import pipeline
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

FULL_TIME_EQUIVALENTS = "antall_arsverk"
RECEIVED = "antall_meldinger_mottatt"
BIRTH_NUMBER = add_check_digits("014101998") or ""
"""A synthetic one, whose month has 40 added: it belongs to nobody."""


@pytest.fixture
def service() -> Service:
    return Service(9960)


@pytest.fixture
def server(data_dir: Path, service: Service) -> Generator[Server]:
    """Run a server with a report of 2024 with one warning to answer: the full-time equivalents of 2023 are missing."""
    fill_store(data_dir, [service])
    with pipeline.open_application(data_dir) as application:
        figure = f"{service.organization_id},2023,{FULL_TIME_EQUIVALENTS},12.5,"
        pipeline.deliver(application, f"organization_id,period_id,field_key,value,data_source\n{figure}\n".encode())
        for period in ("2023", "2024"):
            pipeline.aggregate(application, service.organization_id, period)
        review = msgspec.json.decode(
            application.reviews.query.get(service.organization_id, "2024")[0].body, type=ReviewDocument
        )
        for each in review.blocking:
            if each.rule and each.field_key and each.field_key != FULL_TIME_EQUIVALENTS:
                application.reviews.acknowledgements.acknowledge(
                    service.organization_id, "2024", (each.rule, each.field_key), "Kontrollert", "test"
                )
    with running_server(data_dir, environment=AUTO_AGGREGATE_AT_ONCE) as running:
        yield running


@pytest.fixture
def two_pages(page: Page, browser: Browser, server: Server, service: Service) -> Generator[tuple[Page, Page]]:
    """Open the report for two persons, whose pages share nothing."""
    other = browser.new_context(locale="nb-NO")
    pages = page, other.new_page()
    for page in pages:
        page.goto(f"{server.url}/preview?organization_id={service.organization_id}&period_id=2024")
        expect(page.locator("html")).to_have_attribute("data-live", "on")
    yield pages
    other.close()


def with_meldinger(service: Service, count: int) -> bytes:
    """Return case 0 of a later extract, with more meldinger of the last days of 2024, which are not concluded."""
    meldinger = [case_xml.melding(f"2024-12-{31 - n}", id=case_xml.uid(900 + n)) for n in range(count)]
    return service.folder(0, *meldinger, day=f"2025-01-{16 + count}")


def approve_dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Godkjenne rapporten?")


def send_button(page: Page) -> Locator:
    return approve_dialog(page).get_by_role("button", name="Godkjenn", exact=True)


def assert_accessible(page: Page, within: str, scheme: str = "light") -> None:
    """Check what this story alone shows; test_states.py checks the page around it."""
    assert violations_in_scheme(page, scheme, within) == []
    page.evaluate("document.documentElement.dataset.colorScheme = 'light'")


def answer_the_warning(kari: Page, ola: Page) -> None:
    """Reach the warning from what blocks; a number of a person is refused before it is sent."""
    kari.keyboard.press("g")
    approve_dialog(kari).get_by_role("link", name="Årsverk").press("Enter")
    opener = kari.get_by_role("button", name="Årsverk", exact=True)
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "true")
    kari.get_by_role("button", name="Svar på varselet …").press("Enter")
    expect(kari.get_by_role("textbox", name="Hvorfor er tallet riktig?")).to_be_focused()
    kari.keyboard.type(f"Gjelder {BIRTH_NUMBER}")
    kari.get_by_role("button", name="Lagre svaret").click()
    expect(kari.get_by_text("Teksten har et fødselsnummer, D-nummer eller DUF-nummer.")).to_be_visible()
    assert_accessible(kari, f"#detail-{FULL_TIME_EQUIVALENTS}")
    kari.get_by_role("button", name="Avklart med tjenesten").click()
    kari.get_by_role("button", name="Lagre svaret").click()
    for page in (kari, ola):
        expect(decision_tag(page)).to_have_text("Klar til godkjenning")
        expect(page.locator(f"#row-{FULL_TIME_EQUIVALENTS} [data-answered]")).to_be_visible()
    expect(kari.locator(f"#detail-{FULL_TIME_EQUIVALENTS}")).to_contain_text("Besvart Avklart med tjenesten")
    expect(kari.get_by_role("button", name="Endre svaret …")).to_be_focused()


def comment_and_resolve(kari: Page, ola: Page) -> None:
    """See a comment of one, and resolve it, as the other."""
    count = f"#row-{FULL_TIME_EQUIVALENTS} .row-comments"
    kari.locator(f"#open-comment-{FULL_TIME_EQUIVALENTS}").press("Enter")
    kari.keyboard.type("Følges opp til neste år.")
    kari.get_by_role("button", name="Lagre kommentaren").click()
    expect(ola.locator(count)).to_contain_text("1 åpen kommentar")
    ola.get_by_role("button", name="Årsverk", exact=True).click()
    ola.locator(f"#detail-{FULL_TIME_EQUIVALENTS}").get_by_role("button", name="Merk som løst").click()
    expect(kari.locator(f"#detail-{FULL_TIME_EQUIVALENTS}").get_by_role("button", name="Åpne igjen")).to_be_visible()
    expect(kari.locator(count)).to_have_count(0)
    assert small_targets(kari) == []
    assert_accessible(kari, f"#detail-{FULL_TIME_EQUIVALENTS}", "dark")


def approve_before_the_other(kari: Page, ola: Page) -> None:
    """See the approval of one at once in the dialog that the other has open."""
    ola.keyboard.press("g")
    expect(send_button(ola)).to_be_visible()
    kari.keyboard.press("g")
    expect(approve_dialog(kari).get_by_role("textbox", name="Navnet ditt")).to_be_focused()
    kari.keyboard.press("Enter")
    expect(approve_dialog(kari).get_by_text("Skriv navnet ditt.")).to_be_visible()
    assert_accessible(kari, "dialog[open]")
    kari.keyboard.type("Kari Nordmann")
    kari.keyboard.press("Enter")
    expect(approve_dialog(kari)).to_be_hidden()
    for page in (kari, ola):
        expect(decision_tag(page)).to_have_text("Godkjent")
        expect(page.locator("[data-region=state]")).to_contain_text("av Kari Nordmann.")
    expect(approve_dialog(ola)).to_contain_text("av Kari Nordmann.")
    expect(send_button(ola)).to_be_hidden()
    ola.keyboard.press("Escape")


def look_at_what_changed(kari: Page) -> None:
    """Show the fields that are not as they were approved."""
    kari.locator("[data-region=state]").get_by_role("button", name="Vis endrede").click()
    expect(kari.locator("tr[data-field]:visible")).to_have_count(1)
    expect(kari.get_by_role("radio", name=re.compile("^Endret siden godkjenningen .* 1$"))).to_be_checked()
    expect(kari.locator(f"#row-{RECEIVED}")).to_contain_text("godkjent: 8")
    assert_accessible(kari, f"#row-{RECEIVED}", "dark")


def approve_again_after_a_change_meanwhile(kari: Page, server: Server, delivery: bytes) -> None:
    """Approve nothing that was not seen: what changes while the dialog is open is shown first."""
    kari.keyboard.press("g")
    dialog = approve_dialog(kari)
    expect(dialog.get_by_role("textbox", name="Navnet ditt")).to_have_value("Kari Nordmann")
    post_delivery(server, delivery)
    expect(dialog.get_by_text("Rapporten er endret mens du så på den.")).to_be_visible()
    differences = dialog.get_by_role("alert").get_by_role("row", name="Meldinger mottatt")
    expect(differences.get_by_role("cell")).to_have_text(["9", "10"])
    send_button(kari).click()
    expect(dialog.get_by_role("button", name="Jeg har sett endringene")).to_be_focused()
    assert_accessible(kari, "dialog[open]")
    kari.keyboard.press("Enter")
    send_button(kari).click()
    expect(dialog).to_be_hidden()


def withdraw_and_be_refused(ola: Page) -> None:
    """Withdraw the approval, then name another document than the present one, as a page does that is not up to date."""
    ola.locator("[data-region=state]").get_by_role("button", name="Trekk tilbake …").click()
    ola.get_by_role("textbox", name="Hvorfor trekkes den tilbake?").fill("Ny kontroll")
    assert_accessible(ola, "dialog[open]", "dark")
    ola.get_by_role("dialog").get_by_role("button", name="Trekk tilbake").click()
    expect(decision_tag(ola)).to_have_text("Klar til godkjenning")
    ola.locator("[data-region=approve-lead]").evaluate("lead => { lead.dataset.etag = 'an older one' }")
    ola.keyboard.press("g")
    expect(approve_dialog(ola).get_by_role("textbox", name="Navnet ditt")).to_be_focused()
    ola.keyboard.type("Ola")
    send_button(ola).click()
    expect(approve_dialog(ola).get_by_text("Rapporten er endret siden du så den.")).to_be_visible()


def answer_and_approve(kari: Page, ola: Page) -> None:
    """Answer the only warning, discuss it, and approve the report, on two pages."""
    for page in (kari, ola):
        expect(decision_tag(page)).to_have_text("Varsler venter")
        expect(page.get_by_text("Kan ikke godkjennes ennå: 1 varsel uten svar.")).to_be_visible()
    answer_the_warning(kari, ola)
    comment_and_resolve(kari, ola)
    approve_before_the_other(kari, ola)


def test_report_is_answered_and_approved(two_pages: tuple[Page, Page]) -> None:
    answer_and_approve(*two_pages)


@pytest.mark.slow
def test_report_is_answered_approved_changed_and_approved_again(
    two_pages: tuple[Page, Page], server: Server, service: Service
) -> None:
    kari, ola = two_pages
    answer_and_approve(kari, ola)
    post_delivery(server, with_meldinger(service, 1))
    for page in two_pages:
        expect(decision_tag(page)).to_have_text("Endret etter godkjenning")
    look_at_what_changed(kari)
    approve_again_after_a_change_meanwhile(kari, server, with_meldinger(service, 2))
    for page in two_pages:
        expect(decision_tag(page)).to_have_text("Godkjent")

    withdraw_and_be_refused(ola)
    expect(decision_tag(kari)).to_have_text("Klar til godkjenning")
    approvals = httpx.get(f"{server.url}/api/v1/reviews/{service.organization_id}/2024/approvals").json()["data"]
    assert [(each["stated_name"], each["withdrawal_reason"]) for each in approvals] == [
        ("Kari Nordmann", "Ny kontroll"),
        ("Kari Nordmann", None),
    ]
