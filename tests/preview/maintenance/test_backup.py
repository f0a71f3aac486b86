"""Backups made beside a working application, and the way back into an empty data folder."""

from pathlib import Path

import msgspec
import pytest

from preview.core.errors import StoreError
from preview.maintenance.backup import create_backup, restore_backup
from preview.runtime.application import Application
from preview.storage.backup import RESTORE_GAP
from preview.storage.database import Connection
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, open_application


@pytest.fixture
def backup_dir(tmp_path: Path) -> Path:
    """A folder that does not exist yet."""
    return tmp_path / "backup"


@pytest.fixture
def restored_dir(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "restored"


def document(application: Application, snapshot_id: str) -> bytes:
    """The snapshot's document as it is stored."""
    return application.snapshots.get(snapshot_id).body


def test_restored_store_shows_the_documents_of_the_backup(
    data_dir: Path, backup_dir: Path, restored_dir: Path, service: SampleService
) -> None:
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2025-01-15", ["2024-02-01"]))
        snapshot_id = aggregate(application, service.organization_id, "2024").snapshot_id
        create_backup(data_dir, backup_dir)
        before = document(application, snapshot_id)
        deliver(application, service.folder(1, "2025-01-16", ["2024-02-01", "2024-02-02"]))
        aggregate(application, service.organization_id, "2024", force=True)
    restore_backup(backup_dir, restored_dir)
    with open_application(restored_dir) as application:
        assert document(application, snapshot_id) == before
        again = deliver(application, service.folder(1, "2025-01-16", ["2024-02-01", "2024-02-02"]))
        assert (again.new_cases, again.changed_cases) == (0, 1)  # the key came along: the case is known


def test_ids_jump_and_old_positions_cannot_be_resumed(
    data_dir: Path, backup_dir: Path, restored_dir: Path, service: SampleService
) -> None:
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2025-01-15", ["2024-02-01"]))
        aggregate(application, service.organization_id, "2024")
        create_backup(data_dir, backup_dir)
        in_backup = application.event_log.last_event_id()
        lost = aggregate(application, service.organization_id, "2024", force=True)
        newest = application.event_log.last_event_id()
    assert newest > in_backup
    restore_backup(backup_dir, restored_dir)
    with open_application(restored_dir) as application:
        delivered = deliver(application, service.folder(2, "2025-01-15", ["2024-02-01"]))
        requested = aggregate(application, service.organization_id, "2024", force=True)
        for name, old, new in (
            ("snap-", lost.snapshot_id, requested.snapshot_id),
            ("job-agg-", lost.job_id, requested.job_id),
            ("dlv-", "dlv-001", delivered.delivery_id),
        ):
            assert int(new.removeprefix(name)) > RESTORE_GAP >= int(old.removeprefix(name))
        # The log has passed the old positions by now, and they are still refused.
        assert application.event_log.last_event_id() > newest
        assert [application.event_log.can_resume_from(position) for position in (1, in_backup, newest, newest + 1)] == [
            False
        ] * 4
        assert application.event_log.can_resume_from(application.event_log.last_event_id())


def test_delivery_not_imported_before_backup_is_refused(
    data_dir: Path, backup_dir: Path, restored_dir: Path, service: SampleService
) -> None:
    with open_application(data_dir, started=False) as application:
        receipt = application.deliveries.receive([service.folder(1, "2025-01-15")], full=False, actor="test")
        create_backup(data_dir, backup_dir)
    assert sorted(path.name for path in backup_dir.iterdir()) == ["key", "store.sqlite"]
    restore_backup(backup_dir, restored_dir)
    with open_application(restored_dir) as application:
        delivery = application.deliveries.get(receipt.delivery_id)
        assert (delivery.delivery_status, [finding.code for finding in delivery.findings]) == (
            "refused",
            ["unreadable_file"],
        )
        assert deliver(application, service.folder(1, "2025-01-15")).new_cases == 1


def test_half_imported_source_is_stale_after_restore(
    data_dir: Path, backup_dir: Path, restored_dir: Path, service: SampleService
) -> None:
    with open_application(data_dir, started=False) as application:
        application.start()
        deliver(application, service.folder(1, "2025-01-15", ["2024-02-01"]))
        snapshot_id = aggregate(application, service.organization_id, "2024").snapshot_id

        def begin_import(connection: Connection) -> None:
            connection.execute(
                """INSERT INTO delivery (delivery_status, "full", size_bytes, sha256, actor, received_at)
                VALUES ('reading', 0, 1, '', 'test', '2025-01-16T00:00:00Z')"""
            )
            connection.execute("INSERT INTO import_lock (source, delivery) VALUES (1, last_insert_rowid())")

        application.worker.stop()
        application.database.write(begin_import)
        create_backup(data_dir, backup_dir)
        application.database.write(lambda connection: connection.execute("DELETE FROM import_lock"))
    restore_backup(backup_dir, restored_dir)
    with open_application(restored_dir, started=False) as application:
        assert msgspec.json.decode(document(application, snapshot_id))["cache_valid"] is False
        assert application.database.read(
            lambda connection: connection.execute("SELECT count(*) FROM import_lock").fetchone()
        ) == (0,)


def test_backup_refuses_a_folder_in_use_and_a_missing_store(data_dir: Path, backup_dir: Path) -> None:
    with pytest.raises(StoreError, match="no store"):
        create_backup(data_dir, backup_dir)
    with open_application(data_dir, started=False):
        pass
    backup_dir.mkdir()
    (backup_dir / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match="not an empty folder"):
        create_backup(data_dir, backup_dir)
    assert [path.name for path in backup_dir.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("damage", ["store", "key", "other key", "no key"])
def test_restore_refuses_a_damaged_backup(data_dir: Path, backup_dir: Path, restored_dir: Path, damage: str) -> None:
    with open_application(data_dir, started=False):
        create_backup(data_dir, backup_dir)
    key, store = backup_dir / "key", backup_dir / "store.sqlite"
    match damage:
        case "store":
            content = bytearray(store.read_bytes())
            content[4096:8192] = bytes(4096)
            store.write_bytes(content)
        case "key":
            key.write_bytes(key.read_bytes()[:-1])
        case "other key":
            key.write_bytes(bytes(32))
        case _:
            key.unlink()
    with pytest.raises(StoreError):
        restore_backup(backup_dir, restored_dir)
    assert not restored_dir.exists()
    assert not list(restored_dir.parent.glob(".restored*"))


def test_restore_refuses_a_data_folder_in_use(data_dir: Path, backup_dir: Path) -> None:
    with open_application(data_dir, started=False):
        create_backup(data_dir, backup_dir)
    with pytest.raises(StoreError, match="not an empty folder"):
        restore_backup(backup_dir, data_dir)


def test_backup_is_readable_by_its_owner_only(data_dir: Path, backup_dir: Path) -> None:
    with open_application(data_dir, started=False):
        create_backup(data_dir, backup_dir)
    assert {path.stat().st_mode & 0o777 for path in backup_dir.iterdir()} == {0o600}
    assert backup_dir.stat().st_mode & 0o777 == 0o700
