"""The drawer in which files are delivered: what became of the newest deliveries, live, for whoever has it open or has sent something.

The browser sends the files to the API by itself (upload.js); from here comes only what the store says of them.
"""

import asyncio
import logging
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
from preview.core.languages import Language
from preview.events.dispatcher import EventDispatcher

log = logging.getLogger(__name__)

CLIENT_TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "deliver.begun.one": (),
    "deliver.begun.other": ("n",),
    "deliver.files_one_delivery": ("n",),
    "deliver.queued": (),
    "deliver.sent": ("share",),
    "deliver.storing": (),
    "deliver.stored": (),
    "deliver.cancel_named": ("name",),
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
    "deliver.fault.cut": (),
    "deliver.fault.unexpected": (),
}
"""Texts that the browser fills in, with the names that it fills."""

_ENTRY_PREFIX = "delivery-"
_MAX_LISTED = 20
_MAX_OWN_DELIVERIES = 100
# As many as a page keeps (delivery-drawer.js).
_MAX_SENT_ENTRIES = 40
# So long each round collects what comes next.
_DEBOUNCE_SECONDS = 0.1
_RETRY_SECONDS = 1.0


class DeliveryDrawer:
    """One session's. It follows deliveries while it is open, and those that its page has sent until they are read."""

    def __init__(self, live: LiveComponent, language: Language, document: Document) -> None:
        self.language: Language = language
        self.own_deliveries: frozenset[str] = frozenset()
        self.sent_entries: frozenset[str] = frozenset()
        """The regions of the newest entries that it has been given."""
        self._live = live
        self._document = document
        self._is_open = False

    @property
    def is_active(self) -> bool:
        """Whether anything is to be told to it."""
        return self._is_open or bool(self.own_deliveries)

    def update_subscription(self, message: Mapping[str, Any]) -> None:
        """What its page says: whether it is open, and the ids of what it has sent that is not read yet."""
        own_deliveries = message.get("own_deliveries")
        self._is_open = message.get("open") is True
        self.own_deliveries = (
            frozenset(str(delivery_id) for delivery_id in own_deliveries[:_MAX_OWN_DELIVERIES])
            if isinstance(own_deliveries, list)
            else frozenset()
        )

    def send(self, regions: Mapping[str, str]) -> None:
        """Outside the session. An entry whose delivery is gone is empty, and goes from who has it."""
        regions = {region: text for region, text in regions.items() if text or region in self.sent_entries}
        entries = {
            region for region, text in regions.items() if text and region.startswith(_ENTRY_PREFIX)
        } | self.sent_entries - regions.keys()
        self.sent_entries = frozenset(sorted(entries, key=lambda region: (len(region), region))[-_MAX_SENT_ENTRIES:])
        self._document.add_next_tick_callback(partial(self._live.patch, regions))


class DeliveryUpdates:
    """Of one process: reads once for all that follow. On the event loop, but for `_read`."""

    def __init__(self, context: AppContext, feed: EventDispatcher, loop: IOLoop) -> None:
        self._context = context
        self._drawers: weakref.WeakSet[DeliveryDrawer] = weakref.WeakSet()
        self._has_changes = False
        self._refresh_task: asyncio.Task[None] | None = None
        feed.subscribe_deliveries(partial(loop.add_callback, self._on_change))

    def handle_message(self, drawer: DeliveryDrawer, sent: Mapping[str, Any]) -> None:
        """What the drawer's page says."""
        drawer.update_subscription(sent)
        self._drawers.add(drawer)
        self._on_change()

    def remove(self, drawer: DeliveryDrawer) -> None:
        """It follows no more."""
        self._drawers.discard(drawer)

    def _on_change(self) -> None:
        self._has_changes = True
        if self._refresh_task is None and any(drawer.is_active for drawer in self._drawers):
            self._refresh_task = asyncio.get_running_loop().create_task(self._refresh_loop())

    async def _refresh_loop(self) -> None:
        """Until everyone has everything. One at a time, so that nobody is given an older state after a newer."""
        while self._has_changes:
            self._has_changes = False
            active = [drawer for drawer in self._drawers if drawer.is_active]
            own_deliveries = frozenset[str]().union(*(drawer.own_deliveries for drawer in active))
            sent_entries = frozenset[str]().union(*(drawer.sent_entries for drawer in active))
            try:
                for language in {drawer.language for drawer in active}:
                    regions = await self._context.run_blocking(self._render_regions, language, own_deliveries, sent_entries)
                    for drawer in active:
                        if drawer.language == language and drawer in self._drawers:
                            drawer.send(regions)
            except Exception:
                log.exception("deliveries could not be read")
                self._has_changes = True
                await asyncio.sleep(_RETRY_SECONDS)
            await asyncio.sleep(_DEBOUNCE_SECONDS)
        self._refresh_task = None

    def _render_regions(self, language: Language, own_deliveries: frozenset[str], sent_entries: frozenset[str]) -> dict[str, str]:
        t, macros = Translator(self._context.application.texts, language), self._context.macros("deliveries/drawer.html")
        views = self._context.application.deliveries.recent(
            _MAX_LISTED, own_deliveries | {region.removeprefix(_ENTRY_PREFIX) for region in sent_entries}
        )
        regions = {f"{_ENTRY_PREFIX}{view.summary.delivery_id}": str(macros.delivery(present_delivery(view, t), t)) for view in views}
        return {"no-deliveries": str(macros.no_deliveries(t, not views)), **dict.fromkeys(sent_entries, ""), **regions}
