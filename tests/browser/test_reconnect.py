"""Loss and return of the connection, in both views: what a page announces, keeps, marks and catches up with.

With two processes, pages and WebSockets go to different ones (`FaultyProxy`).
"""

import os
import signal
from collections.abc import Callable, Generator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Service, with_new_melding
from tests.browser.support.disruptions import (
    DISRUPTIONS,
    RELOAD_TIMEOUT_MS,
    Disruption,
    RestartableServer,
    disrupted,
    run_server,
)
from tests.browser.support.faulty_proxy import FaultyProxy, faulty_proxy
from tests.support.pipeline import wait_until
from tests.support.process_inspection import wait_for_both
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

View = Literal["overview", "preview"]
FAST_CASES: set[tuple[Disruption, View, int]] = {
    ("cut", "overview", 2),
}
"""The cases outside the slow suite. Each view's own tests try a restart of a single process."""


class PageDriver:
    """A view of the service in the browser, with assertions on what a visitor sees."""

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
        """Assert that the page says that it is offline, and marks its values as the last known ones."""
        alert = self.page.get_by_role("alert")
        expect(alert).to_contain_text("Frakoblet siden kl. ", timeout=RELOAD_TIMEOUT_MS)
        expect(alert).to_contain_text("Du ser siste kjente verdier. Kobler til igjen …")
        expect(alert.get_by_role("button", name="Prøv nå")).to_be_visible()
        expect(self.page.get_by_text("Frakoblet", exact=True)).to_be_visible()
        expect(self.page.locator(".sheet")).to_have_css("border-style", "dashed")

    def expect_change(self, now: bool) -> None:
        """Assert that the page shows the state after the change, or before."""
        if self._view == "overview":
            expect(self._row).to_be_visible()
        else:
            expect(self._row.locator("td.current")).to_have_attribute("data-value", "9" if now else "8")

    def expect_reconnected(self) -> None:
        """Assert that the page is live again, and announces, marks and filters what was changed."""
        self.expect_live()
        missed = "1 tjeneste ble endret" if self._view == "overview" else "3 felt endret"
        expect(self.page.get_by_text(f"Tilkoblet igjen. {missed} mens du var frakoblet.").last).to_be_visible()
        expect(self.page.get_by_role("alert")).to_be_hidden()
        self.expect_change(now=True)
        self.page.get_by_role("button", name="Vis endrede").click()
        marked = self.page.locator(
            ".list > tbody > tr:visible" if self._view == "overview" else "tr[data-field]:visible"
        )
        expect(marked).to_have_count(1 if self._view == "overview" else 3)
        expect(self._row).to_be_visible()

    @property
    def _row(self) -> Locator:
        if self._view == "overview":
            return self.page.get_by_role("row", name=self._service.name)
        return self.page.locator("tr[data-field=antall_meldinger_mottatt]")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Callable[[int], Server]]:
    """Return a function that starts a server with a number of processes, once for the module."""
    with ExitStack() as stack:

        @cache
        def start(processes: int) -> Server:
            return stack.enter_context(run_server(tmp_path_factory.mktemp("reconnect") / "data", processes))

        yield start


_numbers = iter(range(7100, 7200))


@pytest.mark.parametrize(
    ("disruption", "view", "processes"),
    [
        pytest.param(
            disruption, view, processes, marks=() if (disruption, view, processes) in FAST_CASES else pytest.mark.slow
        )
        for disruption in DISRUPTIONS
        for view in ("overview", "preview")
        for processes in (2, 1)
    ],
)
def test_page_reconnects_and_announces_missed_changes(
    disruption: Disruption, view: View, processes: int, page: Page, servers: Callable[[int], Server], tmp_path: Path
) -> None:
    with ExitStack() as stack:
        server = (
            stack.enter_context(run_server(tmp_path / "data", processes))
            if disruption == "restart"
            else servers(processes)
        )
        restartable = RestartableServer(server, next(_numbers), stack)
        proxy = stack.enter_context(faulty_proxy(server, processes))
        page_driver = PageDriver(view, page, proxy, restartable.service)
        with disrupted(disruption, page_driver, restartable, proxy, processes):
            restartable.change()
            if disruption != "sleep":
                page_driver.expect_change(now=False)
        page_driver.expect_reconnected()


