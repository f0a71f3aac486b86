"""Many clients that change a snapshot with `If-Match` at once: each ETag is won once (rule H1, docs/api.md)."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.api_handlers.in_process_server import TIMEOUT_SECONDS, run_in_process_server
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, wait_until

CLIENTS, ATTEMPTS = 50, 4
URL = "/api/v1/aggregated-report-data/snap-001"
INVALIDATION = {"invalidate_cache": True, "reason": "A reason"}


def test_each_tag_is_won_once_by_fifty_clients(data_dir: Path) -> None:
    """The worker completes jobs meanwhile, several in a second, so many versions have equal bytes."""
    service = SampleService()
    everyone = threading.Barrier(CLIENTS)
    with run_in_process_server(data_dir) as server:
        server.deliver(service.folder(1, "2024-05-01", ["2024-01-10"]))
        aggregate(server.application, service.organization_id, "2024")
        limits = httpx.Limits(max_connections=CLIENTS)
        with httpx.Client(base_url=server.url, timeout=TIMEOUT_SECONDS, limits=limits) as client:

            def change(_: int) -> list[str]:
                everyone.wait(TIMEOUT_SECONDS)
                won: list[str] = []
                for _ in range(ATTEMPTS):
                    tag = client.get(URL).headers["ETag"]
                    status = client.put(URL, json=INVALIDATION, headers={"If-Match": tag}).status_code
                    assert status in (202, 412)
                    won += [tag] if status == 202 else []
                return won

            with ThreadPoolExecutor(CLIENTS) as pool:
                wins = Counter(tag for won in pool.map(change, range(CLIENTS)) for tag in won)
        wait_until(lambda: server.application.jobs.claim(server.application.worker_id) is None, "the jobs")
    assert len(wins) > 1
    assert set(wins.values()) == {1}
