"""The key with which ids are hashed, a file in the data folder. The store has its fingerprint (docs/domain.md, 4.1)."""

import hashlib
import os
import secrets
from pathlib import Path

from preview.core.errors import StoreError
from preview.core.key_file import read_key_file
from preview.storage import meta
from preview.storage.database import Connection, Database

KEY_FILE = "key"
_FINGERPRINT_KEY = "key_fingerprint"
_KEY_BYTES = 32


def load_or_create_key(folder: Path, database: Database) -> bytes:
    """Return the key. Create it at the first start.

    Args:
        folder: The data folder.
        database: The store.

    Raises:
        StoreError: If the key is missing or damaged, or is not the key that the store's hashes were made with.
    """

    def load(connection: Connection) -> bytes:
        path = folder / KEY_FILE
        if meta.get(connection, _FINGERPRINT_KEY) is None:
            if not path.exists():
                _create(path)
            meta.put(connection, _FINGERPRINT_KEY, _fingerprint(_read(path)))
        return verify_key(connection, folder)

    return database.write(load)


def verify_key(connection: Connection, folder: Path) -> bytes:
    """Return the key in the folder.

    Raises:
        StoreError: If it is missing or damaged, or is not the key that the store's hashes were made with.
    """
    key = _read(folder / KEY_FILE)
    if meta.get(connection, _FINGERPRINT_KEY) != _fingerprint(key):
        raise StoreError("The key in the data folder is not the key of this store.")
    return key


def _read(path: Path) -> bytes:
    if not path.exists():
        raise StoreError(
            "The key of the store is missing from the data folder: restore it from the backup that the store is from."
        )
    key = read_key_file(path, "Restore it from the backup that the store is from.")
    if len(key) != _KEY_BYTES:
        raise StoreError("The key in the data folder is damaged: restore it from the backup that the store is from.")
    return key


def _fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"fingerprint" + key).hexdigest()


def _create(path: Path) -> None:
    """Write the file completely or not at all: a crash must not leave a shorter key."""
    partial_path = path.with_suffix(".part")
    partial_path.unlink(missing_ok=True)
    with os.fdopen(os.open(partial_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    partial_path.rename(path)
