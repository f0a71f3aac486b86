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

from tests.browser.conftest import API, QUIET, Service, reported, with_new_melding
from tests.browser.faulty_proxy import Line, line_to
from tests.support import pipeline
from tests.support.pipeline import until, zipped
from tests.support.process_inspection import both, children
from tests.support.server_process import Server, running

pytestmark = pytest.mark.browser

TOKEN_SECONDS = 8
TIMES = {
    "BUFDIR_PREVIEW_TOKEN_SECONDS": f"{TOKEN_SECONDS}",
    "BUFDIR_PREVIEW_WEBSOCKET_TIMEOUT_SECONDS": "5",
    "BUFDIR_PREVIEW_HEARTBEAT_SECONDS": "3",
}

PATIENCE_MS = 60_000
"""A page that comes back loads itself anew, more than once where the machine is busy."""

View = Literal["overview", "preview"]
Fate = Literal["cut", "restart", "expired", "sleep"]
FATES: tuple[Fate, ...] = ("cut", "restart", "expired", "sleep")
BY_DEFAULT: set[tuple[Fate, View, int]] = {
    ("cut", "overview", 2),
    ("restart", "preview", 2),
    ("expired", "preview", 2),
    ("sleep", "overview", 2),
}
"""The others are slow; a restart of one process is tried in each view's own tests."""


class World:
    """A server that can be restarted at its place, and a service on it that no other test knows."""

    def __init__(self, server: Server, number: int, stack: ExitStack) -> None:
        self.server = server
        self.stack = stack
        self.service = Service(number)
        with httpx.Client(base_url=server.url) as api:
            api.post("/api/v1/deliveries", content=zipped(self.service.folders())).raise_for_status()
            until(lambda: api.get("/api/v1/deliveries?limit=1").json()["data"][0]["completed_at"] is not None, "the delivery")
            for period in ("2023", "2024"):
                asked = api.post(API, json={"organization_id": self.service.organization_id, "period_id": period})
                job = asked.raise_for_status().json()["job_id"]
                until(lambda job=job: api.get(f"/api/v1/jobs/{job}").json()["ended_at"] is not None, job)

    def change(self) -> None:
        """One melding more, aggregated when this returns; beside the server where it is down."""
        if self.server.process.poll() is None:
            httpx.post(f"{self.server.url}/api/v1/deliveries", content=with_new_melding(self.service)).raise_for_status()
            until(lambda: reported(self.server, self.service)["antall_meldinger_mottatt"][0] == 9, "the change")
            return
        with pipeline.opened(self.server.data_dir) as application:
            pipeline.deliver(application, with_new_melding(self.service))
            pipeline.aggregate(application, self.service.organization_id, "2024")


class Seen:
    """One view of the service, as a person sees it."""

    def __init__(self, view: View, page: Page, line: Line, service: Service) -> None:
        self.page = page
        self._view = view
        self._service = service
        address = "/?period_id=2024&q=" if view == "overview" else "/preview?organization_id="
        page.goto(f"{line.url}{address}{service.organization_id}")
        self.is_live()

    def is_live(self) -> None:
        expect(self.page.locator("html")).to_have_attribute("data-live", "on", timeout=PATIENCE_MS)
        expect(self.page.get_by_text("Direkte", exact=True)).to_be_visible()

    def is_lost(self) -> None:
        """Said, and what is shown is marked as what was known last."""
        alert = self.page.get_by_role("alert")
        expect(alert).to_contain_text("Frakoblet siden ", timeout=PATIENCE_MS)
        expect(alert).to_contain_text("Du ser siste kjente verdier. Kobler til igjen …")
        expect(alert.get_by_role("button", name="Prøv nå")).to_be_visible()
        expect(self.page.get_by_text("Frakoblet", exact=True)).to_be_visible()
        expect(self.page.locator(".sheet")).to_have_css("border-style", "dashed")

    def shows_change(self, now: bool) -> None:
        """Before it, or after."""
        if self._view == "overview":
            expect(self._row).to_be_visible()
        else:
            expect(self._row.locator("td.cur")).to_have_attribute("data-shown", "9" if now else "8")

    def is_back(self) -> None:
        """Live, with what was missed said, marked and offered."""
        self.is_live()
        missed = "1 tjeneste ble endret" if self._view == "overview" else "3 felt endret"
        expect(self.page.get_by_text(f"Tilkoblet igjen. {missed} mens du var frakoblet.").last).to_be_visible()
        expect(self.page.get_by_role("alert")).to_be_hidden()
        self.shows_change(now=True)
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
        def of(processes: int) -> Server:
            return stack.enter_context(running_one(tmp_path_factory.mktemp("line") / "data", processes))

        yield of


def running_one(data_dir: Path, processes: int, port: int = 0) -> AbstractContextManager[Server]:
    """Over that store, quick to find out that somebody is gone."""
    return running(data_dir, "--processes", f"{processes}", environment=QUIET | TIMES, port=port)


_numbers = iter(range(7100, 7200))


