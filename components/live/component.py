"""What keeps a page live: the component that carries regions to the browser, and the fan-out from the event log to the sessions.

The component has no element of its own worth seeing: it writes into the page that is already there, so there is no shadow root, focus
stays, and assistive technology sees everything.
"""

import logging
import weakref
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any, Protocol

import panel as pn
import param
from panel.custom import JSComponent
from panel.theme import Design
from tornado.ioloop import IOLoop

from preview.events.dispatcher import Feed
from preview.events.log import AggregationProgress, EventRow

log = logging.getLogger(__name__)


class Live(JSComponent):
    """Carries what is drawn to the page that shows it.

    `drawn` is what the page was made with. Until the browser says that it listens, `regions` holds all that differs from it, so that
    nothing is missed between page and connection; from then on, what has changed since the last patch.
    """

    regions = param.Dict(default={}, doc="HTML by region id, to be written into the page.")
    beat = param.Integer(default=0, doc="Answers the browser, which asks whether the line holds.")

    _esm = Path(__file__).with_suffix(".js")

    def __init__(self, drawn: Mapping[str, str], on_message: Callable[[dict[str, Any]], None], **params: Any) -> None:
        # It is not seen: without a design it fetches no styles.
        super().__init__(design=Design, **params)
        self._held = dict(drawn)
        self._listens = False
        self._on_message = on_message

    @property
    def held(self) -> Set[str]:
        """The regions that the browser has been given."""
        return self._held.keys()

    def patch(self, drawn: Mapping[str, str]) -> None:
        """Sends what differs from what the browser holds. Call it in the session's own callbacks only."""
        pending = {} if self._listens else self.regions
        changed = {region: html for region, html in drawn.items() if self._held.get(region) != html or region in pending}
        if self._listens:
            self._held |= changed
        else:
            changed = pending | changed
        if changed:
            self.regions = {region: str(html) for region, html in changed.items()}

    def take(self, sent: Any) -> None:
        """What the browser sends: `ready` and `here` are the component's own, all else is the view's."""
        if not isinstance(sent, dict):
            return
        if sent.get("do") == "ready":
            self._listens = True
            self._held |= self.regions
        elif sent.get("do") == "here":
            self.beat += 1
        else:
            self._on_message(sent)

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        """Called by Panel, which would have the browser fetch a style for a loading indicator."""
        changed = super()._process_param_change(params)
        changed.pop("stylesheets", None)
        return changed

    def _handle_msg(self, data: Any) -> None:
        """Called by Panel."""
        self.take(data)


# What is to be read has gone out before. Each script carries the nonce: es-module-shims copies it from there.
_TEMPLATE = """{% from macros import embed %}{{ embed(roots.live) }}
{{ bokeh_css }}{{ (scripts(bokeh_js) ~ plot_script) | replace("<script", '<script nonce="' ~ nonce ~ '"') }}{{ after }}"""


def live_page(live: Live, request: Any, scripts: Callable[[str], str]) -> pn.Template:
    """The end of a page, from its live component on. `scripts` puts our addresses into Panel's script tags."""
    page = pn.Template(_TEMPLATE, items={"live": live})
    page.add_variable("after", getattr(request, "after", ""))
    page.add_variable("scripts", scripts)
    page.add_variable("nonce", getattr(request, "nonce", ""))
    pn.state.on_session_destroyed(_forget_ended)
    return page


def _forget_ended(_: Any) -> None:
    """Panel notes the root of each page that is made of a template, for good: here the list is cleared of those that are gone."""
    roots: list[str] = pn.state._fake_roots  # pyright: ignore[reportPrivateUsage]
    roots[:] = [root for root in roots if root in pn.state._views]  # pyright: ignore[reportPrivateUsage]


class Watcher(Protocol):
    """Who shows an organisation, or all of them."""

    @property
    def organization_id(self) -> str | None:
        """Whose events it wants, None for everyone's."""
        ...

    def hear(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Called on the event loop, outside the session: what it shows it changes in a callback of its own."""
        ...


class Fanout:
    """One a process: follows the feed and tells the watchers of the organisations concerned. Watchers are held weakly."""

    def __init__(self, feed: Feed, loop: IOLoop) -> None:
        self._loop = loop
        self._watchers: weakref.WeakSet[Watcher] = weakref.WeakSet()
        self._newest: dict[str, int] = {}
        self.close = feed.subscribe(self._hand_over)

    def join(self, watcher: Watcher) -> None:
        """It hears from now on."""
        self._watchers.add(watcher)

    def leave(self, watcher: Watcher) -> None:
        """It hears no more."""
        self._watchers.discard(watcher)

    def newest(self, organization_id: str) -> int:
        """The newest event of the organisation since the process started, 0 for none: what a session that joins must reflect."""
        return self._newest.get(organization_id, 0)

    def _hand_over(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """On the feed's thread, from where only this is safe."""
        self._loop.add_callback(self._tell, events, progress)

    def _tell(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        for event in events:
            self._newest[event.organization_id] = event.event
        for watcher in list(self._watchers):
            wanted = watcher.organization_id
            concerned = [event for event in events if wanted in (None, event.organization_id)]
            moved = [each for each in progress if wanted in (None, each.organization_id)]
            if not concerned and not moved:
                continue
            try:
                watcher.hear(concerned, moved)
            except Exception:
                log.exception("a dashboard session could not be told")
                self._watchers.discard(watcher)