@pytest.fixture
def two_processes(servers: Callable[[int], Server]) -> RestartableServer:
    """A server with two processes, and a service of the test's own."""
    return RestartableServer(servers(2), next(_numbers), ExitStack())


@pytest.mark.slow
@pytest.mark.own_page
def test_change_in_one_process_updates_page_of_other_process(page: Page, tmp_path: Path) -> None:
    """The proxy sends requests to the first process, and the page's WebSocket to the second.

    The session of the second process knows the actor from the token that the page was sent.
    """
    arguments = ("--processes", "2", "--no-auto-aggregate", "--actor-header", "x-user")
    with running_server(tmp_path / "data", *arguments) as server, faulty_proxy(server, 2) as proxy:
        page.set_extra_http_headers({"X-User": "Åse Sætre"})
        restartable = RestartableServer(server, next(_numbers), ExitStack())
        page_driver = PageDriver("preview", page, proxy, restartable.service)
        page.evaluate("window.stayed = true")
        melding = with_new_melding(restartable.service)
        httpx.post(f"{proxy.url}/api/v1/deliveries", content=melding).raise_for_status()
        expect(page.get_by_text("Utdatert", exact=True)).to_be_visible()
        page_driver.expect_change(now=False)
        page.get_by_role("button", name="Aggreger på nytt").click()
        page.get_by_role("dialog").get_by_role("textbox").fill("Prøve")
        page.get_by_role("dialog").get_by_role("button", name="Aggreger på nytt").click()
        page_driver.expect_change(now=True)
        job = httpx.get(f"{server.url}/api/v1/jobs/job-agg-003").json()
        assert (job["reason"], job["requested_by"]) == ("Prøve", "Åse Sætre")
        expect(page.locator("[data-changed]")).to_have_count(3)
        assert page.evaluate("window.stayed")


def test_silent_connection_loss_is_detected(two_processes: RestartableServer, page: Page) -> None:
    with faulty_proxy(two_processes.server, 2) as proxy:
        page_driver = PageDriver("overview", page, proxy, two_processes.service)
        proxy.stall()
        page_driver.expect_offline()
        two_processes.change()
        proxy.restore()
        page_driver.expect_reconnected()


@pytest.mark.slow
def test_missed_changes_announced_again_after_second_disconnect(two_processes: RestartableServer, page: Page) -> None:
    with faulty_proxy(two_processes.server, 2) as proxy:
        page_driver = PageDriver("preview", page, proxy, two_processes.service)
        proxy.cut()
        page_driver.expect_offline()
        two_processes.change()
        for _ in range(2):
            proxy.restore()
            page_driver.expect_live()
            expect(page.get_by_text("Tilkoblet igjen. 3 felt endret mens du var frakoblet.").first).to_be_visible()
            proxy.cut()
            page_driver.expect_offline()
        proxy.restore()
        page_driver.expect_reconnected()


def test_page_with_open_dialog_does_not_reload(two_processes: RestartableServer, page: Page) -> None:
    with faulty_proxy(two_processes.server, 2) as proxy:
        page_driver = PageDriver("preview", page, proxy, two_processes.service)
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


@pytest.mark.slow
def test_paused_page_shows_all_changes_after_reconnect(two_processes: RestartableServer, page: Page) -> None:
    with faulty_proxy(two_processes.server, 2) as proxy:
        page_driver = PageDriver("preview", page, proxy, two_processes.service)
        page.keyboard.press("p")
        two_processes.change()
        expect(page.get_by_text("Satt på pause. 3 endringer venter.")).to_be_visible()
        page_driver.expect_change(now=False)
        proxy.cut()
        page_driver.expect_offline()
        expect(page.get_by_text("Satt på pause.").first).to_be_hidden()
        page_driver.expect_change(now=False)
        proxy.restore()
        page_driver.expect_reconnected()


def test_page_reconnects_to_another_process_after_crash(two_processes: RestartableServer, page: Page) -> None:
    page.goto(f"{two_processes.server.url}/?period_id=2024")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    page.evaluate("window.stayed = true")
    for pid in wait_for_both(two_processes.server):
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: pid not in wait_for_both(two_processes.server), "another in its place")
    expect(page.get_by_text("Tilkoblet igjen. Ingen tjenester er endret.").first).to_be_visible()
    assert page.evaluate("window.stayed === undefined")
    expect(page.locator("html")).to_have_attribute("data-live", "on")
