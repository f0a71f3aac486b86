"""The overview page: all organizations with the state of their reports, live.

The browser filters, sorts and searches the rows, all of which it has. The URL holds its choices, so that the first HTML
is already filtered and sorted. The session knows only the period.
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
from components.overview.updater import OverviewState, OverviewUpdater
from preview.core.clock import format_rfc3339, now
from preview.core.errors import ValidationError
from preview.core.languages import Language
from preview.core.periods import Period
from preview.i18n.name_search import collation_key
from preview.i18n.plurals import plural_key

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "live.offline_since": ("time",),
    "why.connecting": (),
    "why.offline": (),
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
    "overview.shown.one": ("n", "total"),
    "overview.shown.other": ("n", "total"),
    "print.printed": ("time",),
    "print.sorted": (),
}
"""The texts that the browser fills in, with the names of their parameters."""


class FilterTile(NamedTuple):
    """A tile above the table: a value of the filter `show` with the number of rows that pass it."""

    show: str
    row_count: int
    is_selected: bool


@dataclass(frozen=True)
class OverviewPageData:
    """What the first HTML is rendered from.

    Attributes:
        filters: The filters of the URL.
        state: The overview and its regions.
        rows: The HTML of all rows in their order; those that do not pass the filters have the attribute `hidden`.
        tiles: The tiles above the table.
        case_systems: The case systems that can be filtered by.
        visible_count: The number of rows that pass.
    """

    filters: OverviewFilters
    state: OverviewState
    rows: Markup
    tiles: tuple[FilterTile, ...]
    case_systems: tuple[str, ...]
    visible_count: int


class OverviewView(Viewer):
    """The session of one open page: it patches the page, and changes to another period."""

    period_id: str | None = param.String(
        default=None, allow_None=True, doc="The period of all rows, None for each organization's newest."
    )  # pyright: ignore[reportAssignmentType]

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
        # Without a state the page was rendered by another process, so every region is sent.
        self.live = LiveComponent(state.regions if state else {}, self._handle_message)
        self.drawer = DeliveryDrawer(self.live, language, document)

    def receive(self, state: OverviewState) -> None:
        """Patch the page with a state of the overview; called outside the session."""
        self._document.add_next_tick_callback(partial(self._patch_if_current, state))

    def _patch_if_current(self, state: OverviewState) -> None:
        """Patch the page unless it has changed to another period since the state was read."""
        if state.overview.period_id == self.period_id:
            self.live.patch({**state.removed_rows(self.live.sent_regions), **state.regions})

    def _handle_message(self, message: dict[str, Any]) -> None:
        if message.get("action") == "show":
            self._updater.change_period(self, _parse_period(message.get("period_id")))
        elif message.get("action") == "deliveries":
            self._delivery_updates.handle_message(self.drawer, message)

    def __panel__(self) -> LiveComponent:
        return self.live


class OverviewPage:
    """The page at `/[?period_id=…][&q=…][&show=…][&deviation=…][&case_system=…][&sort=…][&lang=…][&theme=…]`."""

    path = "/"
    message_overrides: Mapping[type[Exception], str] = {ValidationError: "notice.wrong_period"}

    def __init__(self, context: AppContext, fanout: Fanout, delivery_updates: DeliveryUpdates) -> None:
        self._context = context
        self._delivery_updates = delivery_updates
        self.updater = OverviewUpdater(context, fanout)

    async def fetch(self, preferences: RequestPreferences) -> OverviewPageData:
        """Read what the page shows, on a thread, before a session exists.

        Raises:
            ValidationError: If the URL's period is invalid.
        """
        return await self._context.run_blocking(
            self._read, OverviewFilters.from_query(preferences.arguments), preferences.language
        )

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
            FilterTile(show, filters.count_matches(show, state.rows), show == filters.show)
            for show in (ALL, *STATES, *CROSS_CUTTING)
        )
        case_systems = sorted({row.entry.case_system for row in state.rows if row.entry.case_system}, key=collation_key)
        return OverviewPageData(filters, state, Markup("\n".join(rows)), tiles, tuple(case_systems), visible_count)  # noqa: S704  (rendered by autoescaping templates)

    def create_session(self) -> pn.Template:
        """Create the view of the present session, and return the rest of its page.

        `LivePageHandler` leaves the result of `fetch` on the request. A session that a WebSocket creates in another
        process than its page has none.
        """
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

    def render(self, page_data: OverviewPageData, preferences: RequestPreferences, nonce: str) -> str:
        """Return the HTML of the page, without its session.

        Args:
            page_data: What `fetch` returned.
            preferences: The visitor's language and theme.
            nonce: The nonce of the response's Content-Security-Policy.
        """
        t, row_count = self._context.translator(preferences), len(page_data.state.rows)
        return self._context.render_page(
            "overview/overview.html",
            preferences,
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
            shown_text=t(plural_key("overview.shown", row_count), n=page_data.visible_count, total=row_count),
            client_templates=t.templates({**CLIENT_TEMPLATES, **DRAWER_TEMPLATES}),
            max_bytes=self._context.application.settings.max_delivery_bytes,
            max_size=value_formatting.size(self._context.application.settings.max_delivery_bytes, preferences.language),
            read_at=value_formatting.clock_time(format_rfc3339(now()), preferences.language),
            read_instant=value_formatting.instant(format_rfc3339(now()), preferences.language),
        )


def _parse_period(period_id: Any) -> str | None:
    """Return a valid period of a message or a URL; None, for each organization's newest, in place of anything else."""
    try:
        return str(Period.parse(period_id)) if isinstance(period_id, str) else None
    except ValidationError:
        return None
