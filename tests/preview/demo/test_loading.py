"""The demo as the program loads it: what one process began another goes on with."""

import os
import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from preview.core.errors import Unavailable
from preview.core.leader_lock import Lead
from preview.demo import loading
from preview.demo.deliveries import DemoDelivery
from preview.demo.loading import Loading
from preview.storage import meta
from tests.builders.case_xml import folder, uid
from tests.preview.demo.conftest import TODAY
from tests.support.pipeline import opened, until
from tests.support.process_inspection import both, leader
from tests.support.server_process import Server, running


def test_what_one_began_another_goes_on_with_where_it_is(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = [True]

    def iterate(day: date) -> Iterator[DemoDelivery]:
        assert day == TODAY, "the day on which it began"
        for number in range(3):
            yield DemoDelivery(f"{number}", False, folder(uid(number)))
            if number == 1 and ends.pop():
                raise Unavailable("as if it stopped here")

    monkeypatch.setattr(loading, "iterate", iterate)
    with opened(data_dir) as application:
        first = Loading(application, TODAY)
        first.start()
        until(lambda: ends == [], "two of its deliveries")
        first.stop()
        ends = [False]
        lead = Lead(data_dir / "demo.lock")
        assert lead.is_ours()
        second = Loading(application, date(2030, 1, 1))
        second.start()
        lead.close()
        until(lambda: application.database.read(lambda connection: meta.get(connection, "demo_live")) is not None, "all of it")
        second.stop()
        # The one that was taken last is sent again: nobody knew that it had been.
        assert application.deliveries.page(None, None, 1, 10)[1] == 4
        third = Loading(application, TODAY)
        third.start()
        third.stop()
        assert application.deliveries.page(None, None, 1, 10)[1] == 4


def count(server: Server) -> int:
    """Its deliveries."""
    return len(httpx.get(f"{server.url}/api/v1/deliveries?limit=100").json()["data"])


@pytest.mark.slow
def test_where_the_process_that_loads_it_is_killed_another_does(data_dir: Path) -> None:
    with running(data_dir, "--processes", "2", "--demo") as server:
        both(server)
        until(lambda: count(server) >= 2, "it to be under way")
        killed = leader(data_dir / "demo.lock", server)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        until(lambda: leader(data_dir / "demo.lock", server) not in (None, killed), "another to have the lead")
        loaded = count(server)
        until(lambda: count(server) > loaded + 1, "it to go on")
