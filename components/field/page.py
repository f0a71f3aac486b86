"""The page of a field: its total, every service ranked, linked figures, deviations, and its definition, live."""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from components.field.cache import FieldCache
from components.field.export import FieldExport
from components.field.figure_panel import FigurePanel
from components.field.history import ChosenView
from components.field.query import FieldQuery, toggled
from components.field.rendering import (
    FieldPageData,
    RenderedField,
    complete_page,
    read_chosen,
    render_chosen,
)
from components.layout.error_messages import error_message
from components.layout.preferences import RequestPreferences, Translator
from components.live.shared_views import SharedViews
from components.live_page import LivePage, LiveSession, OpenedPage, PageServices, PlainRoute
from preview.core.errors import NotFound, ValidationError
from preview.core.languages import Language

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "overview.reordered.one": ("n",),
    "overview.reordered.other": ("n",),
    "overview.changed.one": ("name",),
    "overview.changed.other": ("n",),
    "overview.back.one": (),
    "overview.back.other": ("n",),
    "overview.back_unchanged": (),
    "field.chosen_now": ("name",),
    "field.not_chosen_now": ("name",),
    "field.full": ("n",),
    "field.copied": (),
}
"""The texts that the page's script fills in, with the names of their parameters."""

MESSAGE_OVERRIDES: Mapping[type[Exception], str] = {
    NotFound: "field.no_such_field",
    ValidationError: "country.wrong_place",
}
"""The texts of errors that come from the URL, where the general ones say too little."""

COLUMNS = ("organization_name", "value", "prior_period_value", "change", "review_status")
"""The columns that can be sorted by, as the API names them, in the order of `ServiceRowView.sort_keys`."""
DESCENDING = frozenset({"value", "prior_period_value", "change"})
"""The columns whose first click sorts in descending order."""


class FieldSession(LiveSession):
    """The session of one open page: it patches the page, and links its figures with the choice of services."""

    def __init__(
        self,
        services: PageServices,
        opened: OpenedPage[FieldPageData],
        updater: "SharedViews[FieldSession, RenderedField]",
        **params: Any,
    ) -> None:
        data = opened.data
        super().__init__(services, opened, data.regions if data else {}, **params)
        self.query = FieldQuery.from_preferences(opened.preferences)
        self.is_outdated = False
        self._updater = updater
        self._tasks: set[asyncio.Task[None]] = set()
        self._last_requested = 0
        self._figures = FigurePanel(opened.document, self.t, self._choose)
        if data:
            self._figures.show(data.rendered.view)
            self._figures.show_chosen(data.chosen)
            self.query = self.query._replace(chosen=tuple(each.organization_id for each in data.chosen.services))
        else:
            self._refresh_chosen()

    @property
    def view_key(self) -> Hashable:
        """The field, period, county and language; the order of the rows is the browser's."""
        return self.query.field_key, self.query.place, self.language

    def receive(self, rendered: RenderedField) -> None:
        """Patch the page and its figures; called outside the session."""
        self.document.add_next_tick_callback(partial(self._patch, rendered))
        if self.query.chosen:
            self._refresh_chosen()

    def handle_message(self, message: dict[str, Any]) -> None:
        """Make the figures, move along them, or show the history of other services."""
        match message.get("action"):
            case "figures":
                self._figures.set_style(message)
            case "zoom":
                self._figures.zoom(message.get("step"))
            case "choose" if isinstance(organization_id := message.get("organization_id"), str):
                self._choose(organization_id)
            case _:
                pass

    def end(self) -> None:
        """Stop the updates and what is being read."""
        self._updater.remove_session(self)
        for task in self._tasks:
            task.cancel()
        super().end()

    def _patch(self, rendered: RenderedField) -> None:
        rows = {region for region in self.live.sent_regions if region.startswith("row-")}
        removed = dict.fromkeys(rows - rendered.regions.keys(), "")
        self.live.patch({**removed, **rendered.regions})
        self._figures.show(rendered.view)

    # ── The chosen services ──
    def _choose(self, organization_id: str) -> None:
        """Show the history of one more service, or no longer that of a chosen one."""
        self.query = self.query._replace(chosen=toggled(self.query.chosen, organization_id))
        self._refresh_chosen()

    def _refresh_chosen(self) -> None:
        """Read and show the chosen services again."""
        self._last_requested += 1
        task = asyncio.get_running_loop().create_task(self._read_chosen(self._last_requested, self.query))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read_chosen(self, number: int, query: FieldQuery) -> None:
        try:
            chosen = await self.context.run_blocking(read_chosen, self.context, query, self.language)
        except Exception as error:  # noqa: BLE001  (error_message logs it; the next event tries again)
            error_message(error, self.t)
            return
        self.document.add_next_tick_callback(partial(self._show_chosen, number, chosen))

    def _show_chosen(self, number: int, chosen: ChosenView) -> None:
        """Show the chosen services, unless others have been asked for since."""
        if number == self._last_requested:
            # Without the ids of an address that name no service.
            self.query = self.query._replace(chosen=tuple(each.organization_id for each in chosen.services))
            self.live.patch({"chosen": render_chosen(self.context, chosen, self.language)})
            self._figures.show_chosen(chosen)


