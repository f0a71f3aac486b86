"""The watched folder: what is put into it becomes a delivery once it is complete, and what is refused comes back with the reason."""

import json
import os
import shutil
import stat
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from preview.application import Application
from preview.documents import DeliverySummary
from preview.inbox import Inbox
from tests import folders
from tests.pipeline import opened, until, zipped
from tests.preview.services import Service
from tests.servers import running

SETTLE = 0.4
"""Seconds without a change, in place of 2."""

MARCH = "2024-03-01"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "innboks"
    folder.mkdir()
    return folder


@contextmanager
def watching(data_dir: Path, inbox: Path, **settings: Any) -> Generator[Application]:
    given: dict[str, Any] = {"inbox_settle_seconds": SETTLE, **settings}
    with opened(data_dir, inbox_dir=inbox, **given) as application:
        yield application


def left(folder: Path) -> set[str]:
    """The paths of the files in it, those under way too."""
    found: set[str] = set()
    for parent, below, names in os.walk(folder):
        links = [name for name in below if (Path(parent) / name).is_symlink()]
        found |= {str(Path(parent, name).relative_to(folder)) for name in (*names, *links)}
    return found


def under_way(inbox: Path) -> bool:
    """Whether anything is claimed."""
    folder = inbox / ".taking"
    return folder.is_dir() and any(folder.iterdir())


def taken(application: Application) -> list[DeliverySummary]:
    """Its deliveries, oldest first, once all are read."""
    rows = application.deliveries.page(None, None, 1, 100)[0][::-1]
    until(lambda: all(application.deliveries.document(row.delivery_id).completed_at for row in rows), "the deliveries")
    return application.deliveries.page(None, None, 1, 100)[0][::-1]


def empty(inbox: Path) -> None:
    """Waits until nothing is left in it."""
    until(lambda: not left(inbox) and not under_way(inbox), "the watched folder to be empty")


def test_a_file_is_taken_and_deleted(data_dir: Path, inbox: Path, service: Service) -> None:
    with watching(data_dir, inbox) as application:
        (inbox / "sak.xml").write_bytes(service.folder(1, MARCH, [MARCH]))
        empty(inbox)
        (delivery,) = taken(application)
        assert (delivery.delivery_status, delivery.actor, delivery.full) == ("taken", "inbox", False)
        assert (delivery.new_cases, delivery.organizations) == (1, [service.organization_id])


