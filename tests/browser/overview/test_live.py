"""Live updates of the overview: rows change in place, are marked and announced, and never move by themselves."""

import csv
import io
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import API, post_delivery
from tests.browser.support import overview_fixtures
from tests.browser.support.axe import violations_in_both_schemes
from tests.browser.support.overview_fixtures import (
    ALTA,
    AS,
    BODO,
    DRAMMEN,
    HAMAR,
    LOM,
    MOSS,
    NESODDEN,
    ORDER_WITHOUT_2023,
    OSLO_SOR,
    OSLO_VEST,
    TROMSO,
    VIK,
    SampleService,
)
from tests.browser.support.overview_page import expect_order, open_overview
from tests.support import pipeline
from tests.support.server_process import Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("restored")]


@pytest.fixture
def overview(overview: Page) -> Page:
    """`window.stayed` exists until the page is reloaded."""
    overview.evaluate("window.stayed = true")
    return overview


def row(page: Page, service: SampleService) -> Locator:
    return page.locator(".list > tbody > tr").filter(has=page.get_by_role("link", name=service.full_name, exact=True))


def tile_count(page: Page, tile: str) -> Locator:
    return page.locator(".tile").filter(has_text=tile).locator("b")


def aggregate(server: Server, service: SampleService) -> None:
    httpx.post(
        f"{server.url}{API}", json={"organization_id": service.organization_id, "period_id": "2024"}
    ).raise_for_status()


def test_only_row_of_changed_snapshot_updates(overview: Page, states_server: Server) -> None:
    others = [service for service in ORDER_WITHOUT_2023 if service is not OSLO_VEST]
    before = {service: row(overview, service).inner_text() for service in others}
    post_delivery(states_server, OSLO_VEST.folder(overview_fixtures.LATER, meldinger=2))
    expect(row(overview, OSLO_VEST)).to_contain_text("Utdatert")
    expect(row(overview, OSLO_VEST)).to_have_attribute("data-changed", "now")
    expect(overview.locator("#said")).to_have_text(f"Endret: {OSLO_VEST.full_name}.")
    expect(tile_count(overview, "Utdaterte")).to_have_text("2")
    assert {service: row(overview, service).inner_text() for service in others} == before
    expect(overview.locator("tr[data-changed]")).to_have_count(1)
    assert overview.evaluate("window.stayed")


def test_changed_rows_keep_position_until_sorted(overview: Page, states_server: Server) -> None:
    row(overview, TROMSO).hover()
    row(overview, OSLO_VEST).get_by_role("link").focus()
    with overview_fixtures.open_second_application(states_server.data_dir) as application:
        application.jobs.fail(overview_fixtures.start_held_job(application, OSLO_VEST), "It failed.")
    expect(row(overview, OSLO_VEST)).to_contain_text("Feilet")
    aggregate(states_server, TROMSO)
    expect(row(overview, TROMSO)).to_contain_text("Klar til godkjenning")
    expect_order(overview, *ORDER_WITHOUT_2023)
    expect(overview.get_by_text("2 rader står ikke lenger i rekkefølge")).to_be_visible()
    expect(overview.get_by_role("link", name=OSLO_VEST.full_name)).to_be_focused()
    overview.get_by_role("button", name="Sorter").click()
    expect_order(overview, BODO, OSLO_VEST, DRAMMEN, HAMAR, NESODDEN, ALTA, MOSS, OSLO_SOR, TROMSO, LOM, VIK, AS)
    expect(overview.get_by_role("button", name="Sorter")).to_be_hidden()


def test_row_outside_filter_stays_until_sorted(overview: Page, states_server: Server) -> None:
    overview.get_by_role("radio", name="Feilet").check(force=True)
    expect_order(overview, BODO)
    aggregate(states_server, BODO)
    expect(row(overview, BODO)).to_contain_text("Klar til godkjenning")
    expect_order(overview, BODO)
    expect(tile_count(overview, "Feilet")).to_have_text("0")
    expect(overview.get_by_text("1 rad står ikke lenger i rekkefølge")).to_be_visible()
    overview.get_by_role("button", name="Sorter").click()
    expect(overview.get_by_text("Ingen tjenester passer med søket eller filteret.")).to_be_visible()
    overview.get_by_role("button", name="Nullstill filter").click()
    expect(row(overview, BODO)).to_be_visible()


def test_row_shows_job_progress_and_completion(overview: Page, states_server: Server) -> None:
    with overview_fixtures.open_second_application(states_server.data_dir) as application:
        job = overview_fixtures.start_held_job(application, MOSS, 0.62)
        expect(row(overview, MOSS)).to_contain_text("Aggregerer")
        expect(row(overview, MOSS).get_by_role("progressbar", name="Framdrift for aggregeringen")).to_have_attribute(
            "value", "62"
        )
        expect(row(overview, MOSS)).to_contain_text("31/34")
        overview_fixtures.finish_job(application, job)
    expect(row(overview, MOSS)).to_contain_text("Gyldig")
    expect(row(overview, MOSS).get_by_role("progressbar")).to_have_count(0)


