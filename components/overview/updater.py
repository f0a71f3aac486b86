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

from components.context import House
from components.layout.preferences import Words
from components.live.component import Fanout
from components.overview.presenter import ShownLine, word
from preview.core.clock import OSLO, now, today
from preview.core.languages import Language
from preview.events.log import AggregationProgress, EventRow
from preview.i18n import formatting
from preview.views.overview import Overview, OverviewLine

log = logging.getLogger(__name__)

_ROWS_KEPT = 8192
# Beyond this many, one reading of all is quicker than one of each.
_ONE_BY_ONE = 8
# So long each round collects what comes next; a change waits for it only where another came just before.
_PAUSE_SECONDS = 0.05
_AFTER_FAILURE_SECONDS = 1.0


@dataclass(frozen=True)
class Board:
    """Lines of an overview, with the regions that show them. `asked` are the organisations that were asked for, None for all."""

    overview: Overview
    lines: Sequence[ShownLine]
    regions: Mapping[str, str]
    asked: frozenset[str] | None = None

    def gone(self, held: Set[str]) -> dict[str, str]:
        """Of the regions that are held: rows of organisations that are forgotten, as what takes them out."""
        asked = held if self.asked is None else held & {f"row-{organization_id}" for organization_id in self.asked}
        return {region: "" for region in asked if region.startswith("row-") and region not in self.regions}


class Showing(Protocol):
    """A session that shows an overview. `behind` says that it must be given all of it."""

    period_id: str | None
    behind: bool

    @property
    def language(self) -> Language:
        """In which it is drawn."""
        ...

    def take(self, board: Board) -> None:
        """Called on the event loop, outside the session."""
        ...


class Boards:
    """Hears of every organisation, and keeps the sessions that have joined up to date. On the event loop, but for `read`."""

    organization_id = None

    def __init__(self, house: House, fanout: Fanout) -> None:
        self._house = house
        self._sessions: weakref.WeakSet[Showing] = weakref.WeakSet()
        self._changed: set[str] = set()
        self._place = 0
        self._following: asyncio.Task[None] | None = None
        self._midnight: asyncio.TimerHandle | None = None
        self._row = lru_cache(_ROWS_KEPT)(self._draw_row)
        fanout.join(self)

    # ── reading, on a thread ──
    def read(self, period_id: str | None, language: Language, organization_ids: frozenset[str] = frozenset()) -> Board:
        """All of it, or those organisations alone. Blocks. Raises `Invalid` for what is no period."""
        overviews = self._house.application.overviews
        if 0 < len(organization_ids) <= _ONE_BY_ONE:
            # The earliest place holds for all of them.
            read = [overviews.read(period_id, organization_id) for organization_id in sorted(organization_ids)]
            overview, lines = read[0], [line for each in read for line in each.lines]
        else:
            overview = overviews.read(period_id)
            lines = overview.lines
        rows = [self._row(line, overview.field_count, language, overview.period_id, today()) for line in lines]
        regions = {f"row-{shown.line.organization_id}": html for shown, html in rows}
        asked = organization_ids or None
        return Board(overview, [shown for shown, _ in rows], {**self._frame(overview, language), **regions}, asked)

    def _draw_row(
        self, line: OverviewLine, field_count: int, language: Language, asked_period: str | None, day: date
    ) -> tuple[ShownLine, str]:
        """Kept, so that of 400 rows only those are drawn that say something else than before."""
        words = Words(self._house.application.texts, language)
        shown = word(line, field_count, words, asked_period, day)
        drawn = str(self._house.parts("overview/overview_regions.html").row(shown, words))
        # 400 times over, white space between cells would be a tenth of all nodes of the page.
        return shown, "".join(line.strip() for line in drawn.splitlines())

    def _frame(self, overview: Overview, language: Language) -> dict[str, str]:
        parts, words = self._house.parts("overview/overview_regions.html"), Words(self._house.application.texts, language)
        chosen = overview.period_id
        known = overview.periods if chosen is None or chosen in overview.periods else [chosen, *overview.periods]
        names = {period_id: formatting.period(language, period_id) for period_id in known}
        return {"caption": parts.caption(chosen, names, words), "periods": parts.periods(chosen, names, words)}

    # ── sessions ──
    def join(self, session: Showing, board: Board | None) -> None:
        """It is kept up to date from now on. `board` is what it shows, None where nothing."""
        session.behind = board is None or board.overview.place < self._place
        self._sessions.add(session)
        if self._midnight is None:
            self._wait_for_midnight()
        self._go_on()

    def leave(self, session: Showing) -> None:
        """It hears no more."""
        self._sessions.discard(session)

    def turn(self, session: Showing, period_id: str | None) -> None:
        """Shows it another period."""
        session.period_id = period_id
        session.behind = True
        self._go_on()

    def hear(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Of every organisation."""
        self._changed |= {event.organization_id for event in events} | {each.organization_id for each in progress}
        self._place = max([self._place, *(event.event for event in events)])
        self._go_on()

    def _go_on(self) -> None:
        if not self._sessions:
            self._changed.clear()
        elif self._following is None and self._is_due():
            self._following = asyncio.get_running_loop().create_task(self._follow())

    def _is_due(self) -> bool:
        return bool(self._changed) or any(session.behind for session in self._sessions)

    async def _follow(self) -> None:
        """Until everyone has everything. One at a time, so that nobody is given an older line after a newer."""
        while self._is_due():
            changed, self._changed = frozenset(self._changed), set()
            asked: set[tuple[str | None, Language]] = {(session.period_id, session.language) for session in self._sessions}
            for period_id, language in asked:
                try:
                    await self._serve(period_id, language, changed)
                except Exception:
                    log.exception("an overview could not be read")
                    self._put_behind()
                    await asyncio.sleep(_AFTER_FAILURE_SECONDS)
            await asyncio.sleep(_PAUSE_SECONDS)
        self._following = None

    async def _serve(self, period_id: str | None, language: Language, changed: frozenset[str]) -> None:
        shown = [session for session in self._sessions if (session.period_id, session.language) == (period_id, language)]
        whole = any(session.behind for session in shown)
        if not whole and not changed:
            return
        for session in shown:
            session.behind = False
        board = await self._house.call(self.read, period_id, language, frozenset() if whole else changed)
        for session in shown:
            if session in self._sessions and session.period_id == period_id and not session.behind:
                self._hand(session, board)

    def _hand(self, session: Showing, board: Board) -> None:
        try:
            session.take(board)
        except Exception:
            log.exception("a dashboard session could not be told")
            self.leave(session)

    def _put_behind(self) -> None:
        for session in self._sessions:
            session.behind = True

    def _wait_for_midnight(self) -> None:
        """Rows say "today": then they are drawn anew."""
        self._midnight = asyncio.get_running_loop().call_later(_seconds_to_midnight() + 1, self._turn_day)

    def _turn_day(self) -> None:
        self._wait_for_midnight()
        self._put_behind()
        self._go_on()


def _seconds_to_midnight() -> float:
    """In Norway."""
    return (datetime.combine(today() + timedelta(days=1), time(), OSLO) - now()).total_seconds()
