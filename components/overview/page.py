"""The overview: every organisation with where its newest snapshot stands, live.

The browser filters, sorts and searches among rows that are all there; the URL says how, so that the first HTML is in that state. The
session knows the period alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import panel as pn
import param
from bokeh.document import Document
from markupsafe import Markup
from panel.viewable import Viewer

from components.context import House
from components.deliveries.drawer import OPEN_TEXTS as DRAWER_TEXTS
from components.deliveries.drawer import Drawer, Drawers
from components.layout import value_formatting
from components.layout.preferences import Visit, visit
from components.live.component import Fanout, Live, live_page
from components.overview.filters import ACROSS, ALL, COLUMNS, DESCENDING, DEVIATIONS, STATES, Choice
from components.overview.presenter import collation
from components.overview.updater import Board, Boards
from preview.core.clock import now, timestamp
from preview.core.errors import Invalid
from preview.core.languages import Language
from preview.core.periods import Period

# Texts that the browser fills in, with the names that it fills.
OPEN_TEXTS: Mapping[str, tuple[str, ...]] = {
    "live.offline_since": ("time",),
    "live.paused": (),
    "live.waiting.one": (),
    "live.waiting.other": ("n",),
    "overview.back.one": (),
    "overview.back.other": ("n",),
    "overview.back_unchanged": (),
    "overview.changed.one": ("name",),
    "overview.changed.other": ("n",),
    "overview.reordered.one": (),
    "overview.reordered.other": ("n",),
    "overview.shown": ("n", "total"),
}


class Figure(NamedTuple):
    """A key figure, which filters: `size` is the number of rows that it leaves."""

    show: str
    size: int
    is_chosen: bool


@dataclass(frozen=True)
class Fetched:
    """What the first HTML is made of. `rows` stand in their order, those that do not pass hidden."""

    choice: Choice
    board: Board
    rows: Markup
    figures: tuple[Figure, ...]
    systems: tuple[str, ...]
    seen: int


class OverviewView(Viewer):
    """One person's page: patches what the browser holds, and turns to another period."""

    period_id: str | None = param.String(default=None, allow_None=True, doc="Shown for every organisation, None for each one's newest.")  # pyright: ignore[reportAssignmentType]

    def __init__(
        self, boards: Boards, drawers: Drawers, board: Board | None, language: Language, document: Document, **params: Any
    ) -> None:
        super().__init__(**params)
        self._boards = boards
        self._drawers = drawers
        self._document = document
        self.language: Language = language
        self.behind = False
        # Where the page came from another process there is none: then all is sent.
        self.live = Live(board.regions if board else {}, self._take)
        self.drawer = Drawer(self.live, language, document)

    def take(self, board: Board) -> None:
        """Outside the session."""
        self._document.add_next_tick_callback(partial(self._show, board))

    def _show(self, board: Board) -> None:
        """In the session. What was read of a period that has been left meanwhile changes nothing."""
        if board.overview.period_id == self.period_id:
            self.live.patch({**board.gone(self.live.held), **board.regions})

    def _take(self, sent: dict[str, Any]) -> None:
        if sent.get("do") == "show":
            self._boards.turn(self, _period(sent.get("period_id")))
        elif sent.get("do") == "deliveries":
            self._drawers.take(self.drawer, sent)

    def __panel__(self) -> Live:
        return self.live


class OverviewPage:
    """`/[?period_id=…][&q=…][&show=…][&deviation=…][&case_system=…][&sort=…][&lang=…][&theme=…]`."""

    path = "/"
    saying: Mapping[type[Exception], str] = {Invalid: "notice.wrong_period"}

    def __init__(self, house: House, fanout: Fanout, drawers: Drawers) -> None:
        self._house = house
        self._drawers = drawers
        self.boards = Boards(house, fanout)

    async def fetch(self, of: Visit) -> Fetched:
        """Reads what the page will show, before there is a session."""
        return await self._house.call(self._fetch, Choice.of(of.arguments), of.language)

    def _fetch(self, choice: Choice, language: Language) -> Fetched:
        board = self.boards.read(choice.period_id, language)
        rows: list[str] = []
        seen = 0
        for shown in choice.ordered(board.lines):
            html = board.regions[f"row-{shown.line.organization_id}"]
            passes = choice.passes(shown)
            rows.append(html if passes else html.replace("<tr ", "<tr hidden ", 1))
            seen += passes
        figures = tuple(Figure(show, choice.leaves(show, board.lines), show == choice.show) for show in (ALL, *STATES, *ACROSS))
        systems = sorted({shown.line.case_system for shown in board.lines if shown.line.case_system}, key=collation)
        return Fetched(choice, board, Markup("\n".join(rows)), figures, tuple(systems), seen)  # noqa: S704  (drawn by our own templates)

    def open(self) -> pn.Template:
        """The page of the present session. What `fetch` gave stands on the request, but not where the page came from another process."""
        document: Any = pn.state.curdoc
        request = document.session_context.request
        of = visit(request)
        fetched: Fetched | None = getattr(request, "fetched", None)
        board = fetched.board if fetched else None
        view = OverviewView(self.boards, self._drawers, board, of.language, document, period_id=_period(of.arguments.get("period_id")))
        self.boards.join(view, board)
        pn.state.on_session_destroyed(lambda _: self._leave(view))
        return live_page(view.live, request, self._house.scripts)

    def _leave(self, view: OverviewView) -> None:
        self.boards.leave(view)
        self._drawers.leave(view.drawer)

    def html(self, fetched: Fetched, of: Visit, nonce: str) -> str:
        """All of the page that is to be read."""
        words = self._house.words(of)
        return self._house.page(
            "overview/overview.html",
            of,
            nonce,
            here="overview",
            title=words("app.title", page=words("app.overview")),
            live=True,
            fetched=fetched,
            regions=fetched.board.regions,
            columns=COLUMNS,
            descending=DESCENDING,
            deviations=DEVIATIONS,
            states=STATES,
            open_texts=words.open({**OPEN_TEXTS, **DRAWER_TEXTS}),
            max_bytes=self._house.application.settings.max_delivery_bytes,
            max_size=value_formatting.size(self._house.application.settings.max_delivery_bytes, of.language),
            read_at=value_formatting.clock_time(timestamp(now()), of.language),
        )


def _period(sent: Any) -> str | None:
    """As the browser names it; each organisation's newest for what is none."""
    try:
        return str(Period.parse(sent)) if isinstance(sent, str) else None
    except Invalid:
        return None
