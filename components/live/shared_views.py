"""Live updates of pages that show all services: read on a thread, once for all sessions that show the same.

Any report changes such a page, so that every event makes all of them outdated.
"""

import asyncio
import logging
import weakref
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from components.live.fanout import Fanout
from components.live.midnight import MidnightTimer
from preview.core.passing_faults import PassingFault, as_passing
from preview.events.log import AggregationProgress, EventRow

log = logging.getLogger(__name__)

# During an import of all services the pages are read twice a second, not after each event.
_DEBOUNCE_SECONDS = 0.5
_RETRY_SECONDS = 1.0


class SharedViewSession(Protocol):
    """A session of such a page.

    Attributes:
        is_outdated: Whether the updater must send it the page again.
    """

    is_outdated: bool

    @property
    def view_key(self) -> Hashable:
        """What the session shows: sessions with equal keys are sent the same."""
        ...

    def receive(self, rendered: Any) -> None:
        """Show the page; called on the event loop, outside the session."""
        ...


Session = TypeVar("Session", bound=SharedViewSession)
Rendered = TypeVar("Rendered")


class SharedViews(Generic[Session, Rendered]):
    """Keeps all sessions of a page up to date. It runs on the event loop."""

    organization_id = None

    def __init__(
        self,
        fanout: Fanout,
        render: Callable[[Sequence[Session]], Awaitable[Rendered]],
        subject: str,
        *,
        debounce_seconds: float = _DEBOUNCE_SECONDS,
        follows_progress: bool = False,
    ) -> None:
        """Subscribe to all events.

        Args:
            fanout: Hands events over.
            render: Returns the page of sessions that show the same. If it raises, it is tried again.
            subject: What is read, for the log.
            debounce_seconds: The pause after each round, in which further changes collect; the first is sent at once.
            follows_progress: Whether the progress of jobs is shown too.
        """
        self._render = render
        self._subject = subject
        self._debounce_seconds = debounce_seconds
        self._follows_progress = follows_progress
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._last_event_id = 0
        self._refresh_task: asyncio.Task[None] | None = None
        self._fault = PassingFault(f"reading {subject}")
        self._midnight = MidnightTimer(self._request_all)  # the reporting period, and what days are named by
        fanout.subscribe(self)

    def add_session(self, session: Session, position: int | None) -> None:
        """Keep a session up to date from now on.

        Args:
            session: The session.
            position: Id of the last event that it shows, None if it shows nothing yet.
        """
        self._sessions.add(session)
        self._midnight.start()
        if position is None or position < self._last_event_id:
            self.request(session)

    def remove_session(self, session: Session) -> None:
        """Stop updating a session."""
        self._sessions.discard(session)

    def request(self, session: Session) -> None:
        """Send a session its page again, as soon as it is read."""
        session.is_outdated = True
        self._schedule()

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Note that what is shown may have changed; the fan-out calls this for all organizations."""
        if events:
            self._last_event_id = events[-1].event_id
        if events or (progress and self._follows_progress):
            self._request_all()

    def on_erased(self, organization_id: str) -> None:
        """Show no longer what is of an organization that is being erased."""
        self._request_all()

    def _request_all(self) -> None:
        for session in self._sessions:
            session.is_outdated = True
        self._schedule()

    def _schedule(self) -> None:
        if self._refresh_task is None and self._sessions:
            self._refresh_task = asyncio.get_running_loop().create_task(self._refresh_loop())

    async def _refresh_loop(self) -> None:
        """Read and send until no session is outdated. Only one loop runs, so that none gets an older page at last."""
        while outdated := [session for session in self._sessions if session.is_outdated]:
            groups: defaultdict[Hashable, list[Session]] = defaultdict(list)
            for session in outdated:
                session.is_outdated = False
                groups[session.view_key].append(session)
            for sessions in groups.values():
                try:
                    await self._refresh(sessions)
                    self._fault.succeeded()
                except Exception as error:
                    passing = as_passing(error)
                    if passing is None:
                        log.exception("Failed to read %s; reading is retried.", self._subject)
                    for session in sessions:
                        session.is_outdated = True
                    await asyncio.sleep(_RETRY_SECONDS if passing is None else self._fault.failed(passing))
            await asyncio.sleep(self._debounce_seconds)
        self._refresh_task = None

    async def _refresh(self, sessions: Sequence[Session]) -> None:
        rendered = await self._render(sessions)
        for session in sessions:
            if session not in self._sessions:
                continue
            try:
                session.receive(rendered)
            except Exception:
                log.exception("A dashboard session could not be updated; it gets no more updates.")
                self.remove_session(session)
