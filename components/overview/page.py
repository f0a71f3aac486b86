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

from components.context import AppContext
from components.deliveries.drawer import CLIENT_TEMPLATES as DRAWER_TEMPLATES
from components.deliveries.drawer import DeliveryDrawer, DeliveryUpdates
from components.layout import value_formatting
from components.layout.preferences import RequestPreferences, preferences_of
from components.live.component import LiveComponent, live_page
from components.live.fanout import Fanout
from components.overview.filters import ALL, COLUMNS, CROSS_CUTTING, DESCENDING, DEVIATIONS, STATES, OverviewFilters
from components.overview.presenter import collation_key
from components.overview.updater import OverviewState, OverviewUpdater
from preview.core.clock import format_rfc3339, now
from preview.core.errors import ValidationError
from preview.core.languages import Language
from preview.core.periods import Period

# Texts that the browser fills in, with the names that it fills.
CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
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


class FilterTile(NamedTuple):
    """A key figure, which filters: `size` is the number of rows that it leaves."""

    show: str
    row_count: int
    is_selected: bool


@dataclass(frozen=True)
class OverviewPageData:
    """What the first HTML is made of. `rows` stand in their order, those that do not pass hidden."""

    filters: OverviewFilters
    state: OverviewState
    rows: Markup
    tiles: tuple[FilterTile, ...]
    case_systems: tuple[str, ...]
    visible_count: int


class OverviewView(Viewer):
    """One person's page: patches what the browser holds, and turns to another period."""

    period_id: str | None = param.String(default=None, allow_None=True, doc="Shown for every organisation, None for each one's newest.")  # pyright: ignore[reportAssignmentType]

    def __init__(
        self,
        updater: OverviewUpdater,
        delivery_updates: DeliveryUpdates,
        state: OverviewState | None,
        language: Language,
        document: Document,
        **params: Any,
    ) -> None:
        super().__init__(**params)
        self._updater = updater
        self._delivery_updates = delivery_updates
        self._document = document
        self.language: Language = language
        self.needs_full_refresh = False
        # Where the page came from another process there is none: then all is sent.
        self.live = LiveComponent(state.regions if state else {}, self._handle_message)
        self.drawer = DeliveryDrawer(self.live, language, document)

    def receive(self, board: OverviewState) -> None:
        """Outside the session."""
        self._document.add_next_tick_callback(partial(self._patch_if_current, board))

    def _patch_if_current(self, state: OverviewState) -> None:
        """In the session. What was read of a period that has been left meanwhile changes nothing."""
        if state.overview.period_id == self.period_id:
            self.live.patch({**state.removed_rows(self.live.sent_regions), **state.regions})

    def _handle_message(self, sent: dict[str, Any]) -> None:
        if sent.get("action") == "show":
            self._updater.change_period(self, _parse_period(sent.get("period_id")))
        elif sent.get("action") == "deliveries":
            self._delivery_updates.handle_message(self.drawer, sent)

    def __panel__(self) -> LiveComponent:
        return self.live


class OverviewPage:
    """`/[?period_id=…][&q=…][&show=…][&deviation=…][&case_system=…][&sort=…][&lang=…][&theme=…]`."""

    path = "/"
    message_overrides: Mapping[type[Exception], str] = {ValidationError: "notice.wrong_period"}

    def __init__(self, context: AppContext, fanout: Fanout, delivery_updates: DeliveryUpdates) -> None:
        self._context = context
        self._delivery_updates = delivery_updates
        self.updater = OverviewUpdater(context, fanout)

    async def fetch(self, preferences: RequestPreferences) -> OverviewPageData:
        """Reads what the page will show, before there is a session."""
        return await self._context.run_blocking(self._read, OverviewFilters.from_query(preferences.arguments), preferences.language)

    def _read(self, filters: OverviewFilters, language: Language) -> OverviewPageData:
        state = self.updater.read(filters.period_id, language)
        rows: list[str] = []
        visible_count = 0
        for row in filters.sort_rows(state.rows):
            html = state.regions[f"row-{row.entry.organization_id}"]
            is_match = filters.matches(row)
            rows.append(html if is_match else html.replace("<tr ", "<tr hidden ", 1))
            visible_count += is_match
        tiles = tuple(
            FilterTile(show, filters.count_matches(show, state.rows), show == filters.show) for show in (ALL, *STATES, *CROSS_CUTTING)
        )
        case_systems = sorted({row.entry.case_system for row in state.rows if row.entry.case_system}, key=collation_key)
        return OverviewPageData(filters, state, Markup("\n".join(rows)), tiles, tuple(case_systems), visible_count)  # noqa: S704  (drawn by our own templates)

    def create_session(self) -> pn.Template:
        """The page of the present session. What `fetch` gave stands on the request, but not where the page came from another process."""
        document: Any = pn.state.curdoc
        request = document.session_context.request
        preferences = preferences_of(request)
        page_data: OverviewPageData | None = getattr(request, "page_data", None)
        state = page_data.state if page_data else None
        view = OverviewView(
            self.updater,
            self._delivery_updates,
            state,
            preferences.language,
            document,
            period_id=_parse_period(preferences.arguments.get("period_id")),
        )
        self.updater.add_session(view, state)
        pn.state.on_session_destroyed(lambda _: self._end_session(view))
        return live_page(view.live, request, self._context.rewrite_scripts)

    def _end_session(self, view: OverviewView) -> None:
        self.updater.remove_session(view)
        self._delivery_updates.remove(view.drawer)

    def render(self, page_data: OverviewPageData, of: RequestPreferences, nonce: str) -> str:
        """All of the page that is to be read."""
        t = self._context.translator(of)
        return self._context.render_page(
            "overview/overview.html",
            of,
            nonce,
            active_page="overview",
            title=t("app.title", page=t("app.overview")),
            live=True,
            page_data=page_data,
            regions=page_data.state.regions,
            columns=COLUMNS,
            descending=DESCENDING,
            deviations=DEVIATIONS,
            states=STATES,
            client_templates=t.templates({**CLIENT_TEMPLATES, **DRAWER_TEMPLATES}),
            max_bytes=self._context.application.settings.max_delivery_bytes,
            max_size=value_formatting.size(self._context.application.settings.max_delivery_bytes, of.language),
            read_at=value_formatting.clock_time(format_rfc3339(now()), of.language),
        )


def _parse_period(period_id: Any) -> str | None:
    """As the browser names it; each organisation's newest for what is none."""
    try:
        return str(Period.parse(period_id)) if isinstance(period_id, str) else None
    except ValidationError:
        return None
