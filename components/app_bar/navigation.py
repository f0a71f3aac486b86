"""The main navigation: the pages that the app bar of every page links to, in order."""

from collections.abc import Sequence
from typing import NamedTuple

from components.layout.preferences import Translator


class NavLink(NamedTuple):
    """A page of the main navigation.

    Attributes:
        page: The page's name (`LivePage.name`).
        text_key: The key of the link's text.
        path: The page's path below the URL prefix; empty for a page of one subject, such as a report, which is listed
            only while it is open.
    """

    page: str
    text_key: str
    path: str = ""


MAIN_NAVIGATION = (
    NavLink("overview", "app.overview", "/"),
    NavLink("country", "country.name", "/country"),
    NavLink("field", "field.name"),
    NavLink("preview", "app.preview"),
    NavLink("activity", "app.activity", "/activity"),
    NavLink("deliveries", "app.deliveries", "/deliveries"),
    NavLink("definitions", "app.definitions", "/definitions"),
    NavLink("wall", "wall.name"),
)
"""A new page is a line here, and one in `components/server.py`."""


class NavItem(NamedTuple):
    """An entry of the navigation as a page shows it; `url` is empty for an open page that has no link."""

    page: str
    name: str
    url: str
    is_current: bool


def nav_items(
    t: Translator, prefix: str, active_page: str, query: str = "", links: Sequence[NavLink] = MAIN_NAVIGATION
) -> list[NavItem]:
    """Return the entries of the navigation.

    Args:
        t: The texts.
        prefix: The URL prefix of the program.
        active_page: The name of the open page; empty for an error page.
        query: The query string that every link has, empty for none.
        links: The pages.
    """
    suffix = f"?{query}" if query else ""
    return [
        NavItem(
            link.page,
            t(link.text_key),
            f"{prefix}{link.path}{suffix}" if link.path else "",
            link.page == active_page,
        )
        for link in links
        if link.path or link.page == active_page
    ]
