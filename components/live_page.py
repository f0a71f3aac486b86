"""The base of every live page: its first HTML, its session, the drawer of deliveries, and the end of all of them.

A new page is a folder with a subclass of `LivePage`, and usually one of `LiveSession`, beside a template that extends
`layout/live.html`, a script and a stylesheet of the folder's name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

import panel as pn
import param
from bokeh.document import Document
from tornado.ioloop import IOLoop

from components.app_bar.period_frame import PeriodFrame, ShownPeriod
from components.context import AppContext
from components.deliveries.drawer import CLIENT_TEMPLATES as DRAWER_TEMPLATES
from components.deliveries.drawer import DeliveryDrawer, DeliveryUpdates
from components.layout import value_formatting
from components.layout.preferences import RequestPreferences, Translator, preferences_of
from components.live.component import LiveComponent
from components.live.fanout import Fanout
from components.live.reporting_period import ReportingPeriodUpdates
from preview.core.clock import format_rfc3339, now, today
from preview.core.languages import Language
from preview.model.reviews import ReportingPeriodDocument

PageData = TypeVar("PageData")

COMMON_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "live.offline_since": ("time",),
    "why.connecting": (),
    "why.offline": (),
    "live.paused": (),
    "live.waiting.one": (),
    "live.waiting.other": ("n",),
    "print.printed": ("time",),
    "link.copied": (),
    **DRAWER_TEMPLATES,
}
"""The texts that the browser fills in on every page, with the names of their parameters."""

COMMON_KEYS = (("i", "deliver"), ("y", "copy_link"), ("p", "pause"), ("t", "theme"), ("?", "help"), ("Esc", "escape"))
"""The shortcuts of every page: the keys, and the end of the text key `keys.…`."""


@dataclass(frozen=True)
class PageServices:
    """What all live pages share, one per process.

    Attributes:
        context: The application, its texts and templates.
        fanout: Hands events over to sessions.
        delivery_updates: Keeps the drawers up to date.
        reporting_period: Keeps the app bars up to date.
    """

    context: AppContext
    fanout: Fanout
    delivery_updates: DeliveryUpdates
    reporting_period: ReportingPeriodUpdates

    @classmethod
    def create(cls, context: AppContext, fanout: Fanout, loop: IOLoop) -> "PageServices":
        """Return the services of a process, whose event loop is given."""
        delivery_updates = DeliveryUpdates(context, context.application.dispatcher, loop)
        return cls(context, fanout, delivery_updates, ReportingPeriodUpdates(context, fanout))


@dataclass(frozen=True)
class LoadedPage(Generic[PageData]):
    """What a page is rendered from.

    Attributes:
        data: The page's own data.
        reporting_period: The reporting period and how far it is.
        position: The log position that this reflects.
    """

    data: PageData
    reporting_period: ReportingPeriodDocument
    position: int


@dataclass(frozen=True)
class OpenedPage(Generic[PageData]):
    """An open page, for which a session is created.

    Attributes:
        page: The page's name.
        shown: The period that it shows.
        preferences: The visitor's language and theme, and the query.
        document: The session's document.
        actor: Who acts on the page.
        is_actor_named: Whether `actor` is a person whom the trusted proxy has named.
        loaded: What the page was rendered from; None if another process has rendered it, so that the session must send
            everything.
    """

    page: str
    shown: ShownPeriod
    preferences: RequestPreferences
    document: Document
    actor: str
    is_actor_named: bool
    loaded: LoadedPage[PageData] | None

    @property
    def data(self) -> PageData | None:
        """The page's own data, None if another process has rendered it."""
        return self.loaded.data if self.loaded else None


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


class LiveSession(param.Parameterized):
    """The session of one open page: it patches the page, and handles the browser's messages.

    This class alone is enough for a page whose script sends nothing. It keeps the app bar up to date.
    """

    def __init__(
        self, services: PageServices, opened: OpenedPage[Any], initial_regions: Mapping[str, str], **params: Any
    ) -> None:
        """Create the session, which gets the reporting period from now on.

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
        self._page = opened.page
        self._shown = opened.shown
        loaded = opened.loaded
        self._shown_reporting_period = (loaded.reporting_period if loaded else None, today())
        frame_regions = self._frame_regions() if loaded else {}
        self.live = LiveComponent({**initial_regions, **frame_regions}, self._receive)
        self.drawer = DeliveryDrawer(self.live, self.language, opened.document)
        self.drawer.period_query = self.period_query
        services.reporting_period.add(self, loaded.position if loaded else -1)

    @property
    def language(self) -> Language:
        """The language of the page."""
        return self.t.language

    def handle_message(self, message: dict[str, Any]) -> None:
        """Handle a message of the page's own script; without effect unless overridden."""

    async def change_document(self, change: Callable[[], None]) -> None:
        """Hold the document's lock for a change, and wait until it is sent; without effect once the session is gone.

        For tasks. `document.add_next_tick_callback` does the same with more steps, in each of the sessions that an
        event concerns.
        """

        async def change_locked(_: Document) -> None:
            change()

        session_context = self.document.session_context
        if session_context is not None:
            await session_context.with_locked_document(change_locked)

    def show_period(self, shown: ShownPeriod) -> None:
        """Name another period in the app bar, and keep it in all its links; in a callback of the session."""
        if shown != self._shown:
            self._shown = shown
            self._patch_frame()

    def receive_reporting_period(self, document: ReportingPeriodDocument) -> None:
        """Show how far the reporting period is; called outside the session."""
        state = (document, today())  # the days until the deadline are part of it
        if state != self._shown_reporting_period:
            self._shown_reporting_period = state
            self.document.add_next_tick_callback(self._patch_frame)

    @property
    def period_query(self) -> str:
        """The query string with which links keep the period; empty for the reporting period."""
        return self._frame.query

    @property
    def _frame(self) -> PeriodFrame:
        document, _ = self._shown_reporting_period
        return self.context.period_frame(self._shown, self.t, document)

    def _frame_regions(self) -> dict[str, str]:
        return self.context.frame_regions(self._frame, self._page, self.t)

    def _patch_frame(self) -> None:
        self.live.patch(self._frame_regions())
        self.services.delivery_updates.keep_period(self.drawer, self.period_query)

    def end(self) -> None:
        """Release what the session holds: the page is gone. Subclasses extend it."""
        self.services.reporting_period.remove(self)
        self.services.delivery_updates.remove(self.drawer)

    def _receive(self, message: dict[str, Any]) -> None:
        if message.get("action") == "deliveries":
            self.services.delivery_updates.handle_message(self.drawer, message)
        else:
            self.handle_message(message)


