"""Everything that depends on undocumented parts of Panel, Bokeh and Tornado, in one place.

`tests/components/test_panel_internals.py` names the versions for which this file was checked, and fails when a locked
version changes. Then check each item below against the new source:

- `SessionPageHandler`: `get_session` of Panel's page handler returns a session with its `token`.
- `SameOriginWebSocketHandler`: `WSHandler.open` raises `ProtocolError` for a token that is invalid or expired.
- `SameOriginWebSocketHandler._has_own_token`: `WSHandler._token` is the token once the subprotocol is selected.
- `session_routes`: the keyword arguments that Bokeh gives both handlers (`bokeh.server.tornado.BokehTornado.__init__`).
- `ignore_closed_websockets`: `panel.io.document` sends frames as futures of which it may await only some.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import panel as pn
from bokeh.protocol.exceptions import ProtocolError
from bokeh.server.tornado import BokehTornado
from bokeh.util.token import check_token_signature
from panel.io.server import DocHandler, WSHandler
from tornado.httputil import HTTPServerRequest
from tornado.websocket import WebSocketClosedError

from preview.core.hosts import matches_host
from preview.core.logging_config import CAUSED_BY_CLIENT

log = logging.getLogger(__name__)

FAVICON = Path(pn.__file__).parent / "dist" / "images" / "favicon.ico"


class SessionPageHandler(DocHandler):
    """Panel's page handler, for pages that are sent in parts: Panel's own would render all of it after the session."""

    async def before_session(self) -> None:
        """Do what must happen before the session; raise `tornado.web.Finish` to end the response without one."""

    def end_page(self, token: str) -> None:
        """Send the rest of the page, which connects to the session by its token."""
        raise NotImplementedError

    async def get(self, *_: str) -> None:
        """Run the hook, then create the session and end the page (Tornado's hook)."""
        await self.before_session()
        handler: Any = self
        session = await handler.get_session()
        self.end_page(session.token)


class SameOriginWebSocketHandler(WSHandler):
    """Panel's WebSocket handler, for pages of the host that is asked and of the setting `hosts`."""

    def initialize(
        self,
        application_context: Any,
        bokeh_websocket_path: Any,
        hosts: Collection[str] = (),
        has_room: Callable[[HTTPServerRequest], bool] = lambda _: True,
    ) -> None:
        """Set the hosts, and whether there is room for the page of a request; the other arguments are Bokeh's."""
        super().initialize(application_context, bokeh_websocket_path)
        self._hosts = hosts
        self._has_room = has_room

    async def prepare(self) -> None:
        """Answer 503 if there is no room for another page; the page tries again (Tornado's hook)."""
        await super().prepare()
        if not self._has_room(self.request):
            self.set_header("Retry-After", "2")
            self.send_error(503)

    def open(self) -> None:
        """Open the connection; if the page's token is invalid or expired, it is closed again, and the page reloads."""
        # A message of Bokeh's protocol is several small frames, of which the second would wait until the browser has
        # acknowledged the first, up to 40 ms.
        self.set_nodelay(True)
        if not self._has_own_token():
            log.info("A WebSocket was refused, because its token is not one of this program.", extra=CAUSED_BY_CLIENT)
            self.close()
            return
        try:
            super().open()
        except ProtocolError:
            log.info(
                "A page's WebSocket was refused, because its token has expired; the page reloads to get a new one.",
                extra=CAUSED_BY_CLIENT,
            )

    def set_default_headers(self) -> None:
        """Set `Allow` where the answer will be 405 (Tornado's hook)."""
        if self.request.method != "GET":
            self.set_header("Allow", "GET")

    def _has_own_token(self) -> bool:
        """Return whether this program signed the token; Bokeh would log a part of a foreign one, or fail on it."""
        application: Any = self.application
        token: str | None = self._token  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue]
        try:
            return token is not None and check_token_signature(
                token, signed=application.sign_sessions, secret_key=application.secret_key
            )
        except Exception:  # noqa: BLE001  (a client has written the token, and it can be anything)
            return False

    def check_origin(self, origin: str) -> bool:
        """Return whether the origin is this host, or one of the setting `hosts` (Tornado's hook)."""
        authority = urlsplit(origin).netloc.lower()
        if authority == self.request.headers.get("Host", "").lower() or matches_host(authority, self._hosts):
            return True
        log.info(
            "The WebSocket of a page of another origin was refused. To allow it, add its host to `hosts`.",
            extra=CAUSED_BY_CLIENT,
        )
        return False


def session_routes(
    tornado_app: BokehTornado,
    handler: type[SessionPageHandler],
    arguments: Callable[[str], Mapping[str, Any]],
    url_pattern: Callable[[str], str],
    hosts: Collection[str],
    has_room: Callable[[HTTPServerRequest], bool],
) -> Iterator[tuple[Any, ...]]:
    """Yield the Tornado routes of each session page: the page and its WebSocket.

    Args:
        tornado_app: The Bokeh application, whose `applications` are the session pages by path.
        handler: The handler of the pages.
        arguments: Returns the handler's own keyword arguments for a path.
        url_pattern: Returns the regular expression of the URLs of a path, without a slash at its end.
        hosts: The setting `hosts`, whose pages may open the WebSocket.
        has_room: Returns whether there is room for the WebSocket that a request asks for.
    """
    for path, application_context in tornado_app.applications.items():
        url = re.escape(tornado_app.prefix) + url_pattern(path)
        bokeh_arguments = {
            "application_context": application_context,
            "bokeh_websocket_path": f"{tornado_app.prefix}{path.rstrip('/')}/ws",
        }
        yield f"{url}/?", handler, {**bokeh_arguments, **arguments(path)}
        yield f"{url}/ws", SameOriginWebSocketHandler, {**bokeh_arguments, "hosts": hosts, "has_room": has_room}


def ignore_closed_websockets(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Handle an exception of the event loop: ignore closed WebSockets, log the rest.

    Panel sends a patch in several frames and awaits them one by one. If the page is closed meanwhile, nothing awaits
    the later ones, and asyncio reports each as an exception that was never retrieved.
    """
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)
