"""The fan-out: subscribers get the events of their own organization, and are forgotten when their session is gone."""

from typing import Any

from components.live.fanout import Fanout
from preview.events.log import AggregationProgress, EventRow


class _Loop:
    """An event loop that runs callbacks at once."""

    def add_callback(self, callback: Any, *arguments: Any) -> None:
        callback(*arguments)


class _Dispatcher:
    """A dispatcher whose `publish` and `erase` call its one listener."""

    def subscribe(self, listener: Any) -> Any:
        self.publish = listener
        return lambda: None

    def subscribe_erasures(self, listener: Any) -> None:
        self.erase = listener


class _Subscriber:
    def __init__(self, organization_id: str | None, fails: bool = False) -> None:
        self.organization_id = organization_id
        self.fails = fails
        self.event_ids: list[int] = []
        self.progress: list[float] = []
        self.erased: list[str] = []

    def on_erased(self, organization_id: str) -> None:
        if self.fails:
            raise RuntimeError("the session is gone")
        self.erased.append(organization_id)

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        if self.fails:
            raise RuntimeError("the session is gone")
        self.event_ids += [event.event_id for event in events]
        self.progress += [update.completed for update in progress]


def _event(number: int, organization_id: str) -> EventRow:
    return EventRow(number, "data_updated", organization_id, "2024", 1, b"{}")


def _progress(organization_id: str, completed: float) -> AggregationProgress:
    return AggregationProgress(
        snapshot_id="snap-001",
        organization_id=organization_id,
        period_id="2024",
        job_id="job-agg-001",
        completed=completed,
    )


def test_subscribers_get_own_events_despite_failed_subscriber() -> None:
    dispatcher = _Dispatcher()
    fanout = Fanout(dispatcher, _Loop())  # pyright: ignore[reportArgumentType]  (the methods that a fanout calls)
    failing, first, second = _Subscriber("org-1", fails=True), _Subscriber("org-1"), _Subscriber("org-2")
    for subscriber in (failing, first, second):
        fanout.subscribe(subscriber)
    dispatcher.publish([_event(1, "org-1"), _event(2, "org-2"), _event(3, "org-1")], [])
    dispatcher.publish([], [_progress("org-2", 0.5)])
    assert (first.event_ids, first.progress, second.event_ids, second.progress) == ([1, 3], [], [2], [0.5])
    assert [fanout.last_event_id(organization_id) for organization_id in ("org-1", "org-2", "org-3")] == [3, 2, 0]
    fanout.unsubscribe(first)
    failing.fails = False
    dispatcher.publish([_event(4, "org-1")], [])
    assert (first.event_ids, failing.event_ids) == ([1, 3], [])


def test_subscribers_learn_of_own_erasure_despite_failed_subscriber() -> None:
    dispatcher = _Dispatcher()
    fanout = Fanout(dispatcher, _Loop())  # pyright: ignore[reportArgumentType]  (the methods that a fanout calls)
    failing, first, second, every = _Subscriber("org-1", fails=True), *map(_Subscriber, ("org-1", "org-2", None))
    for subscriber in (failing, first, second, every):
        fanout.subscribe(subscriber)
    dispatcher.erase("org-1")
    assert (first.erased, second.erased, every.erased) == (["org-1"], [], ["org-1"])


def test_subscribers_are_weakly_referenced() -> None:
    dispatcher = _Dispatcher()
    fanout = Fanout(dispatcher, _Loop())  # pyright: ignore[reportArgumentType]  (the methods that a fanout calls)
    subscriber = _Subscriber("org-1")
    event_ids = subscriber.event_ids
    fanout.subscribe(subscriber)
    del subscriber
    dispatcher.publish([_event(1, "org-1")], [])
    assert event_ids == []
