"""The deliveries page: all deliveries, searched by the server because there is no limit to their number, live."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from components.app_bar.period_frame import ShownPeriod
from components.deliveries.export import FindingsExport
from components.deliveries.list_updater import DeliveryListUpdater, RenderedDeliveries
from components.deliveries.search import SEVERITIES, STATUSES, DeliveryListQuery
from components.layout.preferences import RequestPreferences, Translator
from components.live_page import LivePage, LiveSession, OpenedPage, PageServices, PlainRoute

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {"deliveries.back": ()}
"""The texts that the page's script fills in, with the names of their parameters."""


class DeliveriesView(LiveSession):
    """The session of one open page: it patches the page, and shows the deliveries of another search."""

    def __init__(
        self, services: PageServices, opened: OpenedPage[RenderedDeliveries], updater: DeliveryListUpdater
    ) -> None:
        super().__init__(services, opened, opened.data.regions if opened.data else {})
        self._updater = updater
        self.query = DeliveryListQuery.from_arguments(opened.preferences.arguments)

    def receive(self, rendered: RenderedDeliveries) -> None:
        """Patch the page; called outside the session."""
        self.document.add_next_tick_callback(partial(self._patch_if_current, rendered))

    def _patch_if_current(self, rendered: RenderedDeliveries) -> None:
        """Patch the page unless it has changed to another search since the deliveries were read."""
        if rendered.query == self.query:
            self.live.patch(rendered.regions)

    def handle_message(self, message: dict[str, Any]) -> None:
        """Show the deliveries of another search."""
        arguments = message.get("arguments")
        if message.get("action") == "show" and isinstance(arguments, dict):
            texts = {str(name): value for name, value in arguments.items() if isinstance(value, str)}
            self.show_period(ShownPeriod.from_arguments(texts))
            self._updater.change_query(self, DeliveryListQuery.from_arguments(texts))

    def end(self) -> None:
        """Stop the updates."""
        self._updater.remove_session(self)
        super().end()


class DeliveriesPage(LivePage[RenderedDeliveries]):
    """The page at `/deliveries`; its query is that of `DeliveryListQuery`."""

    name = "deliveries"
    path = "/deliveries"
    client_templates = CLIENT_TEMPLATES
    keys = (("/", "search"), ("j k", "deliveries"), ("[ ]", "pages"), ("x", "all_deliveries"), ("e", "export"))

    def __init__(self, services: PageServices) -> None:
        super().__init__(services)
        self._updater = DeliveryListUpdater(services.context)

    async def fetch(self, preferences: RequestPreferences) -> RenderedDeliveries:
        """Read what the page shows, on a thread, before a session exists."""
        return await self.context.run_blocking(
            self._updater.read, DeliveryListQuery.from_arguments(preferences.arguments), preferences.language
        )

    def open_session(self, opened: OpenedPage[RenderedDeliveries]) -> DeliveriesView:
        """Return the session of an open page, which the updater knows from now on."""
        view = DeliveriesView(self.services, opened, self._updater)
        self._updater.add_session(view)
        return view

    def page_title(self, page_data: RenderedDeliveries, t: Translator) -> str:
        """Return the name of the page."""
        return t("app.deliveries")

    def variables(
        self, page_data: RenderedDeliveries, preferences: RequestPreferences, t: Translator
    ) -> dict[str, Any]:
        """Return the variables of `deliveries.html`."""
        return {
            "search": page_data.view.search,
            "regions": page_data.regions,
            "statuses": STATUSES,
            "severities": SEVERITIES,
        }

    def routes(self) -> Sequence[PlainRoute]:
        """Return the route of the exports."""
        return (PlainRoute(r"/deliveries/findings\.(csv|xlsx)", FindingsExport, {}, "/deliveries/findings"),)
