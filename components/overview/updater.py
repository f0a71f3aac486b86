"""Overviews as they are read, worded and drawn, once for all sessions that show them, on a thread.

One `Boards` a process hears of every event. What changed is read anew by organisation, whatever came meanwhile in one go, and handed to
every session that shows that period: so an import of 400 services costs the same whether one person watches or fifty.
"""

import asyncio
import logging
import weakref
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

from components.context import AppContext
from components.layout.preferences import Translator
from components.live.fanout import Fanout
from components.overview.presenter import OverviewRowView, present_row
from preview.core.clock import OSLO, now, today
from preview.core.languages import Language
from preview.events.log import AggregationProgress, EventRow
from preview.i18n import formatting
from preview.views.overview import Overview, OverviewEntry

log = logging.getLogger(__name__)

_ROW_CACHE_SIZE = 8192
# Beyond this many, one reading of all is quicker than one of each.
_MAX_SINGLE_READS = 8
# So long each round collects what comes next; a change waits for it only where another came just before.
_DEBOUNCE_SECONDS = 0.05
_RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class OverviewState:
    """Lines of an overview, with the regions that show them. `asked` are the organisations that were asked for, None for all."""

    overview: Overview
    rows: Sequence[OverviewRowView]
    regions: Mapping[str, str]
    requested_ids: frozenset[str] | None = None

    def removed_rows(self, sent_regions: Set[str]) -> dict[str, str]:
        """Of the regions that are held: rows of organisations that are forgotten, as what takes them out."""
        requested_regions = (
            sent_regions
            if self.requested_ids is None
            else sent_regions & {f"row-{organization_id}" for organization_id in self.requested_ids}
        )
        return {region: "" for region in requested_regions if region.startswith("row-") and region not in self.regions}


class OverviewSession(Protocol):
    """A session that shows an overview. `behind` says that it must be given all of it."""

    period_id: str | None
    needs_full_refresh: bool

    @property
    def language(self) -> Language:
        """In which it is drawn."""
        ...

    def receive(self, board: OverviewState) -> None:
        """Called on the event loop, outside the session."""
        ...


class OverviewUpdater:
    """Hears of every organisation, and keeps the sessions that have joined up to date. On the event loop, but for `read`."""

    organization_id = None

    def __init__(self, context: AppContext, fanout: Fanout) -> None:
        self._context = context
        self._sessions: weakref.WeakSet[OverviewSession] = weakref.WeakSet()
        self._changed_ids: set[str] = set()
        self._last_event_id = 0
        self._refresh_task: asyncio.Task[None] | None = None
        self._midnight_timer: asyncio.TimerHandle | None = None
        self._cached_row = lru_cache(_ROW_CACHE_SIZE)(self._render_row)
        fanout.subscribe(self)

    # ── reading, on a thread ──
    def read(self, period_id: str | None, language: Language, organization_ids: frozenset[str] = frozenset()) -> OverviewState:
        """All of it, or those organisations alone. Blocks. Raises `Invalid` for what is no period."""
        overviews = self._context.application.overviews
        if 0 < len(organization_ids) <= _MAX_SINGLE_READS:
            # The earliest place holds for all of them.
            overview_parts = [overviews.read(period_id, organization_id) for organization_id in sorted(organization_ids)]
            overview, entries = overview_parts[0], [entry for part in overview_parts for entry in part.entries]
        else:
            overview = overviews.read(period_id)
            entries = overview.entries
        rows = [self._cached_row(entry, overview.field_count, language, overview.period_id, today()) for entry in entries]
        regions = {f"row-{row.entry.organization_id}": html for row, html in rows}
        requested_ids = organization_ids or None
        return OverviewState(overview, [row for row, _ in rows], {**self._render_frame(overview, language), **regions}, requested_ids)

    def _render_row(
        self, entry: OverviewEntry, field_count: int, language: Language, selected_period: str | None, day: date
    ) -> tuple[OverviewRowView, str]:
        """Kept, so that of 400 rows only those are drawn that say something else than before."""
        t = Translator(self._context.application.texts, language)
        row = present_row(entry, field_count, t, selected_period, day)
        html = str(self._context.macros("overview/overview_regions.html").row(row, t))
        # 400 times over, white space between cells would be a tenth of all nodes of the page.
        return row, "".join(entry.strip() for entry in html.splitlines())

    def _render_frame(self, overview: Overview, language: Language) -> dict[str, str]:
        macros, t = self._context.macros("overview/overview_regions.html"), Translator(self._context.application.texts, language)
        selected = overview.period_id
        period_ids = overview.periods if selected is None or selected in overview.periods else [selected, *overview.periods]
        names = {period_id: formatting.period(language, period_id) for period_id in period_ids}
        return {"caption": macros.caption(selected, names, t), "periods": macros.periods(selected, names, t)}

    # ── sessions ──
    def add_session(self, session: OverviewSession, state: OverviewState | None) -> None:
        """It is kept up to date from now on. `board` is what it shows, None where nothing."""
        session.needs_full_refresh = state is None or state.overview.position < self._last_event_id
        self._sessions.add(session)
        if self._midnight_timer is None:
            self._schedule_midnight()
        self._schedule_refresh()

    def remove_session(self, session: OverviewSession) -> None:
        """It hears no more."""
        self._sessions.discard(session)

    def change_period(self, session: OverviewSession, period_id: str | None) -> None:
        """Shows it another period."""
        session.period_id = period_id
        session.needs_full_refresh = True
        self._schedule_refresh()

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Of every organisation."""
        self._changed_ids |= {event.organization_id for event in events} | {update.organization_id for update in progress}
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
        """Until everyone has everything. One at a time, so that nobody is given an older line after a newer."""
        while self._has_work():
            changed, self._changed_ids = frozenset(self._changed_ids), set()
            subscriptions: set[tuple[str | None, Language]] = {(session.period_id, session.language) for session in self._sessions}
            for period_id, language in subscriptions:
                try:
                    await self._refresh_sessions(period_id, language, changed)
                except Exception:
                    log.exception("an overview could not be read")
                    self._require_full_refresh()
                    await asyncio.sleep(_RETRY_SECONDS)
            await asyncio.sleep(_DEBOUNCE_SECONDS)
        self._refresh_task = None

    async def _refresh_sessions(self, period_id: str | None, language: Language, changed: frozenset[str]) -> None:
        sessions = [session for session in self._sessions if (session.period_id, session.language) == (period_id, language)]
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
            log.exception("a dashboard session could not be updated")
            self.remove_session(session)

    def _require_full_refresh(self) -> None:
        for session in self._sessions:
            session.needs_full_refresh = True

    def _schedule_midnight(self) -> None:
        """Rows say "today": then they are drawn anew."""
        self._midnight_timer = asyncio.get_running_loop().call_later(_seconds_to_midnight() + 1, self._on_midnight)

    def _on_midnight(self) -> None:
        self._schedule_midnight()
        self._require_full_refresh()
        self._schedule_refresh()


def _seconds_to_midnight() -> float:
    """In Norway."""
    return (datetime.combine(today() + timedelta(days=1), time(), OSLO) - now()).total_seconds()
