"""The lock between processes."""

from pathlib import Path

from preview.core.file_lock import FileLock


def test_second_lock_is_refused_until_first_is_released(tmp_path: Path) -> None:
    one, other = FileLock(tmp_path / "a.lock"), FileLock(tmp_path / "a.lock")
    assert one.try_acquire()
    assert one.try_acquire()
    assert not other.try_acquire()
    assert not other.is_free()
    one.release()
    assert not one.is_acquired
    assert other.is_free()
    assert other.try_acquire()
    other.release()


def test_asking_does_not_take_the_lock(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "a.lock")
    assert lock.is_free()
    with FileLock(tmp_path / "a.lock") as held:
        assert held.is_acquired
        assert not lock.is_free()
    assert lock.is_free()


def test_lock_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    with FileLock(tmp_path / "a.lock") as lock:
        assert lock.path.stat().st_mode & 0o777 == 0o600


def test_folder_can_be_locked(tmp_path: Path) -> None:
    with FileLock(tmp_path, folder=True):
        assert not FileLock(tmp_path, folder=True).is_free()
    assert list(tmp_path.iterdir()) == []
