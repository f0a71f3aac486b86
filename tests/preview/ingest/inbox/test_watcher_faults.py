"""Tests of failures of the watched folder: missing folder, full disk, crashes, several watchers, very many files."""

import errno
import json
import logging
import os
import shutil
import stat
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from preview.ingest.inbox.postponed import Postponed
from tests.builders.services import SampleService
from tests.support.inbox_helpers import (
    MARCH,
    ManualPoller,
    failing_renames,
    finished_deliveries,
    has_claims,
    remaining_files,
    wait_until_empty,
    watching_application,
)
from tests.support.pipeline import wait_until
from tests.support.server_process import running_server


def test_reappearing_folder_is_watched_again(
    data_dir: Path, inbox: Path, service: SampleService, tmp_path: Path
) -> None:
    with watching_application(data_dir, inbox) as application:
        (inbox / "1.xml").write_bytes(service.folder(1, MARCH))
        wait_until_empty(inbox)
        inbox.rename(tmp_path / "away")
        wait_until(
            lambda: application.readiness_warnings() == ["The watched folder is missing"], "the folder to be missed"
        )
        assert not inbox.exists()
        assert application.readiness_failures() == []
        (tmp_path / "away" / "2.xml").write_bytes(service.folder(2, MARCH))
        (tmp_path / "away").rename(inbox)
        wait_until_empty(inbox)
        shutil.rmtree(inbox)
        time.sleep(0.6)
        inbox.mkdir()
        (inbox / "3.xml").write_bytes(service.folder(3, MARCH))
        wait_until_empty(inbox)
        assert [delivery.new_cases for delivery in finished_deliveries(application)] == [1, 1, 1]
        assert application.readiness_failures() == application.readiness_warnings() == []


