"""Two servers on one store: both follow the same log, and streams resume at either and after a restart."""

import time
from pathlib import Path

import httpx
import pytest

from tests.api_handlers.sse_client import SseBlock, SseClient, open_stream
from tests.contract.scenario_fixtures import ChildWelfareService, base_delivery, third_melding_2024
from tests.support.pipeline import aggregate, deliver, open_application
from tests.support.server_process import Server, running_server

SNAPSHOTS_PATH = "/api/v1/aggregated-report-data"
INVALIDATION = {"invalidate_cache": True, "reason": "Prøve"}


@pytest.fixture
def service(data_dir: Path) -> ChildWelfareService:
    """Return a service whose store has a snapshot of each year."""
    service = ChildWelfareService(1)
    with open_application(data_dir) as application:
        deliver(application, service.listing("Prøvetjenesten"))
        deliver(application, *base_delivery(service))
        for period_id in ("2023", "2024"):
            aggregate(application, service.organization_id, period_id)
    return service


def newest_event_id(server: Server) -> int:
    return int(httpx.get(f"{server.url}{SNAPSHOTS_PATH}?limit=1").headers["Last-Event-ID"])


def invalidate_and_wait(server: Server) -> int:
    """Invalidate a snapshot, wait for its job, and return the newest log position."""
    job_id = httpx.put(f"{server.url}{SNAPSHOTS_PATH}/snap-002", json=INVALIDATION).json()["job_id"]
    while httpx.get(f"{server.url}/api/v1/jobs/{job_id}").json()["ended_at"] is None:
        time.sleep(0.01)
    return newest_event_id(server)


def ids_and_data(blocks: list[SseBlock]) -> list[tuple[int | None, object]]:
    return [(block.id, block.data) for block in blocks]


def test_streams_of_two_processes_get_equal_events(data_dir: Path, service: ChildWelfareService) -> None:
    with (
        running_server(data_dir, "--no-auto-aggregate") as server_a,
        running_server(data_dir, "--no-auto-aggregate") as server_b,
    ):
        with (
            open_stream(server_a.url, f"{SNAPSHOTS_PATH}/watch") as first,
            open_stream(server_b.url, f"{SNAPSHOTS_PATH}/watch") as second,
        ):
            start = newest_event_id(server_b)
            positions = [invalidate_and_wait(server) for server in (server_a, server_b, server_a, server_a, server_b)]
            events = first.events_until(positions[-1])
            assert ids_and_data(events) == ids_and_data(second.events_until(positions[-1]))
        assert [block.id for block in events] == list(range(start + 1, positions[-1] + 1))
        assert [block.event for block in events] == ["cache_invalidated", "aggregation_completed"] * 5
        assert (
            httpx.get(f"{server_b.url}{SNAPSHOTS_PATH}/snap-002").headers["ETag"]
            == httpx.get(f"{server_a.url}{SNAPSHOTS_PATH}/snap-002").headers["ETag"]
        )


def test_stream_resumes_at_other_process_and_after_restart(data_dir: Path, service: ChildWelfareService) -> None:
    with running_server(data_dir, "--no-auto-aggregate") as server_a:
        with open_stream(server_a.url, f"{SNAPSHOTS_PATH}/watch") as stream:
            invalidate_and_wait(server_a)
            position = stream.read_until(lambda block: block.event == "cache_invalidated")[-1].id
        assert position is not None
        with running_server(data_dir, "--no-auto-aggregate") as server_b:
            middle = invalidate_and_wait(server_b)
            with open_stream(server_b.url, f"{SNAPSHOTS_PATH}/watch", last_event_id=str(position)) as stream:
                assert [block.id for block in stream.events_until(middle)] == list(range(position + 1, middle + 1))
                server_b.stop()
                assert (stream.read_to_end() or [SseBlock()])[-1].retry
        server_a.kill()
    with open_application(data_dir) as application:
        deliver(application, *third_melding_2024(service))
    with running_server(data_dir, "--no-auto-aggregate") as server_c:
        last = invalidate_and_wait(server_c)
        with open_stream(server_c.url, f"{SNAPSHOTS_PATH}/watch", last_event_id=str(middle)) as stream:
            events = stream.events_until(last)
    assert [block.id for block in events] == list(range(middle + 1, last + 1))
    assert [block.event for block in events] == [
        "cache_invalidated",
        "cache_invalidated",
        "source_received",
        "cache_invalidated",
        "data_updated",
        "aggregation_completed",
    ]


def test_stopping_process_ends_streams_with_retry(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        stream = SseClient(server.url, f"{SNAPSHOTS_PATH}/watch", {})
        stream.read_until(lambda block: block.is_bare_id)
        assert server.stop() == 0
        assert stream.read_to_end()[-1].retry
