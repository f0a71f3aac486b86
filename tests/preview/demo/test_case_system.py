"""The demo's case system at work beside the program: its folders land in the watched folder, and the form moves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest

from preview.core.clock import OSLO, now
from preview.core.errors import Unavailable
from preview.demo import live
from preview.demo.live import CaseSystem, Step, is_due, next_step, ready
from preview.demo.services import services
from preview.runtime.application import Application
from preview.storage import meta
from tests.preview.demo.conftest import TODAY, Demo
from tests.preview.demo.test_pipeline import take
from tests.support.pipeline import opened, until
from tests.support.server_process import running

AT = datetime.combine(TODAY, datetime.min.time(), OSLO) + timedelta(hours=9)
PACE = 10.0
IDS = [service.organization_id for service in services(TODAY) if service.organization_id != "org-1042"]


def steps(application: Application, count: int, at: datetime = AT, gap: timedelta = timedelta(seconds=PACE)) -> Iterator[Step]:
    for number in range(count):
        step = application.database.write(lambda connection, number=number: next_step(connection, at + number * gap, PACE))
        assert step is not None
        yield step


@pytest.fixture
def store(data_dir: Path) -> Iterator[Application]:
    """A store that holds the demo of TODAY, as far as the case system can see."""
    with opened(data_dir, started=False) as application:
        application.database.write(lambda connection: ready(connection, TODAY))
        yield application


def test_each_service_but_the_example_has_two_steps_in_its_turn(store: Application) -> None:
    taken = list(steps(store, 2 * len(IDS) + 2))
    assert [step.organization_id for step in taken] == [each for each in (*IDS, IDS[0]) for _ in (1, 2)]
    assert [step.nr for step in taken] == [0] * 2 * len(IDS) + [1, 1]
    assert [turn.then is None for step in taken for turn in step.turns] == [True, False] * (len(IDS) + 1)


def test_there_is_no_step_before_its_time(store: Application) -> None:
    def at(seconds: float) -> tuple[bool, bool]:
        instant = AT + timedelta(seconds=seconds)
        due = store.database.read(lambda connection: is_due(connection, instant))
        return due, store.database.write(lambda connection: next_step(connection, instant, PACE)) is not None

    assert [at(seconds) for seconds in (0, 0, 9.9, 10, 15, 25)] == [(each, each) for each in (True, False, False, True, False, True)]


def test_where_no_demo_is_nothing_happens(data_dir: Path, tmp_path: Path) -> None:
    with opened(data_dir, started=False) as application:
        assert application.database.write(lambda connection: next_step(connection, AT, PACE)) is None


def test_the_days_of_what_happened_stay_over_midnight_and_a_restart(data_dir: Path, store: Application) -> None:
    """The smallest service has six cases: after as many rounds the first has its second turn."""
    small = "org-5025"
    list(steps(store, 1))
    store.close()
    with opened(data_dir, started=False) as again:
        later = AT + timedelta(days=2)
        taken = list(steps(again, 7 * 2 * len(IDS) - 1, later))
        turns = [step for step in taken if step.organization_id == small and step.nr == 0]
        assert [(turn.first, turn.then) for turn in turns[0].turns] == [(TODAY, later.date())]
        assert [(turn.first, turn.then) for turn in turns[-1].turns] == [(TODAY, later.date()), (later.date(), later.date())]
        held: dict[str, Element] = {}
        for step in turns:
            sak = fromstring(step.folder()).find("Sak")
            assert sak is not None
            held[sak.attrib["Id"]] = sak
        assert len(held) == 1


def test_a_clock_that_is_set_back_concludes_nothing_before_it_was_received(store: Application) -> None:
    first, second = list(steps(store, 1)), list(steps(store, 1, AT + timedelta(days=1)))
    store.database.write(
        lambda connection: meta.put(connection, "demo_live", (meta.get(connection, "demo_live") or "").replace('"at":', '"at":-'))
    )
    third = list(steps(store, 1, AT - timedelta(days=3)))
    assert [step.turns[0].first for step in (*first, *second)] == [TODAY, TODAY]
    assert third[0].turns[0].first == TODAY + timedelta(days=1)


def test_its_folders_change_a_case_each_and_have_no_finding(demo: Demo, data_dir: Path, tmp_path: Path) -> None:
    """Of the services that come first, through the real pipeline and by way of the watched folder."""
    inbox = tmp_path / "innboks"
    few = IDS[:2]
    with opened(data_dir, inbox_dir=inbox, inbox_settle_seconds=0.0, started=False) as application:
        application.start()
        for delivery in demo.deliveries:
            if any(each in delivery.name for each in few):
                take(application, delivery.content, full=delivery.full)
        before = application.deliveries.page(None, None, 1, 1)[1]
        application.database.write(lambda connection: ready(connection, TODAY))
        system = CaseSystem(application.database, inbox)
        for number in range(4):
            system._look(AT + timedelta(seconds=PACE * number))  # pyright: ignore[reportPrivateUsage]
            until(lambda number=number: _taken(application) == before + number + 1, "the folder to be taken")
        told = application.deliveries.page(None, None, 1, 4)[0]
        assert [(each.actor, each.finding_count, each.new_cases, each.changed_cases) for each in told] == [("inbox", 0, 0, 1)] * 4
        assert [each.organizations for each in told[::-1]] == [[few[0]], [few[0]], [few[1]], [few[1]]]


def _taken(application: Application) -> int:
    rows, total = application.deliveries.page(None, None, 1, 100)
    return total if all(row.completed_at for row in rows) else 0


def test_it_keeps_its_pace_and_stops(store: Application, tmp_path: Path) -> None:
    folder = tmp_path / "innboks"
    system = CaseSystem(store.database, folder, pace=0.02)
    system.start()
    until(lambda: folder.is_dir() and len(list(folder.glob("*.xml"))) >= 3, "some folders")
    system.stop()
    left = sorted(folder.iterdir())
    assert {path.suffix for path in left} == {".xml"}
    assert all(fromstring(path.read_bytes()).find("Sak") is not None for path in left)
    assert sorted(folder.iterdir()) == left


def test_an_error_does_not_end_it(store: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed: list[int] = []
    real = live.next_step

    def unlucky(*arguments: object) -> Step | None:
        if len(failed) < 2:
            failed.append(1)
            raise Unavailable("busy")
        return real(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(live, "next_step", unlucky)
    system = CaseSystem(store.database, tmp_path / "innboks", pace=0.02)
    system.start()
    until(lambda: (tmp_path / "innboks").is_dir(), "a folder after two errors")
    system.stop()


@pytest.mark.slow
def test_a_newcomer_sees_the_form_move(data_dir: Path) -> None:
    """`make run`: demo loaded, then a change every ten seconds, taken and aggregated by themselves; and the server stops at once."""
    with running(data_dir, "--demo", "--demo-live") as server:
        until_moved(server.url)
        begun = now()
        assert server.stop() == 0
        assert now() - begun < timedelta(seconds=5)
    assert not list((data_dir / "inbox").rglob("*.xml"))


def until_moved(url: str) -> None:
    def moved() -> bool:
        told = httpx.get(f"{url}/api/v1/deliveries?limit=5").json()["data"]
        return sum(each["actor"] == "inbox" and each["changed_cases"] == 1 for each in told) >= 2

    for _ in range(6):
        try:
            until(moved, "two changes")
        except AssertionError:
            continue
        return
    pytest.fail("nothing moved in three minutes")
