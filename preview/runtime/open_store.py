"""Opens the store of a data folder, as the server and every command that uses a store do."""

from dataclasses import dataclass
from pathlib import Path

from preview.core.data_dir import create_data_dir
from preview.core.errors import StoreError, Unavailable
from preview.core.file_lock import FileLock
from preview.core.settings import Settings
from preview.form.catalogue import Catalogue
from preview.reports.reconcile import ReportConfig, rerender_if_config_changed
from preview.storage.database import Database
from preview.storage.hash_key import load_or_create_key
from preview.storage.sqlite import STORE_FILE, supports_multiple_processes


@dataclass(frozen=True)
class OpenStore:
    """A store that this process has opened.

    Attributes:
        database: The store, with the present schema and every document rendered by `report_config`.
        report_config: The form, which has been checked against the schema, and what else shapes documents.
        key: The key of the store, with which ids are hashed.
        process_lock: The lock of the data folder; None if this SQLite allows several processes.
    """

    database: Database
    report_config: ReportConfig
    key: bytes
    process_lock: FileLock | None

    @classmethod
    def open(cls, settings: Settings, *, create: bool = True) -> "OpenStore":
        """Open the store, and create it and its folder if they are missing.

        Args:
            settings: All settings.
            create: Whether a missing folder or store is created.

        Raises:
            Unavailable: If the store cannot be used at the moment, or is missing and `create` is false.
            StoreError: If the store cannot be used, or its key is missing or another one.
            CatalogueError: If the form's data is invalid.
        """
        catalogue = Catalogue.load()
        if not create and not (settings.data_dir / STORE_FILE).is_file():
            raise Unavailable("The data folder or the store in it is missing.")
        create_data_dir(settings.data_dir)
        process_lock = None if supports_multiple_processes() else _acquire_process_lock(settings.data_dir)
        database = Database(settings.data_dir / STORE_FILE, busy_seconds=settings.store_busy_seconds)
        database.read(catalogue.validate_sql)
        report_config = ReportConfig(catalogue, settings.suppress_small_counts)
        rerender_if_config_changed(database, report_config)
        key = load_or_create_key(settings.data_dir, database)
        return cls(database, report_config, key, process_lock)

    def close(self) -> None:
        """Close the store, and release the lock."""
        self.database.close()
        if self.process_lock is not None:
            self.process_lock.release()


def _acquire_process_lock(folder: Path) -> FileLock:
    """Lock the data folder for this process: with an old SQLite, two processes could lose committed data.

    Raises:
        StoreError: Another process has the lock.
    """
    lock = FileLock(folder / "process.lock")
    if not lock.try_acquire():
        raise StoreError(
            "Another process has the store open, and this SQLite is too old for two processes. "
            "Stop that process, or use SQLite 3.51.3 or later."
        )
    return lock
