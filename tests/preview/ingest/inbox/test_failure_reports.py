"""The reports beside files that cannot be moved, before they are delivered and after that."""

import errno
import json
import os
import stat
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import pytest

from preview.ingest.inbox import failure_reports, postponed
from tests.builders.services import SampleService
from tests.support.inbox_helpers import (
    MARCH,
    ManualPoller,
    failing_renames,
    finished_deliveries,
    remaining_files,
    wait_until_empty,
    watching_application,
)
from tests.support.pipeline import wait_until


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file that cannot be moved be tried again at the next poll."""
    monkeypatch.setattr(postponed, "_FIRST_PAUSE_SECONDS", 0.0)


def test_report_is_deleted_when_the_file_was_taken_or_removed(
    data_dir: Path, inbox: Path, service: SampleService
) -> None:
    (inbox / "under").mkdir()
    (inbox / "not-taken-9.report.json").write_text("of an earlier run")
    for number, name in enumerate(("a.xml", "b.xml")):
        (inbox / "under" / name).write_bytes(service.folder(number, MARCH))
    with watching_application(data_dir, inbox, started=False) as application:
        poll = ManualPoller(application, inbox)
        with failing_renames(lambda path: path.parent.name == "under", errno.EPERM):
            poll()
            poll()
            assert remaining_files(inbox) == {
                f"under/{name}" for name in ("a.xml", "b.xml", "not-taken-1.report.json", "not-taken-2.report.json")
            }
            (inbox / "under" / "b.xml").unlink()
            poll()
            assert remaining_files(inbox) == {"under/a.xml", "under/not-taken-1.report.json"}
        poll()
        poll()
        assert remaining_files(inbox) - {path for path in remaining_files(inbox) if path.startswith(".taking")} == set()
        assert application.deliveries.page(None, None, 1, 9)[1] == 1


def test_report_is_in_the_watched_folder_if_its_own_cannot_be_written(
    data_dir: Path, inbox: Path, service: SampleService, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = failure_reports.write_private_file

    def write_or_fail(path: Path, content: bytes) -> None:
        if path.parent.name == "under":
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        write(path, content)

    monkeypatch.setattr(failure_reports, "write_private_file", write_or_fail)
    (inbox / "under").mkdir()
    (inbox / "under" / "a.xml").write_bytes(service.folder(1, MARCH))
    with watching_application(data_dir, inbox, started=False) as application:
        poll = ManualPoller(application, inbox)
        with failing_renames(lambda path: path.parent.name == "under", errno.EROFS):
            poll()
            poll()
        assert remaining_files(inbox) == {"under/a.xml", "not-taken-1.report.json"}


@contextmanager
def failing_deletions(fails: Callable[[Path], bool], number: int) -> Generator[None]:
    """Let the deletion of a file fail with an error number."""
    unlink = Path.unlink

    def unlink_or_fail(self: Path, missing_ok: bool = False) -> None:
        if fails(self):
            raise OSError(number, os.strerror(number))
        unlink(self, missing_ok)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", unlink_or_fail)
        yield


def read_report(path: Path) -> tuple[dict[str, Any], int]:
    """Return a report and its mode, as soon as it is there: each attempt writes it again."""
    found: list[tuple[dict[str, Any], int]] = []

    def is_read() -> bool:
        with suppress(OSError, ValueError), path.open() as file:
            found.append((json.load(file), stat.S_IMODE(os.fstat(file.fileno()).st_mode)))
        return bool(found)

    wait_until(is_read, "the report")
    return found[0]


@pytest.mark.parametrize(
    ("policy", "failing", "left"),
    [("delete", failing_deletions, set[str]()), ("move", failing_renames, {"taken/Ola.xml", "taken/b.xml"})],
)
def test_delivered_file_that_stays_is_reported_by_its_delivery(
    data_dir: Path,
    inbox: Path,
    service: SampleService,
    policy: Literal["delete", "move"],
    failing: Callable[[Callable[[Path], bool], int], AbstractContextManager[None]],
    left: set[str],
) -> None:
    """The other file of the delivery is deleted or moved, and no file is delivered twice."""
    report, stays = inbox / "not-taken-dlv-001.report.json", ".taking/dlv-001/00000001/Ola.xml"
    for number, name in enumerate(("Ola.xml", "b.xml")):
        (inbox / name).write_bytes(service.folder(number, MARCH))
    stuck = {inbox / stays}
    with (
        failing(lambda path: path in stuck, errno.EPERM),
        watching_application(data_dir, inbox, inbox_taken=policy) as application,
    ):
        expected = {stays, report.name, *(left - {"taken/Ola.xml"})}
        wait_until(lambda: remaining_files(inbox) == expected, "the other file to be moved")
        document, mode = read_report(report)
        assert application.readiness_warnings() == [
            "1 files or deliveries of the watched folder cannot be moved; see its reports"
        ]
        stuck.clear()
        wait_until(lambda: remaining_files(inbox) == left, "the file to be moved, and the report to be deleted")
        assert [delivery.files for delivery in finished_deliveries(application)] == [2]
    assert mode == 0o600
    assert "Ola" not in str(document)
    assert (document["delivery_id"], document["ordinal"], document["cause"]) == (
        "dlv-001",
        None,
        "Operation not permitted",
    )
    assert document["messages"]["en"].startswith("Files of this folder were delivered, but cannot be moved")


def test_claimed_file_that_cannot_be_moved_back_has_no_delivery(
    data_dir: Path, inbox: Path, service: SampleService
) -> None:
    """A crash has left it aside before it was delivered."""
    claim = inbox / ".taking" / "new-0123456789abcdef"
    stays = claim / "00000001" / "sak.xml"
    stays.parent.mkdir(parents=True)
    stays.write_bytes(service.folder(1, MARCH))
    stuck = {stays}
    with (
        failing_renames(lambda path: path in stuck, errno.EPERM),
        watching_application(data_dir, inbox) as application,
    ):
        document, _ = read_report(inbox / f"not-taken-{claim.name}.report.json")
        stuck.clear()
        wait_until_empty(inbox)
        assert [delivery.new_cases for delivery in finished_deliveries(application)] == [1]
    assert (document["delivery_id"], document["ordinal"]) == (None, None)
    assert document["messages"]["en"].startswith("A file of this folder could not be delivered")