def test_changed_rows_can_be_filtered_and_marked_seen(overview: Page, states_server: Server) -> None:
    aggregate(states_server, TROMSO)
    expect(row(overview, TROMSO)).to_contain_text("Klar til godkjenning")
    overview.keyboard.press("c")
    expect_order(overview, TROMSO)
    assert "deviation" not in overview.url
    overview.get_by_role("button", name="Merk alle som sett").click()
    expect(overview.locator("tr[data-changed]")).to_have_count(0)
    expect(overview.locator(".list > tbody > tr:visible")).to_have_count(len(ORDER_WITHOUT_2023))


@pytest.mark.own_context
def test_change_mark_fades_and_clears_on_focus(page: Page, states_server: Server) -> None:
    page.clock.install()
    open_overview(page, states_server)
    aggregate(states_server, TROMSO)
    expect(row(page, TROMSO)).to_contain_text("Klar til godkjenning")
    expect(row(page, TROMSO)).to_have_attribute("data-changed", "now")
    page.clock.run_for(6_000)
    expect(row(page, TROMSO)).to_have_attribute("data-changed", "unseen")
    page.get_by_role("link", name=TROMSO.full_name).focus()
    expect(page.locator("tr[data-changed]")).to_have_count(0)


def test_new_service_sorted_in_unless_table_has_focus(overview: Page, states_server: Server) -> None:
    bergen, zulu = SampleService("Bergen", 4601, "Nytt system"), SampleService("Askim", 3014, "Acos")
    post_delivery(states_server, bergen.folder())
    expect_order(overview, *ORDER_WITHOUT_2023[:9], bergen, *ORDER_WITHOUT_2023[9:])
    expect(overview.get_by_text("13 av 13 tjenester").first).to_be_visible()
    overview.get_by_role("combobox", name="Fagsystem").select_option("Nytt system")
    expect_order(overview, bergen)
    overview.get_by_role("combobox", name="Fagsystem").select_option("Alle")
    overview.get_by_role("link", name=BODO.full_name).focus()
    post_delivery(states_server, zulu.folder())
    expect(overview.get_by_text("1 rad står ikke lenger i rekkefølge")).to_be_visible()
    expect_order(overview, *ORDER_WITHOUT_2023[:9], bergen, *ORDER_WITHOUT_2023[9:], zulu)
    expect(overview.locator(".row-link[tabindex='0']")).to_have_count(1)


def test_empty_overview_shows_instructions_until_first_delivery(page: Page, server: Server) -> None:
    page.goto(server.url)
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    expect(page.get_by_text("Ingen rapporter ennå. Dra inn leveranser, eller velg filer.")).to_be_visible()
    expect(page.get_by_role("table")).to_be_hidden()
    expect(page.get_by_role("radio")).to_have_count(0)
    post_delivery(server, ALTA.folder())
    expect(row(page, ALTA)).to_be_visible()
    expect(page.get_by_text("Ingen rapporter ennå.")).to_be_hidden()
    expect(tile_count(page, "Alle")).to_have_text("1")


def test_service_stays_listed_after_report_deletion(overview: Page, states_server: Server) -> None:
    listed = httpx.get(f"{states_server.url}{API}", params={"organization_id": ALTA.organization_id}).json()["data"]
    httpx.delete(f"{states_server.url}{API}/{listed[0]['snapshot_id']}").raise_for_status()
    expect(row(overview, ALTA)).to_contain_text("Uten rapport")
    expect(row(overview, ALTA)).not_to_contain_text("/34")


def test_action_in_one_session_updates_other_sessions(overview: Page, states_server: Server) -> None:
    other = open_overview(overview.context.new_page(), states_server, "&lang=en")
    report = overview.context.new_page()
    report.goto(f"{states_server.url}/preview?organization_id={HAMAR.organization_id}&period_id=2024")
    expect(report.get_by_text("Direkte", exact=True)).to_be_visible()
    report.get_by_role("button", name="Aggreger på nytt").click()
    report.get_by_role("button", name="Kontroll før innsending").click()
    report.get_by_role("dialog").get_by_role("button", name="Aggreger på nytt").click()
    expect(row(overview, HAMAR)).to_contain_text("Gyldig")
    expect(row(other, HAMAR)).to_contain_text("Valid")


def test_paused_overview_defers_changes(overview: Page, states_server: Server) -> None:
    overview.keyboard.press("p")
    aggregate(states_server, TROMSO)
    expect(overview.get_by_text("Satt på pause. 1 endring venter.")).to_be_visible()
    expect(row(overview, TROMSO)).to_contain_text("Uten rapport")
    overview.keyboard.press("p")
    expect(row(overview, TROMSO)).to_contain_text("Klar til godkjenning")
    expect(row(overview, TROMSO)).to_have_attribute("data-changed", "now")


