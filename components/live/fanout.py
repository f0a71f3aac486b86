"""The fan-out of events from the process's dispatcher to the dashboard sessions that show their organizations."""

import logging
import weakref
from collections.abc import Callable
from functools import partial
from typing import Protocol

from tornado.ioloop import IOLoop

from preview.events.dispatcher import EventDispatcher
from preview.events.log import AggregationProgress, EventRow

log = logging.getLogger(__name__)


class EventSubscriber(Protocol):
    """A session that shows one organization, or all of them."""

    @property
    def organization_id(self) -> str | None:
        """The organization whose events are delivered, None for all."""
        ...

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Handle events and progress of the subscribed organization.

        Runs on the event loop, outside the session: changes of the session's document go into `add_next_tick_callback`.

        Args:
            events: In the order of the event log; may be empty.
            progress: The newest progress of each running job; may be empty.
        """
        ...

    def on_erased(self, organization_id: str) -> None:
        """Show no longer what was read of an organization that is being erased: the subscribed one.

        Runs as `on_events`, when the erasure begins and when it ends (`EventDispatcher.subscribe_erasures`).
        """
        ...


class Fanout:
    """Delivers events to subscribers; one per process.

    It holds subscribers weakly, so that a lost session cannot leak.
    """

    def __init__(self, dispatcher: EventDispatcher, loop: IOLoop) -> None:
        """Subscribe to the dispatcher; call `close` to end the subscription.

        Args:
            dispatcher: The source of events; it calls on a thread of its own.
            loop: The event loop on which subscribers are called.
        """
        self._loop = loop
        self._subscribers: weakref.WeakSet[EventSubscriber] = weakref.WeakSet()
        self._last_event_ids: dict[str, int] = {}
        self.close = dispatcher.subscribe(self._on_dispatched)
        dispatcher.subscribe_erasures(partial(loop.add_callback, self._deliver_erasure))

    def subscribe(self, subscriber: EventSubscriber) -> None:
        """Deliver events to the subscriber from now on."""
        self._subscribers.add(subscriber)

    def unsubscribe(self, subscriber: EventSubscriber) -> None:
        """Stop delivering events to the subscriber; without effect if it is not subscribed."""
        self._subscribers.discard(subscriber)

    def last_event_id(self, organization_id: str) -> int:
        """Return the id of the organization's newest event since the process started, 0 if there was none.

        A session that subscribes must show at least this state, since earlier events are not delivered to it.
        """
        return self._last_event_ids.get(organization_id, 0)

    def _on_dispatched(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        """Hand the events over to the event loop; `add_callback` is the one method that is safe on another thread."""
        self._loop.add_callback(self._deliver, events, progress)

    def _deliver(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        for event in events:
            self._last_event_ids[event.organization_id] = event.event_id
        for subscriber in list(self._subscribers):
            organization_id = subscriber.organization_id
            relevant_events = [event for event in events if organization_id in (None, event.organization_id)]
            relevant_progress = [update for update in progress if organization_id in (None, update.organization_id)]
            if relevant_events or relevant_progress:
                self._call(subscriber, partial(subscriber.on_events, relevant_events, relevant_progress))

    def _deliver_erasure(self, organization_id: str) -> None:
        for subscriber in list(self._subscribers):
            if subscriber.organization_id in (None, organization_id):
                self._call(subscriber, partial(subscriber.on_erased, organization_id))

    def _call(self, subscriber: EventSubscriber, deliver: Callable[[], None]) -> None:
        try:
            deliver()
        except Exception:
            log.exception("A dashboard session could not be updated; it gets no more events.")
            self._subscribers.discard(subscriber)
