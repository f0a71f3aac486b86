"""Serves the pages and the API on one server. The only file that touches Panel's configuration."""

import asyncio
import logging
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Any, cast
from urllib.parse import urlsplit

import panel as pn
from bokeh.protocol.exceptions import ProtocolError
from bokeh.server import server as bokeh_server
from bokeh.server.urls import per_app_patterns
from bokeh.settings import settings as bokeh_settings
from panel.io.server import DocHandler, Server, WSHandler
from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError
from tornado.web import Finish
from tornado.websocket import WebSocketClosedError

from components import assets
from components.assets import AssetHandler
from components.context import STREAM_SPLIT_MARKER, AppContext, HtmlErrorMixin, NotFoundHandler, Redirect, set_security_headers
from components.deliveries.drawer import DeliveryUpdates
from components.export import OverviewExport, PreviewExport
from components.layout.error_messages import error_message
from components.layout.preferences import preferences_of
from components.live.component import Fanout
from components.overview.page import OverviewPage
from components.preview.page import PreviewPage
from preview.runtime.application import Application

log = logging.getLogger(__name__)

_SESSION_KEY_FILE = "session.key"

_FIRST_PAINT_DELAY_SECONDS = 0.2
"""So long may a browser fetch styles and draw what is to be read, before a session (40 ms of our processor) and its scripts (750 kB) come
between: its rows stand after half the time. On a busy machine a tenth of a second was too short for it."""

_UNUSED_SESSION_SECONDS = 10.0
"""A session whose page has been left, or has not come yet, is kept for so long. A page that comes later, or to another process, is given
another."""

_SESSION_SWEEP_SECONDS = 2.0
"""So often is it looked for such sessions."""


class LivePageHandler(HtmlErrorMixin, DocHandler):
    """The first answer of a live page. What it shows is read on a thread before there is a session, so that the event loop never waits,
    and goes out before, with styles and all.
    """

    async def prepare(self) -> None:
        """Reads it; a page that cannot be shown is answered here and costs no session."""
        await super().prepare()
        request: Any = self.request
        self.context = self.settings["context"]
        request.nonce = self.nonce = set_security_headers(self)
        page = self.settings["pages"][self.application_context.url]
        try:
            request.page_data = await page.fetch(preferences_of(request))
            self._shell, _, request.closing_html = page.render(request.page_data, preferences_of(request), self.nonce).partition(
                STREAM_SPLIT_MARKER
            )
        except Redirect as redirect:
            self.redirect(self.context.prefix + redirect.path)
        except Exception as error:  # noqa: BLE001  (told to the person, and logged, in messages.py)
            self.send_error_page(error_message(error, self.context.translator(preferences_of(request)), page.message_overrides))

    async def get_session(self) -> Any:
        """Called by Panel, which then writes the rest."""
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.write(self._shell)
        try:
            await self.flush()
        except StreamClosedError:
            raise Finish from None  # who has left needs no session
        await asyncio.sleep(_FIRST_PAINT_DELAY_SECONDS)
        handler: Any = super()
        return await handler.get_session()


class SameOriginWebSocketHandler(WSHandler):
    """A page's own host may always connect; others as the settings say."""

    def open(self) -> None:
        """Closed where the page's token is none of ours, or has expired: the page comes back with another."""
        try:
            super().open()
        except ProtocolError as error:
            log.info("a page's connection was refused: %s", error)

    def check_origin(self, origin: str) -> bool:
        """Whether a page from there may connect."""
        return urlsplit(origin).netloc.lower() == self.request.headers.get("Host", "").lower() or super().check_origin(origin)


