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

from preview.events.dispatcher import EventDispatcher
from preview.events.log import AggregationProgress, EventRow

log = logging.getLogger(__name__)


class LiveComponent(JSComponent):
    """Carries what is drawn to the page that shows it.

    `drawn` is what the page was made with. Until the browser says that it listens, `regions` holds all that differs from it, so that
    nothing is missed between page and connection; from then on, what has changed since the last patch.
    """

    regions = param.Dict(default={}, doc="HTML by region id, to be written into the page.")
    pong = param.Integer(default=0, doc="Answers the browser, which asks whether the line holds.")

    _esm = Path(__file__).with_suffix(".js")

    def __init__(self, initial_regions: Mapping[str, str], on_message: Callable[[dict[str, Any]], None], **params: Any) -> None:
        # It is not seen: without a design it fetches no styles.
        super().__init__(design=Design, **params)
        self._sent_html = dict(initial_regions)
        self._client_is_ready = False
        self._on_message = on_message

    @property
    def sent_regions(self) -> Set[str]:
        """The regions that the browser has been given."""
        return self._sent_html.keys()

    def patch(self, regions: Mapping[str, str]) -> None:
        """Sends what differs from what the browser holds. Call it in the session's own callbacks only."""
        pending = {} if self._client_is_ready else self.regions
        changed = {region: html for region, html in regions.items() if self._sent_html.get(region) != html or region in pending}
        if self._client_is_ready:
            self._sent_html |= changed
        else:
            changed = pending | changed
        if changed:
            self.regions = {region: str(html) for region, html in changed.items()}

    def handle_message(self, sent: Any) -> None:
        """What the browser sends: `ready` and `ping` are the component's own, all else is the view's."""
        if not isinstance(sent, dict):
            return
        if sent.get("action") == "ready":
            self._client_is_ready = True
            self._sent_html |= self.regions
        elif sent.get("action") == "ping":
            self.pong += 1
        else:
            self._on_message(sent)

    def _process_param_change(self, params: dict[str, Any]) -> dict[str, Any]:
        """Called by Panel, which would have the browser fetch a style for a loading indicator."""
        changed = super()._process_param_change(params)
        changed.pop("stylesheets", None)
        return changed

    def _handle_msg(self, data: Any) -> None:
        """Called by Panel."""
        self.handle_message(data)


# What is to be read has gone out before. Each script carries the nonce: es-module-shims copies it from there.
_TEMPLATE = """{% from macros import embed %}{{ embed(roots.live) }}
{{ bokeh_css }}{{ (rewrite_scripts(bokeh_js) ~ plot_script) | replace("<script", '<script nonce="' ~ nonce ~ '"') }}{{ closing_html }}"""


def live_page(live: LiveComponent, request: Any, rewrite_scripts: Callable[[str], str]) -> pn.Template:
    """The end of a page, from its live component on. `scripts` puts our addresses into Panel's script tags."""
    page = pn.Template(_TEMPLATE, items={"live": live})
    page.add_variable("closing_html", getattr(request, "closing_html", ""))
    page.add_variable("rewrite_scripts", rewrite_scripts)
    page.add_variable("nonce", getattr(request, "nonce", ""))
    pn.state.on_session_destroyed(_prune_ended_sessions)
    return page


def _prune_ended_sessions(_: Any) -> None:
    """Panel notes the root of each page that is made of a template, for good: here the list is cleared of those that are gone."""
    roots: list[str] = pn.state._fake_roots  # pyright: ignore[reportPrivateUsage]
    roots[:] = [root for root in roots if root in pn.state._views]  # pyright: ignore[reportPrivateUsage]


class EventSubscriber(Protocol):
    """Who shows an organisation, or all of them."""

    @property
    def organization_id(self) -> str | None:
        """Whose events it wants, None for everyone's."""
        ...

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Called on the event loop, outside the session: what it shows it changes in a callback of its own."""
        ...


class Fanout:
    """One a process: follows the feed and tells the watchers of the organisations concerned. Watchers are held weakly."""

    def __init__(self, feed: EventDispatcher, loop: IOLoop) -> None:
        self._loop = loop
        self._subscribers: weakref.WeakSet[EventSubscriber] = weakref.WeakSet()
        self._last_event_ids: dict[str, int] = {}
        self.close = feed.subscribe(self._on_feed_events)

    def subscribe(self, subscriber: EventSubscriber) -> None:
        """It hears from now on."""
        self._subscribers.add(subscriber)

    def unsubscribe(self, subscriber: EventSubscriber) -> None:
        """It hears no more."""
        self._subscribers.discard(subscriber)

    def last_event_id(self, organization_id: str) -> int:
        """The newest event of the organisation since the process started, 0 for none: what a session that joins must reflect."""
        return self._last_event_ids.get(organization_id, 0)

    def _on_feed_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """On the feed's thread, from where only this is safe."""
        self._loop.add_callback(self._dispatch, events, progress)

    def _dispatch(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        for event in events:
            self._last_event_ids[event.organization_id] = event.event_id
        for subscriber in list(self._subscribers):
            organization_id = subscriber.organization_id
            relevant_events = [event for event in events if organization_id in (None, event.organization_id)]
            relevant_progress = [update for update in progress if organization_id in (None, update.organization_id)]
            if not relevant_events and not relevant_progress:
                continue
            try:
                subscriber.on_events(relevant_events, relevant_progress)
            except Exception:
                log.exception("a dashboard session could not be updated")
                self._subscribers.discard(subscriber)