def test_missing_folder_is_created(data_dir: Path, tmp_path: Path, service: SampleService) -> None:
    inbox = tmp_path / "not" / "there"
    with watching_application(data_dir, inbox):
        wait_until(inbox.is_dir, "the folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_unreadable_folder_does_not_end_the_process(data_dir: Path, inbox: Path, service: SampleService) -> None:
    (inbox / "sak.xml").write_bytes(service.folder(1, MARCH))
    inbox.chmod(0o500)
    with watching_application(data_dir, inbox) as application:
        time.sleep(1.0)
        assert application.readiness_failures() == []
    inbox.chmod(0o700)


def test_disk_error_loses_no_file(
    data_dir: Path, inbox: Path, service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    (inbox / "sak.xml").write_bytes(service.folder(1, MARCH))
    with watching_application(data_dir, inbox, started=False) as application:
        looking = ManualPoller(application, inbox)
        with monkeypatch.context() as broken:
            broken.setattr(Path, "open", _no_space)
            looking()
            looking()
        assert remaining_files(inbox) == {"sak.xml"}
        assert application.deliveries.page(None, None, 1, 1)[1] == 0
        looking()
        assert application.deliveries.page(None, None, 1, 1)[1] == 1


def _no_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_file_on_another_mount_is_copied(data_dir: Path, inbox: Path, service: SampleService) -> None:
    (inbox / "mount").mkdir()
    (inbox / "mount" / "a.xml").write_bytes(service.folder(1, MARCH))
    (inbox / "b.xml").write_bytes(service.folder(2, MARCH))

    def is_on_other_mount(path: Path) -> bool:
        return path.parent.name == "mount" and ".taking" not in path.parts

    with failing_renames(is_on_other_mount, errno.EXDEV), watching_application(data_dir, inbox) as application:
        wait_until_empty(inbox)
        assert sum(delivery.new_cases for delivery in finished_deliveries(application)) == 2


def test_file_that_cannot_be_moved_stops_no_other(
    data_dir: Path, inbox: Path, service: SampleService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)  # commands that ran before in this process may have set another one
    (inbox / "a.xml").write_bytes(service.folder(1, MARCH))
    (inbox / "Ola.xml").write_bytes(service.folder(2, MARCH))
    (inbox / "under").mkdir()
    (inbox / "under" / "c.xml").write_bytes(service.folder(3, MARCH))
    with (
        failing_renames(lambda path: path.name == "Ola.xml", errno.EPERM),
        watching_application(data_dir, inbox) as application,
    ):
        left = {"Ola.xml", "not-taken-1.report.json"}
        wait_until(lambda: remaining_files(inbox) == left and not has_claims(inbox), "the others to be taken")
        assert sum(delivery.new_cases for delivery in finished_deliveries(application)) == 2
        assert application.readiness_failures() == []
        assert application.readiness_warnings() == [
            "1 files or deliveries of the watched folder cannot be moved; see its reports"
        ]
        report = (inbox / "not-taken-1.report.json").read_text()
        assert stat.S_IMODE((inbox / "not-taken-1.report.json").stat().st_mode) == 0o600
    assert "Ola" not in report
    document = json.loads(report)
    assert (document["folder"], document["ordinal"], document["cause"]) == (str(inbox), 1, "Operation not permitted")
    assert document["next_attempt_at"] > document["reported_at"]
    assert set(document["messages"]) == set(document["actions"]) == {"nb", "nn", "en"}
    reports = [record.getMessage() for record in caplog.records if "cannot be taken" in record.getMessage()]
    # On a busy machine the file may have been tried again before the others were imported.
    assert reports[0] == (
        f"file 1 (by name) of the watched folder {inbox} cannot be taken (Operation not permitted); "
        "it is tried again in 5 s"
    )
    assert all("file 1 (by name)" in report for report in reports)


def test_postponed_file_waits_longer_each_time() -> None:
    now = 0.0
    postponed = Postponed(lambda: now)
    pauses: list[float] = []
    for _ in range(10):
        assert postponed.is_due("file")
        pauses.append(postponed.postpone("file"))
        assert not postponed.is_due("file")
        now += pauses[-1]
    assert pauses[:4] == [5, 10, 20, 40]
    assert pauses[-1] == 600
    postponed.postpone("file")
    postponed.keep_only([])
    assert postponed.is_due("file")


def test_file_that_cannot_be_read_stops_no_other(
    data_dir: Path, inbox: Path, service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_path = Path.open

    def open_or_fail(self: Path, *arguments: Any) -> Any:
        if self.name == "b.xml":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return open_path(self, *arguments)

    for number, name in enumerate(("a.xml", "b.xml", "c.xml")):
        (inbox / name).write_bytes(service.folder(number, MARCH))
    with watching_application(data_dir, inbox, started=False) as application:
        poll = ManualPoller(application, inbox)
        with monkeypatch.context() as patched:
            patched.setattr(Path, "open", open_or_fail)
            for _ in range(3):
                poll()
        assert application.deliveries.page(None, None, 1, 1)[1] == 2
        left = {path for path in remaining_files(inbox) if not path.startswith(".taking")}
        assert left == {"b.xml", "not-taken-2.report.json"}
        poll.inbox.close()


def test_empty_file_is_not_complete(data_dir: Path, inbox: Path, service: SampleService) -> None:
    (inbox / "a.xml").touch()
    (inbox / "b.xml").write_bytes(service.folder(2, MARCH))
    with watching_application(data_dir, inbox) as application:
        wait_until(lambda: remaining_files(inbox) == {"a.xml"} and not has_claims(inbox), "the other file to be taken")
        (inbox / "a.xml").write_bytes(service.folder(1, MARCH))
        wait_until_empty(inbox)
        assert [delivery.new_cases for delivery in finished_deliveries(application)] == [1, 1]


def test_claimed_file_is_delivered_after_crash(data_dir: Path, inbox: Path, service: SampleService) -> None:
    """The process is killed between moving a file aside and receiving it: the file lies in .taking/new-..."""
    lost = inbox / ".taking" / "new-0123456789abcdef" / "00000001" / "Sør" / "sak.xml"
    lost.parent.mkdir(parents=True)
    lost.write_bytes(service.folder(1, MARCH, [MARCH]))
    (inbox / "Sør").mkdir()
    (inbox / "Sør" / "sak.xml").write_bytes(service.folder(2, MARCH))  # another of the same name has come meanwhile
    with watching_application(data_dir, inbox) as application:
        wait_until_empty(inbox)
        assert sum(delivery.new_cases for delivery in finished_deliveries(application)) == 2


def test_claim_that_crash_left_without_its_id_is_delivered_once(
    data_dir: Path, inbox: Path, service: SampleService
) -> None:
    """The process is killed between the commit of the delivery and the renaming of the claim."""
    claimed = inbox / ".taking" / "new-0123456789abcdef" / "00000001" / "sak.xml"
    claimed.parent.mkdir(parents=True)
    claimed.write_bytes(service.folder(1, MARCH, [MARCH]))
    with watching_application(data_dir, inbox, started=False) as application:
        application.deliveries.receive_paths([claimed], full=False, actor="inbox", inbox_claim=claimed.parents[1].name)
    with watching_application(data_dir, inbox) as application:
        wait_until_empty(inbox)
        assert [delivery.new_cases for delivery in finished_deliveries(application)] == [1]


def test_received_claim_is_finalized_after_crash(data_dir: Path, inbox: Path, service: SampleService) -> None:
    for name, content in (("a.xml", service.folder(1, MARCH)), ("b.xml", b"<"), ("c.xml", service.folder(2, MARCH))):
        (inbox / name).write_bytes(content)
    with watching_application(data_dir, inbox, started=False) as application:
        looking = ManualPoller(application, inbox)
        looking()
        assert len(remaining_files(inbox)) == 3
        looking.inbox.close()
    assert all(path.startswith(".taking/dlv-001/") for path in remaining_files(inbox))
    (inbox / ".taking" / "dlv-001" / "00000001" / "a.xml").unlink()  # it had begun to clear away when it died
    with watching_application(data_dir, inbox) as application:
        wait_until(
            lambda: remaining_files(inbox) == {"refused/b.xml", "refused/b.xml.report.json"},
            "the claim to be cleared away",
        )
        assert len(finished_deliveries(application)) == 1


def test_claim_of_another_store_is_moved_to_refused(data_dir: Path, inbox: Path, service: SampleService) -> None:
    stored = inbox / ".taking" / "dlv-4711" / "00000001" / "sak.xml"
    stored.parent.mkdir(parents=True)
    stored.write_bytes(service.folder(1, MARCH))
    with watching_application(data_dir, inbox) as application:
        wait_until(
            lambda: remaining_files(inbox) == {"refused/sak.xml", "refused/sak.xml.report.json"}, "it to be put aside"
        )
        assert application.deliveries.page(None, None, 1, 1)[1] == 0
    assert json.loads((inbox / "refused" / "sak.xml.report.json").read_text())["findings"] == []


def test_one_process_polls_and_another_takes_over(data_dir: Path, inbox: Path, service: SampleService) -> None:
    with watching_application(data_dir, inbox, started=False) as application:
        first, second = ManualPoller(application, inbox), ManualPoller(application, inbox)
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


def test_newer_file_of_the_same_name_is_kept(data_dir: Path, inbox: Path, service: SampleService) -> None:
    """A file is overwritten while it is imported; the imported one was moved aside, so the new one is kept."""
    with watching_application(data_dir, inbox, started=False) as application:
        looking = ManualPoller(application, inbox)
        for day in ("2024-03-01", "2024-03-02"):
            (inbox / "sak.xml").write_bytes(service.folder(1, day, [day]))
            looking()
        application.start()
        wait_until(lambda: (looking(), not remaining_files(inbox))[1], "both to be taken")
        assert [(row.new_cases, row.changed_cases) for row in finished_deliveries(application)] == [(1, 0), (0, 1)]
        looking.inbox.close()


@pytest.mark.parametrize("files", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_thousands_of_files_at_once_are_one_delivery(
    data_dir: Path, inbox: Path, service: SampleService, files: int
) -> None:
    content, last = service.folder(1, MARCH), f"{files - 1:05}.xml"
    for number in range(files):
        (inbox / f"{number:05}.xml").write_bytes(b"<" if number == files - 1 else content)
    with watching_application(data_dir, inbox) as application:
        wait_until((inbox / "refused" / f"{last}.report.json").exists, "all to be taken")
        wait_until(
            lambda: (
                remaining_files(inbox) == {f"refused/{last}", f"refused/{last}.report.json"} and not has_claims(inbox)
            ),
            "the claim to be cleared away",
        )
        (delivery,) = finished_deliveries(application)
        assert (delivery.files, delivery.refused_files, delivery.new_cases, delivery.unchanged_cases) == (
            files,
            1,
            1,
            files - 2,
        )


def test_several_servers_import_each_file_once(data_dir: Path, inbox: Path, service: SampleService) -> None:
    arguments = ("--inbox-dir", str(inbox), "--inbox-settle-seconds", "0.1")
    put = 0

    def put_some() -> None:
        nonlocal put
        for _ in range(40):
            put += 1
            (inbox / f"{put}.part").write_bytes(service.folder(put, MARCH))
            (inbox / f"{put}.part").rename(inbox / f"{put}.xml")
        wait_until_empty(inbox)

    with running_server(data_dir, *arguments) as first, running_server(data_dir, *arguments) as second:
        put_some()
        first.kill()
        put_some()
        with running_server(data_dir, *arguments) as third:
            second.kill()
            put_some()
            actual = httpx.get(f"{third.url}/api/v1/deliveries?limit=100").json()["data"]
    assert (
        sum(delivery["new_cases"] for delivery in actual) == sum(delivery["files"] for delivery in actual) == put == 120
    )
    assert {delivery["actor"] for delivery in actual} == {"inbox"}