def browser_processes() -> list[int]:
    """Of this process' one browser."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        below = children(waiting.pop())
        waiting += below
        found += [pid for pid in below if b"chrom" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]]
    return found


@contextmanager
def stopped(pids: list[int]) -> Generator[None]:
    """They sleep for the length of a block."""
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def lost(fate: Fate, seen: Seen, world: World, line: Line, processes: int) -> Generator[None]:
    """Within the block the line is lost, and after it nothing stands in the way."""
    opened = time.monotonic()
    match fate:
        case "cut":
            line.cut()
            seen.is_lost()
            yield
            line.mend()
        case "expired":
            line.cut()
            seen.is_lost()
            yield
            line.hold_websockets()
            line.mend()
            until(lambda: line.held_websockets == 1, "the page, which has come back, to open its own")
            came = time.monotonic()
            until(lambda: time.monotonic() > came + TOKEN_SECONDS + 1, "its token to expire")
            line.let_websockets()
            until(lambda: "Token is expired" in world.server.output, "it to be refused")
        case "sleep":
            with stopped(browser_processes()):
                until(lambda: line.websockets == 0, "the server to end its connection")
                until(lambda: time.monotonic() > opened + TOKEN_SECONDS + 1, "its token to expire")
                yield
        case "restart":
            world.server.stop()
            seen.is_lost()
            yield
            world.server = world.stack.enter_context(running_one(world.server.data_dir, processes, world.server.port))
            line.lead(world.server, processes)


@pytest.mark.parametrize(
    ("fate", "view", "processes"),
    [
        pytest.param(fate, view, processes, marks=() if (fate, view, processes) in BY_DEFAULT else pytest.mark.slow)
        for fate in FATES
        for view in ("overview", "preview")
        for processes in (2, 1)
    ],
)
def test_it_comes_back_by_itself_and_says_what_was_missed(
    fate: Fate, view: View, processes: int, page: Page, servers: Callable[[int], Server], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(running_one(tmp_path / "data", processes)) if fate == "restart" else servers(processes)
        world = World(server, next(_numbers), stack)
        line = stack.enter_context(line_to(server, processes))
        seen = Seen(view, page, line, world.service)
        with lost(fate, seen, world, line, processes):
            world.change()
            if fate != "sleep":
                seen.shows_change(now=False)
        seen.is_back()


@pytest.fixture
def two(servers: Callable[[int], Server]) -> World:
    """Two processes, and a service of the test's own."""
    return World(servers(2), next(_numbers), ExitStack())


def test_what_one_process_is_told_is_seen_by_a_page_at_the_other(page: Page, tmp_path: Path) -> None:
    """Through the line, by which all but WebSockets come to the first process."""
    with running(tmp_path / "data", "--processes", "2", "--no-auto-aggregate") as server, line_to(server, 2) as line:
        world = World(server, next(_numbers), ExitStack())
        seen = Seen("preview", page, line, world.service)
        page.evaluate("window.stayed = true")
        with httpx.Client(base_url=line.url) as api:
            api.post("/api/v1/deliveries", content=with_new_melding(world.service)).raise_for_status()
            expect(page.get_by_text("Utdatert", exact=True)).to_be_visible()
            listed = api.get(API, params={"organization_id": world.service.organization_id, "period_id": "2024"}).json()["data"]
            seen.shows_change(now=False)
            api.put(f"{API}/{listed[0]['snapshot_id']}", json={"invalidate_cache": True, "reason": "Prøve"}).raise_for_status()
            seen.shows_change(now=True)
        expect(page.locator("[data-changed]")).to_have_count(3)
        assert page.evaluate("window.stayed")


def test_a_line_that_ends_without_a_word_is_found_out(two: World, page: Page) -> None:
    with line_to(two.server, 2) as line:
        seen = Seen("overview", page, line, two.service)
        line.hold()
        seen.is_lost()
        two.change()
        line.mend()
        seen.is_back()


@pytest.mark.slow
def test_what_was_missed_is_said_again_where_the_line_is_lost_again_at_once(two: World, page: Page) -> None:
    with line_to(two.server, 2) as line:
        seen = Seen("preview", page, line, two.service)
        line.cut()
        seen.is_lost()
        two.change()
        for _ in range(2):
            line.mend()
            seen.is_live()
            expect(page.get_by_text("Tilkoblet igjen. 3 felt endret mens du var frakoblet.").first).to_be_visible()
            line.cut()
            seen.is_lost()
        line.mend()
        seen.is_back()


def test_it_does_not_come_back_under_a_dialog(two: World, page: Page) -> None:
    with line_to(two.server, 2) as line:
        seen = Seen("preview", page, line, two.service)
        page.keyboard.press("a")
        page.get_by_role("textbox", name="Hvorfor aggregeres det på nytt?").fill("Ikke ferdig skrevet")
        line.cut()
        expect(page.locator("html")).to_have_attribute("data-live", "lost")
        for _ in range(2):
            with page.expect_response("**/readyz") as answered:
                line.mend()
            assert answered.value.ok
        expect(page.get_by_role("textbox", name="Hvorfor aggregeres det på nytt?")).to_have_value("Ikke ferdig skrevet")
        page.keyboard.press("Escape")
        seen.is_live()
        expect(page.get_by_text("Tilkoblet igjen. Ingen felt er endret.").first).to_be_visible()


def test_a_paused_page_that_loses_its_line_shows_all_when_it_is_back(two: World, page: Page) -> None:
    with line_to(two.server, 2) as line:
        seen = Seen("preview", page, line, two.service)
        page.keyboard.press("p")
        two.change()
        expect(page.get_by_text("Satt på pause. 3 endringer venter.")).to_be_visible()
        seen.shows_change(now=False)
        line.cut()
        seen.is_lost()
        expect(page.get_by_text("Satt på pause.").first).to_be_hidden()
        seen.shows_change(now=False)
        line.mend()
        seen.is_back()


def test_a_page_finds_another_process_when_its_own_dies(two: World, page: Page) -> None:
    page.goto(f"{two.server.url}/?period_id=2024")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    page.evaluate("window.stayed = true")
    for pid in both(two.server):
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: pid not in both(two.server), "another in its place")
    expect(page.get_by_text("Tilkoblet igjen. Ingen tjenester er endret.").first).to_be_visible()
    assert page.evaluate("window.stayed === undefined")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
