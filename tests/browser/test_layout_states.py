"""Layout in special states: zoom and narrow screens, updates of an open page, no connection, no scripts."""

from pathlib import Path

import httpx
import pytest
from lxml import html
from playwright.sync_api import Page, expect

from preview.core.languages import LANGUAGES, Language
from tests.browser.conftest import API
from tests.browser.support import overview_fixtures
from tests.browser.support.axe import violations_in_both_schemes, violations_in_scheme
from tests.browser.support.layout import layout_problems, problems_by_font_size, small_targets
from tests.browser.support.overview_fixtures import AS, OSLO_VEST, TROMSO
from tests.browser.support.view_states import STATES, expect_texts, open_state, text_pattern
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser


_ZOOMED = (
    *("failed again", "processing again", "row opened", "again", "keys", "export", "choosing a service"),
    *("overview", "drawer"),
)


@pytest.mark.parametrize(
    ("language", "width", "names"),
    [
        ("nb", 320, ("row opened", "overview")),
        *(
            pytest.param(language, width, _ZOOMED, marks=pytest.mark.slow)
            for language in LANGUAGES
            for width in (720, 320)
        ),
    ],
)
def test_no_text_is_cut_at_200_percent_zoom_or_320_px(
    page: Page, states: Server, language: Language, width: int, names: tuple[str, ...]
) -> None:
    """720 px is a screen of 1440 px at 200 %, 320 px one of 1280 px at 400 % (WCAG 1.4.4, 1.4.10)."""
    wrong: dict[str, list[str]] = {}
    for state in STATES:
        if state.name in names:
            page.set_viewport_size({"width": width, "height": 450})
            open_state(page, states, state, language)
            wrong |= {state.name: found} if (found := [*layout_problems(page), *small_targets(page)]) else {}
            if width == 320:
                wrong |= {f"{state.name} with 24 px": found} if (found := problems_by_font_size(page, [24])[24]) else {}
            if width == 320:
                page.set_viewport_size({"width": 1280, "height": 900})
                for size, found in problems_by_font_size(page).items():
                    wrong |= {f"{state.name} with {size} px": found} if found else {}
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.own_page
def test_deletion_erasure_and_disconnect_update_open_pages(page: Page, data_dir: Path) -> None:
    """A report is deleted, an organization erased, a row changed, and the connection lost and restored."""
    overview_fixtures.fill(data_dir, ["2024"])
    deleted, forgotten, overview = page, page.context.new_page(), page.context.new_page()
    with (
        running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE) as server,
        overview_fixtures.open_second_application(data_dir) as application,
    ):
        for view, path in (
            (deleted, _address(AS)),
            (forgotten, _address(OSLO_VEST)),
            (overview, "/?period_id=2024&lang=nn"),
        ):
            view.goto(server.url + path)
            expect(view.locator("html")).to_have_attribute("data-live", "on")

        values = deleted.locator("td.current").all_text_contents()
        snapshot = httpx.get(f"{server.url}{API}", params={"organization_id": AS.organization_id}).json()["data"][0][
            "snapshot_id"
        ]
        assert httpx.delete(f"{server.url}{API}/{snapshot}").status_code == 200
        expect_texts(deleted, "nn", "notice.deleted", "state.none")
        expect(deleted.get_by_role("button", name="Aggreger", exact=True)).to_be_visible()
        assert deleted.locator("td.current").all_text_contents() == values
        expect(deleted.locator("td.current").first).to_have_css("text-decoration-line", "line-through")
        assert violations_in_both_schemes(deleted) == {}

        application.eraser.erase(OSLO_VEST.organization_id, "a test")
        expect_texts(forgotten, "nn", "notice.forgotten", "state.none")
        expect(forgotten.locator("main").get_by_role("link", name="Til oversynet")).to_be_visible()
        expect(forgotten.locator("tr[data-field]:visible")).to_have_count(34)
        expect(forgotten.locator("td.current")).to_have_text(["–ingen rapport"] * 34)
        expect(forgotten.locator("[data-region=answer]")).to_have_text("")
        for name in ("Eksporter", "Aggreger"):
            expect(forgotten.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-disabled", "true")
        expect(forgotten.locator("#origins")).not_to_contain_text(OSLO_VEST.system)
        assert violations_in_both_schemes(forgotten) == {}

        application.jobs.fail(overview_fixtures.start_held_job(application, TROMSO), "It failed.")
        expect(overview.locator("tr[data-changed=now]")).to_have_count(1)
        assert violations_in_both_schemes(overview) == {}

        server.stop()
        expect_texts(overview, "nn", "live.last_known")
        icons = overview.locator(".list .ico[data-color=success]")
        assert icons.evaluate_all(
            "icons => icons.every(icon => getComputedStyle(icon).color === getComputedStyle(icon.parentElement).color)"
        )
        for view, rows in ((deleted, 34), (overview, len(overview_fixtures.ALL) - 1)):
            expect_texts(view, "nn", "live.offline", "live.offline_since")
            view.emulate_media(media="print")
            expect_texts(view, "nn", "live.offline_since")
            view.emulate_media(media="screen")
            expect(view.get_by_role("alert").get_by_role("button", name="Prøv no")).to_be_visible()
            expect(view.locator("tr[data-field]:visible, .list > tbody > tr:visible")).to_have_count(rows)
            assert violations_in_both_schemes(view) == {}
    with running_server(data_dir, environment=overview_fixtures.NO_AUTO_AGGREGATE, port=server.port):
        expect_texts(overview, "nn", "overview.back_unchanged")
        assert violations_in_both_schemes(overview) == {}
        expect_texts(forgotten, "nn", "notice.no_organization")


@pytest.mark.slow
@pytest.mark.own_page
def test_rows_and_notice_shown_while_connecting(page: Page, states: Server) -> None:
    page.route_web_socket("**/ws**", lambda _: None)  # accepted, but never answered
    for path, rows in ((_address(AS), 34), ("/?period_id=2023&lang=nn", len(overview_fixtures.ALL))):
        page.goto(states.url + path)
        expect_texts(page, "nn", "live.connecting", "live.connecting_long")
        expect(page.locator("tr[data-field]:visible, .list > tbody > tr:visible")).to_have_count(rows)
    assert violations_in_scheme(page, "dark") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_noscript_notice_shown_in_each_language(states: Server, language: Language) -> None:
    for path in (_address(AS), "/?x="):
        document = html.fromstring(
            httpx.get(f"{states.url}{path}".replace("lang=nn", f"lang={language}"), cookies={"lang": language}).content
        )
        noscript = next(element for element in document.iter("noscript") if element.find(".//p") is not None)
        assert text_pattern(language, "live.no_script").fullmatch(noscript.find(".//p").text)
        assert text_pattern(language, "live.reload").fullmatch(noscript.find(".//a").text)


@pytest.mark.slow
def test_empty_store_shows_instructions(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/?lang=en")
    expect_texts(page, "en", "organizations.empty", "organizations.empty_help")
    text, button = page.locator("#none p").bounding_box(), page.locator("#none button").bounding_box()
    assert text
    assert button
    assert abs(text["x"] + text["width"] / 2 - button["x"] - button["width"] / 2) < 2, "the button is below its text"
    assert violations_in_both_schemes(page) == {}


def _address(service: overview_fixtures.SampleService) -> str:
    return f"/preview?organization_id={service.organization_id}&period_id=2024&lang=nn"
