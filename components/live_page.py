"""The base of every live page: its first HTML, its session, the drawer of deliveries, and the end of all of them.

A new page is a folder with a subclass of `LivePage`, and usually one of `LiveSession`, beside a template that extends
`layout/live.html`, a script and a stylesheet of the folder's name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import panel as pn
from bokeh.document import Document
from panel.viewable import Viewer

from components.context import AppContext
from components.deliveries.drawer import CLIENT_TEMPLATES as DRAWER_TEMPLATES
from components.deliveries.drawer import DeliveryDrawer, DeliveryUpdates
from components.layout import value_formatting
from components.layout.preferences import RequestPreferences, Translator, preferences_of
from components.live.component import LiveComponent, live_page
from components.live.fanout import Fanout
from preview.core.clock import format_rfc3339, now
from preview.core.languages import Language

PageData = TypeVar("PageData")

COMMON_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "live.offline_since": ("time",),
    "why.connecting": (),
    "why.offline": (),
    "live.paused": (),
    "live.waiting.one": (),
    "live.waiting.other": ("n",),
    "print.printed": ("time",),
    **DRAWER_TEMPLATES,
}
"""The texts that the browser fills in on every page, with the names of their parameters."""

COMMON_KEYS = (("i", "deliver"), ("p", "pause"), ("t", "theme"), ("?", "help"), ("Esc", "escape"))
"""The shortcuts of every page: the keys, and the end of the text key `keys.…`."""


@dataclass(frozen=True)
class PageServices:
    """What all live pages share, one per process.

    Attributes:
        context: The application, its texts and templates.
        fanout: Hands events over to sessions.
        delivery_updates: Keeps the drawers up to date.
    """

    context: AppContext
    fanout: Fanout
    delivery_updates: DeliveryUpdates


@dataclass(frozen=True)
class OpenedPage(Generic[PageData]):
    """An open page, for which a session is created.

    Attributes:
        preferences: The visitor's language and theme, and the query.
        document: The session's document.
        actor: Who acts on the page.
        data: What the page was rendered from; None if another process has rendered it, so that the session must send
            everything.
    """

    preferences: RequestPreferences
    document: Document
    actor: str
    data: PageData | None


class PlainRoute(NamedTuple):
    """A route of a page that needs no session, such as an export.

    Attributes:
        pattern: The regular expression of the path below the URL prefix.
        handler: The Tornado handler.
        arguments: The handler's arguments, beside `context`.
        name: The path as the log names it.
    """

    pattern: str
    handler: type[Any]
    arguments: dict[str, Any]
    name: str


class LiveSession(Viewer):
    """The session of one open page: it patches the page, and handles the browser's messages.

    This class alone is enough for a page whose script sends nothing.
    """

    def __init__(
        self, services: PageServices, opened: OpenedPage[Any], initial_regions: Mapping[str, str], **params: Any
    ) -> None:
        """Create the session.

        Args:
            services: What all pages share.
            opened: The open page.
            initial_regions: The HTML by region id that the page was rendered with; empty if it has no data.
            **params: The subclass's parameters.
        """
        super().__init__(**params)
        self.services = services
        self.context = services.context
        self.document = opened.document
        self.actor = opened.actor
        self.t: Translator = services.context.translator(opened.preferences)
        self.live = LiveComponent(initial_regions, self._receive)
        self.drawer = DeliveryDrawer(self.live, self.language, opened.document)

    @property
    def language(self) -> Language:
        """The language of the page."""
        return self.t.language

    def handle_message(self, message: dict[str, Any]) -> None:
        """Handle a message of the page's own script; without effect unless overridden."""

    def end(self) -> None:
        """Release what the session holds: the page is gone. Subclasses extend it."""
        self.services.delivery_updates.remove(self.drawer)

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("action") == "deliveries":
            self.services.delivery_updates.handle_message(self.drawer, message)
        else:
            self.handle_message(message)

    def __panel__(self) -> LiveComponent:
        return self.live


class LivePage(Generic[PageData]):
    """A page that is readable at once, and kept up to date by its session.

    Attributes:
        name: The name of the page's folder, template, script and stylesheet, and of its place in the navigation.
        path: The page's path below the URL prefix.
        message_overrides: The texts of errors that come from the URL, where the general ones say too little.
        client_templates: The texts that the page's script fills in, beside `COMMON_TEMPLATES`.
        keys: The shortcuts of the page, beside `COMMON_KEYS`.
    """

    name: ClassVar[str]
    path: ClassVar[str]
    message_overrides: ClassVar[Mapping[type[Exception], str]] = {}
    client_templates: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    keys: ClassVar[Sequence[tuple[str, str]]] = ()

    def __init__(self, services: PageServices) -> None:
        self.services = services
        self.context = services.context

    # ── What a page defines ──
    async def fetch(self, preferences: RequestPreferences) -> PageData:
        """Read what the page shows, on a thread, before a session exists.

        Raises:
            Redirect: If another page must answer.
            PreviewError: If the page cannot be shown.
        """
        raise NotImplementedError

    def page_title(self, page_data: PageData, t: Translator) -> str:
        """Return what the page shows, as its title names it."""
        raise NotImplementedError

    def variables(self, page_data: PageData, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of the page's template, beside those of `render`; `regions` is the HTML by region id."""
        raise NotImplementedError

    def open_session(self, opened: OpenedPage[PageData]) -> LiveSession:
        """Return the session of an open page, which is kept up to date from now on."""
        raise NotImplementedError

    def routes(self) -> Sequence[PlainRoute]:
        """Return the page's routes that need no session."""
        return ()

    # ── What every page does ──
    def create_session(self) -> pn.Template:
        """Create the present session, and return the rest of its page.

        `LivePageHandler` leaves the result of `fetch` on the request. A session that a WebSocket creates in another
        process than its page has none.
        """
        document: Any = pn.state.curdoc
        request = document.session_context.request
        page_data: PageData | None = getattr(request, "page_data", None)
        actor = self.context.actor(request.headers)
        session = self.open_session(OpenedPage(preferences_of(request), document, actor, page_data))
        pn.state.on_session_destroyed(lambda _: session.end())
        return live_page(session.live, request, self.context.rewrite_scripts)

    def render(self, page_data: PageData, preferences: RequestPreferences, nonce: str) -> str:
        """Return the HTML of the page, without its session.

        Args:
            page_data: What `fetch` returned.
            preferences: The visitor's language and theme.
            nonce: The nonce of the response's Content-Security-Policy.
        """
        t, instant = self.context.translator(preferences), format_rfc3339(now())
        max_bytes = self.context.application.settings.max_delivery_bytes
        return self.context.render_page(
            f"{self.name}/{self.name}.html",
            preferences,
            nonce,
            active_page=self.name,
            title=t("app.title", page=self.page_title(page_data, t)),
            live=True,
            client_templates=t.templates({**COMMON_TEMPLATES, **self.client_templates}),
            shortcuts=(*self.keys, *COMMON_KEYS),
            max_bytes=max_bytes,
            max_size=value_formatting.size(max_bytes, preferences.language),
            read_at=value_formatting.clock_time(instant, preferences.language),
            read_instant=value_formatting.instant(instant, preferences.language),
            **self.variables(page_data, preferences, t),
        )
