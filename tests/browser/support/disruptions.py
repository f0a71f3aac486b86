"""What ends the connection of a page: a cut of the network, a restart of the server, an expired token, a sleep."""

import os
import signal
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Literal, Protocol

import httpx

from tests.browser.conftest import API, AUTO_AGGREGATE_AT_ONCE, Service, reported_values, with_new_melding
from tests.browser.support.faulty_proxy import FaultyProxy
from tests.support import pipeline
from tests.support.pipeline import wait_until, zip_files
from tests.support.process_inspection import child_pids
from tests.support.server_process import Server, running_server

TOKEN_SECONDS = 8
HEARTBEAT_SECONDS = 3
TIMES = {
    "BUFDIR_PREVIEW_TOKEN_SECONDS": f"{TOKEN_SECONDS}",
    "BUFDIR_PREVIEW_WEBSOCKET_TIMEOUT_SECONDS": "5",
    "BUFDIR_PREVIEW_HEARTBEAT_SECONDS": f"{HEARTBEAT_SECONDS}",
}

RELOAD_TIMEOUT_MS = 60_000
"""A page reloads to reconnect, and more than once on a busy machine."""

Disruption = Literal["cut", "restart", "expired", "sleep"]
DISRUPTIONS: tuple[Disruption, ...] = ("cut", "restart", "expired", "sleep")


class OfflineAware(Protocol):
    """A page in the browser."""

    def expect_offline(self) -> None:
        """Assert that the page says that it is offline."""
        ...


class RestartableServer:
    """A server that can be restarted on its port, and a service on it that only this test uses."""

    def __init__(self, server: Server, number: int, stack: ExitStack) -> None:
        self.server = server
        self.stack = stack
        self.service = Service(number)
        with httpx.Client(base_url=server.url) as api:
            self.deliver(zip_files(self.service.folders()))
            for period in ("2023", "2024"):
                response = api.post(API, json={"organization_id": self.service.organization_id, "period_id": period})
                job = response.raise_for_status().json()["job_id"]
                wait_until(lambda job=job: api.get(f"/api/v1/jobs/{job}").json()["ended_at"] is not None, job)
        self._reported = time.time()

    def deliver(self, content: bytes) -> None:
        """Deliver a file, and wait until it is imported."""
        with httpx.Client(base_url=self.server.url) as api:
            response = api.post("/api/v1/deliveries", content=content).raise_for_status()
            delivery = f"/api/v1/deliveries/{response.json()['delivery_id']}"
            wait_until(lambda: api.get(delivery).json()["completed_at"] is not None, delivery)

    def change(self) -> None:
        """Add a melding and wait until it is aggregated; directly in the store if the server is down.

        In a later second than the first report: when it was made is all that a row of services shows of this change.
        """
        wait_until(lambda: int(time.time()) > int(self._reported), "the next second")
        if self.server.process.poll() is None:
            httpx.post(
                f"{self.server.url}/api/v1/deliveries", content=with_new_melding(self.service)
            ).raise_for_status()
            wait_until(
                lambda: reported_values(self.server, self.service)["antall_meldinger_mottatt"][0] == 9, "the change"
            )
            return
        with pipeline.open_application(self.server.data_dir) as application:
            pipeline.deliver(application, with_new_melding(self.service))
            pipeline.aggregate(application, self.service.organization_id, "2024")


def run_server(data_dir: Path, processes: int, port: int = 0) -> AbstractContextManager[Server]:
    """Run a server with short timeouts, which notices lost connections quickly."""
    return running_server(
        data_dir, "--processes", f"{processes}", environment=AUTO_AGGREGATE_AT_ONCE | TIMES, port=port
    )


def browser_processes() -> list[int]:
    """Return the process ids of the browser that this test process has started."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        below = child_pids(waiting.pop())
        waiting += below
        found += [pid for pid in below if b"chrom" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]]
    return found


@contextmanager
def suspended(pids: list[int]) -> Generator[None]:
    """Suspend processes for the length of a block, as a sleeping computer does."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def disrupted(
    disruption: Disruption,
    page_driver: OfflineAware,
    restartable: RestartableServer,
    proxy: FaultyProxy,
    processes: int,
) -> Generator[None]:
    """Interrupt the connection for the length of a block; afterwards the page can reconnect."""
    started = time.monotonic()
    match disruption:
        case "cut":
            proxy.cut()
            page_driver.expect_offline()
            yield
            proxy.restore()
        case "expired":
            proxy.cut()
            page_driver.expect_offline()
            yield
            proxy.stall_websockets()
            proxy.restore()
            wait_until(lambda: proxy.stalled_websockets == 1, "the page to reload and open a WebSocket")
            reloaded = time.monotonic()
            wait_until(lambda: time.monotonic() > reloaded + TOKEN_SECONDS + 1, "the page's token to expire")
            proxy.release_websockets()
            wait_until(lambda: "its token has expired" in restartable.server.output, "the token to be refused")
        case "sleep":
            with suspended(browser_processes()):
                wait_until(lambda: proxy.websockets == 0, "the server to end its connection")
                wait_until(lambda: time.monotonic() > started + TOKEN_SECONDS + 1, "the page's token to expire")
                yield
        case "restart":
            restartable.server.stop()
            page_driver.expect_offline()
            yield
            restartable.server = restartable.stack.enter_context(
                run_server(restartable.server.data_dir, processes, restartable.server.port)
            )
            proxy.route_to(restartable.server, processes)
