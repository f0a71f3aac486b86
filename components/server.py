"""The HTTP server: pages, their sessions and the API on one port. The only module that configures Panel and Bokeh.

What depends on undocumented parts of those libraries is in `components/panel_internals.py`.
"""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from socket import socket
from typing import Any, Protocol, cast

from bokeh.server.server import BaseServer
from bokeh.settings import settings as bokeh_settings
from panel.io.application import build_applications
from tornado.httputil import HTTPServerConnectionDelegate, HTTPServerRequest
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream
from tornado.web import OutputTransform

from components import assets
from components.activity.page import ActivityPage
from components.admission import AdmittingTornado
from components.assets import AssetHandler, FaviconHandler
from components.context import AppContext
from components.country.page import CountryPage
from components.definitions.page import DefinitionsPage
from components.deliveries.page import DeliveriesPage
from components.field.page import FieldPage
from components.http_server import ACCEPT_STEP, BoundedHTTPServer
from components.layout.page_handler import NotFoundHandler
from components.live.fanout import Fanout
from components.live.page_handler import LivePageHandler
from components.live_page import LivePage, PageServices, PlainRoute
from components.overview.page import OverviewPage
from components.panel_internals import FAVICON, ignore_closed_websockets, session_routes
from components.preview.page import PreviewPage
from components.response_transforms import EntityTagPerCoding, SecurityHeaders
from components.session_key import load_or_create_session_key
from components.wall.page import WallPage
from preview.core.logging_config import redirect_library_loggers
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


class ResponseCaching(Protocol):
    """What answers requests before any handler does; `api_handlers.response_cache.ResponseCache` implements it."""

    def wrap(self, router: HTTPServerConnectionDelegate) -> HTTPServerConnectionDelegate:
        """Return what answers some requests, and passes the others to `router`."""
        ...

    def answer(self, stream: IOStream, request: bytes) -> bytes | None:
        """Return the response to a request as it arrived, None if Tornado must parse it."""
        ...

    def create_recorder(self, request: HTTPServerRequest) -> OutputTransform:
        """Return the transform that sees every response last."""
        ...


def create_server(
    application: Application, api_routes: Sequence[Route], sockets: list[socket], response_cache: ResponseCaching
) -> BaseServer:
    """Create the server on the current event loop; it serves after `start()` and ends with `stop()`.

    Args:
        application: The services; it must have been started.
        api_routes: The API's Tornado routes, with paths below the URL prefix.
        sockets: Listening sockets, which may share their port with other processes.
        response_cache: Answers requests before the handlers do.

    Returns:
        The server, not yet started.
    """
    settings = application.settings
    _configure_libraries(settings)
    context = AppContext.from_application(application, assets.load_assets())
    loop = IOLoop.current()
    # As soon as the server answers, so as not to delay that.
    loop.add_callback(application.read_executor.submit, context.warm_up)
    cast(Any, loop).asyncio_loop.set_exception_handler(ignore_closed_websockets)
    pages = _build_pages(application, context, loop)
    page_plain_routes = [route for page in pages.values() for route in page.routes()]
    plain_routes = _plain_routes(context, pages, page_plain_routes)
    tornado_app = _create_tornado_app(settings, context, pages)
    tornado_app.set_api_handlers({route[1] for route in api_routes})
    tornado_app.add_transform(EntityTagPerCoding)
    tornado_app.add_transform(SecurityHeaders)
    tornado_app.add_transform(cast(Any, response_cache.create_recorder))
    prefixed_routes = [(settings.prefix + pattern, *rest) for pattern, *rest in (*api_routes, *plain_routes)]
    # These come before Bokeh's own routes, and the API's come first: the order in which Tornado tries them.
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
    http_server = BoundedHTTPServer(
        response_cache.wrap(tornado_app),
        settings=settings,
        connections=application.connections,
        fault=application.worker.faults.step(ACCEPT_STEP),
        answer=response_cache.answer,
    )
    http_server.add_sockets(sockets)
    return BaseServer(loop, tornado_app, http_server)


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


def _create_tornado_app(settings: Settings, context: AppContext, pages: Pages) -> AdmittingTornado:
    # A function that returns nothing has filled the document by itself, which Panel's types do not know.
    create_sessions: Any = {path: page.create_session for path, page in pages.items()}
    applications = build_applications(create_sessions, location=False)
    return AdmittingTornado(
        applications,
        settings=settings,
        connections=context.application.connections,
        prefix=settings.prefix,
        ico_path="none",
        use_index=False,
        default_handler_class=NotFoundHandler,
        default_handler_args={"context": context},
        compress_response=True,
        secret_key=load_or_create_session_key(settings.data_dir),
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
