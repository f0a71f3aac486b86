"""Locks between processes."""

from pathlib import Path

from preview.core.file_lock import FileLock


def test_second_lock_is_refused_until_first_is_released(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "a.lock"), FileLock(tmp_path / "a.lock")
    assert first.try_acquire()
    assert first.try_acquire()
    assert not second.try_acquire()
    assert not second.is_free()
    first.release()
    assert not first.is_acquired
    assert second.is_free()
    assert second.try_acquire()
    second.release()


def test_asking_for_lock_does_not_acquire_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.lock")
    assert lock.is_free()
    with FileLock(tmp_path / "a.lock") as lock_of_other:
        assert lock_of_other.is_acquired
        assert not lock.is_free()
    assert lock.is_free()


def test_lock_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with FileLock(tmp_path / "a.lock") as lock:
        assert lock.path.stat().st_mode & 0o777 == 0o600


def test_folder_can_be_locked(tmp_path: Path) -> None:
    with FileLock(tmp_path, folder=True):
        assert not FileLock(tmp_path, folder=True).is_free()
    assert list(tmp_path.iterdir()) == []
