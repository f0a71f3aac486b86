"""A real server whose disk is full or whose store another program locks for a while: it answers, waits and goes on."""

import threading
import time
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.builders.services import SampleService
from tests.support.foreign_lock import lock_held
from tests.support.pipeline import wait_until
from tests.support.server_process import Server, running_server
from tests.support.small_disk import SmallDisk, small_disk

REPORT_DATA = "/api/v1/aggregated-report-data"
PASSING = {503, 507}
RECOVERY_SECONDS = 10.0
QUICK = {"BUFDIR_PREVIEW_AUTO_QUIET_SECONDS": "0", "BUFDIR_PREVIEW_OPEN_PERIODS": "2024"}


@pytest.fixture
def disk(tmp_path: Path) -> Generator[SmallDisk]:
    """A file system of 48 MiB."""
    with small_disk(tmp_path / "disk", mebibytes=48) as mounted:
        yield mounted


class Client:
    """Sends deliveries and requests, and remembers what was acknowledged."""

    def __init__(self, server: Server, service: SampleService) -> None:
        self._http = httpx.Client(base_url=server.url, timeout=60)
        self._service = service
        self._case = 0
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def deliver(self) -> None:
        """Send a folder of a new case."""
        self._case += 1
        content = self._service.folder(self._case, "2025-01-15", ["2024-02-01"])
        response = self._send(
            "POST", "/api/v1/deliveries", content=content, headers={"Content-Type": "application/xml"}
        )
        if response.status_code == 202:
            self.acknowledged.append(response.json()["delivery_id"])

    def invalidate(self, snapshot_id: str) -> None:
        """Ask for the snapshot to be aggregated again."""
        self._send("PUT", f"{REPORT_DATA}/{snapshot_id}", json={"invalidate_cache": True, "reason": "again"})

    def get(self, path: str) -> httpx.Response:
        """Read something."""
        return self._http.get(path)

    def readiness(self) -> str:
        """Why the server is not ready, empty where it is."""
        response = self._http.get("/readyz")
        return "" if response.status_code == 200 else str(response.json()["detail"])

    def is_imported(self) -> bool:
        """Whether all that was acknowledged is imported."""
        deliveries = [self.get(f"/api/v1/deliveries/{delivery_id}").json() for delivery_id in self.acknowledged]
        return all(delivery["delivery_status"] == "taken" for delivery in deliveries)

    def is_settled(self) -> bool:
        """Whether all that was acknowledged is imported and aggregated."""
        summaries = self.get(REPORT_DATA).json()["data"]
        is_valid = all(each["snapshot_status"] != "processing" and each["cache_valid"] for each in summaries)
        return is_valid and self.is_imported()

    def _send(self, method: str, path: str, **arguments: object) -> httpx.Response:
        response = self._http.request(method, path, **arguments)  # type: ignore[arg-type]
        self.statuses.add(response.status_code)
        if response.status_code in PASSING:
            assert "Retry-After" in response.headers
            assert response.json()["detail"].endswith(".")
        return response


def first_snapshot(client: Client) -> str:
    """Deliver a case and return the snapshot that the server makes of it."""
    client.deliver()
    wait_until(lambda: bool(client.get(REPORT_DATA).json()["data"]) and client.is_settled(), "the first snapshot")
    return str(client.get(REPORT_DATA).json()["data"][0]["snapshot_id"])


def assert_recovers(client: Client) -> None:
    """Everything goes on within ten seconds, and nothing that was acknowledged is lost."""
    freed = time.monotonic()
    wait_until(lambda: client.readiness() == "" and client.is_settled(), "recovery")
    assert time.monotonic() - freed < RECOVERY_SECONDS


@pytest.mark.parametrize("processes", ["1", "2"])
def test_full_disk_passes_without_a_restart(disk: SmallDisk, service: SampleService, processes: str) -> None:
    with (
        running_server(disk.path / "data", "--processes", processes, environment=QUICK) as server,
        closing(Client(server, service)) as client,
    ):
        snapshot_id = first_snapshot(client)
        client.deliver()
        disk.fill()
        for _ in range(20):
            client.deliver()
            client.invalidate(snapshot_id)
            assert client.get(f"{REPORT_DATA}/{snapshot_id}").status_code == 200
        assert 507 in client.statuses
        assert client.statuses <= {202, *PASSING}
        disk.free()
        assert_recovers(client)
    assert server.output.count("is tried again: The disk is full.") <= 8 * int(processes)


@contextmanager
def load(server: Server, snapshot_id: str, threads: int = 2) -> Generator[list[Client]]:
    """Several clients deliver and invalidate during the block, each once it has been answered."""
    stopping = threading.Event()
    with ExitStack() as stack:
        clients = [stack.enter_context(closing(Client(server, SampleService()))) for _ in range(threads)]

        def send(client: Client) -> None:
            while not stopping.wait(0.1):
                client.deliver()
                client.invalidate(snapshot_id)

        running = [threading.Thread(target=send, args=(client,)) for client in clients]
        for thread in running:
            thread.start()
        try:
            yield clients
        finally:
            stopping.set()
            for thread in running:
                thread.join()


def check_held_lock(data_dir: Path, service: SampleService, processes: str, busy_seconds: str, seconds: float) -> None:
    """Hold the lock under load, and expect that everything that was acknowledged is there afterwards."""
    # The aggregation that the second delivery calls for falls due while the lock is held.
    environment = QUICK | {
        "BUFDIR_PREVIEW_STORE_BUSY_SECONDS": busy_seconds,
        "BUFDIR_PREVIEW_AUTO_QUIET_SECONDS": "1.5",
    }
    with (
        running_server(data_dir, "--processes", processes, environment=environment) as server,
        closing(Client(server, service)) as client,
    ):
        snapshot_id = first_snapshot(client)
        client.deliver()
        wait_until(client.is_imported, "the second delivery")
        with load(server, snapshot_id) as others:
            wait_until(lambda: all(other.acknowledged for other in others), "a delivery of each")
            with lock_held(data_dir / "store.sqlite"):
                freed_at = time.monotonic() + seconds
                client.deliver()
                client.invalidate(snapshot_id)
                assert client.get(f"{REPORT_DATA}/{snapshot_id}").status_code == 200
                wait_until(lambda: "busy" in client.readiness(), "a reason")
                wait_until(lambda: time.monotonic() >= freed_at, "the time to pass", limit=seconds + 5)
        for other in others:
            client.acknowledged += other.acknowledged
            client.statuses |= other.statuses
        assert client.statuses == {202, 503}
        assert_recovers(client)


@pytest.mark.parametrize("processes", [pytest.param("1", marks=pytest.mark.slow), "2"])
def test_held_lock_passes_without_a_restart(data_dir: Path, service: SampleService, processes: str) -> None:
    check_held_lock(data_dir, service, processes, busy_seconds="0.5", seconds=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("processes", ["1", "2"])
def test_lock_of_40_seconds_passes_without_a_restart(data_dir: Path, service: SampleService, processes: str) -> None:
    check_held_lock(data_dir, service, processes, busy_seconds="3", seconds=40.0)
