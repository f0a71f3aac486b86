"""Two server processes on one store: each follows the one log, and a stream goes on across them and across a restart."""

import time
from pathlib import Path

import httpx
import pytest

from tests.api_handlers.sse_client import Block, Watcher, watching
from tests.contract.scenario_fixtures import Service, one_more, plain
from tests.support.pipeline import aggregate, deliver, opened
from tests.support.server_process import Server, running

BASE = "/api/v1/aggregated-report-data"
REASON = {"invalidate_cache": True, "reason": "Prøve"}


@pytest.fixture
def service(data_dir: Path) -> Service:
    """In the store, with a snapshot of each year."""
    service = Service(1)
    with opened(data_dir) as application:
        deliver(application, service.listing("Prøvetjenesten"))
        deliver(application, *plain(service))
        for period_id in ("2023", "2024"):
            aggregate(application, service.organization_id, period_id)
    return service


def newest(server: Server) -> int:
    return int(httpx.get(f"{server.url}{BASE}?limit=1").headers["Last-Event-ID"])


def invalidated(server: Server) -> int:
    """A PUT, and its job to the end; the place of the log then."""
    job_id = httpx.put(f"{server.url}{BASE}/snap-002", json=REASON).json()["job_id"]
    while httpx.get(f"{server.url}/api/v1/jobs/{job_id}").json()["ended_at"] is None:
        time.sleep(0.01)
    return newest(server)


def told(blocks: list[Block]) -> list[tuple[int | None, object]]:
    return [(block.id, block.data) for block in blocks]


def test_both_streams_tell_the_same_whoever_writes(data_dir: Path, service: Service) -> None:
    with running(data_dir, "--no-auto-aggregate") as one, running(data_dir, "--no-auto-aggregate") as two:
        with watching(one.url, f"{BASE}/watch") as first, watching(two.url, f"{BASE}/watch") as second:
            start = newest(two)
            places = [invalidated(server) for server in (one, two, one, one, two)]
            seen = first.events_until(places[-1])
            assert told(seen) == told(second.events_until(places[-1]))
        assert [block.id for block in seen] == list(range(start + 1, places[-1] + 1))
        assert [block.event for block in seen] == ["cache_invalidated", "aggregation_completed"] * 5
        assert httpx.get(f"{two.url}{BASE}/snap-002").headers["ETag"] == httpx.get(f"{one.url}{BASE}/snap-002").headers["ETag"]


def test_it_resumes_at_another_process_and_after_a_restart(data_dir: Path, service: Service) -> None:
    with running(data_dir, "--no-auto-aggregate") as one:
        with watching(one.url, f"{BASE}/watch") as watcher:
            invalidated(one)
            place = watcher.until(lambda block: block.event == "cache_invalidated")[-1].id
        assert place is not None
        with running(data_dir, "--no-auto-aggregate") as two:
            middle = invalidated(two)
            with watching(two.url, f"{BASE}/watch", last_event_id=str(place)) as watcher:
                assert [block.id for block in watcher.events_until(middle)] == list(range(place + 1, middle + 1))
                two.stop()
                assert (watcher.rest() or [Block()])[-1].retry
        one.kill()
    with opened(data_dir) as application:
        deliver(application, *one_more(service))
    with running(data_dir, "--no-auto-aggregate") as three:
        last = invalidated(three)
        with watching(three.url, f"{BASE}/watch", last_event_id=str(middle)) as watcher:
            seen = watcher.events_until(last)
    assert [block.id for block in seen] == list(range(middle + 1, last + 1))
    assert [block.event for block in seen] == [
        "cache_invalidated",
        "cache_invalidated",
        "source_received",
        "cache_invalidated",
        "data_updated",
        "aggregation_completed",
    ]


def test_a_process_that_stops_sends_its_streams_away(data_dir: Path) -> None:
    with running(data_dir) as server:
        watcher = Watcher(server.url, f"{BASE}/watch", {})
        watcher.until(lambda block: block.is_place)
        assert server.stop() == 0
        assert watcher.rest()[-1].retry
