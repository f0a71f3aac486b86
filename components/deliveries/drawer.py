"""The delivery drawer: live progress and results of the newest deliveries.

The browser uploads files to the API (upload.js); this module sends the stored state of deliveries to each session that
has the drawer open or has uploaded something.
"""

import weakref
from collections.abc import Mapping
from functools import partial
from typing import Any

from bokeh.document import Document
from tornado.ioloop import IOLoop

from components.context import AppContext
from components.deliveries.presenter import present_delivery
from components.layout.preferences import Translator
from components.live.component import LiveComponent
from components.live.refresh_loop import RefreshLoop
from preview.core.languages import Language
from preview.events.dispatcher import EventDispatcher

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "deliver.begun.one": (),
    "deliver.begun.other": ("n",),
    "deliver.files_one_delivery": ("n",),
    "deliver.queued": (),
    "deliver.sent": ("share",),
    "deliver.storing": (),
    "deliver.stored": (),
    "deliver.cancel_named": ("name",),
    "deliver.choose_named": ("name",),
    "deliver.retry_named": ("name",),
    "deliver.remove_named": ("name",),
    "deliver.cancelled": ("name",),
    "deliver.told": ("name", "told"),
    "deliver.progress": ("name",),
    "deliver.fault.empty": (),
    "deliver.fault.too_large": ("limit",),
    "deliver.fault.type": (),
    "deliver.fault.no_room": (),
    "deliver.fault.busy": (),
    "deliver.fault.refused": (),
    "deliver.fault.changed": (),
    "deliver.fault.cut": (),
    "deliver.fault.unexpected": (),
}
"""The texts that the browser fills in, with the names of their parameters."""

_ENTRY_PREFIX = "delivery-"
_MAX_LISTED = 20
_MAX_OWN_DELIVERIES = 100
# The number of entries that the page keeps (delivery-drawer.js).
_MAX_SENT_ENTRIES = 40


class DeliveryDrawer:
    """The drawer of one session.

    It gets updates while it is open, and while deliveries of its page are being imported.
    """

    def __init__(self, live: LiveComponent, language: Language, document: Document) -> None:
        self.language: Language = language
        self.period_query = ""
        """The query string with which the links to services keep the page's period; empty for the reporting period."""
        self.own_deliveries: frozenset[str] = frozenset()
        self.sent_entries: frozenset[str] = frozenset()
        """The region ids of the newest entries that the browser has."""
        self._live = live
        self._document = document
        self._is_open = False

    @property
    def is_active(self) -> bool:
        """Whether the session needs updates."""
        return self._is_open or bool(self.own_deliveries)

    def update_subscription(self, message: Mapping[str, Any]) -> None:
        """Apply a message of the page.

        Args:
            message: `open` says whether the drawer is open; `own_deliveries` lists the ids of the deliveries that the
                page has uploaded and that are not finished. Values of another type count as closed and empty.
        """
        own_deliveries = message.get("own_deliveries")
        self._is_open = message.get("open") is True
        self.own_deliveries = (
            frozenset(str(delivery_id) for delivery_id in own_deliveries[:_MAX_OWN_DELIVERIES])
            if isinstance(own_deliveries, list)
            else frozenset()
        )

    def send(self, regions: Mapping[str, str]) -> None:
        """Send entries to the browser; may be called outside the session.

        Args:
            regions: HTML by region id. An empty text removes an entry whose delivery no longer exists.
        """
        regions = {region: text for region, text in regions.items() if text or region in self.sent_entries}
        entries = {
            region for region, text in regions.items() if text and region.startswith(_ENTRY_PREFIX)
        } | self.sent_entries - regions.keys()
        self.sent_entries = frozenset(sorted(entries, key=lambda region: (len(region), region))[-_MAX_SENT_ENTRIES:])
        self._document.add_next_tick_callback(partial(self._live.patch, regions))


class DeliveryUpdates:
    """Reads deliveries once for all active drawers of the process. Runs on the event loop, except `_render_regions`."""

    def __init__(self, context: AppContext, dispatcher: EventDispatcher, loop: IOLoop) -> None:
        self._context = context
        self._drawers: weakref.WeakSet[DeliveryDrawer] = weakref.WeakSet()
        self._refresh_loop = RefreshLoop(self._refresh, "deliveries for the drawer")
        dispatcher.subscribe_deliveries(partial(loop.add_callback, self._on_change))

    def handle_message(self, drawer: DeliveryDrawer, message: Mapping[str, Any]) -> None:
        """Apply a message of a drawer's page, as `DeliveryDrawer.update_subscription`, and send it what is new."""
        drawer.update_subscription(message)
        self._drawers.add(drawer)
        self._on_change()

    def keep_period(self, drawer: DeliveryDrawer, period_query: str) -> None:
        """Keep a period in the links of a drawer, given as a query string; empty for the reporting period."""
        if drawer.period_query != period_query:
            drawer.period_query = period_query
            self._on_change()

    def remove(self, drawer: DeliveryDrawer) -> None:
        """Stop sending updates to a drawer, whose session has ended."""
        self._drawers.discard(drawer)

    def _on_change(self) -> None:
        if any(drawer.is_active for drawer in self._drawers):
            self._refresh_loop.note_change()

    async def _refresh(self) -> None:
        active = [drawer for drawer in self._drawers if drawer.is_active]
        own_deliveries = frozenset[str]().union(*(drawer.own_deliveries for drawer in active))
        sent_entries = frozenset[str]().union(*(drawer.sent_entries for drawer in active))
        for language, period_query in {(drawer.language, drawer.period_query) for drawer in active}:
            regions = await self._context.run_blocking(
                self._render_regions, language, period_query, own_deliveries, sent_entries
            )
            for drawer in active:
                is_same = (drawer.language, drawer.period_query) == (language, period_query)
                if is_same and drawer in self._drawers:
                    drawer.send(regions)

    def _render_regions(
        self, language: Language, period_query: str, own_deliveries: frozenset[str], sent_entries: frozenset[str]
    ) -> dict[str, str]:
        t, macros = (
            Translator(self._context.application.texts, language),
            self._context.macros("deliveries/drawer.html"),
        )
        views = self._context.application.deliveries.recent(
            _MAX_LISTED, own_deliveries | {region.removeprefix(_ENTRY_PREFIX) for region in sent_entries}
        )
        regions = {
            f"{_ENTRY_PREFIX}{view.summary.delivery_id}": str(
                macros.delivery(present_delivery(view, t), t, period_query=period_query)
            )
            for view in views
        }
        return {
            "all-deliveries": str(macros.all_deliveries(t, period_query)),
            "no-deliveries": str(macros.no_deliveries(t, not views)),
            **dict.fromkeys(sent_entries, ""),
            **regions,
        }
