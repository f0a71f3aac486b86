"""The frame of every live page: what a page's folder must hold, and its place in the navigation."""

import asyncio
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bokeh.document import Document
from tornado.ioloop import IOLoop

from components import assets
from components.app_bar.navigation import MAIN_NAVIGATION, NavItem, NavLink, nav_items
from components.app_bar.period_frame import ShownPeriod
from components.assets import PAGE_FOLDERS
from components.context import AppContext
from components.dashboard import PAGES
from components.layout.preferences import RequestPreferences, Translator
from components.live.fanout import Fanout
from components.live_page import LivePage, LiveSession, LoadedPage, OpenedPage, PageServices
from preview.core.clock import today
from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import MessageCatalog
from preview.runtime.application import Application
from tests.support import pipeline

COMPONENTS = Path(__file__).parents[2] / "components"
LINKS = (NavLink("overview", "app.overview", "/"), NavLink("preview", "app.preview"))


@pytest.mark.parametrize("page", PAGES)
def test_folder_of_page_holds_all_of_it(page: type[LivePage[object]]) -> None:
    folder = COMPONENTS / page.name
    assert {f"{page.name}.{suffix}" for suffix in ("html", "css", "js")} <= {path.name for path in folder.iterdir()}


def test_each_page_has_its_stylesheet_and_one_place_in_navigation() -> None:
    names = [page.name for page in PAGES]
    assert sorted(names) == sorted(PAGE_FOLDERS)
    assert sorted(link.page for link in MAIN_NAVIGATION) == sorted(names)
    paths = {page.name: page.path for page in PAGES}
    assert all(link.path in ("", paths[link.page]) for link in MAIN_NAVIGATION)


@pytest.mark.parametrize("language", LANGUAGES)
def test_navigation_has_text_in_each_language(language: Language) -> None:
    t = Translator(MessageCatalog.load(), language)
    for link in MAIN_NAVIGATION:
        assert t(link.text_key)


@pytest.mark.parametrize(
    ("active_page", "expected"),
    [
        ("overview", [NavItem("overview", "Oversikt", "/p/?period_id=2024", True)]),
        (
            "preview",
            [
                NavItem("overview", "Oversikt", "/p/?period_id=2024", False),
                NavItem("preview", "Forhåndsvisning", "", True),
            ],
        ),
        ("", [NavItem("overview", "Oversikt", "/p/?period_id=2024", False)]),
    ],
)
def test_page_without_path_is_listed_while_open(active_page: str, expected: list[NavItem]) -> None:
    t = Translator(MessageCatalog.load(), "nb")
    assert nav_items(t, "/p", active_page, "period_id=2024", LINKS) == expected


# ── The session ──


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    deadline = today() + timedelta(days=2)
    with pipeline.open_application(data_dir, started=False, reporting_deadline=deadline) as opened:
        yield opened


class SessionHarness:
    """The session of an open page, whose callbacks run at once."""

    def __init__(self, application: Application) -> None:
        self.context = AppContext.from_application(application, assets.load_assets())
        self.reporting_period, position = application.reviews.query.reporting_period()
        services = PageServices.create(self.context, Fanout(application.dispatcher, IOLoop.current()), IOLoop.current())
        loaded = LoadedPage(None, self.reporting_period, position)
        opened = OpenedPage(
            "overview", ShownPeriod(), RequestPreferences("nb", "light", {}), Document(), "test", False, loaded
        )
        self.session = LiveSession(services, opened, {})
        self.session.live.handle_message({"action": "ready"})

    def patched(self) -> dict[str, Any]:
        """Run the callbacks of the session, and return the regions of the last patch."""
        for callback in self.session.document.session_callbacks:
            callback.callback()
        return self.session.live.regions


def test_app_bar_names_other_period_in_all_links(application: Application) -> None:
    async def scenario() -> None:
        harness = SessionHarness(application)
        harness.session.show_period(ShownPeriod("2023", {"q": "å"}))
        regions = harness.patched()
        assert set(regions) == {"home", "navigation", "menu", "reporting-period", "wall-link"}
        for region in ("home", "navigation", "menu"):
            assert 'href="/?period_id=2023"' in regions[region]
        assert "Du ser 2023" in regions["reporting-period"]
        assert 'href="?q=%C3%A5"' in regions["reporting-period"]
        assert harness.session.drawer.period_query == "period_id=2023"
        harness.session.show_period(ShownPeriod())
        assert "Du ser" not in harness.patched()["reporting-period"]
        assert harness.session.drawer.period_query == ""

    asyncio.run(scenario())


def test_app_bar_counts_days_again_though_nothing_else_changed(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        harness = SessionHarness(application)
        harness.session.receive_reporting_period(harness.reporting_period)
        assert harness.patched() == {}
        tomorrow = today() + timedelta(days=1)
        for module in ("components.live_page", "components.context"):
            monkeypatch.setattr(f"{module}.today", lambda: tomorrow)
        harness.session.receive_reporting_period(harness.reporting_period)
        assert "i morgen" in harness.patched()["reporting-period"]

    asyncio.run(scenario())
