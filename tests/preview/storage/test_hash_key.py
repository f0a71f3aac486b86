"""The key of a store (`domain.md` 4.1), and that what lies in a data folder is its owner's alone."""

import stat
from pathlib import Path

import pytest

from preview.core.errors import StoreError
from tests.builders.services import SampleService
from tests.support.pipeline import deliver, open_application


def hashes(data_dir: Path) -> set[bytes]:
    """Of the ids of cases in the store."""
    with open_application(data_dir, started=False) as application:
        rows = application.database.read(lambda connection: connection.execute("SELECT key FROM sak_id").fetchall())
    return {key for (key,) in rows}


def test_key_is_created_at_first_start_and_kept(data_dir: Path) -> None:
    with open_application(data_dir, started=False):
        made = (data_dir / "key").read_bytes()
    assert len(made) == 32
    with open_application(data_dir, started=False):
        assert (data_dir / "key").read_bytes() == made


def test_stores_have_different_keys_so_hashes_never_match(tmp_path: Path, service: SampleService) -> None:
    folder = service.folder(1, "2024-05-01")
    for name in ("one", "two"):
        with open_application(tmp_path / name) as application:
            deliver(application, folder)
    one, two = hashes(tmp_path / "one"), hashes(tmp_path / "two")
    assert (len(one), len(two)) == (1, 1)
    assert one.isdisjoint(two)


def test_store_with_another_key_is_refused(data_dir: Path) -> None:
    """A case would not be known again, and count twice."""
    with open_application(data_dir, started=False):
        pass
    (data_dir / "key").write_bytes(bytes(32))
    with pytest.raises(StoreError, match="not the key of this store"), open_application(data_dir, started=False):
        pass


def test_store_without_its_key_is_refused(data_dir: Path) -> None:
    with open_application(data_dir, started=False):
        pass
    (data_dir / "key").unlink()
    with pytest.raises(StoreError, match="missing"), open_application(data_dir, started=False):
        pass
    assert not (data_dir / "key").exists()


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
@pytest.mark.parametrize("new", [True, False])
def test_key_of_wrong_length_is_refused(data_dir: Path, content: bytes, new: bool) -> None:
    """Hashes under an empty one would be no secret."""
    if not new:
        with open_application(data_dir, started=False):
            pass
    (data_dir / "key").write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), open_application(data_dir, started=False):
        pass


def test_existing_key_is_used_by_a_new_store(data_dir: Path) -> None:
    """As when a store is begun anew beside its old key."""
    (data_dir / "key").write_bytes(bytes(range(32)))
    with open_application(data_dir, started=False):
        assert (data_dir / "key").read_bytes() == bytes(range(32))


def test_crash_during_key_creation_leaves_no_key(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as crashing:
        crashing.setattr("os.fsync", crash)
        with pytest.raises(KeyboardInterrupt), open_application(data_dir, started=False):
            pass
    assert not (data_dir / "key").exists()
    with open_application(data_dir, started=False):
        assert (data_dir / "key").stat().st_size == 32


def test_data_folder_and_its_files_are_owner_only(tmp_path: Path, service: SampleService) -> None:
    """Of a folder that the program made, and of one that was there, open to others."""
    made, given = tmp_path / "made", tmp_path / "given"
    given.mkdir(mode=0o755)
    for folder in (made, given):
        with open_application(folder) as application:
            deliver(application, service.folder(1, "2024-05-01"))
            application.deliveries.receive([b"of no matter"], full=False, actor="test")
            open_to_others = [path.name for path in folder.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077]
        assert open_to_others == []
    assert stat.S_IMODE(made.stat().st_mode) == 0o700


def test_ended_process_leaves_no_worker_lock(data_dir: Path) -> None:
    with open_application(data_dir):
        assert len(list((data_dir / "workers").iterdir())) == 1
    assert list((data_dir / "workers").iterdir()) == []
