"""Actions on a report: in each state, by keyboard, by two users at once, and while offline."""

from collections.abc import Generator
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import decision_tag
from tests.browser.support import overview_fixtures
from tests.browser.support.overview_fixtures import (
    ALTA,
    AS,
    BODO,
    DRAMMEN,
    HAMAR,
    MOSS,
    OSLO_SOR,
    TROMSO,
    VIK,
    SampleService,
)
from tests.support.pipeline import wait_until
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

OFFERED = ""
NO_REPORT = "Kan ikke slette: det er ingen rapport for perioden."
NO_VALUES = "Kan ikke eksportere: det er ingen verdier ennå."
ALL_OFFERED = {"again": OFFERED, "approve": OFFERED, "export": OFFERED, "delete": OFFERED, "deliver": OFFERED}
ACTOR = "X-Person"


class State(NamedTuple):
    """A state of a report: where it can be seen, the text of the page, and the actions in order."""

    service: SampleService
    period_id: str
    text: str
    actions: dict[str, str]


STATES = {
    "no source": State(
        VIK,
        "2024",
        "Det finnes ingen data for 2024 for denne tjenesten.",
        {
            "export": NO_VALUES,
            "aggregate": "Kan ikke aggregere: det finnes ingen data for 2024.",
            "deliver": OFFERED,
            "delete": NO_REPORT,
        },
    ),
    "no report": State(
        ALTA,
        "2023-H1",
        "Det finnes ingen rapport for 1. halvår 2023 ennå.",
        {"export": NO_VALUES, "aggregate": OFFERED, "deliver": OFFERED, "delete": NO_REPORT},
    ),
    "processing": State(
        TROMSO,
        "2024",
        "Tallene beregnes og vises her når de er klare.",
        {
            "export": NO_VALUES,
            "aggregate": "Kan ikke aggregere: en jobb kjører allerede (ca. 1 s).",
            "deliver": OFFERED,
            "delete": OFFERED,
        },
    ),
    "processing beside a report": State(MOSS, "2024", "Aggregerer på nytt", ALL_OFFERED),
    "failed": State(
        BODO,
        "2024",
        "En feil i programmet stoppet aggregeringen (job-agg-",
        {"export": NO_VALUES, "aggregate": OFFERED, "deliver": OFFERED, "delete": OFFERED},
    ),
    "stale": State(HAMAR, "2024", "Kilden er endret etter", ALL_OFFERED),
    "valid": State(DRAMMEN, "2024", "Kan ikke godkjennes ennå: 1 feil.", ALL_OFFERED),
    "historical": State(DRAMMEN, "2023", " av 34 felt", ALL_OFFERED),
}

FAST_STATES = {"no source", "processing", "valid"}
"""`make slow` opens the others too; tests/components/preview/test_actions.py tries all without a browser."""


