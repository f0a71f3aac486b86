"""The preview: updates in place, actions, history, pause, and reconnection."""

from collections.abc import Callable, Generator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import (
    API,
    AUTO_AGGREGATE_AT_ONCE,
    Service,
    decision_tag,
    differing_cells,
    fill_store,
    import_with_cli,
    marked_cells,
    post_delivery,
    reported_values,
    with_new_melding,
)
from tests.browser.support.layout import empty_menus
from tests.support import pipeline
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

OpenPreview = Callable[..., Page]

TWO_YEARS, ONE_YEAR = Service(9920), Service(9921)


def _cell(page: Page, label: str, column: str) -> str:
    cell = (
        page.get_by_role("row").filter(has=page.get_by_role("button", name=label, exact=True)).locator(f"td.{column}")
    )
    return cell.get_attribute("data-value") or ""


@pytest.mark.chromium
def test_preview_is_readable_without_scripts(browser: Browser, busy: Server, services: dict[str, Service]) -> None:
    context = browser.new_context(java_script_enabled=False, locale="nb-NO")
    page = context.new_page()
    page.goto(f"{busy.url}/preview?organization_id={services['still'].organization_id}")
    expect(page.get_by_role("heading", level=1, name=services["still"].name)).to_be_visible()
    expect(page.locator("tr[data-field]:visible")).to_have_count(34)
    expect(page.locator("tr.section-row:visible")).to_have_count(9)
    # Chromium parses <noscript> as text when scripts are disabled by the driver, so the text is there but not visible.
    assert "Direkte oppdatering krever JavaScript." in page.content()
    assert empty_menus(page) == []
    context.close()


def test_imported_folder_updates_values_in_place(
    busy: Server, open_preview: OpenPreview, services: dict[str, Service], tmp_path: Path
) -> None:
    service = services["imported"]
    page = open_preview(busy, service)
    before = reported_values(busy, service)
    assert _cell(page, "Meldinger mottatt", "current") == "8"
    page.evaluate("window.stayed = true")
    history = page.locator("#detail-antall_meldinger_henlagt").get_by_role("table").get_by_role("cell")
    page.get_by_role("button", name="Meldinger henlagt", exact=True).click()
    expect(history.last).to_have_text("0")

    import_with_cli(busy.data_dir, tmp_path / "changed", with_new_melding(service))
    expect(page.get_by_role("cell", name="9", exact=True).first).to_be_visible()
    expect(page.locator("#said")).to_have_text("3 felt endret i Meldinger.")

    after = reported_values(busy, service)
    assert (
        marked_cells(page)
        == differing_cells(before, after)
        == {
            ("antall_meldinger_mottatt", "current"),
            ("antall_meldinger_henlagt", "current"),
            ("andel_meldinger_innen_frist", "current"),
        }
    )
    expect(history.last).to_have_text("1")
    expect(page.get_by_role("row", name="Meldinger mottatt")).to_contain_text("Endret nå, fra 8")
    expect(page.get_by_role("radio", name="Endret nå 3")).to_be_visible()
    expect(decision_tag(page)).to_be_visible()
    assert page.evaluate("window.stayed"), "the page was reloaded"
    expect(page.get_by_role("button", name="Meldinger henlagt", exact=True)).to_be_focused()