class FieldPage(LivePage[FieldPageData]):
    """The page at `/field/KEY[?period_id=…][&county=…][&sort=…][&org=ID,…][&lang=…][&theme=…]`."""

    name = "field"
    path = "/field"
    subject = "(?:/[^/]+)?"
    message_overrides = MESSAGE_OVERRIDES
    client_templates = CLIENT_TEMPLATES
    signs = (
        *("error", "warning", "notice", "missing", "not_applicable", "withheld", "state_provisional"),
        *("sign_missing", "sign_not_applicable", "sign_withheld"),
    )
    keys = (("j k", "rows"), ("Enter", "open_report"), ("Space", "choose_service"), ("e", "export"))

    def __init__(self, services: PageServices) -> None:
        super().__init__(services)
        self._cache = FieldCache(services.context)
        self._updater: SharedViews[FieldSession, RenderedField] = SharedViews(
            services.fanout, self._render_for, "a field of all services"
        )

    async def fetch(self, preferences: RequestPreferences) -> FieldPageData:
        """Read and render what the page shows, before a session exists.

        Raises:
            NotFound: The form has no such field.
            ValidationError: The address has no valid period or county.
        """
        query = FieldQuery.from_preferences(preferences)
        return await self.context.run_blocking(self._load, query, preferences.language)

    def page_title(self, page_data: FieldPageData, t: Translator) -> str:
        """Return the name of the field, the county or country, and the period."""
        view = page_data.rendered.view
        return f"{view.label} {view.period}, {view.place}"

    def variables(self, page_data: FieldPageData, preferences: RequestPreferences, t: Translator) -> dict[str, Any]:
        """Return the variables of `field.html`."""
        return {
            "page_data": page_data,
            "query": page_data.query,
            "view": page_data.rendered.view,
            "regions": page_data.regions,
            "columns": COLUMNS,
            "descending": DESCENDING,
        }

    def open_session(self, opened: OpenedPage[FieldPageData]) -> FieldSession:
        """Return the session of an open page, which the updater knows from now on."""
        session = FieldSession(self.services, opened, self._updater)
        self._updater.add_session(session, opened.data.rendered.position if opened.data else None)
        return session

    def routes(self) -> Sequence[PlainRoute]:
        """Return the route of the exports."""
        arguments = {"message_overrides": self.message_overrides}
        return (PlainRoute(r"/field/[^/]+/export\.(csv|xlsx)", FieldExport, arguments, "/field/{field_key}/export"),)

    def _load(self, query: FieldQuery, language: Language) -> FieldPageData:
        return complete_page(self.context, self._cache.get(query, language), query, language)

    async def _render_for(self, sessions: Sequence[FieldSession]) -> RenderedField:
        first = sessions[0]
        return await self.context.run_blocking(self._cache.get, first.query, first.language)