def create_server(application: Application, api_routes: Sequence[tuple[Any, ...]], sockets: list[socket]) -> Server:
    """A server on these sockets, not yet started, on the current event loop. `application` must have been started.

    `server.start()`, then run the loop; `server.stop()` ends it. The port is `server.port`.
    """
    settings = application.settings
    # Our own page comes back by itself (layout/dom.js); Panel's notifications and reconnecting would speak English over it.
    pn.config.param.update(notifications=False, reconnect=False)
    bokeh_settings.log_level = "warn"
    if settings.log_level != "debug":
        for library in ("bokeh", "panel"):  # some lines for every session
            logging.getLogger(library).setLevel(logging.WARNING)
    # Bokeh binds by itself; one that takes what it is given can share a port with other processes.
    port = sockets[0].getsockname()[1]
    setattr(bokeh_server, "bind_sockets", lambda *_: (sockets, port))  # noqa: B010
    per_app_patterns[:] = [(r"/?", LivePageHandler), (r"/ws", SameOriginWebSocketHandler)]
    context = AppContext.from_application(application, assets.load_assets())
    application.read_executor.submit(context.warm_up)
    cast(Any, IOLoop.current()).asyncio_loop.set_exception_handler(_ignore_closed_websockets)
    pages, plain_routes = _build_pages(application, context)
    server = pn.serve(
        {path: page.create_session for path, page in pages.items()},
        address=settings.address,
        port=port,
        prefix=settings.prefix,
        websocket_origin=list(settings.websocket_origins) or None,
        use_xheaders=settings.use_xheaders,
        extra_patterns=plain_routes,
        default_handler_class=NotFoundHandler,
        default_handler_args={"context": context},
        compress_response=True,
        use_index=False,
        secret_key=_load_or_create_session_key(settings.data_dir),
        sign_sessions=True,
        session_token_expiration=settings.token_seconds,
        # Bokeh's own pings end nothing.
        keep_alive_milliseconds=0,
        websocket_ping_interval=settings.websocket_timeout_seconds,
        websocket_ping_timeout=settings.websocket_timeout_seconds,
        include_headers=[context.actor_header] if context.actor_header else [],
        include_cookies=["lang", "theme"],
        unused_session_lifetime_milliseconds=int(_UNUSED_SESSION_SECONDS * 1000),
        check_unused_sessions_milliseconds=int(_SESSION_SWEEP_SECONDS * 1000),
        context=context,
        pages=pages,
        location=False,
        show=False,
        start=False,
        verbose=False,
    )
    # Before the pages' own, ten of which would be tried in vain for every request of the API.
    cast(Any, server)._tornado.add_handlers(".*", [(settings.prefix + pattern, *rest) for pattern, *rest in api_routes])
    return cast(Server, server)


def _build_pages(application: Application, context: AppContext) -> tuple[dict[str, OverviewPage | PreviewPage], list[tuple[Any, ...]]]:
    """The live pages by path, and the routes of what needs no session."""
    loop = IOLoop.current()
    fanout = Fanout(application.dispatcher, loop)
    delivery_updates = DeliveryUpdates(context, application.dispatcher, loop)
    overview, preview = OverviewPage(context, fanout, delivery_updates), PreviewPage(context, fanout, delivery_updates)
    plain_routes: list[tuple[Any, ...]] = [
        (r"/overview/export\.(csv|xlsx)", OverviewExport, {"context": context, "page": overview}),
        (r"/preview/export\.(csv|xlsx)", PreviewExport, {"context": context}),
        (r"/assets/(.+)", AssetHandler, {"assets": context.assets}),
    ]
    return {overview.path: overview, preview.path: preview}, plain_routes


def _ignore_closed_websockets(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Panel sends a patch in several frames and awaits them in turn: where a page is left meanwhile, nobody awaits the later ones."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def _load_or_create_session_key(data_dir: Path) -> bytes:
    """Signs sessions: one for all processes on the data folder, and the same after a restart."""
    path = data_dir / _SESSION_KEY_FILE
    if not path.exists():
        # Another process may do the same at this moment: only one link succeeds, and it is of a whole file.
        temporary = data_dir / f"{_SESSION_KEY_FILE}.{os.getpid()}"
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
        temporary.unlink()
    return path.read_bytes()
