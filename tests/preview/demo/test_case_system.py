"""Tests of the simulated case system: its files arrive in the watched folder and change the reports."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest

from preview.core.clock import OSLO, now
from preview.core.errors import Unavailable
from preview.demo import case_system
from preview.demo.case_system import CaseStep, CaseSystemSimulator, claim_next_step, is_due, mark_demo_loaded
from preview.demo.service_profiles import demo_services
from preview.runtime.application import Application
from preview.storage import meta
from tests.preview.demo.conftest import TODAY, Demo
from tests.preview.demo.test_pipeline import findings_of, import_delivery
from tests.support.pipeline import open_application, wait_until
from tests.support.server_process import running_server

AT = datetime.combine(TODAY, datetime.min.time(), OSLO) + timedelta(hours=9)
PACE = 10.0
IDS = [
    service.organization_id
    for service in demo_services(TODAY)
    if service.organization_id not in ("org-1042", "org-1508")
]


def steps(
    application: Application, count: int, at: datetime = AT, gap: timedelta = timedelta(seconds=PACE)
) -> Iterator[CaseStep]:
    for number in range(count):
        step = application.database.write(
            lambda connection, number=number: claim_next_step(connection, at + number * gap, PACE)
        )
        assert step is not None
        yield step


@pytest.fixture
def store(data_dir: Path) -> Iterator[Application]:
    """A store that is marked as loaded with the demo data of TODAY."""
    with open_application(data_dir, started=False) as application:
        application.database.write(lambda connection: mark_demo_loaded(connection, TODAY))
        yield application


def test_services_take_turns_of_two_steps(store: Application) -> None:
    """The services whose files have ended are left out."""
    taken = list(steps(store, 2 * len(IDS) + 2))
    assert [step.organization_id for step in taken] == [
        organization_id for organization_id in (*IDS, IDS[0]) for _ in (1, 2)
    ]
    assert [turn.second_day is None for step in taken for turn in step.updates[-1:]] == [True, False] * (len(IDS) + 1)
    uncorrected = [step.case_index for step in taken if not step.updates[-1].is_correction]
    assert set(uncorrected[:-2]) == {0}
    assert uncorrected[-2:] == [1, 1]


def test_every_second_turn_of_most_services_corrects_the_year_before(store: Application) -> None:
    rounds = [set[str](), set[str]()]
    for nr, step in enumerate(steps(store, 4 * len(IDS))):
        if step.updates[-1].is_correction:
            rounds[nr // (2 * len(IDS))].add(step.organization_id)
    never = {"org-5025", "org-3405", "org-1103"}
    assert rounds[0] | rounds[1] == set(IDS) - never
    assert rounds[0] & rounds[1] == set()


def test_simulation_continues_from_the_corrections_of_the_demo_data(store: Application, demo: Demo) -> None:
    """The case that was corrected after the approval keeps its correction."""
    corrected = {
        folder.sak.attrib["Id"]: folder.sak for folder in demo.folders["org-5601"] if "correction" in folder.delivery
    }
    assert len(corrected) == 3
    found: set[str] = set()
    for step in steps(store, 8 * len(IDS)):
        if step.organization_id == "org-5601":
            sak = fromstring(step.folder()).find("Sak")
            assert sak is not None
            delivered = corrected.get(sak.attrib["Id"])
            if delivered is not None:
                found.add(sak.attrib["Id"])
                assert {melding.attrib["Id"] for melding in delivered.findall("Melding")} <= {
                    melding.attrib["Id"] for melding in sak.findall("Melding")
                }
    assert len(found) >= 2


def test_no_step_before_its_due_time(store: Application) -> None:
    def at(seconds: float) -> tuple[bool, bool]:
        instant = AT + timedelta(seconds=seconds)
        due = store.database.read(lambda connection: is_due(connection, instant))
        return due, store.database.write(lambda connection: claim_next_step(connection, instant, PACE)) is not None

    assert [at(seconds) for seconds in (0, 0, 9.9, 10, 15, 25)] == [
        (is_step_due, is_step_due) for is_step_due in (True, False, False, True, False, True)
    ]


def test_store_without_demo_has_no_step(data_dir: Path, tmp_path: Path) -> None:
    with open_application(data_dir, started=False) as application:
        assert application.database.write(lambda connection: claim_next_step(connection, AT, PACE)) is None


def test_event_days_survive_midnight_and_restart(data_dir: Path, store: Application) -> None:
    """The smallest service has six cases: after six rounds the first one has its second update."""
    small = "org-5025"
    list(steps(store, 1))
    store.close()
    with open_application(data_dir, started=False) as again:
        later = AT + timedelta(days=2)
        imported = list(steps(again, 7 * 2 * len(IDS) - 1, later))
        turns = [step for step in imported if step.organization_id == small and step.case_index == 0]
        assert [(turn.first_day, turn.second_day) for turn in turns[0].updates] == [(TODAY, later.date())]
        assert [(turn.first_day, turn.second_day) for turn in turns[-1].updates] == [
            (TODAY, later.date()),
            (later.date(), later.date()),
        ]
        stored: dict[str, Element] = {}
        for step in turns:
            sak = fromstring(step.folder()).find("Sak")
            assert sak is not None
            stored[sak.attrib["Id"]] = sak
        assert len(stored) == 1


def test_clock_set_back_does_not_reverse_the_days(store: Application) -> None:
    first, second = list(steps(store, 1)), list(steps(store, 1, AT + timedelta(days=1)))
    store.database.write(
        lambda connection: meta.put(
            connection, "demo_live", (meta.get(connection, "demo_live") or "").replace('"at":', '"at":-')
        )
    )
    third = list(steps(store, 1, AT - timedelta(days=3)))
    assert [step.updates[0].first_day for step in (*first, *second)] == [TODAY, TODAY]
    assert third[0].updates[0].first_day == TODAY + timedelta(days=1)


def test_each_folder_changes_one_case_without_findings(demo: Demo, data_dir: Path, tmp_path: Path) -> None:
    """The case files of the first services pass through the watched folder and the real pipeline."""
    inbox = tmp_path / "innboks"
    few = IDS[:2]
    with open_application(data_dir, inbox_dir=inbox, inbox_settle_seconds=0.0, started=False) as application:
        application.start()
        for delivery in demo.deliveries:
            if any(organization_id in delivery.name for organization_id in few):
                import_delivery(application, delivery.content, full=delivery.full)
        before = application.deliveries.page(None, None, 1, 1)[1]
        application.database.write(lambda connection: mark_demo_loaded(connection, TODAY))
        system = CaseSystemSimulator(application.database, inbox)
        for number in range(4):
            system._poll(AT + timedelta(seconds=PACE * number))  # pyright: ignore[reportPrivateUsage]
            wait_until(
                lambda number=number: _finished_deliveries(application) == before + number + 1, "the folder to be taken"
            )
        actual = application.deliveries.page(None, None, 1, 4)[0]
        assert [
            (delivery.actor, findings_of(application, delivery), delivery.new_cases, delivery.changed_cases)
            for delivery in actual
        ] == [("inbox", set(), 0, 1)] * 4
        assert [delivery.organizations for delivery in actual[::-1]] == [[few[0]], [few[0]], [few[1]], [few[1]]]


def _finished_deliveries(application: Application) -> int:
    rows, total = application.deliveries.page(None, None, 1, 100)
    return total if all(row.completed_at for row in rows) else 0


def test_simulator_keeps_its_interval_and_stops(store: Application, tmp_path: Path) -> None:
    folder = tmp_path / "innboks"
    system = CaseSystemSimulator(store.database, folder, interval=0.02)
    system.start()
    wait_until(lambda: folder.is_dir() and len(list(folder.glob("*.xml"))) >= 3, "some folders")
    system.stop()
    left = sorted(folder.iterdir())
    assert {path.suffix for path in left} == {".xml"}
    assert all(fromstring(path.read_bytes()).find("Sak") is not None for path in left)
    assert sorted(folder.iterdir()) == left


def test_simulator_continues_after_an_error(
    store: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[int] = []
    real = case_system.claim_next_step

    def unlucky(*arguments: object) -> CaseStep | None:
        if len(failed) < 2:
            failed.append(1)
            raise Unavailable("busy")
        return real(*arguments)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(case_system, "claim_next_step", unlucky)
    system = CaseSystemSimulator(store.database, tmp_path / "innboks", interval=0.02)
    system.start()
    wait_until(lambda: (tmp_path / "innboks").is_dir(), "a folder after two errors")
    system.stop()


@pytest.mark.slow
def test_preview_page_shows_simulated_changes(data_dir: Path) -> None:
    """As `make run`: each step is imported and aggregated automatically, and the server stops at once."""
    with running_server(data_dir, "--demo", "--demo-live") as server:
        until_moved(server.url)
        begun = now()
        assert server.stop() == 0
        assert now() - begun < timedelta(seconds=5)
    assert not list((data_dir / "inbox").rglob("*.xml"))


def until_moved(url: str) -> None:
    def moved() -> bool:
        actual = httpx.get(f"{url}/api/v1/deliveries?limit=5").json()["data"]
        return sum(delivery["actor"] == "inbox" and delivery["changed_cases"] == 1 for delivery in actual) >= 2

    for _ in range(6):
        try:
            wait_until(moved, "two changes")
        except AssertionError:
            continue
        return
    pytest.fail("nothing moved in three minutes")


def test_file_that_cannot_be_written_is_written_later(store: Application, caplog: pytest.LogCaptureFixture) -> None:
    inbox = store.settings.data_dir / "inbox"
    inbox.touch()
    simulator = CaseSystemSimulator(store.database, inbox, interval=3600)
    simulator.start()
    wait_until(lambda: "case system fails and is tried again" in caplog.text, "the fault")
    inbox.unlink()
    wait_until(lambda: any(inbox.glob("*.xml")), "the file of the step")
    simulator.stop()
    assert caplog.text.count("case system fails and is tried again: The disk cannot be used (File exists).") == 1
