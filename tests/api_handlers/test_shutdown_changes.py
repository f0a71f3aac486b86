"""SIGTERM while changes wait for the store: each is answered with its result, or with 503 and was not carried out."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from preview.storage.sqlite import STORE_FILE
from tests.api_handlers.in_process_server import run_in_process_server
from tests.builders.services import SampleService
from tests.support.foreign_lock import lock_held
from tests.support.pipeline import aggregate, deliver, events, open_application, wait_until
from tests.support.server_process import STOP_SECONDS, Server, running_server

SNAPSHOTS_PATH, DELIVERIES_PATH = "/api/v1/aggregated-report-data", "/api/v1/deliveries"


@dataclass(frozen=True)
class Change:
    """A request that changes the store in a way that differs from every other."""

    name: str
    method: str
    path: str
    body: dict[str, Any]


class ChangeScenario:
    """A store with two snapshots, and changes of it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        service = SampleService()
        with open_application(data_dir) as application:
            deliver(application, service.folder(1, "2025-02-01", ["2024-01-10"]))
            for period in ("2023", "2024"):
                aggregate(application, service.organization_id, period)
            self.position = application.event_log.last_event_id()
            self.deliveries = application.deliveries.page(None, None, 1, 1)[1]
        request = {"organization_id": service.organization_id}
        self.changes = [
            *(
                Change(name, "PUT", f"{SNAPSHOTS_PATH}/snap-002", {"json": {"invalidate_cache": True, "reason": name}})
                for name in ("first", "second")
            ),
            Change("snap-001 deleted", "DELETE", f"{SNAPSHOTS_PATH}/snap-001", {}),
            *(
                Change(f"{period} requested", "POST", SNAPSHOTS_PATH, {"json": request | {"period_id": period}})
                for period in ("2024-H1", "2024-H2")
            ),
            *(
                Change(f"upload of {size} bytes", "POST", DELIVERIES_PATH, {"content": b"<" * size})
                for size in (10, 11, 12)
            ),
        ]

    def send(self, server: Server, change: Change, on_sent: Callable[[], object]) -> httpx.Response:
        """Send a change over a connection of its own; call `on_sent` when all of it is sent."""

        def trace(event: str, _: Mapping[str, Any]) -> None:
            if event == "http11.send_request_body.complete":
                on_sent()

        with httpx.Client(base_url=server.url, timeout=30) as client:
            return client.request(change.method, change.path, **change.body, extensions={"trace": trace})

    def carried_out(self) -> set[str]:
        """Return the names of the changes that the store has."""
        with open_application(self.data_dir, started=False) as application:
            rows = [msgspec.json.decode(row.data) for row in events(application, self.position)]
            uploads = application.deliveries.page(None, None, 1, 100)[0]
        names: dict[str, Callable[[dict[str, Any]], str]] = {
            "cache_invalidated": lambda data: data["reason"],
            "snapshot_created": lambda data: f"{data['period_id']} requested",
            "snapshot_deleted": lambda data: f"{data['snapshot_id']} deleted",
        }
        return {names[data["event"]](data) for data in rows if data["event"] in names} | {
            f"upload of {row.size_bytes} bytes" for row in uploads[: len(uploads) - self.deliveries]
        }


@pytest.fixture
def scenario(data_dir: Path) -> ChangeScenario:
    return ChangeScenario(data_dir)


def send_all(scenario: ChangeScenario, server: Server, pool: ThreadPoolExecutor) -> dict[str, Future[httpx.Response]]:
    """Send all changes; return when the server has them."""
    sent_count = threading.Semaphore(0)
    sent = {change.name: pool.submit(scenario.send, server, change, sent_count.release) for change in scenario.changes}
    for _ in sent:
        assert sent_count.acquire(timeout=STOP_SECONDS)
    uploads = sum(change.path == DELIVERIES_PATH for change in scenario.changes)
    wait_until(lambda: sealed_uploads(scenario.data_dir) == uploads, "the uploads")
    for _ in range(20):  # answered after the requests that arrived before
        httpx.get(f"{server.url}/livez").raise_for_status()
    return sent


def sealed_uploads(data_dir: Path) -> int:
    return sum(not path.suffix for path in (data_dir / "spool").iterdir())


def check_answers(scenario: ChangeScenario, sent: dict[str, Future[httpx.Response]]) -> dict[str, int]:
    """Compare each answer with the store; return the statuses by name."""
    answers = {name: future.result(STOP_SECONDS) for name, future in sent.items()}
    carried_out = scenario.carried_out()
    for name, answer in answers.items():
        assert answer.status_code in ((200, 202) if name in carried_out else (503,)), name
        assert answer.status_code != 503 or int(answer.headers["Retry-After"]) > 0
    return {name: answer.status_code for name, answer in answers.items()}


@pytest.mark.parametrize("processes", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_change_that_waits_at_sigterm_gets_its_result(scenario: ChangeScenario, processes: int) -> None:
    arguments = ("--no-auto-aggregate", "--processes", str(processes))
    with running_server(scenario.data_dir, *arguments) as server, ThreadPoolExecutor(len(scenario.changes)) as pool:
        with lock_held(scenario.data_dir / STORE_FILE):
            sent = send_all(scenario, server, pool)
            stopping = threading.Thread(target=server.stop)
            stopping.start()
            wait_until(lambda: "stopping" in server.output, "the shutdown to begin")
            stopping.join(1.0)
            assert stopping.is_alive()
            assert not any(future.done() for future in sent.values())
        stopping.join()
        assert server.process.returncode == 0
        statuses = check_answers(scenario, sent)
    assert set(statuses.values()) == {200, 202}


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_change_whose_lock_is_not_free_in_time_is_not_carried_out(scenario: ChangeScenario, processes: int) -> None:
    """The process ends by itself: nothing waits for the lock any more."""
    arguments = ("--no-auto-aggregate", "--processes", str(processes))
    with running_server(scenario.data_dir, *arguments) as server, ThreadPoolExecutor(len(scenario.changes)) as pool:
        with lock_held(scenario.data_dir / STORE_FILE):
            sent = send_all(scenario, server, pool)
            assert server.stop() == 0
        assert set(check_answers(scenario, sent).values()) == {503}
        assert "have not ended" not in server.output


def test_change_whose_outcome_is_unknown_gets_no_answer(data_dir: Path) -> None:
    """The event loop ends while a transaction runs. It may be committed yet, so no status would be true."""
    release = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with run_in_process_server(data_dir, cancels_requests=True) as server:
            server.application.database.submit(lambda _: release.wait(STOP_SECONDS))
            sent = pool.submit(httpx.post, f"{server.url}{DELIVERIES_PATH}", content=b"<a/>", timeout=30)
            sent.add_done_callback(lambda _: release.set())
            wait_until(lambda: sealed_uploads(data_dir) == 1, "the upload")
        with pytest.raises(httpx.RemoteProtocolError):
            sent.result(STOP_SECONDS)