@pytest.mark.slow
def test_overview_restores_state_and_changes_on_reconnect(page: Page, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir, ["2024"])
    with running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE) as first:
        open_overview(page, first)
        page.get_by_role("searchbox").fill("oslo")
        port = first.port
        first.stop()
        expect(page.get_by_role("alert")).to_contain_text("Du ser siste kjente verdier. Kobler til igjen …")
        expect_order(page, OSLO_SOR, OSLO_VEST)
        # Filters work without a connection.
        page.get_by_role("searchbox").fill("oslo vest")
        expect_order(page, OSLO_VEST)
    with pipeline.open_application(data_dir) as application:
        pipeline.deliver(application, OSLO_VEST.folder(overview_fixtures.LATER, meldinger=2))
    with running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE, port=port) as second:
        expect(page.locator("html")).to_have_attribute("data-live", "on")
        expect(page.get_by_text("Tilkoblet igjen. 1 tjeneste ble endret mens du var frakoblet.").last).to_be_visible()
        expect_order(page, OSLO_VEST)
        expect(row(page, OSLO_VEST)).to_contain_text("Utdatert")
        expect(page).to_have_url(re.compile("q=oslo"))
        page.get_by_role("button", name="Vis endrede").click()
        expect_order(page, OSLO_VEST)
        expect(page.get_by_role("searchbox")).to_have_value("")
        aggregate(second, TROMSO)
        expect(page.get_by_text("1 rad står ikke lenger i rekkefølge")).to_be_visible()
        page.get_by_role("button", name="Sorter").click()
        expect_order(page, OSLO_VEST, TROMSO)


def test_changes_since_a_moment_are_counted_live(overview: Page, states_server: Server) -> None:
    """A moment is chosen and taken back in place; the preview of a row, and the export, are of the same moment."""
    menu, heading = overview.locator("#since-open"), overview.locator(".h-changed")
    menu.click()
    overview.get_by_role("link", name="I går kl. 16:00").click()
    expect(heading).to_have_text("Endret siden")
    expect(menu).to_be_focused()
    expect(row(overview, OSLO_VEST).locator(".c-changed")).to_have_text("31")
    expect(row(overview, TROMSO).locator(".c-changed")).to_contain_text("ingen")
    assert violations_in_both_schemes(overview) == {}
    aggregate(states_server, TROMSO)
    expect(row(overview, TROMSO).locator(".c-changed")).to_have_text(re.compile(r"^\d+$"))
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    shown = overview.locator(".list > .rows > tr:visible .c-changed").all_inner_texts()
    exported = httpx.get(f"{states_server.url}/overview/export.csv?{overview.url.partition('?')[2]}").text
    lines = list(csv.DictReader(io.StringIO(exported.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert [line["Felt endret siden i går kl. 16:00"] or "–" for line in lines] == [
        text.split("\n")[0].strip() for text in shown
    ]
    expect(row(overview, TROMSO).get_by_role("link")).to_have_attribute("href", re.compile("since=yesterday"))
    menu.click()
    overview.get_by_role("link", name="Ta bort valget").click()
    expect(heading).to_have_count(0)
    expect(overview).not_to_have_url(re.compile("since|sort"))
    assert overview.evaluate("window.stayed")


def test_numbers_and_totals_follow_filters_and_changes(overview: Page, states_server: Server) -> None:
    """The columns stay in the address, also through a sort, and totals are of the rows that a search leaves."""
    overview.get_by_role("combobox", name="Kolonner").select_option("Meldinger")
    country, shown = (overview.get_by_role("row", name=re.compile(f"^{name}")) for name in ("Hele landet", "De viste"))
    received = "td:nth-child(3)"
    expect(country.locator(received)).to_have_text(re.compile(r"^\d+$"))
    before = int(country.locator(received).inner_text())
    expect(shown.locator(received)).to_have_text(str(before))
    head = overview.get_by_role("columnheader", name="Meldinger mottatt: 2024")
    head.get_by_role("button").click()
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(overview).to_have_url(re.compile("columns=meldinger&sort=-antall_meldinger_mottatt"))
    overview.get_by_role("searchbox").fill("oslo")
    expect(shown).to_contain_text("2 tjenester")
    numbers = [int(row(overview, service).locator(received).inner_text()) for service in (OSLO_SOR, OSLO_VEST)]
    expect(shown.locator(received)).to_have_text(str(sum(numbers)))
    post_delivery(states_server, OSLO_VEST.folder(overview_fixtures.LATER, meldinger=numbers[1] + 4))
    expect(row(overview, OSLO_VEST)).to_contain_text("Utdatert")  # imported, so that there is something to aggregate
    aggregate(states_server, OSLO_VEST)
    expect(row(overview, OSLO_VEST).locator(received)).to_have_text(str(numbers[1] + 4))
    expect(shown.locator(received)).to_have_text(str(sum(numbers) + 4))
    expect(country.locator(received)).to_have_text(str(before + 4))
    overview.go_back()
    overview.go_back()
    overview.go_back()
    expect(overview.get_by_role("columnheader", name="Vurdering")).to_be_visible()
    expect(country).to_have_count(0)
    assert overview.evaluate("window.stayed")
