"""Temporary data folders: none is left behind, not even by a process that was killed."""

import signal
import stat
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from preview.core import temporary_data_dir as temporary_data_dir_module
from preview.core.temporary_data_dir import temporary_data_dir

HOLDING_PROGRAM = """
import sys
from preview.core.temporary_data_dir import temporary_data_dir
with temporary_data_dir() as folder:
    (folder / "sak.xml").write_text("someone")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temp_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(temporary_data_dir_module, "_GRACE_SECONDS", 0.0)
    return tmp_path


@contextmanager
def process_holding_folder() -> Generator[tuple["subprocess.Popen[str]", Path]]:
    """A process that holds a folder, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING_PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout is not None
        try:
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_folder_is_owner_only_and_removed_on_exit(temp_root: Path) -> None:
    with temporary_data_dir() as folder:
        assert folder.parent == temp_root
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "sak.xml").touch()
    assert list(temp_root.iterdir()) == []


def test_folder_of_killed_process_is_removed_at_next_use(temp_root: Path) -> None:
    with process_holding_folder() as (process, abandoned):
        assert (abandoned / "sak.xml").exists()
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert abandoned.exists()
    with temporary_data_dir() as folder:
        assert list(temp_root.iterdir()) == [folder]


def test_folder_of_running_process_is_not_removed(temp_root: Path) -> None:
    with process_holding_folder() as (_, locked), temporary_data_dir() as folder:
        assert sorted(temp_root.iterdir()) == sorted([locked, folder])
        assert (locked / "sak.xml").exists()


def test_new_folder_without_lock_yet_is_not_removed(temp_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporary_data_dir_module, "_GRACE_SECONDS", 60.0)
    young = temp_root / "bufdir-preview-young"
    young.mkdir()
    with temporary_data_dir():
        assert young.exists()


def test_links_and_files_of_same_prefix_are_not_removed(temp_root: Path) -> None:
    elsewhere = temp_root / "elsewhere"
    elsewhere.mkdir()
    link = temp_root / "bufdir-preview-link"
    link.symlink_to(elsewhere)
    (temp_root / "bufdir-preview-file").touch()
    with temporary_data_dir():
        assert link.is_symlink()
        assert (temp_root / "bufdir-preview-file").exists()
    assert elsewhere.exists()
