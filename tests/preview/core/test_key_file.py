"""Key files that are used, and those that are refused."""

import os
from pathlib import Path

import pytest

from components.session_key import load_or_create_session_key
from preview.core.errors import StoreError
from preview.core.key_file import read_key_file

REMEDY = "Do this."


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_bytes(b"secret")
    path.chmod(0o600)
    return path


def test_private_file_is_read(key: Path) -> None:
    assert read_key_file(key, REMEDY) == b"secret"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_file_that_others_can_access_is_refused(key: Path, mode: int) -> None:
    key.chmod(mode)
    with pytest.raises(StoreError, match=rf"^The file key in the data folder can be accessed .* \(mode {mode:o}\)\. "):
        read_key_file(key, REMEDY)


def test_folder_pipe_and_unreadable_file_are_refused(tmp_path: Path, key: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe", 0o600)
    (tmp_path / "link").symlink_to("nowhere")
    for name in ("folder", "pipe"):
        with pytest.raises(StoreError, match=f"The file {name} in the data folder is no regular file. {REMEDY}"):
            read_key_file(tmp_path / name, REMEDY)
    with pytest.raises(StoreError, match="cannot be read: No such file or directory"):
        read_key_file(tmp_path / "link", REMEDY)


def test_session_key_is_made_once_and_refused_if_it_is_damaged(tmp_path: Path) -> None:
    first = load_or_create_session_key(tmp_path)
    assert load_or_create_session_key(tmp_path) == first
    for damaged in (b"", first[:-1], first + b"\n", bytes(64)):
        (tmp_path / "session.key").write_bytes(damaged)
        with pytest.raises(StoreError, match="Delete it: a new one is made"):
            load_or_create_session_key(tmp_path)
    (tmp_path / "session.key").unlink()
    assert load_or_create_session_key(tmp_path) != first
