"""Folders for what is needed once: nothing of them is left, not of a killed process' either."""

import signal
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from preview.core import temporary_data_dir
from preview.core.temporary_data_dir import throwaway_folder

HOLD = """
import sys
from preview.core.temporary_data_dir import throwaway_folder
with throwaway_folder() as folder:
    (folder / "sak.xml").write_text("someone")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(temporary_data_dir, "_YOUNG_SECONDS", 0.0)
    return tmp_path


@contextmanager
def holding() -> Generator[tuple["subprocess.Popen[str]", Path]]:
    """A process that holds a folder, and the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_it_is_its_owner_s_alone_and_gone_afterwards(temporary: Path) -> None:
    with throwaway_folder() as folder:
        assert folder.parent == temporary
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "sak.xml").touch()
    assert list(temporary.iterdir()) == []


def test_what_a_killed_process_left_is_gone_at_the_next_use(temporary: Path) -> None:
    with holding() as (process, left):
        assert (left / "sak.xml").exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert left.exists()
    with throwaway_folder() as folder:
        assert list(temporary.iterdir()) == [folder]


def test_what_a_living_process_holds_stays(temporary: Path) -> None:
    with holding() as (_, held), throwaway_folder() as folder:
        assert sorted(temporary.iterdir()) == sorted([held, folder])
        assert (held / "sak.xml").exists()


def test_what_was_made_a_moment_ago_stays_for_it_may_not_be_locked_yet(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary_data_dir, "_YOUNG_SECONDS", 60.0)
    young = temporary / "bufdir-preview-young"
    young.mkdir()
    with throwaway_folder():
        assert young.exists()


def test_what_is_no_folder_is_let_be(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    link = temporary / "bufdir-preview-link"
    link.symlink_to(elsewhere)
    (temporary / "bufdir-preview-file").touch()
    with throwaway_folder():
        assert link.is_symlink()
        assert (temporary / "bufdir-preview-file").exists()
    assert elsewhere.exists()
