"""Live updates of the overview: read and rendered on a thread, once for all sessions that show the same.

The one `OverviewUpdater` of a process gets every event. It reads the changed organizations again, those of several
events at once, and sends the result to every session of the period. An import of 400 organizations therefore costs the
same for fifty open pages as for one.
"""

import asyncio
import logging
import weakref
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Protocol

from components.context import AppContext
from components.layout.preferences import Translator
from components.live.fanout import Fanout
from components.live.midnight import MidnightTimer
from components.overview.presenter import OverviewRowView, present_row
from preview.core.clock import today
from preview.core.languages import Language
from preview.core.passing_faults import PassingFault, as_passing
from preview.events.log import AggregationProgress, EventRow
from preview.i18n import formatting
from preview.views.overview import Overview, OverviewEntry

log = logging.getLogger(__name__)

_ROW_CACHE_SIZE = 8192
# For more organizations, one query of all is faster than a query of each.
_MAX_SINGLE_READS = 8
# Pause after each round, in which further changes collect. The first change is sent at once.
_DEBOUNCE_SECONDS = 0.05
_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class OverviewState:
    """An overview as it was read, with its rendered regions.

    Attributes:
        requested_period: The period that was asked for, None for the reporting period.
        overview: The read model.
        rows: The rows that were read.
        regions: HTML by region id.
        requested_ids: The organizations that were read, None for all.
    """

    requested_period: str | None
    overview: Overview
    rows: Sequence[OverviewRowView]
    regions: Mapping[str, str]
    requested_ids: frozenset[str] | None = None

    def removed_rows(self, sent_regions: Set[str]) -> dict[str, str]:
        """Return, as empty regions, those rows of the browser whose organizations have been erased."""
        requested_regions = (
            sent_regions
            if self.requested_ids is None
            else sent_regions & {f"row-{organization_id}" for organization_id in self.requested_ids}
        )
        return {region: "" for region in requested_regions if region.startswith("row-") and region not in self.regions}


class OverviewSession(Protocol):
    """A session that shows the overview.

    Attributes:
        period_id: The period of its rows, None for the reporting period.
        needs_full_refresh: Whether the updater must send it all rows.
    """

    period_id: str | None
    needs_full_refresh: bool

    @property
    def language(self) -> Language:
        """The language of the page."""
        ...

    def receive(self, state: OverviewState) -> None:
        """Show a state; called on the event loop, outside the session."""
        ...


