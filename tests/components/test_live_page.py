"""The frame of every live page: what a page's folder must hold, and its place in the navigation."""

from pathlib import Path

import pytest

from components.assets import PAGE_FOLDERS
from components.layout.navigation import MAIN_NAVIGATION, NavItem, NavLink, nav_items
from components.layout.preferences import Translator
from components.live_page import LivePage
from components.server import PAGES
from preview.core.languages import LANGUAGES, Language
from preview.i18n.catalog import MessageCatalog

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
        ("overview", [NavItem("Oversikt", "/p/", True)]),
        ("preview", [NavItem("Oversikt", "/p/", False), NavItem("Forhåndsvisning", "", True)]),
        ("", [NavItem("Oversikt", "/p/", False)]),
    ],
)
def test_page_without_path_is_listed_while_open(active_page: str, expected: list[NavItem]) -> None:
    t = Translator(MessageCatalog.load(), "nb")
    assert nav_items(t, "/p", active_page, LINKS) == expected
