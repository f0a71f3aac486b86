"""Live updates of the overview: read and rendered on a thread, once for all sessions that show the same.

The one `OverviewUpdater` of a process gets every event. It reads the changed organizations again, those of several
events at once, and sends the result to every session of the period. An import of 400 organizations therefore costs the
same for fifty open pages as for one.
"""

import asyncio
import logging
import weakref
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Protocol

from components.context import AppContext
from components.live.fanout import Fanout
from components.live.midnight import MidnightTimer
from components.overview.rendering import OverviewRenderer, OverviewState, OverviewVariant, ShownServices
from preview.core.passing_faults import PassingFault, as_passing
from preview.events.log import AggregationProgress, EventRow

log = logging.getLogger(__name__)

# Pause after each round, in which further changes collect. The first change is sent at once.
_DEBOUNCE_SECONDS = 0.05
_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class OverviewUpdate:
    """What has changed for the sessions of an overview.

    Attributes:
        variant: Which overview.
        state: The rows and heads that were read; None if only totals were asked for.
        totals: The HTML of the totals, by the services that they are of.
        regions: Further regions that all these sessions show.
    """

    variant: OverviewVariant
    state: OverviewState | None
    totals: Mapping[ShownServices, str] = field(default_factory=dict[ShownServices, str])
    regions: Mapping[str, str] = field(default_factory=dict[str, str])

    def regions_for(self, shown: ShownServices, sent_regions: Set[str]) -> dict[str, str]:
        """Return the regions of a page, by what it shows and the regions that its browser has."""
        rows = {**self.state.removed_rows(sent_regions), **self.state.regions} if self.state else {}
        totals = {"totals": self.totals[shown]} if shown in self.totals else {}
        return {**rows, **self.regions, **totals}


class OverviewSession(Protocol):
    """A session that shows the overview.

    Attributes:
        shown: Which services the page shows.
        needs_full_refresh: Whether the updater must send it all rows.
        needs_totals: Whether it must send it the totals.
    """

    shown: ShownServices
    needs_full_refresh: bool
    needs_totals: bool

    @property
    def variant(self) -> OverviewVariant:
        """Which overview it shows."""
        ...

    @property
    def shows_events(self) -> bool:
        """Whether the newest events stand beside its rows."""
        ...

    def receive(self, update: OverviewUpdate) -> None:
        """Show what has changed; called on the event loop, outside the session."""
        ...


class OverviewUpdater:
    """Keeps the overview of all sessions up to date. It runs on the event loop.

    Attributes:
        renderer: Reads and renders what the sessions show.
    """

    organization_id = None

    def __init__(self, context: AppContext, fanout: Fanout) -> None:
        self._context = context
        self.renderer = OverviewRenderer(context)
        self._sessions: weakref.WeakSet[OverviewSession] = weakref.WeakSet()
        self._changed_ids: set[str] = set()
        self._last_event_id = 0
        self._refresh_task: asyncio.Task[None] | None = None
        self._fault = PassingFault("reading for the overview")
        self._midnight = MidnightTimer(self._on_midnight)
        fanout.subscribe(self)

    # ── Sessions, on the event loop ──
    def add_session(self, session: OverviewSession, state: OverviewState | None) -> None:
        """Keep a session up to date from now on.

        Args:
            session: The session.
            state: What it shows, None if it shows nothing yet.
        """
        session.needs_full_refresh = state is None or state.overview.position < self._last_event_id
        session.needs_totals = False
        self._sessions.add(session)
        self._midnight.start()
        self._schedule_refresh()

    def remove_session(self, session: OverviewSession) -> None:
        """Stop updating a session."""
        self._sessions.discard(session)

    def request_all(self, session: OverviewSession) -> None:
        """Send a session everything, as soon as it is read: it shows another overview now."""
        session.needs_full_refresh = True
        self._schedule_refresh()

    def request_totals(self, session: OverviewSession) -> None:
        """Send a session its totals, as soon as they are read: it shows other services now."""
        session.needs_totals = True
        self._schedule_refresh()

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Note which organizations have changed; the fan-out calls this for all of them."""
        self._changed_ids |= {event.organization_id for event in events} | {
            update.organization_id for update in progress
        }
        self._last_event_id = max([self._last_event_id, *(event.event_id for event in events)])
        self._schedule_refresh()

    def on_erased(self, organization_id: str) -> None:
        """Remove the row of an organization that is being erased."""
        self._changed_ids.add(organization_id)
        self._schedule_refresh()

    def _schedule_refresh(self) -> None:
        if not self._sessions:
            self._changed_ids.clear()
        elif self._refresh_task is None and self._has_work():
            self._refresh_task = asyncio.get_running_loop().create_task(self._refresh_loop())

    def _has_work(self) -> bool:
        return bool(self._changed_ids) or any(
            session.needs_full_refresh or session.needs_totals for session in self._sessions
        )

    async def _refresh_loop(self) -> None:
        """Read and send until no change is pending.

        Only one loop runs, so that no session gets an older row after a newer one.
        """
        while self._has_work():
            changed, self._changed_ids = frozenset(self._changed_ids), set()
            for variant in {session.variant for session in self._sessions}:
                try:
                    await self._refresh_sessions(variant, changed)
                    self._fault.succeeded()
                except Exception as error:
                    passing = as_passing(error)
                    if passing is None:
                        log.exception("The overview could not be read; reading is retried.")
                    self._require_full_refresh()
                    await asyncio.sleep(_RETRY_SECONDS if passing is None else self._fault.failed(passing))
            await asyncio.sleep(_DEBOUNCE_SECONDS)
        self._refresh_task = None

    async def _refresh_sessions(self, variant: OverviewVariant, changed: frozenset[str]) -> None:
        sessions = [session for session in self._sessions if session.variant == variant]
        is_full = any(session.needs_full_refresh for session in sessions)
        has_changed = is_full or bool(changed)
        shown = frozenset(session.shown for session in sessions if has_changed or session.needs_totals)
        if not shown:
            return
        shows_events = has_changed and any(session.shows_events for session in sessions)
        for session in sessions:
            session.needs_full_refresh = session.needs_totals = False
        requested = (frozenset[str]() if is_full else changed) if has_changed else None
        update = await self._context.run_blocking(self._read, variant, requested, shown, shows_events)
        for session in sessions:
            if session in self._sessions and session.variant == variant and not session.needs_full_refresh:
                self._send(session, update)

    def _read(
        self, variant: OverviewVariant, requested: frozenset[str] | None, shown: Set[ShownServices], shows_events: bool
    ) -> OverviewUpdate:
        """Read what sessions need; on a thread.

        Args:
            variant: Which overview.
            requested: The organizations to read, all if empty; None for no rows.
            shown: What the pages show whose totals are needed.
            shows_events: Whether the newest events are needed.
        """
        renderer = self.renderer
        return OverviewUpdate(
            variant,
            renderer.read(variant, requested) if requested is not None else None,
            {each: renderer.render_totals(variant, each) for each in shown},
            {"newest-events": renderer.render_events(variant.language)} if shows_events else {},
        )

    def _send(self, session: OverviewSession, update: OverviewUpdate) -> None:
        try:
            session.receive(update)
        except Exception:
            log.exception("A dashboard session could not be updated; it gets no more updates.")
            self.remove_session(session)

    def _require_full_refresh(self) -> None:
        for session in self._sessions:
            session.needs_full_refresh = True

    def _on_midnight(self) -> None:
        """Render all rows again: "today" in them becomes "yesterday"."""
        self._require_full_refresh()
        self._schedule_refresh()
