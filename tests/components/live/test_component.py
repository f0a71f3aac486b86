"""What is carried to the browser: nothing missed between page and connection, and afterwards only what changed."""

from typing import Any

from components.live.component import Fanout, LiveComponent
from preview.events.log import AggregationProgress, EventRow


def _no_message(_: dict[str, Any]) -> None:
    raise AssertionError("no message was for the view")


def test_patches_accumulate_until_client_is_ready() -> None:
    live = LiveComponent({"a": "1", "b": "1", "c": "1"}, _no_message)
    live.patch({"a": "2", "b": "1"})
    live.patch({"b": "2"})
    assert live.regions == {"a": "2", "b": "2"}


def test_reverted_region_is_still_sent_before_client_is_ready() -> None:
    """The document may have been fetched in between."""
    live = LiveComponent({"a": "1"}, _no_message)
    live.patch({"a": "2"})
    live.patch({"a": "1"})
    assert live.regions == {"a": "1"}


def test_only_changed_regions_are_sent_after_ready() -> None:
    live = LiveComponent({"a": "1", "b": "1"}, _no_message)
    live.patch({"a": "2"})
    live.handle_message({"action": "ready"})
    live.patch({"a": "2", "b": "2"})
    assert live.regions == {"b": "2"}
    live.patch({"a": "2", "b": "2"})
    assert live.regions == {"b": "2"}
    live.patch({"a": "1"})
    assert live.regions == {"a": "1"}


def test_page_of_another_process_gets_all_regions() -> None:
    live = LiveComponent({}, _no_message)
    live.patch({"a": "1", "b": "1"})
    assert live.regions == {"a": "1", "b": "1"}


def test_messages_reach_view_and_invalid_ones_are_ignored() -> None:
    received: list[dict[str, Any]] = []
    live = LiveComponent({}, received.append)
    for message in ({"action": "delete"}, "delete", None, 7):
        live.handle_message(message)
    assert received == [{"action": "delete"}]


def test_ping_increments_pong() -> None:
    live = LiveComponent({}, _no_message)
    live.handle_message({"action": "ping"})
    live.handle_message({"action": "ping"})
    assert (live.pong, live.regions) == (2, {})


class _Loop:
    """Runs at once what is handed to the event loop."""

    def add_callback(self, callback: Any, *arguments: Any) -> None:
        callback(*arguments)


class _Feed:
    def subscribe(self, listener: Any) -> Any:
        self.publish = listener
        return lambda: None


class _Subscriber:
    def __init__(self, organization_id: str, fails: bool = False) -> None:
        self.organization_id = organization_id
        self.fails = fails
        self.event_ids: list[int] = []
        self.progress: list[float] = []

    def on_events(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        if self.fails:
            raise RuntimeError("the session is gone")
        self.event_ids += [event.event_id for event in events]
        self.progress += [each.completed for each in progress]


def _event(number: int, organization_id: str) -> EventRow:
    return EventRow(number, "data_updated", organization_id, "2024", 1, b"{}")


def test_subscribers_get_own_events_despite_failed_subscriber() -> None:
    feed = _Feed()
    fanout = Fanout(feed, _Loop())  # pyright: ignore[reportArgumentType]  (all that is asked of them)
    gone, one, other = _Subscriber("org-1", fails=True), _Subscriber("org-1"), _Subscriber("org-2")
    for watcher in (gone, one, other):
        fanout.subscribe(watcher)
    feed.publish([_event(1, "org-1"), _event(2, "org-2"), _event(3, "org-1")], [])
    feed.publish(
        [], [AggregationProgress(snapshot_id="snap-001", organization_id="org-2", period_id="2024", job_id="job-agg-001", completed=0.5)]
    )
    assert (one.event_ids, one.progress, other.event_ids, other.progress) == ([1, 3], [], [2], [0.5])
    assert [fanout.last_event_id(of) for of in ("org-1", "org-2", "org-3")] == [3, 2, 0]
    fanout.unsubscribe(one)
    gone.fails = False
    feed.publish([_event(4, "org-1")], [])
    assert (one.event_ids, gone.event_ids) == ([1, 3], [])


def test_subscribers_are_weakly_referenced() -> None:
    feed = _Feed()
    fanout = Fanout(feed, _Loop())  # pyright: ignore[reportArgumentType]  (all that is asked of them)
    watcher = _Subscriber("org-1")
    heard = watcher.event_ids
    fanout.subscribe(watcher)
    del watcher
    feed.publish([_event(1, "org-1")], [])
    assert heard == []
