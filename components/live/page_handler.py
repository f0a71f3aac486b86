"""The handler of the live pages: it sends the readable page first, then creates the session that keeps it live."""

import asyncio
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import Finish

from components.context import AppContext
from components.layout.error_messages import error_message
from components.layout.page_handler import HtmlErrorMixin, Redirect
from components.layout.preferences import preferences_of
from components.layout.security_headers import set_security_headers
from components.panel_internals import SessionPageHandler
from components.read_only_handler import READ_METHODS, ReadOnlyHandler
from preview.core.errors import Unavailable

STREAM_SPLIT_MARKER = "<!--live-->"
"""Where `base.html` is cut: what stands before it is sent at once, the session's scripts come in its place."""

_CONTENT_TYPE = "text/html; charset=UTF-8"

_RETRY_AFTER_SECONDS = "10"
"""How long a session is kept after its page was left."""

_FIRST_PAINT_DELAY_SECONDS = 0.2
"""Pause between the readable page and its session.

The browser fetches styles and paints meanwhile; otherwise the session (40 ms of the server's processor) and its scripts
(120 kB) compete with that. With the pause the rows are visible in half the time; 0.1 s was too short on a busy machine.
"""


class LivePageHandler(ReadOnlyHandler, HtmlErrorMixin, SessionPageHandler):
    """Answers a live page in two parts. A page that cannot be shown costs no session."""

    def initialize(self, context: AppContext, page: Any, **kwargs: Any) -> None:
        """Take the dependencies.

        Args:
            context: What all pages depend on.
            page: A `LivePage`.
            **kwargs: Bokeh's own, which its constructor has taken already.
        """
        self.context = context
        self.page = page
        self._is_visitor_gone = False

    async def prepare(self) -> None:
        """Read and render the page on a thread; send a redirect or an error page if it cannot be shown."""
        await super().prepare()
        if self.request.method not in READ_METHODS:
            return
        request: Any = self.request
        preferences = preferences_of(request)
        request.nonce = self.nonce = set_security_headers(self)
        try:
            self._check_room()
            request.loaded_page = await self.page.load(preferences)
            html = self.page.render(request.loaded_page, preferences, self.nonce)
            self._shell, _, self._end = html.partition(STREAM_SPLIT_MARKER)
        except Redirect as redirect:
            self.redirect(self.context.prefix + redirect.path)
        except Exception as error:  # noqa: BLE001  (error_message logs it and maps it to a sentence)
            t = self.context.translator(preferences)
            if self.page.error_refresh_seconds is not None:
                self.set_header("Refresh", str(self.page.error_refresh_seconds))
            self.send_error_page(error_message(error, t, self.page.message_overrides))

    def _check_room(self) -> None:
        """Raise `Unavailable` if as many pages are open as may be."""
        application: Any = self.application
        if application.count_sessions() >= self.context.application.capacity.sessions:
            self.set_header("Retry-After", _RETRY_AFTER_SECONDS)
            raise Unavailable("As many pages are open as the server can hold.")

    async def head(self, *_: str) -> None:
        """Answer with the headers of the page, without creating a session."""
        self.set_header("Content-Type", _CONTENT_TYPE)
        await self.flush()

    async def before_session(self) -> None:
        """Send the readable part, and give the browser time to paint it.

        Raises:
            Finish: If the client has disconnected, so that no session is created for it.
        """
        self.set_header("Content-Type", _CONTENT_TYPE)
        self.write(self._shell)
        try:
            await self.flush()
        except StreamClosedError:
            raise Finish from None
        await asyncio.sleep(_FIRST_PAINT_DELAY_SECONDS)
        if self._is_visitor_gone:
            raise Finish

    def on_connection_close(self) -> None:
        """Note that the client has disconnected (Tornado's hook)."""
        super().on_connection_close()
        self._is_visitor_gone = True

    def end_page(self, token: str) -> None:
        """Send the scripts, and the token with which they open the session's WebSocket."""
        self.finish(f'<i hidden data-session-token="{token}"></i>{self._end}')
