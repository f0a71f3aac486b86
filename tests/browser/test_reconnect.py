"""The line to the server is lost and comes back: what a page says, keeps, marks and catches up with, in both views, with two processes.

Page and WebSocket come to different processes (`Line`).
"""

import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import API, AUTO_AGGREGATE_AT_ONCE, Service, reported_values, with_new_melding
from tests.browser.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support import pipeline
from tests.support.pipeline import wait_until, zip_files
from tests.support.process_inspection import child_pids, wait_for_both
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

TOKEN_SECONDS = 8
TIMES = {
    "BUFDIR_PREVIEW_TOKEN_SECONDS": f"{TOKEN_SECONDS}",
    "BUFDIR_PREVIEW_WEBSOCKET_TIMEOUT_SECONDS": "5",
    "BUFDIR_PREVIEW_HEARTBEAT_SECONDS": "3",
}

RELOAD_TIMEOUT_MS = 60_000
"""A page that comes back loads itself anew, more than once where the machine is busy."""

View = Literal["overview", "preview"]
Disruption = Literal["cut", "restart", "expired", "sleep"]
DISRUPTIONS: tuple[Disruption, ...] = ("cut", "restart", "expired", "sleep")
FAST_CASES: set[tuple[Disruption, View, int]] = {
    ("cut", "overview", 2),
    ("restart", "preview", 2),
    ("expired", "preview", 2),
    ("sleep", "overview", 2),
}
"""The others are slow; a restart of one process is tried in each view's own tests."""


class RestartableServer:
    """A server that can be restarted at its place, and a service on it that no other test knows."""

    def __init__(self, server: Server, number: int, stack: ExitStack) -> None:
        self.server = server
        self.stack = stack
        self.service = Service(number)
        with httpx.Client(base_url=server.url) as api:
            api.post("/api/v1/deliveries", content=zip_files(self.service.folders())).raise_for_status()
            wait_until(lambda: api.get("/api/v1/deliveries?limit=1").json()["data"][0]["completed_at"] is not None, "the delivery")
            for period in ("2023", "2024"):
                response = api.post(API, json={"organization_id": self.service.organization_id, "period_id": period})
                job = response.raise_for_status().json()["job_id"]
                wait_until(lambda job=job: api.get(f"/api/v1/jobs/{job}").json()["ended_at"] is not None, job)

    def change(self) -> None:
        """One melding more, aggregated when this returns; beside the server where it is down."""
        if self.server.process.poll() is None:
            httpx.post(f"{self.server.url}/api/v1/deliveries", content=with_new_melding(self.service)).raise_for_status()
            wait_until(lambda: reported_values(self.server, self.service)["antall_meldinger_mottatt"][0] == 9, "the change")
            return
        with pipeline.open_application(self.server.data_dir) as application:
            pipeline.deliver(application, with_new_melding(self.service))
            pipeline.aggregate(application, self.service.organization_id, "2024")


