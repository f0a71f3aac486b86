"""The places of uploads: the slowest makes room, an honest one is never ended."""

import pytest

from preview.core.errors import TooManyRequests
from preview.runtime.capacity import Capacity
from preview.runtime.upload_slots import UploadSlot, UploadSlots


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def slots() -> UploadSlots:
    return UploadSlots(Capacity(1, 1, 3, 2, 10, 10))


def slot(ended: list[str], client: str, lag: float = 0.0) -> UploadSlot:
    return UploadSlot(client, lambda: lag, lambda: ended.append(client))


def test_slowest_upload_makes_room(slots: UploadSlots, ended: list[str]) -> None:
    for client, lag in (("a", 1.0), ("b", 7.0), ("c", 0.9)):
        slots.acquire(slot(ended, client, lag))
    slots.acquire(slot(ended, "d"))
    assert ended == ["b"]
    slots.acquire(slot(ended, "d"))
    assert ended == ["b", "a"]
    with pytest.raises(TooManyRequests, match="3 deliveries are"):
        slots.acquire(slot(ended, "e"))
    assert ended == ["b", "a"]


def test_client_over_its_limit_ends_its_own_slowest(slots: UploadSlots, ended: list[str]) -> None:
    slots.acquire(slot(ended, "other", 100.0))
    first = slot(ended, "a", 2.0)
    slots.acquire(first)
    slots.acquire(slot(ended, "a"))
    slots.acquire(slot(ended, "a"))
    assert ended == ["a"]
    with pytest.raises(TooManyRequests, match="2 deliveries of this client"):
        slots.acquire(slot(ended, "a"))


def test_place_is_given_back_once(slots: UploadSlots, ended: list[str]) -> None:
    first, second = slot(ended, "a"), slot(ended, "a")
    for taken in (first, second):
        slots.acquire(taken)
    slots.release(first)
    slots.release(first)
    slots.acquire(slot(ended, "a"))
    with pytest.raises(TooManyRequests):
        slots.acquire(slot(ended, "a"))
