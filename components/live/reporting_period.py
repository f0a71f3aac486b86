"""Live updates of the reporting period in the app bar: read once for all open pages of the process."""

import asyncio
import logging
import weakref
from typing import Protocol

from components.context import AppContext
from components.live.fanout import Fanout
from components.live.midnight import MidnightTimer
from preview.core.passing_faults import PassingFault, as_passing
from preview.events.log import AggregationProgress, EventRow
from preview.model.reviews import ReportingPeriodDocument

log = logging.getLogger(__name__)

# Pause after each round, in which further changes collect. The first change is sent at once.
_DEBOUNCE_SECONDS = 0.2
_RETRY_SECONDS = 1.0


class ReportingPeriodSession(Protocol):
    """A session whose page shows the reporting period."""

    def receive_reporting_period(self, document: ReportingPeriodDocument) -> None:
        """Show how far the reporting period is; called on the event loop, outside the session."""
        ...


class ReportingPeriodUpdates:
    """Reads the reporting period after events, and sends it to all sessions if it has changed. On the event loop."""

    organization_id = None

    def __init__(self, context: AppContext, fanout: Fanout) -> None:
        self._context = context
        self._sessions: weakref.WeakSet[ReportingPeriodSession] = weakref.WeakSet()
        self._last_event_id = 0
        self._has_changes = False
        self._refresh_task: asyncio.Task[None] | None = None
        self._fault = PassingFault("reading the reporting period for the app bar")
        self._midnight = MidnightTimer(self._on_change)
        fanout.subscribe(self)

    async def read(self) -> tuple[ReportingPeriodDocument, int]:
        """Return the reporting period, and the log position that it reflects."""
        return await self._context.run_blocking(self._context.application.reviews.query.reporting_period)

    def add(self, session: ReportingPeriodSession, position: int) -> None:
        """Keep a session up to date from now on.

        Args:
            session: The session.
            position: The log position of what it shows, -1 if it shows nothing yet.
        """
        self._sessions.add(session)
        self._midnight.start()
        if position < self._last_event_id or position < 0:
            self._on_change()

    def remove(self, session: ReportingPeriodSession) -> None:
        """Stop updating a session."""
        self._sessions.discard(session)

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Note that something has changed; the fan-out calls this for all organizations."""
        if events:
            self._last_event_id = max(self._last_event_id, events[-1].event_id)
            self._on_change()

    def on_erased(self, organization_id: str) -> None:
        """Count an organization that is being erased no longer."""
        self._on_change()

    def _on_change(self) -> None:
        if not self._sessions:
            return
        self._has_changes = True
        if self._refresh_task is None:
            self._refresh_task = asyncio.get_running_loop().create_task(self._refresh_loop())

    async def _refresh_loop(self) -> None:
        """Read and send until no change is pending. Only one loop runs, so that no session gets an older state last."""
        while self._has_changes:
            self._has_changes = False
            try:
                document, _ = await self.read()
                self._fault.succeeded()
                self._send(document)
            except Exception as error:
                passing = as_passing(error)
                if passing is None:
                    log.exception("The reporting period could not be read for the app bar; reading is retried.")
                self._has_changes = True
                await asyncio.sleep(_RETRY_SECONDS if passing is None else self._fault.failed(passing))
            await asyncio.sleep(_DEBOUNCE_SECONDS)
        self._refresh_task = None

    def _send(self, document: ReportingPeriodDocument) -> None:
        for session in list(self._sessions):
            try:
                session.receive_reporting_period(document)
            except Exception:
                log.exception("A dashboard session could not be updated; its app bar gets no more updates.")
                self.remove(session)
