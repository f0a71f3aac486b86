"""The watched folder when something fails: it vanishes, the disk is full, a process dies, several watch it, ten thousand files come at once."""

import json
import os
import shutil
import time
from pathlib import Path

import httpx
import pytest

from tests.builders.services import Service
from tests.support.inbox_helpers import MARCH, Looking, empty, left, taken, under_way, watching
from tests.support.pipeline import until
from tests.support.server_process import running


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
        looking = Looking(application, inbox)
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
        looking = Looking(application, inbox)
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
        first, second = Looking(application, inbox), Looking(application, inbox)
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
        looking = Looking(application, inbox)
        for day in ("2024-03-01", "2024-03-02"):
            (inbox / "sak.xml").write_bytes(service.folder(1, day, [day]))
            looking()
        application.start()
        until(lambda: (looking(), not left(inbox))[1], "both to be taken")
        assert [(row.new_cases, row.changed_cases) for row in taken(application)] == [(1, 0), (0, 1)]
        looking.inbox.close()


@pytest.mark.parametrize("files", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_thousands_of_files_at_once_are_one_delivery(data_dir: Path, inbox: Path, service: Service, files: int) -> None:
    content, last = service.folder(1, MARCH), f"{files - 1:05}.xml"
    for number in range(files):
        (inbox / f"{number:05}.xml").write_bytes(b"<" if number == files - 1 else content)
    with watching(data_dir, inbox) as application:
        until((inbox / "refused" / f"{last}.report.json").exists, "all to be taken")
        until(
            lambda: left(inbox) == {f"refused/{last}", f"refused/{last}.report.json"} and not under_way(inbox),
            "the claim to be cleared away",
        )
        (delivery,) = taken(application)
        assert (delivery.files, delivery.refused_files, delivery.new_cases, delivery.unchanged_cases) == (files, 1, 1, files - 2)


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
