"""What is carried to the browser: nothing missed between page and connection, and afterwards only what changed."""

from typing import Any

from components.live.component import Fanout, Live
from preview.events.log import AggregationProgress, EventRow


def _taken(_: dict[str, Any]) -> None:
    raise AssertionError("no message was for the view")


def test_until_the_browser_listens_all_that_differs_from_its_page_is_held() -> None:
    live = Live({"a": "1", "b": "1", "c": "1"}, _taken)
    live.patch({"a": "2", "b": "1"})
    live.patch({"b": "2"})
    assert live.regions == {"a": "2", "b": "2"}


def test_a_region_that_goes_back_before_the_browser_listens_is_sent_all_the_same() -> None:
    """The document may have been fetched in between."""
    live = Live({"a": "1"}, _taken)
    live.patch({"a": "2"})
    live.patch({"a": "1"})
    assert live.regions == {"a": "1"}


def test_from_then_on_only_what_changed_is_sent() -> None:
    live = Live({"a": "1", "b": "1"}, _taken)
    live.patch({"a": "2"})
    live.take({"do": "ready"})
    live.patch({"a": "2", "b": "2"})
    assert live.regions == {"b": "2"}
    live.patch({"a": "2", "b": "2"})
    assert live.regions == {"b": "2"}
    live.patch({"a": "1"})
    assert live.regions == {"a": "1"}


def test_a_page_of_another_process_is_sent_whole() -> None:
    live = Live({}, _taken)
    live.patch({"a": "1", "b": "1"})
    assert live.regions == {"a": "1", "b": "1"}


def test_messages_go_to_the_view_and_what_is_none_is_passed_over() -> None:
    taken: list[dict[str, Any]] = []
    live = Live({}, taken.append)
    for sent in ({"do": "delete"}, "delete", None, 7):
        live.take(sent)
    assert taken == [{"do": "delete"}]


def test_it_answers_a_browser_that_asks_whether_the_line_holds() -> None:
    live = Live({}, _taken)
    live.take({"do": "here"})
    live.take({"do": "here"})
    assert (live.beat, live.regions) == (2, {})


class _Loop:
    """Runs at once what is handed to the event loop."""

    def add_callback(self, callback: Any, *arguments: Any) -> None:
        callback(*arguments)


class _Feed:
    def subscribe(self, listener: Any) -> Any:
        self.tell = listener
        return lambda: None


class _Watcher:
    def __init__(self, organization_id: str, fails: bool = False) -> None:
        self.organization_id = organization_id
        self.fails = fails
        self.heard: list[int] = []
        self.moved: list[float] = []

    def hear(self, events: list[EventRow], progress: list[AggregationProgress]) -> None:
        if self.fails:
            raise RuntimeError("the session is gone")
        self.heard += [event.event for event in events]
        self.moved += [each.completed for each in progress]


def _event(number: int, organization_id: str) -> EventRow:
    return EventRow(number, "data_updated", organization_id, "2024", 1, b"{}")


def test_sessions_hear_of_their_organisation_and_one_that_is_gone_stops_nobody() -> None:
    feed = _Feed()
    fanout = Fanout(feed, _Loop())  # pyright: ignore[reportArgumentType]  (all that is asked of them)
    gone, one, other = _Watcher("org-1", fails=True), _Watcher("org-1"), _Watcher("org-2")
    for watcher in (gone, one, other):
        fanout.join(watcher)
    feed.tell([_event(1, "org-1"), _event(2, "org-2"), _event(3, "org-1")], [])
    feed.tell(
        [], [AggregationProgress(snapshot_id="snap-001", organization_id="org-2", period_id="2024", job_id="job-agg-001", completed=0.5)]
    )
    assert (one.heard, one.moved, other.heard, other.moved) == ([1, 3], [], [2], [0.5])
    assert [fanout.newest(of) for of in ("org-1", "org-2", "org-3")] == [3, 2, 0]
    fanout.leave(one)
    gone.fails = False
    feed.tell([_event(4, "org-1")], [])
    assert (one.heard, gone.heard) == ([1, 3], [])


def test_sessions_are_held_weakly() -> None:
    feed = _Feed()
    fanout = Fanout(feed, _Loop())  # pyright: ignore[reportArgumentType]  (all that is asked of them)
    watcher = _Watcher("org-1")
    heard = watcher.heard
    fanout.join(watcher)
    del watcher
    feed.tell([_event(1, "org-1")], [])
    assert heard == []