@pytest.fixture(scope="module")
def actor_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server with a service in every state, which takes the actor from a header, as behind a proxy."""
    data_dir = tmp_path_factory.mktemp("country") / "data"
    data_dir.mkdir()
    overview_fixtures.fill(data_dir)
    environment = overview_fixtures.NO_AUTO_AGGREGATE | {"BUFDIR_PREVIEW_ACTOR_HEADER": ACTOR}
    with (
        running_server(data_dir, environment=environment) as server,
        overview_fixtures.open_second_application(data_dir) as application,
    ):
        for service in (MOSS, TROMSO):
            overview_fixtures.start_held_job(application, service, 0.5)
        yield server


def open_preview(page: Page, server: Server, service: SampleService, period_id: str = "2024", query: str = "") -> Page:
    page.goto(f"{server.url}/preview?organization_id={service.organization_id}&period_id={period_id}{query}")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def shown_actions(page: Page) -> dict[str, str]:
    """Return the disabled reason of each action, empty for enabled ones."""
    found = page.locator("[data-report-action]").evaluate_all("""all => all.map(each => [each.dataset.reportAction,
      each.ariaDisabled === 'true'
        ? document.getElementById(each.getAttribute('aria-describedby')).textContent : ''])""")
    return dict(found)


@pytest.mark.parametrize(
    "state", [state if state in FAST_STATES else pytest.param(state, marks=pytest.mark.slow) for state in STATES]
)
def test_state_offers_actions_or_shows_disabled_reason(page: Page, actor_server: Server, state: str) -> None:
    service, period_id, says, actions = STATES[state]
    open_preview(page, actor_server, service, period_id)
    expect(page.get_by_text(says).first).to_be_visible()
    assert shown_actions(page) == actions
    for key, action in (("a", "aggregate"), ("e", "export")):
        if actions.get(action):
            page.keyboard.press(key)
            expect(page.locator(f"#why-{action}")).to_be_visible()
            if action == "export":  # in a narrow window it is as wide as the space beside its button
                page.set_viewport_size({"width": 375, "height": 900})
                box = page.locator("#why-export").bounding_box()
                assert box
                assert 0 < box["x"] < box["x"] + box["width"] < 375
            page.keyboard.press("Escape")
            expect(page.locator(f"#why-{action}")).to_be_hidden()


def test_notice_links_open_job_and_findings(page: Page, actor_server: Server) -> None:
    open_preview(page, actor_server, TROMSO)
    page.get_by_role("button", name="Se aggregeringen").click()
    job = page.get_by_role("dialog", name="Aggregeringen")
    expect(job).to_contain_text("Kjører")
    expect(job).to_contain_text("50\u00a0%")
    page.keyboard.press("Escape")

    open_preview(page, actor_server, BODO)
    expect(page.get_by_role("button", name="Prøv igjen")).to_be_visible()
    expect(page.get_by_role("link", name="Se funn")).to_have_count(0)  # the program is the cause
    page.get_by_role("button", name="Kopier nummer").click()
    # A browser that gives scripts no clipboard selects the sentence with the number.
    copied = "document.querySelector('#said').textContent || getSelection().toString()"
    wait_until(lambda: "job-agg-" in page.evaluate(copied), "the number of the job")
    page.locator("#origins").scroll_into_view_if_needed()
    origins = page.get_by_role("region", name="Kilder og funn")
    expect(origins).to_be_in_viewport()
    expect(origins.get_by_role("row", name="CIS barnevern v4")).to_be_visible()
    expect(origins.get_by_text("Tatt inn").first).to_be_visible()


def tab_to(page: Page, target: Locator, key: Literal["Tab", "Shift+Tab"] = "Tab") -> None:
    """Move the focus to an element with the Tab key alone."""
    element = target.element_handle()  # to look it up by its role takes longer than the key
    for _ in range(60):
        if element.evaluate("each => each === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("The Tab key does not reach the element.")


def test_preview_works_by_keyboard(page: Page, actor_server: Server) -> None:
    open_preview(page, actor_server, OSLO_SOR, "2023")
    # Compared period, theme and language.
    tab_to(page, page.get_by_role("button", name="Mørkt tema"))
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-color-scheme", "dark")
    tab_to(page, page.locator("select[name=compare]"))
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("columnheader", name="2024", exact=True)).to_be_visible()
    assert "compare=2024" in page.url

    # Export.
    tab_to(page, page.get_by_role("button", name="Eksporter"))
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        tab_to(page, page.get_by_role("link", name="CSV"))
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")

    # Open a row.
    tab_to(page, page.get_by_role("button", name="Meldinger mottatt"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Meldinger til undersøkelse")).to_have_attribute("aria-expanded", "true")

    # Delete, and aggregate for the first time.
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    tab_to(page, page.get_by_role("button", name="Flere handlinger"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Slett rapporten …"))
    page.keyboard.press("Enter")
    confirmation = page.get_by_role("dialog", name="Slette rapporten?")
    expect(confirmation.get_by_role("button", name="Avbryt")).to_be_focused()
    tab_to(page, confirmation.get_by_role("button", name="Slett rapporten"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rapporten ble slettet kl.")).to_be_visible()
    assert shown_actions(page)["delete"] == NO_REPORT
    page.keyboard.press("a")
    expect(decision_tag(page)).to_be_visible()

    # The page loads in the chosen language.
    tab_to(page, page.get_by_role("combobox", name="Språk"), "Shift+Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="Aggreger på nytt")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "nn")


@pytest.fixture
def two_pages(page: Page) -> tuple[Page, Page]:
    """A page for each of two users, Kari and Ola; the tests that use them are marked `own_page`."""
    pages = page, page.context.new_page()
    for opened, name in zip(pages, ("Kari Sætre", "ola.m"), strict=True):
        opened.set_extra_http_headers({ACTOR: name})
    return pages


def request_reaggregation(page: Page, reason: str) -> None:
    page.get_by_role("button", name="Aggreger på nytt").click()
    dialog = page.get_by_role("dialog", name="Aggregere på nytt?")
    dialog.get_by_role("textbox").fill(reason)
    dialog.get_by_role("button", name="Aggreger på nytt").click()


@pytest.mark.slow
@pytest.mark.own_page
def test_actions_of_two_users_are_visible_to_both(two_pages: tuple[Page, Page], actor_server: Server) -> None:
    """Both aggregate a stale report; then one deletes the report that the other is about to aggregate again."""
    kari, ola = (open_preview(page, actor_server, HAMAR) for page in two_pages)
    expect(ola.get_by_text("Utdatert", exact=True)).to_be_visible()
    request_reaggregation(kari, "Nytt uttrekk")
    for page in two_pages:
        expect(decision_tag(page)).to_be_visible()
        expect(page.get_by_role("row", name="Meldinger mottatt").locator("td.current[data-changed]")).to_be_visible()

    # Both aggregate at once: each page says that the job is queued, and in the end both show a valid report.
    for page in two_pages:
        page.get_by_role("button", name="Aggreger på nytt").click()
        page.get_by_role("dialog").get_by_role("textbox").fill("Kontroll")
    for page in two_pages:
        page.get_by_role("dialog").get_by_role("button", name="Aggreger på nytt").click()
    for page in two_pages:
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(decision_tag(page)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)

    ola.get_by_role("button", name="Aggreger på nytt").click()
    ola.get_by_role("dialog").get_by_role("textbox").fill("Feil rettet i kilden")
    kari.get_by_role("button", name="Flere handlinger").click()
    kari.get_by_role("button", name="Slett rapporten …").click()
    kari.get_by_role("dialog").get_by_role("button", name="Slett rapporten").click()
    expect(kari.get_by_text("Rapporten ble slettet kl.")).to_be_visible()
    expect(kari.get_by_role("button", name="Flere handlinger")).to_be_focused()
    # The text in the open dialog stays; the page behind it says what happened, and who did it.
    expect(ola.get_by_role("dialog").get_by_role("textbox")).to_have_value("Feil rettet i kilden")
    ola.get_by_role("dialog").get_by_role("button", name="Aggreger på nytt").click()
    expect(ola.get_by_text("av Kari Sætre. Verdiene under er ikke lenger lagret.")).to_be_visible()
    expect(ola.get_by_role("dialog").get_by_text("Fant ikke rapporten. Den kan være slettet.")).to_be_visible()
    expect(ola.get_by_role("dialog").get_by_role("textbox")).to_have_value("Feil rettet i kilden")
    ola.keyboard.press("Escape")
    expect(ola.get_by_role("link", name="Til oversikten")).to_be_visible()
    assert shown_actions(ola) == {"export": NO_VALUES, "aggregate": OFFERED, "deliver": OFFERED, "delete": NO_REPORT}


@pytest.mark.own_page
def test_delete_removes_snapshot_named_in_dialog(two_pages: tuple[Page, Page], actor_server: Server) -> None:
    """A report that was aggregated after the dialog was opened must not be deleted."""
    kari, ola = (open_preview(page, actor_server, AS) for page in two_pages)
    ola.get_by_role("button", name="Flere handlinger").click()
    ola.get_by_role("button", name="Slett rapporten …").click()
    named = ola.locator("[data-region=delete-lead]").get_attribute("data-snapshot")
    kari.get_by_role("button", name="Flere handlinger").click()
    kari.get_by_role("button", name="Slett rapporten …").click()
    kari.get_by_role("dialog").get_by_role("button", name="Slett rapporten").click()
    kari.get_by_role("button", name="Aggreger", exact=True).click()
    expect(decision_tag(kari)).to_be_visible()
    # Ola's dialog names the new report by now. A page that is not up to date still names the old one.
    expect(ola.locator("[data-region=delete-lead]")).not_to_have_attribute("data-snapshot", named or "")
    ola.locator("[data-region=delete-lead]").evaluate("(lead, named) => { lead.dataset.snapshot = named }", named)
    ola.get_by_role("dialog").get_by_role("button", name="Slett rapporten").click()
    expect(ola.get_by_role("dialog").get_by_text("Fant ikke rapporten. Den kan være slettet.")).to_be_visible()
    expect(decision_tag(kari)).to_be_visible()
