"""Every state that a view can be in: its address, what a person does to see it, what it says, what it offers."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from preview.core.languages import Language
from preview.i18n.catalog import Texts
from tests.browser.overview_fixtures import AS, BODO, DRAMMEN, HAMAR, MOSS, OSLO_SOR, TROMSO, VIK, Place
from tests.support.server_process import Server

TEXTS = Texts.load()


def said(language: Language, key: str) -> re.Pattern[str]:
    """The text with anything in place of its params, in either form where a number decides it."""
    keys = [key] if key in TEXTS.keys else [f"{key}.one", f"{key}.other"]
    return re.compile("|".join(re.sub(r"\\\{[^}]*\\\}", ".+", re.escape(TEXTS.raw(language, each))) for each in keys))


@dataclass(frozen=True)
class State:
    """`says` and `offers` are keys of texts; `within` is where the offers stand. A page that only tells something has no line."""

    name: str
    path: str
    says: tuple[str, ...]
    offers: tuple[str, ...] = ()
    withholds: tuple[str, ...] = ()
    does: Callable[[Page], object] = lambda _: None
    rows: int | None = None
    live: bool = True
    within: str = "main"


def _key(key: str) -> Callable[[Page], None]:
    return lambda page: page.keyboard.press(key)


def _click(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).click()


def _of(place: Place, period: str = "2024") -> str:
    return f"/preview?organization_id={place.organization_id}&period_id={period}"


def _open_row(page: Page) -> None:
    page.locator("tr[data-flags~=error] .open, tr[data-flags~=notice] .open").first.click()
    page.locator(".detail:visible").wait_for()


def _open_history(page: Page) -> None:
    page.locator("[data-history=meldinger] summary").click()
    page.locator("[data-history=meldinger] .history, [data-history=meldinger] .chart__table .sub").first.wait_for()


def _why(page: Page) -> None:
    page.locator("[data-region=actions] [data-act=aggregate]").press("Enter")  # it is disabled, and says why


def _drawer(page: Page) -> None:
    page.locator("button[commandfor=deliver]:visible").first.click()
    page.locator("#deliveries > li").first.wait_for()


PREVIEW = (
    State("valid", _of(AS), ("state.valid", "state.filled"), ("head.again", "export.menu.open"), ("notice.retry",), rows=34),
    State("in error", _of(DRAMMEN), ("form.field_number",), ("app.show",), rows=34),
    State("stale", _of(HAMAR), ("state.stale", "state.source_changed"), ("head.again",), rows=34),
    State("processing again", _of(MOSS), ("job.again", "job.left", "state.filled"), ("head.again",), rows=34),
    State(
        "processing first",
        _of(TROMSO),
        ("job.first", "job.left", "notice.first", "state.none"),
        ("notice.see_job",),
        ("head.again",),
        rows=34,
    ),
    State(
        "failed first",
        _of(BODO),
        ("notice.failed", "notice.failed_by_fault", "state.none"),
        ("notice.retry", "notice.see_findings"),
        ("head.again",),
        rows=34,
    ),
    State("failed again", _of(OSLO_SOR), ("notice.failed", "notice.failed_stands", "state.valid"), ("notice.retry",), rows=34),
    State("no report", _of(TROMSO, "2023"), ("notice.no_report", "state.none"), ("head.aggregate",), ("head.again",), rows=34),
    State("no source", _of(VIK), ("notice.no_source", "state.none"), ("deliver.short",), ("head.again",), rows=34),
    State("no field passes", _of(AS), ("filter.none",), ("filter.reset",), does=_key("f"), rows=0),
    State("paused", _of(AS), ("live.paused",), ("live.resume",), does=_key("p"), rows=34),
    State("row opened", _of(DRAMMEN), ("form.definition", "form.key"), (), does=_open_row, rows=34),
    State("history opened", _of(AS), ("form.history",), (), does=_open_history, rows=34),
    State("again", _of(AS), ("again.title", "again.help"), ("head.again", "app.cancel"), does=_key("a"), within="#again"),
    State("why not", _of(VIK), ("why.no_source",), (), does=_why, rows=34),
    State("menu", _of(AS), (), ("export.menu.open",), does=_click("[popovertarget=more]")),
    State("keys", _of(AS), ("keys.title", "keys.off"), ("app.close",), does=_key("?"), within="#keys"),
    State("export", _of(AS), ("export.menu.shown",), ("export.menu.csv", "head.print"), does=_key("e"), within="#export"),
    State("choosing a service", _of(AS), (), (), does=_key("/"), within="#chooser"),
    State("not found", "/preview?organization_id=org-none", ("notice.no_organization",), ("app.to_overview",), live=False),
    State("no period", _of(AS, "2024-H3"), ("notice.wrong_period",), ("app.to_overview",), live=False),
    State("no page", "/nowhere", ("notice.no_page",), ("app.to_overview",), live=False),
)

OVERVIEW = (
    State("overview", "/?period_id=2024", ("overview.state.failed", "state.stale", "overview.state.processing"), (), rows=10),
    State("newest of each", "/", ("overview.state.silent",), (), rows=10),
    State("nobody passes", "/?q=nobody", ("organizations.none_found",), ("filter.reset",), rows=0),
    State("paused list", "/", ("live.paused",), ("live.resume",), does=_key("p"), rows=10),
    State("keys of the list", "/", ("keys.title", "keys.off"), ("app.close",), does=_key("?"), within="#keys"),
    State("drawer", "/", ("deliver.open", "deliver.full_help", "deliver.newest"), ("app.close",), does=_drawer, within="#deliver"),
    State("more", "/", (), ("head.shortcuts",), does=_click("[popovertarget=more]"), within="#more"),
)


STATES = (*PREVIEW, *OVERVIEW)


def offered(page: Page, state: State, language: Language, key: str) -> Locator:
    """The button or link of that name, where it can be seen."""
    within, name = page.locator(state.within), said(language, key)
    return within.get_by_role("button", name=name).or_(within.get_by_role("link", name=name)).filter(visible=True)


def reach(page: Page, server: Server, state: State, language: Language) -> None:
    """Opens it in that language, and does what it takes."""
    page.goto(f"{server.url}{state.path}{'&' if '?' in state.path else '?'}lang={language}")
    if state.live:
        expect(page.locator("html")).to_have_attribute("data-live", "on")
    state.does(page)


def expect_said(page: Page, language: Language, *keys: str) -> None:
    """These texts are to be seen."""
    for key in keys:
        expect(page.get_by_text(said(language, key)).filter(visible=True).first).to_be_visible()
