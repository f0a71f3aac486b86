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

from components.context import House
from components.deliveries.presenter import word
from components.layout.preferences import Words
from components.live.component import Live
from preview.core.languages import Language
from preview.events.dispatcher import Feed

log = logging.getLogger(__name__)

OPEN_TEXTS: Mapping[str, tuple[str, ...]] = {
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

_ENTRY = "delivery-"
_NEWEST = 20
_MOST_OF_ONE = 100
# As many as a page keeps (delivery-drawer.js).
_MOST_HELD = 40
# So long each round collects what comes next.
_PAUSE_SECONDS = 0.1
_AFTER_FAILURE_SECONDS = 1.0


class Drawer:
    """One session's. It follows deliveries while it is open, and those that its page has sent until they are read."""

    def __init__(self, live: Live, language: Language, document: Document) -> None:
        self.language: Language = language
        self.mine: frozenset[str] = frozenset()
        self.held: frozenset[str] = frozenset()
        """The regions of the newest entries that it has been given."""
        self._live = live
        self._document = document
        self._is_open = False

    @property
    def follows(self) -> bool:
        """Whether anything is to be told to it."""
        return self._is_open or bool(self.mine)

    def heed(self, sent: Mapping[str, Any]) -> None:
        """What its page says: whether it is open, and the ids of what it has sent that is not read yet."""
        mine = sent.get("mine")
        self._is_open = sent.get("open") is True
        self.mine = frozenset(str(each) for each in mine[:_MOST_OF_ONE]) if isinstance(mine, list) else frozenset()

    def show(self, regions: Mapping[str, str]) -> None:
        """Outside the session. An entry whose delivery is gone is empty, and goes from who has it."""
        regions = {region: text for region, text in regions.items() if text or region in self.held}
        entries = {region for region, text in regions.items() if text and region.startswith(_ENTRY)} | self.held - regions.keys()
        self.held = frozenset(sorted(entries, key=lambda region: (len(region), region))[-_MOST_HELD:])
        self._document.add_next_tick_callback(partial(self._live.patch, regions))


class Drawers:
    """Of one process: reads once for all that follow. On the event loop, but for `_read`."""

    def __init__(self, house: House, feed: Feed, loop: IOLoop) -> None:
        self._house = house
        self._drawers: weakref.WeakSet[Drawer] = weakref.WeakSet()
        self._has_moved = False
        self._following: asyncio.Task[None] | None = None
        feed.subscribe_deliveries(partial(loop.add_callback, self._move))

    def take(self, drawer: Drawer, sent: Mapping[str, Any]) -> None:
        """What the drawer's page says."""
        drawer.heed(sent)
        self._drawers.add(drawer)
        self._move()

    def leave(self, drawer: Drawer) -> None:
        """It follows no more."""
        self._drawers.discard(drawer)

    def _move(self) -> None:
        self._has_moved = True
        if self._following is None and any(drawer.follows for drawer in self._drawers):
            self._following = asyncio.get_running_loop().create_task(self._follow())

    async def _follow(self) -> None:
        """Until everyone has everything. One at a time, so that nobody is given an older state after a newer."""
        while self._has_moved:
            self._has_moved = False
            following = [drawer for drawer in self._drawers if drawer.follows]
            mine = frozenset[str]().union(*(drawer.mine for drawer in following))
            held = frozenset[str]().union(*(drawer.held for drawer in following))
            try:
                for language in {drawer.language for drawer in following}:
                    regions = await self._house.call(self._read, language, mine, held)
                    for drawer in following:
                        if drawer.language == language and drawer in self._drawers:
                            drawer.show(regions)
            except Exception:
                log.exception("deliveries could not be read")
                self._has_moved = True
                await asyncio.sleep(_AFTER_FAILURE_SECONDS)
            await asyncio.sleep(_PAUSE_SECONDS)
        self._following = None

    def _read(self, language: Language, mine: frozenset[str], held: frozenset[str]) -> dict[str, str]:
        words, parts = Words(self._house.application.texts, language), self._house.parts("deliveries/drawer.html")
        views = self._house.application.deliveries.recent(_NEWEST, mine | {region.removeprefix(_ENTRY) for region in held})
        regions = {f"{_ENTRY}{view.summary.delivery_id}": str(parts.delivery(word(view, words), words)) for view in views}
        return {"no-deliveries": str(parts.nothing(words, not views)), **dict.fromkeys(held, ""), **regions}
