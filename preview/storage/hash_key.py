"""The key under which ids are hashed: in a file of its own in the data folder, owner-only; the store holds its fingerprint (`domain.md` 4.1)."""

import hashlib
import os
import secrets
from pathlib import Path

from preview.core.errors import StoreError
from preview.storage import meta
from preview.storage.database import Connection, Database

FILE = "key"
_FINGERPRINT = "key_fingerprint"
_BYTES = 32


def open_key(folder: Path, database: Database) -> bytes:
    """Made at first start. Raises `StoreError` where it is not the one that the store's hashes were made with, or is missing."""

    def work(connection: Connection) -> bytes:
        path = folder / FILE
        known = meta.get(connection, _FINGERPRINT)
        if known is None and not path.exists():
            _make(path)
        if not path.exists():
            raise StoreError("The key of the store is missing from the data folder: restore it from the backup that the store is from.")
        key = path.read_bytes()
        if len(key) != _BYTES:
            raise StoreError("The key in the data folder is damaged: restore it from the backup that the store is from.")
        fingerprint = hashlib.sha256(b"fingerprint" + key).hexdigest()
        if known is None:
            meta.put(connection, _FINGERPRINT, fingerprint)
        elif known != fingerprint:
            raise StoreError("The key in the data folder is not the key of this store.")
        return key

    return database.write(work)


def _make(path: Path) -> None:
    """Whole or not at all: a crash must not leave a shorter one."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secrets.token_bytes(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