class OverviewUpdater:
    """Keeps the overview of all sessions up to date. It runs on the event loop, except `read`."""

    organization_id = None

    def __init__(self, context: AppContext, fanout: Fanout) -> None:
        self._context = context
        self._sessions: weakref.WeakSet[OverviewSession] = weakref.WeakSet()
        self._changed_ids: set[str] = set()
        self._last_event_id = 0
        self._refresh_task: asyncio.Task[None] | None = None
        self._fault = PassingFault("reading for the overview")
        self._midnight = MidnightTimer(self._on_midnight)
        self._cached_row = lru_cache(_ROW_CACHE_SIZE)(self._render_row)
        fanout.subscribe(self)

    # ── Reading, on a thread ──
    def read(
        self, period_id: str | None, language: Language, organization_ids: frozenset[str] = frozenset()
    ) -> OverviewState:
        """Read and render the overview. Blocks.

        Args:
            period_id: The period of all rows, None for the reporting period.
            language: The language of the texts.
            organization_ids: The organizations to read; all if empty.

        Raises:
            ValidationError: If the period is invalid.
        """
        overviews = self._context.application.overviews
        if 0 < len(organization_ids) <= _MAX_SINGLE_READS:
            # The parts are read one after the other; the first has the earliest event position, which holds for all.
            overview_parts = [
                overviews.read(period_id, organization_id) for organization_id in sorted(organization_ids)
            ]
            overview, entries = overview_parts[0], [entry for part in overview_parts for entry in part.entries]
        else:
            overview = overviews.read(period_id)
            entries = overview.entries
        rows = [
            self._cached_row(entry, overview.field_count, language, overview.period_id, today()) for entry in entries
        ]
        regions = {f"row-{row.entry.organization_id}": html for row, html in rows}
        requested_ids = organization_ids or None
        return OverviewState(
            period_id,
            overview,
            [row for row, _ in rows],
            {**self._render_frame(overview, language), **regions},
            requested_ids,
        )

    def _render_row(
        self, entry: OverviewEntry, field_count: int, language: Language, period_id: str, day: date
    ) -> tuple[OverviewRowView, str]:
        """Render a row. Results are cached by argument, so that of 400 rows only those that changed are rendered."""
        t = Translator(self._context.application.texts, language)
        row = present_row(entry, field_count, t, period_id, day)
        html = str(self._context.macros("overview/overview_regions.html").row(row, t))
        # In 400 rows, the white space between cells would be a tenth of all nodes of the page.
        return row, "".join(line.strip() for line in html.splitlines())

    def _render_frame(self, overview: Overview, language: Language) -> dict[str, str]:
        macros, t = (
            self._context.macros("overview/overview_regions.html"),
            Translator(self._context.application.texts, language),
        )
        reporting = overview.reporting_period_id
        chosen = "" if overview.period_id == reporting else overview.period_id
        others = [period_id for period_id in (chosen, *overview.periods) if period_id not in ("", reporting)]
        names = {period_id: formatting.period(language, period_id) for period_id in (reporting, *others)}
        return {
            "title": macros.title(names[chosen or reporting], t),
            "caption": macros.caption(chosen, names[chosen or reporting], t),
            "periods": macros.periods(chosen, reporting, names, t),
        }

    # ── Sessions, on the event loop ──
    def add_session(self, session: OverviewSession, state: OverviewState | None) -> None:
        """Keep a session up to date from now on.

        Args:
            session: The session.
            state: What it shows, None if it shows nothing yet.
        """
        session.needs_full_refresh = state is None or state.overview.position < self._last_event_id
        self._sessions.add(session)
        self._midnight.start()
        self._schedule_refresh()

    def remove_session(self, session: OverviewSession) -> None:
        """Stop updating a session."""
        self._sessions.discard(session)

    def change_period(self, session: OverviewSession, period_id: str | None) -> None:
        """Show another period in a session."""
        session.period_id = period_id
        session.needs_full_refresh = True
        self._schedule_refresh()

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Note which organizations have changed; the fan-out calls this for all of them."""
        self._changed_ids |= {event.organization_id for event in events} | {
            update.organization_id for update in progress
        }
        self._last_event_id = max([self._last_event_id, *(event.event_id for event in events)])
        self._schedule_refresh()

    def _schedule_refresh(self) -> None:
        if not self._sessions:
            self._changed_ids.clear()
        elif self._refresh_task is None and self._has_work():
            self._refresh_task = asyncio.get_running_loop().create_task(self._refresh_loop())

    def _has_work(self) -> bool:
        return bool(self._changed_ids) or any(session.needs_full_refresh for session in self._sessions)

    async def _refresh_loop(self) -> None:
        """Read and send until no change is pending.

        Only one loop runs, so that no session gets an older row after a newer one.
        """
        while self._has_work():
            changed, self._changed_ids = frozenset(self._changed_ids), set()
            subscriptions: set[tuple[str | None, Language]] = {
                (session.period_id, session.language) for session in self._sessions
            }
            for period_id, language in subscriptions:
                try:
                    await self._refresh_sessions(period_id, language, changed)
                    self._fault.succeeded()
                except Exception as error:
                    passing = as_passing(error)
                    if passing is None:
                        log.exception("The overview could not be read; reading is retried.")
                    self._require_full_refresh()
                    await asyncio.sleep(_RETRY_SECONDS if passing is None else self._fault.failed(passing))
            await asyncio.sleep(_DEBOUNCE_SECONDS)
        self._refresh_task = None

    async def _refresh_sessions(self, period_id: str | None, language: Language, changed: frozenset[str]) -> None:
        sessions = [
            session for session in self._sessions if (session.period_id, session.language) == (period_id, language)
        ]
        is_full = any(session.needs_full_refresh for session in sessions)
        if not is_full and not changed:
            return
        for session in sessions:
            session.needs_full_refresh = False
        state = await self._context.run_blocking(self.read, period_id, language, frozenset() if is_full else changed)
        for session in sessions:
            if session in self._sessions and session.period_id == period_id and not session.needs_full_refresh:
                self._send(session, state)

    def _send(self, session: OverviewSession, state: OverviewState) -> None:
        try:
            session.receive(state)
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