@pytest.fixture(scope="module")
def manual_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server without automatic aggregation: one service has a report of 2023, the other one of 2024 too."""
    data_dir = tmp_path_factory.mktemp("asked") / "data"
    data_dir.mkdir()
    fill_store(data_dir, [TWO_YEARS], "2023", "2024")
    fill_store(data_dir, [ONE_YEAR], "2023")
    with running_server(data_dir, environment={"BUFDIR_PREVIEW_AUTO_AGGREGATE": "false"}) as server:
        yield server


def test_changed_prior_value_is_marked(open_preview: OpenPreview, manual_server: Server) -> None:
    """The prior period changes, and the values of the shown period stay (rule 2b, docs/api.md)."""
    service, server = TWO_YEARS, manual_server
    with httpx.Client(base_url=server.url) as api:
        page = open_preview(server, service)
        before = reported_values(server, service)
        prior = api.get(API, params={"organization_id": service.organization_id, "period_id": "2023"}).json()["data"][
            0
        ]["snapshot_id"]
        extra = service.folder(
            1, '<Melding Id="00000000-0000-4000-8000-000000000999" StartDato="2023-05-02"/>', day="2025-01-20"
        )
        post_delivery(server, extra)
        expect(page.get_by_text("Utdatert", exact=True)).to_be_visible()
        expect(page.locator("[data-region=state]")).to_contain_text("Kilden er endret etter")
        assert marked_cells(page) == set()
        api.put(f"{API}/{prior}", json={"invalidate_cache": True, "reason": "Ny melding i 2023"}).raise_for_status()
        expect(page.locator("td.compared[data-changed]").first).to_be_visible()
        changed = differing_cells(before, reported_values(server, service))
        assert ("antall_meldinger_mottatt", "compared") in changed
        assert marked_cells(page) == changed
        assert {column for _, column in changed} == {"compared"}


def test_post_put_and_delete_update_open_page(open_preview: OpenPreview, manual_server: Server) -> None:
    service, server = ONE_YEAR, manual_server
    with httpx.Client(base_url=server.url) as api:
        page = open_preview(server, service, period_id="2024")
        expect(page.get_by_text("Det finnes ingen rapport for 2024 ennå.")).to_be_visible()
        assert _cell(page, "Meldinger mottatt", "current") == "–"

        api.post(API, json={"organization_id": service.organization_id, "period_id": "2024"}).raise_for_status()
        expect(decision_tag(page)).to_be_visible()
        expect(page.locator("#said")).to_have_text("Rapporten er klar.")
        assert _cell(page, "Meldinger mottatt", "current") == "8"
        assert marked_cells(page) == set(), "values that were not there before have not changed"

        before = reported_values(server, service)
        post_delivery(server, with_new_melding(service))
        expect(page.get_by_text("Utdatert", exact=True)).to_be_visible()
        snapshot = api.get(API, params={"organization_id": service.organization_id}).json()["data"][0]["snapshot_id"]
        api.put(f"{API}/{snapshot}", json={"invalidate_cache": True, "reason": "Ny levering"}).raise_for_status()
        expect(decision_tag(page)).to_be_visible()
        expect(page.locator("[data-changed]").first).to_be_visible()
        assert marked_cells(page) == differing_cells(before, reported_values(server, service)) != set()

        api.delete(f"{API}/{snapshot}").raise_for_status()
        expect(page.get_by_text("Rapporten ble slettet kl.")).to_be_visible()
        expect(page.get_by_text("Verdiene under er ikke lenger lagret.")).to_be_visible()
        assert _cell(page, "Meldinger mottatt", "current") == "9", "the values stay to be read"

        page.get_by_role("button", name="Aggreger", exact=True).click()
        expect(decision_tag(page)).to_be_visible()
        expect(page.get_by_text("Rapporten ble slettet")).to_have_count(0)


def test_delete_dialog_states_consequences_and_confirms(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service]
) -> None:
    service = services["posted"]
    page = open_preview(busy, service, period_id="2023")
    page.get_by_role("button", name="Flere handlinger").click()
    page.get_by_role("button", name="Slett rapporten …").click()
    dialog = page.get_by_role("dialog", name="Slette rapporten?")
    expect(dialog).to_contain_text("Rapporten lages ikke på nytt av seg selv. 2024 mister tallene å sammenligne med.")
    expect(dialog.get_by_role("button", name="Avbryt")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Flere handlinger").click()
    page.get_by_role("button", name="Slett rapporten …").click()
    dialog.get_by_role("button", name="Slett rapporten").click()
    expect(page.get_by_text("Rapporten ble slettet kl.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Det finnes ingen rapport for 2023 ennå.")).to_be_visible()


def test_reaggregation_by_keyboard_requires_reason(
    open_preview: OpenPreview, busy: Server, services: dict[str, Service]
) -> None:
    service = services["again"]
    page = open_preview(busy, service)
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog", name="Aggregere på nytt?")
    reason = dialog.get_by_role("textbox", name="Hvorfor aggregeres det på nytt?")
    expect(reason).to_be_focused()

    for _ in range(4):  # past the buttons of the three usual reasons
        page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Aggreger på nytt")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Skriv en grunn, eller velg en under.")).to_be_visible()
    expect(reason).to_be_focused()

    page.keyboard.type("Kontroll før fristen")
    expect(dialog.get_by_text("480 tegn igjen")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("Ingen verdier er endret.")).to_have_count(1)
    expect(decision_tag(page)).to_be_visible()

    found = httpx.get(f"{busy.url}/api/v1/jobs/{_newest_job(busy, service)}").json()
    assert (found["requested_by"], found["reason"], found["job_status"]) == (
        "dashboard",
        "Kontroll før fristen",
        "completed",
    )


def _newest_job(server: Server, service: Service) -> str:
    """Return the last job of a valid snapshot, which a POST returns without starting another (rule 3b, docs/api.md)."""
    response = httpx.post(f"{server.url}{API}", json={"organization_id": service.organization_id, "period_id": "2024"})
    assert response.status_code == 200
    return response.json()["job_id"]


@pytest.mark.slow
def test_page_reconnects_after_server_restart(open_preview: OpenPreview, tmp_path: Path) -> None:
    service, data_dir = Service(9922), tmp_path / "data"
    data_dir.mkdir()
    fill_store(data_dir, [service], "2023", "2024")
    with running_server(data_dir, environment=AUTO_AGGREGATE_AT_ONCE) as first:
        page = open_preview(first, service)
        before = reported_values(first, service)
        page.get_by_role("button", name="Meldinger over frist", exact=True).click()
        page.evaluate("scrollTo(0, 200)")
        port = first.port
        first.stop()
        expect(page.get_by_role("alert")).to_contain_text("Du ser siste kjente verdier. Kobler til igjen …")
        expect(page.locator(".head__state")).to_contain_text("Sist kjent:")
        expect(page.locator(".head__state .ds-tag")).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        assert _cell(page, "Meldinger mottatt", "current") == "8"

    with pipeline.open_application(data_dir) as application:
        pipeline.deliver(application, with_new_melding(service))
        pipeline.aggregate(application, service.organization_id, "2024")
    with running_server(data_dir, environment=AUTO_AGGREGATE_AT_ONCE, port=port) as second:
        expect(page.get_by_text("Direkte", exact=True)).to_be_visible()
        expect(page.get_by_text("Tilkoblet igjen.").first).to_be_visible()
        expect(page.get_by_role("row", name="Meldinger mottatt").locator("[data-value='9']")).to_be_visible()
        assert marked_cells(page) == differing_cells(before, reported_values(second, service)) != set()
        expect(page.get_by_role("button", name="Meldinger over frist", exact=True)).to_have_attribute(
            "aria-expanded", "true"
        )
        expect(page.get_by_role("button", name="Meldinger over frist", exact=True)).to_be_focused()
        assert page.evaluate("scrollY") > 0

        # Actions now go to the new session.
        page.get_by_role("button", name="Aggreger på nytt").click()
        page.get_by_role("button", name="Kontroll før innsending").click()
        page.get_by_role("dialog").get_by_role("button", name="Aggreger på nytt").click()
        expect(page.get_by_text("Ingen verdier er endret.")).to_have_count(1)


def test_invalid_url_shows_error_page(page: Page, busy: Server, services: dict[str, Service]) -> None:
    for path, status, text in (
        ("/preview?organization_id=org-unknown", 404, "Fant ikke tjenesten."),
        (
            f"/preview?organization_id={services['still'].organization_id}&period_id=2024-H3",
            422,
            "Perioden finnes ikke.",
        ),
        ("/nowhere", 404, "Fant ikke siden."),
    ):
        answer = page.goto(f"{busy.url}{path}")
        assert answer is not None
        assert answer.status == status
        expect(page.get_by_role("heading", level=1)).to_contain_text(text)
        expect(page.get_by_role("link", name="Til oversikten")).to_have_attribute("href", "/")
    page.get_by_role("link", name="Til oversikten").click()
    expect(page.get_by_role("heading", level=1, name="Oversikt")).to_be_visible()


def test_paused_preview_defers_changes(open_preview: OpenPreview, busy: Server, services: dict[str, Service]) -> None:
    service = services["moved"]
    page = open_preview(busy, service)
    page.keyboard.press("p")
    expect(page.get_by_text("Satt på pause.").first).to_be_visible()
    post_delivery(busy, with_new_melding(service))
    expect(page.get_by_text("3 endringer venter.")).to_be_visible()
    assert _cell(page, "Meldinger mottatt", "current") == "8"
    page.keyboard.press("p")
    expect(page.locator("[data-changed]")).to_have_count(3)
    assert _cell(page, "Meldinger mottatt", "current") == "9"
