"""All states of all views: how to open each, the texts that it shows and the actions that it offers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from preview.core.languages import Language
from preview.i18n.catalog import MessageCatalog
from tests.browser.support.overview_fixtures import (
    ALL,
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
from tests.support.server_process import Server

TEXTS = MessageCatalog.load()


def text_pattern(language: Language, key: str) -> re.Pattern[str]:
    """Return a pattern of a text with any parameters, in both forms if it depends on a number."""
    keys = [key] if key in TEXTS.keys else [f"{key}.one", f"{key}.other"]
    return re.compile("|".join(re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(TEXTS.raw(language, form))) for form in keys))


@dataclass(frozen=True)
class ViewState:
    """A state of a view.

    Attributes:
        path: The URL below the server's.
        texts: Keys of the texts that must be visible.
        actions: Keys of the names of the buttons and links that must be visible.
        absent_actions: The same, for those that must not be visible.
        setup: What a visitor does after the page has opened.
        leave: What the visitor does to have the page as it was before.
        rows: The number of visible rows, None if it does not matter.
        live: Whether the page has a session; error pages have none.
        within: The selector of the element that has the actions.
    """

    name: str
    path: str
    texts: tuple[str, ...]
    actions: tuple[str, ...] = ()
    absent_actions: tuple[str, ...] = ()
    setup: Callable[[Page], object] = lambda _: None
    leave: Callable[[Page], object] = lambda page: page.keyboard.press("Escape")
    rows: int | None = None
    live: bool = True
    within: str = "main"


def _press_key(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _click(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).click()


def _preview_path(service: SampleService, period: str = "2024") -> str:
    return f"/preview?organization_id={service.organization_id}&period_id={period}"


def _open_row(page: Page) -> None:
    page.locator("tr[data-flags~=error] .open, tr[data-flags~=notice] .open").first.click()
    page.locator(".detail:visible").wait_for()


def _open_history(page: Page) -> None:
    page.locator("[data-history=meldinger] summary").click()
    page.locator("[data-history=meldinger] .history, [data-history=meldinger] .chart__table .sub").first.wait_for()


def _show_disabled_reason(page: Page) -> None:
    page.locator("[data-region=actions] [data-report-action=aggregate]").press("Enter")  # disabled; shows its reason


def _open_drawer(page: Page) -> None:
    page.locator("button[commandfor=deliver]:visible").first.click()
    page.locator("#deliveries > li").first.wait_for()


PREVIEW = (
    ViewState(
        "valid",
        _preview_path(AS),
        ("review.state.approved", "state.filled"),
        ("head.again", "export.menu.open"),
        ("notice.retry",),
        rows=34,
    ),
    ViewState("in error", _preview_path(DRAMMEN), ("form.field_number",), ("app.show",), rows=34),
    ViewState("stale", _preview_path(HAMAR), ("state.stale", "state.source_changed"), ("head.again",), rows=34),
    ViewState(
        "processing again", _preview_path(MOSS), ("job.again", "job.left", "state.filled"), ("head.again",), rows=34
    ),
    ViewState(
        "processing first",
        _preview_path(TROMSO),
        ("job.first", "job.left", "notice.first", "state.none"),
        ("notice.see_job",),
        ("head.again",),
        rows=34,
    ),
    ViewState(
        "failed first",
        _preview_path(BODO),
        ("notice.failed_by_fault", "notice.failed_report", "state.none"),
        ("notice.retry", "notice.copy_number"),
        ("head.again",),
        rows=34,
    ),
    ViewState(
        "failed again",
        _preview_path(OSLO_SOR),
        ("notice.failed_by_fault", "notice.failed_stands", "state.aggregated_label"),
        ("notice.retry",),
        rows=34,
    ),
    ViewState(
        "no report",
        _preview_path(TROMSO, "2023"),
        ("notice.no_report", "state.none"),
        ("head.aggregate",),
        ("head.again",),
        rows=34,
    ),
    ViewState(
        "no source",
        _preview_path(VIK),
        ("notice.no_source", "state.none"),
        ("deliver.open",),
        ("head.again",),
        rows=34,
    ),
    ViewState(
        "no field passes",
        _preview_path(AS),
        ("filter.none",),
        ("filter.reset",),
        setup=_press_key("f"),
        leave=_press_key("x"),
        rows=0,
    ),
    ViewState(
        "paused",
        _preview_path(AS),
        ("live.paused",),
        ("live.resume",),
        setup=_press_key("p"),
        leave=_press_key("p"),
        rows=34,
    ),
    ViewState("row opened", _preview_path(DRAMMEN), ("form.definition", "form.key"), (), setup=_open_row, rows=34),
    ViewState(
        "history opened",
        _preview_path(AS),
        ("form.history",),
        setup=_open_history,
        leave=_click("[data-history=meldinger] summary"),
        rows=34,
    ),
    ViewState(
        "again",
        _preview_path(AS),
        ("again.title", "again.help"),
        ("head.again", "app.cancel"),
        setup=_press_key("a"),
        within="#again",
    ),
    ViewState("why not", _preview_path(VIK), ("why.no_source",), (), setup=_show_disabled_reason, rows=34),
    ViewState("menu", _preview_path(AS), (), ("export.menu.open",), setup=_click("[popovertarget=more]")),
    ViewState(
        "keys", _preview_path(AS), ("keys.title", "keys.off"), ("app.close",), setup=_press_key("?"), within="#keys"
    ),
    ViewState(
        "export",
        _preview_path(AS),
        ("export.menu.shown",),
        ("export.menu.csv", "head.print"),
        setup=_press_key("e"),
        within="#export",
    ),
    ViewState("choosing a service", _preview_path(AS), (), (), setup=_press_key("/"), within="#chooser"),
    ViewState(
        "not found", "/preview?organization_id=org-none", ("notice.no_organization",), ("app.to_overview",), live=False
    ),
    ViewState("no period", _preview_path(AS, "2024-H3"), ("notice.wrong_period",), ("app.to_overview",), live=False),
    ViewState("no page", "/nowhere", ("notice.no_page",), ("app.to_overview",), live=False),
)

OVERVIEW = (
    ViewState(
        "overview",
        "/?period_id=2024",
        ("overview.state.failed", "state.stale", "overview.state.processing"),
        (),
        rows=len(ALL),
    ),
    ViewState("other period", "/?period_id=2023", ("review.state.not_delivered",), (), rows=len(ALL)),
    ViewState("nobody passes", "/?q=nobody", ("organizations.none_found",), ("filter.reset",), rows=0),
    ViewState(
        "paused list",
        "/",
        ("live.paused",),
        ("live.resume",),
        setup=_press_key("p"),
        leave=_press_key("p"),
        rows=len(ALL),
    ),
    ViewState(
        "keys of the list", "/", ("keys.title", "keys.off"), ("app.close",), setup=_press_key("?"), within="#keys"
    ),
    ViewState(
        "drawer",
        "/",
        ("deliver.open", "deliver.full_help", "deliver.newest"),
        ("app.close",),
        setup=_open_drawer,
        within="#deliver",
    ),
    ViewState("more", "/", (), ("head.shortcuts",), setup=_click("[popovertarget=more]"), within="#more"),
)


STATES = (*PREVIEW, *OVERVIEW)


def find_action(page: Page, state: ViewState, language: Language, key: str) -> Locator:
    """Return the visible button or link whose name is a text."""
    within, name = page.locator(state.within), text_pattern(language, key)
    return within.get_by_role("button", name=name).or_(within.get_by_role("link", name=name)).filter(visible=True)


def open_view(page: Page, server: Server, state: ViewState, language: Language) -> None:
    """Open the view of a state in a language."""
    page.goto(f"{server.url}{state.path}{'&' if '?' in state.path else '?'}lang={language}")
    if state.live:
        expect(page.locator("html")).to_have_attribute("data-live", "on")


def open_state(page: Page, server: Server, state: ViewState, language: Language) -> None:
    """Open a view in a language and bring it into the state."""
    open_view(page, server, state, language)
    state.setup(page)


def expect_texts(page: Page, language: Language, *keys: str) -> None:
    """Assert that texts are visible."""
    for key in keys:
        expect(page.get_by_text(text_pattern(language, key)).filter(visible=True).first).to_be_visible()
