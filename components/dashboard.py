"""The dashboard: pages, their sessions and the static files. The only module that configures Panel and Bokeh.

What depends on undocumented parts of those libraries is in `components/panel_internals.py`.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from bokeh.server.tornado import BokehTornado
from bokeh.settings import settings as bokeh_settings
from panel.io.application import build_applications
from tornado.ioloop import IOLoop
from tornado.web import RequestHandler

from components import assets
from components.activity.page import ActivityPage
from components.assets import AssetHandler, FaviconHandler
from components.context import AppContext
from components.country.page import CountryPage
from components.definitions.page import DefinitionsPage
from components.deliveries.page import DeliveriesPage
from components.field.page import FieldPage
from components.layout.page_handler import NotFoundHandler
from components.live.fanout import Fanout
from components.live.page_handler import LivePageHandler
from components.live_page import LivePage, PageServices, PlainRoute
from components.overview.page import OverviewPage
from components.panel_internals import FAVICON, ignore_closed_websockets, session_routes
from components.preview.page import PreviewPage
from components.response_transforms import EntityTagPerCoding, SecurityHeaders
from components.wall.page import WallPage
from preview.core.logging_config import redirect_library_loggers
from preview.core.request_log import UNKNOWN_ROUTE, log_request
from preview.core.settings import Settings
from preview.runtime.application import Application
from preview.runtime.connections import Use

Route = tuple[Any, ...]
Pages = Mapping[str, LivePage[Any]]

PAGES: Sequence[type[LivePage[Any]]] = (
    OverviewPage,
    CountryPage,
    PreviewPage,
    ActivityPage,
    DeliveriesPage,
    FieldPage,
    DefinitionsPage,
    WallPage,
)
"""The live pages. A new page is a line here, and one in `MAIN_NAVIGATION` (components/app_bar/navigation.py)."""

_UNUSED_SESSION_SECONDS = 10.0
"""How long a session is kept before its page connects, and after its page has disconnected.

A page that connects later, or to another process, gets a new session.
"""

_MAX_WEBSOCKET_MESSAGE_BYTES = 64 * 1024
"""A page's messages have some hundred bytes. An unfinished one is bounded in time by the pings, which it holds up."""

_SESSION_SWEEP_SECONDS = 2.0
"""How often unused sessions are looked for."""


class DashboardApplication(BokehTornado):
    """Bokeh's application with the pages, their sessions and the static files."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the application; all arguments are Bokeh's."""
        self._routes: list[tuple[re.Pattern[str], str]] = []
        super().__init__(*args, **kwargs)

    def set_routes(self, routes: Mapping[str, str]) -> None:
        """Set the names under which routes are logged, by the regular expression of their path."""
        self._routes = [(re.compile(f"{pattern}$"), name) for pattern, name in routes.items()]

    def name_route(self, path: str) -> str:
        """Return the name of a path's route, for the log."""
        return next((name for pattern, name in self._routes if pattern.match(path)), UNKNOWN_ROUTE)

    def log_request(self, handler: RequestHandler) -> None:
        """Log a request (Tornado's hook); Tornado would log the query."""
        request = handler.request
        log_request(request.method or "", self.name_route(request.path), handler.get_status(), request.request_time())

    def count_sessions(self) -> int:
        """Return how many sessions there are, those of pages that have not connected yet included."""
        return sum(len(self.get_sessions(path)) for path in self.app_paths)


