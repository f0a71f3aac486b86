"""The overview page: all organizations with the state of their reports, live.

The browser filters, sorts and searches the rows, all of which it has. The URL holds its choices, so that the first HTML
is already filtered and sorted. The session knows only the period.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import param
from markupsafe import Markup

from components.app_bar.period_frame import ShownPeriod, valid_period
from components.layout.error_messages import error_message
from components.layout.preferences import RequestPreferences, Translator
from components.live_page import LivePage, LiveSession, OpenedPage, PageServices, PlainRoute
from components.overview.candidates import render_candidates, requested_reports
from components.overview.export import OverviewExport
from components.overview.filters import ALL, CROSS_CUTTING, DEVIATIONS, STATES, OverviewFilters
from components.overview.rendering import (
    MAX_ROWS_BESIDE_EVENTS,
    NO_EVENTS,
    OverviewState,
    OverviewVariant,
    ShownServices,
    density,
    requested_services,
)
from components.overview.updater import OverviewUpdate, OverviewUpdater
from components.review.actions import MESSAGE_OVERRIDES as REVIEW_OVERRIDES
from components.review.actions import ReviewActions
from components.services.service_order import ServiceOrder
from preview.core.errors import ValidationError
from preview.core.languages import Language
from preview.core.periods import Period
from preview.i18n import formatting
from preview.i18n.name_search import collation_key
from preview.i18n.plurals import plural_key
from preview.model.resources import MAX_REASON_LENGTH
from preview.views.overview_columns import column_choice

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "overview.back.one": (),
    "overview.back.other": ("n",),
    "overview.back_unchanged": (),
    "overview.changed.one": ("name",),
    "overview.changed.other": ("n",),
    "overview.reordered.one": (),
    "overview.reordered.other": ("n",),
    "overview.shown.one": ("n", "total"),
    "overview.shown.other": ("n", "total"),
    "print.sorted": (),
    "selection.approved": (),
    "selection.changed": (),
    "selection.count.one": ("n",),
    "selection.count.other": ("n",),
    "selection.done.one": ("n",),
    "selection.done.other": ("n",),
    "selection.first": (),
    "selection.hidden": ("n",),
    "selection.refused.one": ("n",),
    "selection.refused.other": ("n",),
    "selection.see": (),
    "selection.send.one": ("n",),
    "selection.send.other": ("n",),
    "selection.shown.one": (),
    "selection.shown.other": ("n",),
    "text.left": ("n",),
    "text.national_id": (),
}
"""The texts that the page's script fills in, with the names of their parameters."""

