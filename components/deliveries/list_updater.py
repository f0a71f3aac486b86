"""Live updates of the deliveries page: read and rendered on a thread, once for all sessions that show the same."""

import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from tornado.ioloop import IOLoop

from components.context import AppContext
from components.deliveries.list_presenter import DeliveryListView, present_deliveries, render_regions
from components.deliveries.search import DeliveryListQuery
from components.layout.preferences import Translator
from components.live.refresh_loop import RefreshLoop
from preview.core.languages import Language


@dataclass(frozen=True)
class RenderedDeliveries:
    """A page of deliveries as it was read, with its rendered regions.

    Attributes:
        query: What was asked for.
        view: The view; its search has the page that is shown.
        regions: HTML by region id.
    """

    query: DeliveryListQuery
    view: DeliveryListView
    regions: Mapping[str, str]


class DeliveryListSession(Protocol):
    """A session that shows deliveries; `query` is what it shows."""

    query: DeliveryListQuery

    @property
    def language(self) -> Language:
        """The language of the page."""
        ...

    def receive(self, rendered: RenderedDeliveries) -> None:
        """Show deliveries; called on the event loop, outside the session."""
        ...


class DeliveryListUpdater:
    """Keeps the deliveries page of all sessions up to date. It runs on the event loop, except `read`."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._sessions: weakref.WeakSet[DeliveryListSession] = weakref.WeakSet()
        self._refresh_loop = RefreshLoop(self._refresh, "deliveries for their page")
        # A page is created on the event loop that serves it.
        context.application.dispatcher.subscribe_deliveries(partial(IOLoop.current().add_callback, self._on_change))

    def read(self, query: DeliveryListQuery, language: Language) -> RenderedDeliveries:
        """Read and render deliveries. Blocks."""
        t = Translator(self._context.application.texts, language)
        view = present_deliveries(self._context.application.delivery_pages.page(query.search), query.period_id, t)
        macros = self._context.macros("deliveries/deliveries_regions.html")
        return RenderedDeliveries(query, view, render_regions(macros, view, t))

    def add_session(self, session: DeliveryListSession) -> None:
        """Keep a session up to date from now on; what has changed since its page was read is sent at once."""
        self._sessions.add(session)
        self._refresh_loop.note_change()

    def remove_session(self, session: DeliveryListSession) -> None:
        """Stop updating a session."""
        self._sessions.discard(session)

    def change_query(self, session: DeliveryListSession, query: DeliveryListQuery) -> None:
        """Show other deliveries in a session."""
        session.query = query
        self._refresh_loop.note_change()

    def _on_change(self) -> None:
        if self._sessions:
            self._refresh_loop.note_change()

    async def _refresh(self) -> None:
        shown = {(session.query, session.language) for session in self._sessions}
        for query, language in shown:
            rendered = await self._context.run_blocking(self.read, query, language)
            for session in list(self._sessions):
                if (session.query, session.language) == (query, language):
                    session.receive(rendered)