def create_dashboard(application: Application, session_key: bytes) -> DashboardApplication:
    """Create the dashboard on the current event loop, and start it; it ends with `stop()`.

    Args:
        application: The services; it must have been started.
        session_key: Signs the sessions.

    Raises:
        ConfigurationError: If the stylesheets have not been built.
    """
    settings = application.settings
    _configure_libraries(settings)
    context = AppContext.from_application(application, assets.load_assets())
    loop = IOLoop.current()
    cast(Any, loop).asyncio_loop.set_exception_handler(ignore_closed_websockets)
    pages = _build_pages(application, context, loop)
    page_plain_routes = [route for page in pages.values() for route in page.routes()]
    plain_routes = _plain_routes(context, pages, page_plain_routes)
    tornado_app = _create_tornado_app(context, pages, session_key)
    tornado_app.add_transform(EntityTagPerCoding)
    tornado_app.add_transform(SecurityHeaders)
    prefixed_routes = [(settings.prefix + pattern, *rest) for pattern, *rest in plain_routes]
    # These come before Bokeh's own routes: the order in which Tornado tries them.
    page_routes = session_routes(
        tornado_app,
        LivePageHandler,
        lambda path: {"context": context, "page": pages[path]},
        lambda path: pages[path].url_pattern(),
        settings.hosts,
        lambda request: application.connections.use_as(getattr(request.connection, "stream", None), Use.SESSION),
    )
    icon_route = (r"/favicon\.ico", FaviconHandler, {"path": FAVICON})
    tornado_app.set_routes(_route_names(settings.prefix, pages, page_plain_routes))
    tornado_app.add_handlers(".*", [*prefixed_routes, *page_routes, icon_route])
    tornado_app.initialize(loop)
    tornado_app.start()
    application.read_executor.submit(context.warm_up)
    return tornado_app


def _route_names(prefix: str, pages: Pages, plain_routes: Iterable[PlainRoute]) -> dict[str, str]:
    """Return the names of the routes that are none of the API's, for the log, by the regular expression of the path."""
    names = {route.pattern: route.name for route in plain_routes} | {r"/assets/.+": "/assets/{name}"}
    for path, page in pages.items():
        base, subject = path.rstrip("/"), "/{subject}" if page.subject else ""
        names |= {
            f"{page.url_pattern()}/ws": f"{base}{subject}/ws",
            f"{page.url_pattern()}/?": f"{base}{subject}" or path,
        }
    return {re.escape(prefix) + pattern: prefix + name for pattern, name in names.items()}


def _configure_libraries(settings: Settings) -> None:
    redirect_library_loggers()
    bokeh_settings.log_level = "warn"
    bokeh_settings.simple_ids = True  # its default; unless it is set, Bokeh asks the environment for each message's id
    if settings.log_level != "debug":
        for library in ("bokeh", "panel"):  # they log several lines per session
            logging.getLogger(library).setLevel(logging.WARNING)


def _create_tornado_app(context: AppContext, pages: Pages, session_key: bytes) -> DashboardApplication:
    settings = context.application.settings
    # A function that returns nothing has filled the document by itself, which Panel's types do not know.
    create_sessions: Any = {path: page.create_session for path, page in pages.items()}
    applications = build_applications(create_sessions, location=False)
    return DashboardApplication(
        applications,
        prefix=settings.prefix,
        ico_path="none",
        use_index=False,
        default_handler_class=NotFoundHandler,
        default_handler_args={"context": context},
        compress_response=True,
        secret_key=session_key,
        sign_sessions=True,
        session_token_expiration=settings.token_seconds,
        # Bokeh's own pings end no connection; Tornado's do.
        keep_alive_milliseconds=0,
        websocket_max_message_size_bytes=_MAX_WEBSOCKET_MESSAGE_BYTES,
        websocket_ping_interval=settings.websocket_timeout_seconds,
        websocket_ping_timeout=settings.websocket_timeout_seconds,
        include_headers=context.session_headers,
        include_cookies=["lang", "theme"],
        unused_session_lifetime_milliseconds=int(_UNUSED_SESSION_SECONDS * 1000),
        check_unused_sessions_milliseconds=int(_SESSION_SWEEP_SECONDS * 1000),
    )


def _build_pages(application: Application, context: AppContext, loop: IOLoop) -> Pages:
    """Return the live pages by path."""
    services = PageServices.create(context, Fanout(application.dispatcher, loop), loop)
    return {page.path: page(services) for page in PAGES}


def _plain_routes(context: AppContext, pages: Pages, page_routes: Iterable[PlainRoute]) -> list[Route]:
    """Return the routes that need no session."""
    bases = "|".join(page.url_pattern() for page in pages.values())
    return [
        *((route.pattern, route.handler, {"context": context, **route.arguments}) for route in page_routes),
        (r"/assets/(.+)", AssetHandler, {"assets": context.assets}),
        # Bokeh adds these to every page; the first two would create sessions, and no page uses any of them.
        (rf"(?:{bases})/(?:autoload\.js|metadata|static/.*)", NotFoundHandler, {"context": context}),
    ]
