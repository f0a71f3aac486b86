"""Live updates of the country page: read and rendered on a thread, once for all sessions that show the same."""

import asyncio
import logging
import weakref
from collections import defaultdict
from typing import Protocol

from components.context import AppContext
from components.country.rendering import CountryQuery, RenderedCountry, render_country
from components.live.fanout import Fanout
from preview.core.languages import Language
from preview.core.passing_faults import PassingFault, as_passing
from preview.events.log import AggregationProgress, EventRow

log = logging.getLogger(__name__)

# Any report changes the totals. During an import of all services they are read twice a second, not after each event.
_DEBOUNCE_SECONDS = 0.5
_RETRY_SECONDS = 1.0


class CountrySubscriber(Protocol):
    """A session that shows totals.

    Attributes:
        query: The period and county.
        open_keys: Keys of the rows whose changes are explained.
        is_outdated: Whether the updater must send it the page again.
    """

    query: CountryQuery
    open_keys: frozenset[str]
    is_outdated: bool

    @property
    def language(self) -> Language:
        """The language of the page."""
        ...

    def receive(self, rendered: RenderedCountry) -> None:
        """Show the page; called on the event loop, outside the session."""
        ...


class CountryUpdater:
    """Keeps all sessions of the country page up to date. It runs on the event loop."""

    organization_id = None

    def __init__(self, context: AppContext, fanout: Fanout) -> None:
        self._context = context
        self._sessions: weakref.WeakSet[CountrySubscriber] = weakref.WeakSet()
        self._last_event_id = 0
        self._refresh_task: asyncio.Task[None] | None = None
        self._fault = PassingFault("reading for the totals")
        fanout.subscribe(self)

    def add_session(self, session: CountrySubscriber, position: int | None) -> None:
        """Keep a session up to date from now on.

        Args:
            session: The session.
            position: Id of the last event that it shows, None if it shows nothing yet.
        """
        self._sessions.add(session)
        if position is None or position < self._last_event_id:
            self.request(session)

    def remove_session(self, session: CountrySubscriber) -> None:
        """Stop updating a session."""
        self._sessions.discard(session)

    def request(self, session: CountrySubscriber) -> None:
        """Send a session its page again, as soon as it is read."""
        session.is_outdated = True
        self._schedule()

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Note that the totals may have changed; the fan-out calls this for all organizations."""
        if not events:
            return
        self._last_event_id = events[-1].event_id
        for session in self._sessions:
            session.is_outdated = True
        self._schedule()

    def _schedule(self) -> None:
        if self._refresh_task is None and self._sessions:
            self._refresh_task = asyncio.get_running_loop().create_task(self._refresh_loop())

    async def _refresh_loop(self) -> None:
        """Read and send until no session is outdated. Only one loop runs, so that none gets an older page at last."""
        while outdated := [session for session in self._sessions if session.is_outdated]:
            groups: defaultdict[tuple[CountryQuery, Language], list[CountrySubscriber]] = defaultdict(list)
            for session in outdated:
                session.is_outdated = False
                groups[session.query, session.language].append(session)
            for (query, language), sessions in groups.items():
                try:
                    await self._refresh(query, language, sessions)
                    self._fault.succeeded()
                except Exception as error:
                    passing = as_passing(error)
                    if passing is None:
                        log.exception("The totals could not be read; reading is retried.")
                    for session in sessions:
                        session.is_outdated = True
                    await asyncio.sleep(_RETRY_SECONDS if passing is None else self._fault.failed(passing))
            await asyncio.sleep(_DEBOUNCE_SECONDS)
        self._refresh_task = None

    async def _refresh(self, query: CountryQuery, language: Language, sessions: list[CountrySubscriber]) -> None:
        keys = frozenset[str]().union(*(session.open_keys for session in sessions))
        rendered = await self._context.run_blocking(render_country, self._context, query, keys, language)
        for session in sessions:
            if session not in self._sessions:
                continue
            try:
                session.receive(rendered)
            except Exception:
                log.exception("A dashboard session could not be updated; it gets no more updates.")
                self.remove_session(session)