class PageDriver:
    """One view of the service, as a person sees it."""

    def __init__(self, view: View, page: Page, proxy: FaultyProxy, service: Service) -> None:
        self.page = page
        self._view = view
        self._service = service
        address = "/?period_id=2024&q=" if view == "overview" else "/preview?organization_id="
        page.goto(f"{proxy.url}{address}{service.organization_id}")
        self.expect_live()

    def expect_live(self) -> None:
        expect(self.page.locator("html")).to_have_attribute("data-live", "on", timeout=RELOAD_TIMEOUT_MS)
        expect(self.page.get_by_text("Direkte", exact=True)).to_be_visible()

    def expect_offline(self) -> None:
        """Said, and what is shown is marked as what was known last."""
        alert = self.page.get_by_role("alert")
        expect(alert).to_contain_text("Frakoblet siden kl. ", timeout=RELOAD_TIMEOUT_MS)
        expect(alert).to_contain_text("Du ser siste kjente verdier. Kobler til igjen …")
        expect(alert.get_by_role("button", name="Prøv nå")).to_be_visible()
        expect(self.page.get_by_text("Frakoblet", exact=True)).to_be_visible()
        expect(self.page.locator(".sheet")).to_have_css("border-style", "dashed")

    def expect_change(self, now: bool) -> None:
        """Before it, or after."""
        if self._view == "overview":
            expect(self._row).to_be_visible()
        else:
            expect(self._row.locator("td.current")).to_have_attribute("data-value", "9" if now else "8")

    def expect_reconnected(self) -> None:
        """Live, with what was missed said, marked and offered."""
        self.expect_live()
        missed = "1 tjeneste ble endret" if self._view == "overview" else "3 felt endret"
        expect(self.page.get_by_text(f"Tilkoblet igjen. {missed} mens du var frakoblet.").last).to_be_visible()
        expect(self.page.get_by_role("alert")).to_be_hidden()
        self.expect_change(now=True)
        self.page.get_by_role("button", name="Vis endrede").click()
        marked = self.page.locator(".list > tbody > tr:visible" if self._view == "overview" else "tr[data-field]:visible")
        expect(marked).to_have_count(1 if self._view == "overview" else 3)
        expect(self._row).to_be_visible()

    @property
    def _row(self) -> Locator:
        if self._view == "overview":
            return self.page.get_by_role("row", name=self._service.name)
        return self.page.locator("tr[data-field=antall_meldinger_mottatt]")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[int], Server]]:
    """One of each number of processes, started when it is asked for."""
    with ExitStack() as stack:

        @cache
        def start(processes: int) -> Server:
            return stack.enter_context(run_server(tmp_path_factory.mktemp("line") / "data", processes))

        yield start


def run_server(data_dir: Path, processes: int, port: int = 0) -> AbstractContextManager[Server]:
    """Over that store, quick to find out that somebody is gone."""
    return running_server(data_dir, "--processes", f"{processes}", environment=AUTO_AGGREGATE_AT_ONCE | TIMES, port=port)


_numbers = iter(range(7100, 7200))


def browser_processes() -> list[int]:
    """Of this process' one browser."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        below = child_pids(waiting.pop())
        waiting += below
        found += [pid for pid in below if b"chrom" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]]
    return found


@contextmanager
def suspended(pids: list[int]) -> Generator[None]:
    """They sleep for the length of a block."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def disrupted(
    disruption: Disruption, page_driver: PageDriver, world: RestartableServer, proxy: FaultyProxy, processes: int
) -> Generator[None]:
    """Within the block the line is lost, and after it nothing stands in the way."""
    opened = time.monotonic()
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
            wait_until(lambda: proxy.stalled_websockets == 1, "the page, which has come back, to open its own")
            came = time.monotonic()
            wait_until(lambda: time.monotonic() > came + TOKEN_SECONDS + 1, "its token to expire")
            proxy.release_websockets()
            wait_until(lambda: "Token is expired" in world.server.output, "it to be refused")
        case "sleep":
            with suspended(browser_processes()):
                wait_until(lambda: proxy.websockets == 0, "the server to end its connection")
                wait_until(lambda: time.monotonic() > opened + TOKEN_SECONDS + 1, "its token to expire")
                yield
        case "restart":
            world.server.stop()
            page_driver.expect_offline()
            yield
            world.server = world.stack.enter_context(run_server(world.server.data_dir, processes, world.server.port))
            proxy.route_to(world.server, processes)


