"""Patches of the live component: complete until the browser is ready, afterwards only what changed."""

from typing import Any

from components.live.component import LiveComponent


def _no_message(_: dict[str, Any]) -> None:
    raise AssertionError("the view must get no message here")


def test_patches_accumulate_until_client_is_ready() -> None:
    live = LiveComponent({"a": "1", "b": "1", "c": "1"}, _no_message)
    live.patch({"a": "2", "b": "1"})
    live.patch({"b": "2"})
    assert live.regions == {"a": "2", "b": "2"}


def test_reverted_region_is_still_sent_before_client_is_ready() -> None:
    """The browser may have loaded the document between the two patches."""
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


def test_reply_goes_to_the_request_and_to_nothing_else() -> None:
    live = LiveComponent({}, _no_message)
    for message in ({"action": "history"}, {"action": "again", "request": "1"}):
        live.reply(message)
        assert live.answer == {}
    live.reply({"action": "again", "request": 1}, "No.")
    assert live.answer == {"request": 1, "error": "No."}
    live.reply({"action": "delete", "request": 2})
    assert live.answer == {"request": 2, "error": ""}
