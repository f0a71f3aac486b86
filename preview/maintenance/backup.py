"""Backups: a verified copy of a store with its keys, made beside running processes, and its restoration."""

import os
import shutil
from pathlib import Path

from preview.core.clock import format_rfc3339, now
from preview.core.errors import StoreError
from preview.reports.reconcile import CONFIG_FINGERPRINT_KEY
from preview.storage.backup import begin_new_history, copy_store, find_damage
from preview.storage.hash_key import KEY_FILE, verify_key
from preview.storage.sqlite import STORE_FILE, connect_to_copy, require_store

SESSION_KEY_FILE = "session.key"
"""Signs the sessions of pages; a store that never served has none."""


def create_backup(data_dir: Path, folder: Path) -> None:
    """Copy the store and its keys to a new folder, which appears only when the copy is verified.

    The spool is not copied: it holds deliveries as they came, with personal data, until they are imported.

    Args:
        data_dir: The data folder; servers may be running on it.
        folder: The folder to make. It must not exist, or be empty.

    Raises:
        StoreError: If there is no store, the folder is in use, or the copy fails or is damaged. Nothing is left then.
    """
    _require_unused(folder)
    require_store(data_dir)
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(mode=0o700, parents=True)
        copy_store(data_dir / STORE_FILE, partial / STORE_FILE)
        for name in (KEY_FILE, SESSION_KEY_FILE):
            if (data_dir / name).is_file():
                _copy_file(data_dir / name, partial / name)
        with connect_to_copy(partial / STORE_FILE) as connection:
            verify_key(connection, partial)
        partial.rename(folder)
    except OSError as error:
        raise StoreError(f"The backup could not be written to {folder}: {error.strerror}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def restore_backup(folder: Path, data_dir: Path) -> None:
    """Bring a backup into use in a data folder that is empty or does not exist yet.

    Ids and event positions that the old store gave out after the backup are never used again, and streams that resume
    from an old position get `resync` (rule 6c, docs/api.md). Deliveries that had not been imported are refused: send
    them again.

    Args:
        folder: A folder that `create_backup` made.
        data_dir: The data folder to make; no server may be running on it.

    Raises:
        StoreError: If the folder holds no sound backup, its key is another one, or the data folder is not empty.
    """
    _require_unused(data_dir)
    if not (folder / STORE_FILE).is_file():
        raise StoreError(f"There is no backup in {folder}.")
    partial = data_dir.with_name(f".{data_dir.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(mode=0o700, parents=True)
        for name in (STORE_FILE, KEY_FILE, SESSION_KEY_FILE):
            if (folder / name).is_file():
                _copy_file(folder / name, partial / name)
        if faults := find_damage(partial / STORE_FILE):
            raise StoreError(f"The backup is damaged ({faults[0]}): take another one.")
        with connect_to_copy(partial / STORE_FILE) as connection:
            verify_key(connection, partial)
            begin_new_history(connection, format_rfc3339(now()), CONFIG_FINGERPRINT_KEY)
        partial.rename(data_dir)
    except OSError as error:
        raise StoreError(f"The backup could not be restored to {data_dir}: {error.strerror}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _require_unused(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StoreError(f"{folder} exists and is not an empty folder: name another one.")


def _copy_file(source: Path, target: Path) -> None:
    """Copy with the owner's rights alone, and wait until it is on the disk."""
    with (
        source.open("rb") as reader,
        os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as writer,
    ):
        shutil.copyfileobj(reader, writer)
        writer.flush()
        os.fsync(writer.fileno())
