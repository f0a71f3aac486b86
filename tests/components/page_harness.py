"""An open page without a browser: its callbacks run when the test calls them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import pytest
from bokeh.application.application import SessionContext
from bokeh.core.types import ID
from bokeh.document import Document
from bokeh.server.contexts import BokehSessionContext
from tornado.ioloop import IOLoop

from components.context import AppContext
from components.layout.preferences import RequestPreferences
from components.live.fanout import Fanout
from components.live_page import LivePage, LiveSession, LoadedPage, OpenedPage, PageServices
from preview.model.reviews import ReportingPeriodDocument

WAIT_SECONDS = 30
REPORTING_PERIOD = ReportingPeriodDocument("2024", "2024-01-01", "2024-12-31", None, 0, 0, 0)

Session = TypeVar("Session", bound=LiveSession)


class OpenDocument(Document):
    """A document whose session has no connection, so that nothing needs its lock."""

    @property
    def session_context(self) -> SessionContext:
        """The context of the session."""
        no_server: Any = None
        return BokehSessionContext(ID("test"), no_server, self)


class PageHarness(Generic[Session]):
    """An open page with its session."""

    def __init__(self, page: LivePage[Any], preferences: RequestPreferences, data: Any, position: int = 0) -> None:
        """Open a page.

        Args:
            page: The page.
            preferences: Its address.
            data: What the page was rendered from; None if another process has rendered it.
            position: The log position that the data reflect.
        """
        self.document = OpenDocument()
        loaded = LoadedPage(data, REPORTING_PERIOD, position) if data else None
        shown = page.shown_period(data, preferences)
        opened = OpenedPage(page.name, shown, preferences, self.document, "test", False, loaded)
        self.session: Session = page.open_session(opened)  # type: ignore[assignment]

    def send(self, **message: Any) -> None:
        """Handle a message of the browser."""
        self.session.live.handle_message(message)

    async def wait_for(self, condition: Callable[[dict[str, str]], bool]) -> dict[str, str]:
        """Wait until the regions that have been patched meet a condition, and return them."""
        for _ in range(100 * WAIT_SECONDS):
            callbacks: list[Any] = self.document.session_callbacks
            for callback in callbacks:
                self.document.remove_next_tick_callback(callback)
                callback.callback()
            if condition(self.session.live.regions):
                return self.session.live.regions
            await asyncio.sleep(0.01)
        pytest.fail("The page did not show what was expected.")


def run_pages(context: AppContext, scenario: Callable[[PageServices], Awaitable[None]]) -> None:
    """Run a scenario on an event loop, with the services that pages share."""

    async def running() -> None:
        fanout = Fanout(context.application.dispatcher, IOLoop.current())
        try:
            await scenario(PageServices.create(context, fanout, IOLoop.current()))
        finally:
            fanout.close()

    asyncio.run(running())