def test_a_file_is_not_taken_while_it_is_written(data_dir: Path, inbox: Path, service: Service) -> None:
    content = service.folder(1, MARCH, [MARCH])
    with watching(data_dir, inbox) as application:
        with (inbox / "sak.xml").open("wb") as file:
            for at in range(0, len(content), len(content) // 12 + 1):
                file.write(content[at : at + len(content) // 12 + 1])
                file.flush()
                time.sleep(SETTLE / 4)  # longer than SETTLE in all
                assert application.deliveries.page(None, None, 1, 1)[1] == 0
        empty(inbox)
        (delivery,) = taken(application)
        assert (delivery.delivery_status, delivery.refused_files) == ("taken", 0)


@pytest.mark.parametrize("beside", ["sak.xml.part", ".sak.xml.Xy12", "SAK.TMP", "~sak.xml", "sak.xml~"])
def test_a_name_of_what_is_being_written_is_left_until_it_is_renamed(data_dir: Path, inbox: Path, service: Service, beside: str) -> None:
    other = Service()
    with watching(data_dir, inbox, inbox_settle_seconds=0.0) as application:
        (inbox / beside).write_bytes(service.folder(1, MARCH))
        for number in (1, 2):  # two further looks
            (inbox / f"{number}.xml").write_bytes(other.folder(number, MARCH))
            until(lambda: left(inbox) == {beside}, "the other file to be taken")
        (inbox / beside).rename(inbox / "sak.xml")
        empty(inbox)
        assert [delivery.organizations for delivery in taken(application)][-1] == [service.organization_id]


def test_what_was_seen_being_written_is_complete_when_it_is_renamed(data_dir: Path, inbox: Path, service: Service) -> None:
    """However long the others have to lie still."""
    with watching(data_dir, inbox, started=False) as application:
        looking = watcher(application, inbox, settle_seconds=3600.0)
        (inbox / "sak.part").write_bytes(service.folder(1, MARCH))
        (inbox / "andre.xml").write_bytes(service.folder(2, MARCH))
        looking()
        (inbox / "sak.part").rename(inbox / "sak.xml")
        looking()
        assert application.deliveries.page(None, None, 1, 1)[1] == 1
        assert {Path(path).name for path in left(inbox)} == {"andre.xml", "sak.xml"}
        assert (inbox / "andre.xml").exists()
        assert not (inbox / "sak.xml").exists()


class watcher:  # noqa: N801, it is called like a function
    """One look at a time, whatever the clock says."""

    def __init__(self, application: Application, inbox: Path, *, settle_seconds: float = 0.0) -> None:
        lock = application.settings.data_dir / "inbox.lock"
        self.inbox = Inbox(inbox, lock, application.deliveries, taken="delete", settle_seconds=settle_seconds, max_delivery_bytes=2**20)

    def __call__(self) -> None:
        self.inbox._next = 0.0  # pyright: ignore[reportPrivateUsage]
        self.inbox.look()


def test_names_with_spaces_and_norwegian_letters_and_sub_folders_are_kept(data_dir: Path, inbox: Path, service: Service) -> None:
    names = ["a b.xml", "sak æøå.xml", "Sør/Østre Å/sak.xml", "Sør/sak.xml", "uten endelse"]
    for number, name in enumerate(names):
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(service.folder(number, MARCH))
    broken = os.fsencode(inbox) + b"/latin-\xe6.xml"
    with open(broken, "wb") as file:  # noqa: PTH123, no UTF-8
        file.write(service.folder(9, MARCH))
    with watching(data_dir, inbox, inbox_taken="move") as application:
        until(lambda: len(left(inbox / "taken")) == 6 and not under_way(inbox), "all to be taken")
        assert left(inbox) == {f"taken/{name}" for name in names} | {"taken/latin-\udce6.xml"}
        assert sum(delivery.new_cases for delivery in taken(application)) == 6
        assert stat.S_IMODE((inbox / "taken" / "a b.xml").stat().st_mode) == 0o600


def test_a_file_that_was_taken_before_is_moved_beside_the_first(data_dir: Path, inbox: Path, service: Service) -> None:
    with watching(data_dir, inbox, inbox_taken="move"):
        for number in (1, 2, 3):
            (inbox / "sak.xml").write_bytes(service.folder(number, MARCH))
            until(lambda number=number: len(left(inbox / "taken")) == number and not under_way(inbox), "it to be taken")
    assert left(inbox) == {"taken/sak.xml", "taken/sak-2.xml", "taken/sak-3.xml"}


def test_what_is_refused_comes_back_with_a_report_that_quotes_nothing(data_dir: Path, inbox: Path, service: Service) -> None:
    sentinel = "Kari-Nordmann-12345678901"
    broken = service.folder(2, MARCH, Journalnummer=sentinel)[:-20] + f"<{sentinel}".encode()
    (inbox / "under").mkdir()
    (inbox / "under" / f"{sentinel} æ.xml").write_bytes(broken)
    for number in (1, 3):
        (inbox / f"{number}.xml").write_bytes(service.folder(number, MARCH))
    inbox.chmod(0o750)
    with watching(data_dir, inbox) as application:
        until(lambda: len(left(inbox / "refused")) == 2 and not under_way(inbox), "it to come back")
        (delivery,) = taken(application)
        assert (delivery.delivery_status, delivery.files, delivery.refused_files, delivery.new_cases) == ("taken", 3, 1, 2)
    back, report = inbox / "refused" / "under" / f"{sentinel} æ.xml", inbox / "refused" / "under" / f"{sentinel} æ.xml.report.json"
    assert left(inbox) == {str(path.relative_to(inbox)) for path in (back, report)}
    assert back.read_bytes() == broken
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    assert stat.S_IMODE((inbox / "refused").stat().st_mode) == 0o750
    assert sentinel not in report.read_text()
    told = json.loads(report.read_text())
    assert told["delivery_id"] == delivery.delivery_id
    assert [(each["severity"], each["code"], each["file"]) for each in told["findings"]] == [("refused", "not_well_formed", 1)]
    assert told["findings"][0]["line"] > 0


def test_it_is_known_which_of_many_were_refused_behind_any_number_of_findings(data_dir: Path, inbox: Path, service: Service) -> None:
    noisy = service.folder(1, MARCH, meldinger=[folders.melding(None) for _ in range(990)])
    (inbox / "a.xml").write_bytes(noisy)
    (inbox / "b.xml").write_bytes(service.folder(2, MARCH, meldinger=[folders.melding(None) for _ in range(990)]))
    for number in range(30):
        (inbox / f"c{number}.xml").write_bytes(b"<Barnevern/>" if number % 3 == 0 else service.folder(10 + number, MARCH))
    with watching(data_dir, inbox) as application:
        until(lambda: len(left(inbox / "refused")) == 20 and not under_way(inbox), "them to come back")
        (delivery,) = taken(application)
        assert (delivery.refused_files, delivery.finding_count) == (10, 1990)
        assert len(application.deliveries.document(delivery.delivery_id).findings) == 1000
    names = {f"refused/c{number}.xml" for number in range(0, 30, 3)}
    assert left(inbox) == names | {f"{name}.report.json" for name in names}


def test_a_zip_is_a_delivery_of_its_own_whatever_it_is_called(data_dir: Path, inbox: Path, service: Service) -> None:
    (inbox / "a.xml").write_bytes(service.folder(1, MARCH))
    (inbox / "b.dat").write_bytes(zipped([service.folder(2, MARCH), service.folder(3, MARCH)]))
    (inbox / "c.zip").write_bytes(zipped([service.folder(4, MARCH), b"<", b"<"]))
    (inbox / "d.xml").write_bytes(service.folder(5, MARCH))
    with watching(data_dir, inbox) as application:
        until(lambda: left(inbox) == {"refused/c.zip", "refused/c.zip.report.json"}, "them to be taken")
        rows = taken(application)
        assert sorted((row.files, row.refused_files, row.new_cases) for row in rows) == [(2, 0, 2), (2, 0, 2), (3, 2, 1)]
    told = json.loads((inbox / "refused" / "c.zip.report.json").read_text())
    assert [each["file"] for each in told["findings"]] == [2, 3]


def test_a_link_and_a_device_are_refused_and_not_followed(data_dir: Path, inbox: Path, tmp_path: Path, service: Service) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "sak.xml").write_bytes(service.folder(1, MARCH))
    (inbox / "file").symlink_to(elsewhere / "sak.xml")
    (inbox / "folder").symlink_to(elsewhere)
    os.mkfifo(inbox / "pipe")
    with watching(data_dir, inbox) as application:
        until(lambda: len(left(inbox / "refused")) == 6, "them to come back")
        assert application.deliveries.page(None, None, 1, 1)[1] == 0
    assert json.loads((inbox / "refused" / "folder.report.json").read_text())["findings"][0]["code"] == "not_a_file"
    assert left(elsewhere) == {"sak.xml"}


def test_a_file_over_the_limit_comes_back_and_the_others_are_divided(data_dir: Path, inbox: Path, service: Service) -> None:
    size = len(service.folder(1, MARCH))
    for number in range(5):
        (inbox / f"{number}.xml").write_bytes(service.folder(number, MARCH))
    (inbox / "large.xml").write_bytes(service.folder(9, MARCH) + b" " * size * 2)
    with watching(data_dir, inbox, max_delivery_bytes=int(size * 2.5)) as application:
        until(lambda: left(inbox) == {"refused/large.xml", "refused/large.xml.report.json"}, "them to be taken")
        assert [delivery.files for delivery in taken(application)] == [2, 2, 1]
    assert json.loads((inbox / "refused" / "large.xml.report.json").read_text())["findings"][0]["code"] == "too_large"


def test_what_file_managers_leave_behind_is_left_alone(data_dir: Path, inbox: Path, service: Service) -> None:
    noise = {".DS_Store", "Thumbs.db", "desktop.ini", "._sak.xml"}
    for name in noise:
        (inbox / name).write_bytes(b"x")
    (inbox / "sak.xml").write_bytes(service.folder(1, MARCH))
    with watching(data_dir, inbox) as application:
        until(lambda: left(inbox) == noise, "the file to be taken")
        assert [delivery.files for delivery in taken(application)] == [1]


def test_figures_and_organisations_are_taken_too(data_dir: Path, inbox: Path, service: Service) -> None:
    (inbox / "1 organisasjoner.csv").write_bytes(service.listing("org-ny", "Ny tjeneste"))
    (inbox / "2 sak.xml").write_bytes(service.folder(1, MARCH))
    with watching(data_dir, inbox) as application:
        empty(inbox)
        taken(application)
        (listed,) = application.organizations.all()
        assert (listed.organization_id, listed.organization_name) == ("org-ny", "Ny tjeneste")


def test_a_folder_that_vanishes_and_comes_back_is_watched_again(data_dir: Path, inbox: Path, service: Service, tmp_path: Path) -> None:
    with watching(data_dir, inbox) as application:
        (inbox / "1.xml").write_bytes(service.folder(1, MARCH))
        empty(inbox)
        inbox.rename(tmp_path / "away")
        time.sleep(0.6)  # some looks
        assert not inbox.exists()
        assert application.faults() == []
        (tmp_path / "away" / "2.xml").write_bytes(service.folder(2, MARCH))
        (tmp_path / "away").rename(inbox)
        empty(inbox)
        shutil.rmtree(inbox)
        time.sleep(0.6)
        inbox.mkdir()
        (inbox / "3.xml").write_bytes(service.folder(3, MARCH))
        empty(inbox)
        assert [delivery.new_cases for delivery in taken(application)] == [1, 1, 1]
        assert application.faults() == []


def test_the_folder_is_made_where_it_is_missing(data_dir: Path, tmp_path: Path, service: Service) -> None:
    inbox = tmp_path / "not" / "there"
    with watching(data_dir, inbox):
        until(inbox.is_dir, "the folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_a_folder_that_is_closed_to_us_does_not_end_the_process(data_dir: Path, inbox: Path, service: Service) -> None:
    (inbox / "sak.xml").write_bytes(service.folder(1, MARCH))
    inbox.chmod(0o500)
    with watching(data_dir, inbox) as application:
        time.sleep(1.0)
        assert application.faults() == []
    inbox.chmod(0o700)


def test_an_error_of_the_disk_loses_nothing(data_dir: Path, inbox: Path, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / "sak.xml").write_bytes(service.folder(1, MARCH))
    with watching(data_dir, inbox, started=False) as application:
        looking = watcher(application, inbox)
        with monkeypatch.context() as broken:
            broken.setattr(Path, "open", _no_space)
            looking()
            looking()
        assert left(inbox) == {"sak.xml"}
        assert application.deliveries.page(None, None, 1, 1)[1] == 0
        looking()
        assert application.deliveries.page(None, None, 1, 1)[1] == 1


def _no_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_what_was_claimed_before_a_crash_is_delivered_after_it(data_dir: Path, inbox: Path, service: Service) -> None:
    """Killed between moving a file aside and writing it down: it lies in .taking/new-... with nobody to know of it."""
    lost = inbox / ".taking" / "new-0123456789abcdef" / "00000001" / "Sør" / "sak.xml"
    lost.parent.mkdir(parents=True)
    lost.write_bytes(service.folder(1, MARCH, [MARCH]))
    (inbox / "Sør").mkdir()
    (inbox / "Sør" / "sak.xml").write_bytes(service.folder(2, MARCH))  # another of the same name has come meanwhile
    with watching(data_dir, inbox) as application:
        empty(inbox)
        assert sum(delivery.new_cases for delivery in taken(application)) == 2


def test_what_was_received_before_a_crash_is_cleared_away_after_it(data_dir: Path, inbox: Path, service: Service) -> None:
    for name, content in (("a.xml", service.folder(1, MARCH)), ("b.xml", b"<"), ("c.xml", service.folder(2, MARCH))):
        (inbox / name).write_bytes(content)
    with watching(data_dir, inbox, started=False) as application:
        looking = watcher(application, inbox)
        looking()
        assert len(left(inbox)) == 3
        looking.inbox.close()
    assert all(path.startswith(".taking/dlv-001/") for path in left(inbox))
    (inbox / ".taking" / "dlv-001" / "00000001" / "a.xml").unlink()  # it had begun to clear away when it died
    with watching(data_dir, inbox) as application:
        until(lambda: left(inbox) == {"refused/b.xml", "refused/b.xml.report.json"}, "the claim to be cleared away")
        assert len(taken(application)) == 1


def test_what_another_store_was_given_is_left_to_a_person(data_dir: Path, inbox: Path, service: Service) -> None:
    held = inbox / ".taking" / "dlv-4711" / "00000001" / "sak.xml"
    held.parent.mkdir(parents=True)
    held.write_bytes(service.folder(1, MARCH))
    with watching(data_dir, inbox) as application:
        until(lambda: left(inbox) == {"refused/sak.xml", "refused/sak.xml.report.json"}, "it to be put aside")
        assert application.deliveries.page(None, None, 1, 1)[1] == 0
    assert json.loads((inbox / "refused" / "sak.xml.report.json").read_text())["findings"] == []


def test_of_several_processes_one_looks_and_the_next_takes_over(data_dir: Path, inbox: Path, service: Service) -> None:
    with watching(data_dir, inbox, started=False) as application:
        first, second = watcher(application, inbox), watcher(application, inbox)
        first()
        (inbox / "1.xml").write_bytes(service.folder(1, MARCH))
        second()
        assert application.deliveries.page(None, None, 1, 1)[1] == 0
        first()
        assert application.deliveries.page(None, None, 1, 1)[1] == 1
        first.inbox.close()
        (inbox / "2.xml").write_bytes(service.folder(2, MARCH))
        second()
        assert application.deliveries.page(None, None, 1, 1)[1] == 2
        second.inbox.close()


def test_a_newer_file_of_the_same_name_is_not_lost(data_dir: Path, inbox: Path, service: Service) -> None:
    """Written over while the first one is read: it was moved aside first, so that what is deleted is what was read."""
    with watching(data_dir, inbox, started=False) as application:
        looking = watcher(application, inbox)
        for day in ("2024-03-01", "2024-03-02"):
            (inbox / "sak.xml").write_bytes(service.folder(1, day, [day]))
            looking()
        application.start()
        until(lambda: (looking(), not left(inbox))[1], "both to be taken")
        assert [(row.new_cases, row.changed_cases) for row in taken(application)] == [(1, 0), (0, 1)]
        looking.inbox.close()


def test_ten_thousand_files_at_once_are_one_delivery(data_dir: Path, inbox: Path, service: Service) -> None:
    content = service.folder(1, MARCH)
    for number in range(10_000):
        (inbox / f"{number:05}.xml").write_bytes(b"<" if number == 9_999 else content)
    with watching(data_dir, inbox) as application:
        until((inbox / "refused" / "09999.xml.report.json").exists, "all to be taken")
        until(
            lambda: left(inbox) == {"refused/09999.xml", "refused/09999.xml.report.json"} and not under_way(inbox),
            "the claim to be cleared away",
        )
        (delivery,) = taken(application)
        assert (delivery.files, delivery.refused_files, delivery.new_cases, delivery.unchanged_cases) == (10_000, 1, 1, 9_998)


def test_each_file_is_taken_once_by_several_servers_and_by_the_one_that_is_left(data_dir: Path, inbox: Path, service: Service) -> None:
    arguments = ("--inbox-dir", str(inbox), "--inbox-settle-seconds", "0.1")
    put = 0

    def put_some() -> None:
        nonlocal put
        for _ in range(40):
            put += 1
            (inbox / f"{put}.part").write_bytes(service.folder(put, MARCH))
            (inbox / f"{put}.part").rename(inbox / f"{put}.xml")
        empty(inbox)

    with running(data_dir, *arguments) as first, running(data_dir, *arguments) as second:
        put_some()
        first.kill()
        put_some()
        with running(data_dir, *arguments) as third:
            second.kill()
            put_some()
            told = httpx.get(f"{third.url}/api/v1/deliveries?limit=100").json()["data"]
    assert sum(delivery["new_cases"] for delivery in told) == sum(delivery["files"] for delivery in told) == put == 120
    assert {delivery["actor"] for delivery in told} == {"inbox"}
