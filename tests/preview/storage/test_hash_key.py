"""The key of a store (rule 4.1), and the permissions of the files in a data folder."""

import stat
from pathlib import Path

import pytest

from preview.core.errors import StoreError
from tests.builders.services import SampleService
from tests.support.pipeline import deliver, open_application


def hashes(data_dir: Path) -> set[bytes]:
    """Return the hashed ids of the cases in the store."""
    with open_application(data_dir, started=False) as application:
        rows = application.database.read(lambda connection: connection.execute("SELECT key FROM sak_id").fetchall())
    return {key for (key,) in rows}


def test_key_is_created_at_first_start_and_kept(data_dir: Path) -> None:
    with open_application(data_dir, started=False):
        key = (data_dir / "key").read_bytes()
    assert len(key) == 32
    with open_application(data_dir, started=False):
        assert (data_dir / "key").read_bytes() == key


def test_stores_have_different_keys_so_hashes_never_match(tmp_path: Path, service: SampleService) -> None:
    folder = service.folder(1, "2024-05-01")
    for name in ("one", "two"):
        with open_application(tmp_path / name) as application:
            deliver(application, folder)
    one, two = hashes(tmp_path / "one"), hashes(tmp_path / "two")
    assert (len(one), len(two)) == (1, 1)
    assert one.isdisjoint(two)


def test_store_with_another_key_is_refused(data_dir: Path) -> None:
    """With another key no case would be recognised, and each would count twice."""
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
    """Hashes under an empty key would be no secret."""
    if not new:
        with open_application(data_dir, started=False):
            pass
    (data_dir / "key").write_bytes(content)
    (data_dir / "key").chmod(0o600)
    with pytest.raises(StoreError, match="damaged"), open_application(data_dir, started=False):
        pass


def test_existing_key_is_used_by_a_new_store(data_dir: Path) -> None:
    """A store can be created again beside its old key."""
    (data_dir / "key").write_bytes(bytes(range(32)))
    (data_dir / "key").chmod(0o600)
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
    """Of a folder that the program creates, and of an existing one that others can read."""
    created, existing = tmp_path / "created", tmp_path / "existing"
    existing.mkdir(mode=0o755)
    for folder in (created, existing):
        with open_application(folder, fresh=True) as application:
            deliver(application, service.folder(1, "2024-05-01"))
            application.deliveries.receive([b"content"], full=False, actor="test")
            open_to_others = [path.name for path in folder.rglob("*") if stat.S_IMODE(path.stat().st_mode) & 0o077]
        assert open_to_others == []
    assert stat.S_IMODE(created.stat().st_mode) == 0o700


def test_ended_process_leaves_no_worker_lock(data_dir: Path) -> None:
    with open_application(data_dir):
        assert len(list((data_dir / "workers").iterdir())) == 1
    assert list((data_dir / "workers").iterdir()) == []
