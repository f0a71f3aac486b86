"""The activity page in a browser: accessible and whole at every width, live, and usable with the keyboard alone."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Service, fill_store, post_delivery, with_new_melding
from tests.browser.support.axe import violations_in_both_schemes
from tests.browser.support.layout import layout_problems, problems_by_font_size, small_targets
from tests.support.server_process import Server, running_server

pytestmark = [pytest.mark.browser, pytest.mark.chromium]  # font sizes of the browser, media emulation

SERVICE = Service(3301)
OTHER = Service(3302)


@pytest.fixture(scope="module")
def activity_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    data_dir = tmp_path_factory.mktemp("activity") / "data"
    data_dir.mkdir()
    fill_store(data_dir, [SERVICE, OTHER], "2023", "2024")
    with running_server(data_dir, environment={"BUFDIR_PREVIEW_AUTO_AGGREGATE": "false"}) as server:
        yield server


@pytest.fixture
def activity(page: Page, activity_server: Server) -> Page:
    page.goto(f"{activity_server.url}/activity?organization_id={SERVICE.organization_id}")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def test_activity_is_accessible_and_whole_at_every_width(activity: Page) -> None:
    activity.locator(".event__more > summary").first.click()
    assert violations_in_both_schemes(activity) == {}
    for width in (1440, 768, 375, 320):
        activity.set_viewport_size({"width": width, "height": 900})
        assert (width, layout_problems(activity)) == (width, [])
    assert small_targets(activity) == []
    activity.set_viewport_size({"width": 1280, "height": 900})
    assert {size: found for size, found in problems_by_font_size(activity).items() if found} == {}


def test_new_events_wait_and_are_shown_with_keyboard(activity: Page, activity_server: Server) -> None:
    events = activity.locator(".event")
    before = events.count()
    activity.keyboard.press("j")
    activity.keyboard.press("j")
    reading = activity.locator(".event a:focus")
    expect(reading).to_have_count(1)
    post_delivery(activity_server, with_new_melding(OTHER))
    post_delivery(activity_server, with_new_melding(SERVICE))
    fresh = activity.get_by_role("button", name="1 ny hendelse – vis")
    expect(fresh).to_be_visible()
    expect(events).to_have_count(before)
    expect(reading).to_have_count(1)
    fresh.focus()
    activity.keyboard.press("Enter")
    expect(events).to_have_count(before + 1)
    expect(fresh).to_be_hidden()
    expect(activity.locator("#activities")).to_be_focused()
    expect(events.first).to_contain_text("Leveranse tatt inn via API-et")


@pytest.mark.own_page
def test_filters_are_kept_in_a_short_address(activity: Page) -> None:
    activity.get_by_role("combobox", name="Tjeneste").select_option(label=OTHER.name)
    activity.get_by_role("combobox", name="Hendelse").select_option(label="Aggregert")
    with activity.expect_navigation():
        activity.get_by_role("button", name="Vis", exact=True).click()
    assert activity.url.endswith(f"/activity?organization_id={OTHER.organization_id}&kind=aggregated")
    expect(activity.locator(".event")).to_have_count(2)
    expect(activity.get_by_role("combobox", name="Hendelse")).to_have_value("aggregated")
    activity.emulate_media(media="print")
    expect(activity.locator("#choose")).to_be_hidden()
    expect(activity.locator(".event").first).to_be_visible()
    activity.emulate_media(media="screen")