class LivePage(Generic[PageData]):
    """A page that is readable at once, and kept up to date by its session.

    Attributes:
        name: The name of the page's folder, template, script and stylesheet, and of its place in the navigation.
        path: The page's path below the URL prefix.
        subject: The regular expression of what follows the path, such as the key of what the page is about; no groups.
        message_overrides: The texts of errors that come from the URL, where the general ones say too little.
        client_templates: The texts that the page's script fills in, beside `COMMON_TEMPLATES`.
        keys: The shortcuts of the page, beside `COMMON_KEYS`.
        signs: The signs of the page, which its list of shortcuts explains (layout/legend.html).
        error_refresh_seconds: When the browser asks again by itself after an error page; None if a person does.
    """

    name: ClassVar[str]
    path: ClassVar[str]
    subject: ClassVar[str] = ""
    message_overrides: ClassVar[Mapping[type[Exception], str]] = {}
    client_templates: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    keys: ClassVar[Sequence[tuple[str, str]]] = ()
    signs: ClassVar[Sequence[str]] = ()
    error_refresh_seconds: ClassVar[int | None] = None

    def __init__(self, services: PageServices) -> None:
        self.services = services
        self.context = services.context

    @classmethod
    def url_pattern(cls) -> str:
        """Return the regular expression of the page's path below the URL prefix, without a slash at its end."""
        return re.escape(cls.path.rstrip("/")) + cls.subject

    # ── What a page defines ──
    async def fetch(self, preferences: RequestPreferences) -> PageData:
        """Read what the page shows, on a thread, before a session exists.

        Raises:
            Redirect: If another page must answer.
            PreviewError: If the page cannot be shown.
        """
        raise NotImplementedError

    def shown_period(self, page_data: PageData | None, preferences: RequestPreferences) -> ShownPeriod:
        """Return the period that the page shows; by default that of the URL.

        Args:
            page_data: What `fetch` returned, None if another process has rendered the page.
            preferences: The query.
        """
        return ShownPeriod.from_arguments(preferences.arguments)

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
    async def load(self, preferences: RequestPreferences) -> LoadedPage[PageData]:
        """Read what the page and its app bar show, as `fetch`."""
        page_data = await self.fetch(preferences)
        return LoadedPage(page_data, *await self.services.reporting_period.read())

    def create_session(self) -> None:
        """Create the present session, and add its live component to the document.

        `LivePageHandler` leaves the result of `load` on the request. A session that a WebSocket creates in another
        process than its page has none.
        """
        document: Any = pn.state.curdoc
        request = document.session_context.request
        loaded: LoadedPage[PageData] | None = getattr(request, "loaded_page", None)
        preferences, headers = preferences_of(request), request.headers
        actor, is_named = self.context.actor(headers), self.context.is_actor_named(headers)
        shown = self.shown_period(loaded.data if loaded else None, preferences)
        session = self.open_session(OpenedPage(self.name, shown, preferences, document, actor, is_named, loaded))
        pn.state.on_session_destroyed(lambda _: session.end())
        # Pages report a lost connection and reconnect by themselves (layout/connection.js).
        document.config.update(reconnect_session=False, notify_connection_status=False)
        document.add_root(session.live.model)

    def render(self, loaded: LoadedPage[PageData], preferences: RequestPreferences, nonce: str) -> str:
        """Return the HTML of the page, without its session.

        Args:
            loaded: What `load` returned.
            preferences: The visitor's language and theme.
            nonce: The nonce of the response's Content-Security-Policy.
        """
        t, instant, page_data = self.context.translator(preferences), format_rfc3339(now()), loaded.data
        max_bytes = self.context.application.settings.max_delivery_bytes
        return self.context.render_page(
            f"{self.name}/{self.name}.html",
            preferences,
            nonce,
            active_page=self.name,
            title=t("app.title", page=self.page_title(page_data, t)),
            live=True,
            frame=self.context.period_frame(self.shown_period(page_data, preferences), t, loaded.reporting_period),
            client_templates=t.templates({**COMMON_TEMPLATES, **self.client_templates}),
            shortcuts=(*self.keys, *COMMON_KEYS),
            signs=self.signs,
            max_bytes=max_bytes,
            max_size=value_formatting.size(max_bytes, preferences.language),
            read_at=value_formatting.clock_time(instant, preferences.language),
            read_instant=value_formatting.instant(instant, preferences.language),
            **self.variables(page_data, preferences, t),
        )