MESSAGE_OVERRIDES: Mapping[type[Exception], str] = {ValidationError: "notice.wrong_period"}
"""The texts of errors that come from the URL, where the general ones say too little."""


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
        regions: The regions of the page, those of the state among them.
        shown: The services whose rows pass.
        heads: The HTML of the table's head.
        rows: The HTML of all rows in their order; those that do not pass the filters have the attribute `hidden`.
        tiles: The tiles above the table.
        case_systems: The case systems that can be filtered by.
        counties: The counties that can be filtered by, names by number.
        density: How many fields the columns show (`rendering.density`).
        visible_count: The number of rows that pass.
    """

    filters: OverviewFilters
    state: OverviewState
    regions: Mapping[str, str]
    shown: ShownServices
    heads: str
    rows: Markup
    tiles: tuple[FilterTile, ...]
    case_systems: tuple[str, ...]
    counties: Mapping[str, str]
    density: str
    visible_count: int


class OverviewView(LiveSession):
    """The session of one open page: it patches the page, shows another period or other columns, and approves."""

    period_id: str | None = param.String(
        default=None, allow_None=True, doc="The period of all rows, None for the reporting period."
    )  # pyright: ignore[reportAssignmentType]
    columns: str = param.String(default="", doc="The chosen columns (`ColumnChoice.choice_id`).")  # pyright: ignore[reportAssignmentType]
    since: str = param.String(default="", doc="The moment from which changes count; empty for none.")  # pyright: ignore[reportAssignmentType]

    def __init__(
        self, services: PageServices, opened: OpenedPage[OverviewPageData], updater: OverviewUpdater, **params: Any
    ) -> None:
        regions = opened.data.regions if opened.data else {}
        super().__init__(services, opened, regions, **params)
        self._updater = updater
        self._tasks: set[asyncio.Task[None]] = set()
        self.shown = opened.data.shown if opened.data else ShownServices()
        self.needs_full_refresh = False
        self.needs_totals = False
        self._review_actions = ReviewActions(self.context, self.actor, is_named=opened.is_actor_named)
        self.live.patch({"approver": self._review_actions.render_approver(self.t)})

    @property
    def variant(self) -> OverviewVariant:
        """Which overview the page shows."""
        return OverviewVariant(self.period_id, self.language, self.columns, self.since)

    @property
    def shows_events(self) -> bool:
        """Whether the newest events stand beside the rows."""
        rows = sum(region.startswith("row-") for region in self.live.sent_regions)
        return rows <= MAX_ROWS_BESIDE_EVENTS

    def receive(self, update: OverviewUpdate) -> None:
        """Patch the page with what has changed; called outside the session."""
        self._start_task(self.change_document(partial(self._patch_if_current, update)))

    def _patch_if_current(self, update: OverviewUpdate) -> None:
        """Patch the page unless it has changed to another overview since the update was read."""
        if update.variant == self.variant:
            self.live.patch(update.regions_for(self.shown, self.live.sent_regions))

    def handle_message(self, message: dict[str, Any]) -> None:
        """Show another overview or its totals, show the reports that are to be approved, or approve one."""
        actions: dict[Any, Callable[[dict[str, Any]], Coroutine[Any, Any, None]]] = {
            "candidates": self._show_candidates,
            "approve": self._review_actions.by_name["approve"],
        }
        if message.get("action") == "show":
            self.shown = requested_services(message)
            texts = {
                name: value if isinstance(value := message.get(name), str) else "" for name in ("columns", "since")
            }
            self._show(valid_period(message.get("period_id")), **texts)
        elif message.get("action") == "totals":
            self.shown = requested_services(message)
            self._updater.request_totals(self)
        elif action := actions.get(message.get("action")):
            self._start_task(self._perform(action, message))

    def _start_task(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _show(self, period_id: str | None, columns: str, since: str) -> None:
        choice = column_choice(self.context.application.catalogue, columns)
        self.period_id, self.columns, self.since = period_id, choice.choice_id, since
        self._updater.request_all(self)
        kept = {"columns": self.columns, "since": since}
        self.show_period(ShownPeriod(period_id, {name: value for name, value in kept.items() if value}))

    async def _perform(
        self, action: Callable[[dict[str, Any]], Coroutine[Any, Any, None]], message: dict[str, Any]
    ) -> None:
        """Perform what the visitor has asked for, and tell the browser the outcome."""
        error = ""
        try:
            await action(message)
        except Exception as fault:  # noqa: BLE001  (error_message logs it and maps it to a sentence)
            error = error_message(fault, self.t, REVIEW_OVERRIDES).text
        self.document.add_next_tick_callback(lambda: self.live.reply(message, error))

    async def _show_candidates(self, message: dict[str, Any]) -> None:
        read = self.context.application.overviews.candidates
        candidates = await self.context.run_blocking(read, requested_reports(message))
        regions = {"candidates": render_candidates(self.context, candidates, self.t)}
        self.document.add_next_tick_callback(lambda: self.live.patch(regions))

    def end(self) -> None:
        """Stop the updates."""
        self._updater.remove_session(self)
        super().end()


class OverviewPage(LivePage[OverviewPageData]):
    """The page at `/`; its query is that of `OverviewFilters`, with `lang` and `theme`."""

    name = "overview"
    path = "/"
    message_overrides = MESSAGE_OVERRIDES
    client_templates = CLIENT_TEMPLATES
    keys = (
        ("/", "search"),
        ("j k", "rows"),
        ("Enter", "open_report"),
        ("n N", "deviations"),
        ("f w m c", "filters"),
        ("x", "all_services"),
        ("Space", "select"),
        ("g", "approve_selected"),
        ("e", "export"),
    )
    signs = (
        *(f"state_{state}" for state in (*STATES, *CROSS_CUTTING)),
        *("error", "warning", "notice", "missing", "since", "comment", "run", "wait"),
    )

    def __init__(self, services: PageServices) -> None:
        super().__init__(services)
        self.updater = OverviewUpdater(services.context, services.fanout)

    async def fetch(self, preferences: RequestPreferences) -> OverviewPageData:
        """Read what the page shows, on a thread, before a session exists.

        Raises:
            ValidationError: If the URL's period is invalid.
        """
        filters = OverviewFilters.from_query(preferences.arguments, self.context.application.catalogue)
        return await self.context.run_blocking(self._read, filters, preferences.language)

    def _read(self, filters: OverviewFilters, language: Language) -> OverviewPageData:
        renderer = self.updater.renderer
        variant = OverviewVariant(filters.period_id, language, filters.columns, filters.since)
        state = renderer.read(variant)
        filters = filters.in_year(Period.parse(state.overview.period_id).year)
        rows: list[str] = []
        visible: set[str] = set()
        for row in filters.sort_rows(state.rows):
            html = state.regions[f"row-{row.entry.organization_id}"]
            if filters.matches(row):
                visible.add(row.entry.organization_id)
            else:
                html = html.replace("<tr ", "<tr hidden ", 1)
            rows.append(html)
        tiles = tuple(
            FilterTile(show, filters.count_matches(show, state.rows), show == filters.show)
            for show in (ALL, *STATES, *CROSS_CUTTING)
        )
        shown = ShownServices(None if len(visible) == len(rows) else frozenset(visible), filters.county)
        regions = {
            **state.regions,
            "totals": renderer.render_totals(variant, shown),
            "since": renderer.render_menu(state.overview, variant, filters.query_without("since")),
            "newest-events": renderer.render_events(language) if len(rows) <= MAX_ROWS_BESIDE_EVENTS else NO_EVENTS,
        }
        return OverviewPageData(
            filters=filters,
            state=state,
            regions=regions,
            shown=shown,
            heads=renderer.render_columns(state.overview.period_id, variant, filters.sort),
            rows=Markup("\n".join(rows)),  # noqa: S704  (rendered by autoescaping templates)
            tiles=tiles,
            case_systems=tuple(
                sorted({row.entry.case_system for row in state.rows if row.entry.case_system}, key=collation_key)
            ),
            density=density(renderer.choice(variant)),
            counties={row.entry.county: row.county_name for row in state.rows if row.entry.county},
            visible_count=len(visible),
        )

    def open_session(self, opened: OpenedPage[OverviewPageData]) -> OverviewView:
        """Return the session of an open page, which the updater knows from now on."""
        arguments = opened.preferences.arguments
        choice = column_choice(self.context.application.catalogue, arguments.get("columns"))
        view = OverviewView(
            self.services,
            opened,
            self.updater,
            period_id=valid_period(arguments.get("period_id")),
            columns=choice.choice_id,
            since=arguments.get("since", ""),
        )
        self.updater.add_session(view, opened.data.state if opened.data else None)
        return view

    def page_title(self, page_data: OverviewPageData, t: Translator) -> str:
        """Return the name of the page, with the period."""
        return f"{t('app.overview')} {formatting.period(t.language, page_data.state.overview.period_id)}"

    def variables(self, page_data: OverviewPageData, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of `overview.html`."""
        row_count = len(page_data.state.rows)
        return {
            "page_data": page_data,
            "regions": page_data.regions,
            "sections": [
                (section.section_id, getattr(section.titles, t.language))
                for section in self.context.application.catalogue.sections
            ],
            "max_rows_beside_events": MAX_ROWS_BESIDE_EVENTS,
            "deviations": DEVIATIONS,
            "states": STATES,
            "max_reason_length": MAX_REASON_LENGTH,
            "shown_text": t(plural_key("overview.shown", row_count), n=page_data.visible_count, total=row_count),
        }

    def routes(self) -> Sequence[PlainRoute]:
        """Return the routes of the exports and of the order."""
        arguments = {"updater": self.updater, "message_overrides": self.message_overrides}
        return (
            PlainRoute(r"/overview/export\.(csv|xlsx)", OverviewExport, arguments, "/overview/export"),
            PlainRoute(r"/overview/(order|next|previous)", ServiceOrder, {"read": self._read_order}, "/overview/order"),
        )

    def _read_order(self, arguments: Mapping[str, str], language: Language) -> list[str]:
        """Return the ids of the services that a query of the overview shows, in their order. Blocks."""
        filters = OverviewFilters.from_query(arguments, self.context.application.catalogue)
        state = self.updater.renderer.read(OverviewVariant(filters.period_id, language, filters.columns, filters.since))
        filters = filters.in_year(Period.parse(state.overview.period_id).year)
        return [row.entry.organization_id for row in filters.visible(state.rows)]
