"""Tests of loading the demo: another process continues what one process began."""

import os
import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from preview.core.errors import Unavailable
from preview.core.leader_lock import LeaderLock
from preview.demo import loader
from preview.demo.deliveries import DemoDelivery
from preview.demo.loader import DemoLoader
from preview.storage import meta
from tests.builders.case_xml import folder, uid
from tests.preview.demo.conftest import TODAY
from tests.support.foreign_lock import lock_held
from tests.support.pipeline import open_application, wait_until
from tests.support.process_inspection import lock_holder, wait_for_both
from tests.support.server_process import Server, running_server


def test_second_loader_continues_from_stored_progress(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = [True]

    def iterate(day: date) -> Iterator[DemoDelivery]:
        assert day == TODAY, "the day on which it began"
        for number in range(3):
            yield DemoDelivery(f"{number}", False, folder(uid(number)))
            if number == 1 and ends.pop():
                raise Unavailable("as if it stopped here")

    monkeypatch.setattr(loader, "demo_deliveries", iterate)
    with open_application(data_dir) as application:
        first = DemoLoader(application, TODAY)
        first.start()
        wait_until(lambda: ends == [], "two of its deliveries")
        first.stop()
        ends = [False]
        lead = LeaderLock(data_dir / "demo.lock")
        assert lead.try_acquire()
        second = DemoLoader(application, date(2030, 1, 1))
        second.start()
        lead.close()
        wait_until(
            lambda: application.database.read(lambda connection: meta.get(connection, "demo_live")) is not None,
            "all of it",
        )
        second.stop()
        # The one that was taken last is sent again: nobody knew that it had been.
        assert application.deliveries.page(None, None, 1, 10)[1] == 4
        third = DemoLoader(application, TODAY)
        third.start()
        third.stop()
        assert application.deliveries.page(None, None, 1, 10)[1] == 4


def test_loading_goes_on_after_a_passing_fault(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loader, "demo_deliveries", lambda _: [DemoDelivery("0", False, folder(uid(0)))])
    with open_application(data_dir, store_busy_seconds=0.05) as application:
        demo = DemoLoader(application, TODAY)
        with lock_held(data_dir / "store.sqlite"):
            demo.start()
            wait_until(lambda: "loading the demo fails and is tried again" in caplog.text, "the fault")
        wait_until(
            lambda: application.database.read(lambda connection: meta.get(connection, "demo_live")) is not None,
            "all of it",
        )
        demo.stop()
        assert application.deliveries.page(None, None, 1, 10)[1] == 1
    assert caplog.text.count("loading the demo fails and is tried again: The store is busy.") == 1


def count(server: Server) -> int:
    """Return the deliveries of the store."""
    return len(httpx.get(f"{server.url}/api/v1/deliveries?limit=100").json()["data"])


@pytest.mark.slow
def test_loading_continues_after_the_process_is_killed(data_dir: Path) -> None:
    with running_server(data_dir, "--processes", "2", "--demo") as server:
        wait_for_both(server)
        wait_until(lambda: count(server) >= 2, "it to be under way")
        killed = lock_holder(data_dir / "demo.lock", server)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        wait_until(
            lambda: lock_holder(data_dir / "demo.lock", server) not in (None, killed), "another to have the lead"
        )
        loaded = count(server)
        wait_until(lambda: count(server) > loaded + 1, "it to go on")