@pytest.mark.parametrize(
    ("disruption", "view", "processes"),
    [
        pytest.param(disruption, view, processes, marks=() if (disruption, view, processes) in FAST_CASES else pytest.mark.slow)
        for disruption in DISRUPTIONS
        for view in ("overview", "preview")
        for processes in (2, 1)
    ],
)
def test_page_reconnects_and_announces_missed_changes(
    disruption: Disruption, view: View, processes: int, page: Page, servers: Callable[[int], Server], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(run_server(tmp_path / "data", processes)) if disruption == "restart" else servers(processes)
        world = RestartableServer(server, next(_numbers), stack)
        proxy = stack.enter_context(faulty_proxy(server, processes))
        page_driver = PageDriver(view, page, proxy, world.service)
        with disrupted(disruption, page_driver, world, proxy, processes):
            world.change()
            if disruption != "sleep":
                page_driver.expect_change(now=False)
        page_driver.expect_reconnected()


@pytest.fixture
def two(servers: Callable[[int], Server]) -> RestartableServer:
    """Two processes, and a service of the test's own."""
    return RestartableServer(servers(2), next(_numbers), ExitStack())


def test_change_in_one_process_updates_page_of_other_process(page: Page, tmp_path: Path) -> None:
    """Through the line, by which all but WebSockets come to the first process."""
    with running_server(tmp_path / "data", "--processes", "2", "--no-auto-aggregate") as server, faulty_proxy(server, 2) as proxy:
        world = RestartableServer(server, next(_numbers), ExitStack())
        page_driver = PageDriver("preview", page, proxy, world.service)
        page.evaluate("window.stayed = true")
        with httpx.Client(base_url=proxy.url) as api:
            api.post("/api/v1/deliveries", content=with_new_melding(world.service)).raise_for_status()
            expect(page.get_by_text("Utdatert", exact=True)).to_be_visible()
            listed = api.get(API, params={"organization_id": world.service.organization_id, "period_id": "2024"}).json()["data"]
            page_driver.expect_change(now=False)
            api.put(f"{API}/{listed[0]['snapshot_id']}", json={"invalidate_cache": True, "reason": "Prøve"}).raise_for_status()
            page_driver.expect_change(now=True)
        expect(page.locator("[data-changed]")).to_have_count(3)
        assert page.evaluate("window.stayed")


def test_silent_connection_loss_is_detected(two: RestartableServer, page: Page) -> None:
    with faulty_proxy(two.server, 2) as proxy:
        page_driver = PageDriver("overview", page, proxy, two.service)
        proxy.stall()
        page_driver.expect_offline()
        two.change()
        proxy.restore()
        page_driver.expect_reconnected()


@pytest.mark.slow
def test_missed_changes_announced_again_after_second_disconnect(two: RestartableServer, page: Page) -> None:
    with faulty_proxy(two.server, 2) as proxy:
        page_driver = PageDriver("preview", page, proxy, two.service)
        proxy.cut()
        page_driver.expect_offline()
        two.change()
        for _ in range(2):
            proxy.restore()
            page_driver.expect_live()
            expect(page.get_by_text("Tilkoblet igjen. 3 felt endret mens du var frakoblet.").first).to_be_visible()
            proxy.cut()
            page_driver.expect_offline()
        proxy.restore()
        page_driver.expect_reconnected()


def test_page_with_open_dialog_does_not_reload(two: RestartableServer, page: Page) -> None:
    with faulty_proxy(two.server, 2) as proxy:
        page_driver = PageDriver("preview", page, proxy, two.service)
        page.keyboard.press("a")
        page.get_by_role("textbox", name="Hvorfor aggregeres det på nytt?").fill("Ikke ferdig skrevet")
        proxy.cut()
        expect(page.locator("html")).to_have_attribute("data-live", "lost")
        for _ in range(2):
            with page.expect_response("**/readyz") as answered:
                proxy.restore()
            assert answered.value.ok
        expect(page.get_by_role("textbox", name="Hvorfor aggregeres det på nytt?")).to_have_value("Ikke ferdig skrevet")
        page.keyboard.press("Escape")
        page_driver.expect_live()
        expect(page.get_by_text("Tilkoblet igjen. Ingen felt er endret.").first).to_be_visible()


def test_paused_page_shows_all_changes_after_reconnect(two: RestartableServer, page: Page) -> None:
    with faulty_proxy(two.server, 2) as proxy:
        page_driver = PageDriver("preview", page, proxy, two.service)
        page.keyboard.press("p")
        two.change()
        expect(page.get_by_text("Satt på pause. 3 endringer venter.")).to_be_visible()
        page_driver.expect_change(now=False)
        proxy.cut()
        page_driver.expect_offline()
        expect(page.get_by_text("Satt på pause.").first).to_be_hidden()
        page_driver.expect_change(now=False)
        proxy.restore()
        page_driver.expect_reconnected()


def test_page_reconnects_to_another_process_after_crash(two: RestartableServer, page: Page) -> None:
    page.goto(f"{two.server.url}/?period_id=2024")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    page.evaluate("window.stayed = true")
    for pid in wait_for_both(two.server):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: pid not in wait_for_both(two.server), "another in its place")
    expect(page.get_by_text("Tilkoblet igjen. Ingen tjenester er endret.").first).to_be_visible()
    assert page.evaluate("window.stayed === undefined")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
