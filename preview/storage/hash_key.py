"""The key under which ids are hashed: in a file of its own in the data folder, owner-only; the store holds its fingerprint (`domain.md` 4.1)."""

import hashlib
import os
import secrets
from pathlib import Path

from preview.core.errors import StoreError
from preview.storage import meta
from preview.storage.database import Connection, Database

KEY_FILE = "key"
_FINGERPRINT_KEY = "key_fingerprint"
_KEY_BYTES = 32


def load_or_create_key(folder: Path, database: Database) -> bytes:
    """Made at first start. Raises `StoreError` where it is not the one that the store's hashes were made with, or is missing."""

    def load(connection: Connection) -> bytes:
        path = folder / KEY_FILE
        stored_fingerprint = meta.get(connection, _FINGERPRINT_KEY)
        if stored_fingerprint is None and not path.exists():
            _create(path)
        if not path.exists():
            raise StoreError("The key of the store is missing from the data folder: restore it from the backup that the store is from.")
        key = path.read_bytes()
        if len(key) != _KEY_BYTES:
            raise StoreError("The key in the data folder is damaged: restore it from the backup that the store is from.")
        fingerprint = hashlib.sha256(b"fingerprint" + key).hexdigest()
        if stored_fingerprint is None:
            meta.put(connection, _FINGERPRINT_KEY, fingerprint)
        elif stored_fingerprint != fingerprint:
            raise StoreError("The key in the data folder is not the key of this store.")
        return key

    return database.write(load)


def _create(path: Path) -> None:
    """Whole or not at all: a crash must not leave a shorter one."""
    partial_path = path.with_suffix(".part")
    partial_path.unlink(missing_ok=True)
    with os.fdopen(os.open(partial_path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    partial_path.rename(path)
