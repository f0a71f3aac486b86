"""Pseudonyms of ids and contents: HMAC-SHA-256 under the store's key (rule 4.1, docs/domain.md).

The kind of id is part of the hashed message, so that equal ids of a case and a delivery have different hashes.
"""

import hmac
import re
from functools import lru_cache

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def normalize_id(text: str | None) -> str:
    """Return an id in normalised spelling, or an empty text for None."""
    return text.strip().lower() if text else ""


def hash_case_id(key: bytes, sak_id: str) -> bytes:
    """Return the hash of a normalised `Sak/@Id` or `Sak/@MigrertId`, which are ids of the same case (rule 1.4)."""
    return _digest(key, b"sak:" + sak_id.encode())


def hash_delivery_id(key: bytes, barnevern_id: str) -> bytes:
    """Return the hash of a normalised `Barnevern/@Id` or `Barnevern/@ForrigeId`."""
    return _digest(key, b"levering:" + barnevern_id.encode())


def hash_content(key: bytes, encoded: bytes) -> bytes:
    """Return the hash of the encoded content of a case."""
    return _digest(key, b"innhold:" + encoded)


def is_uuid(text: str) -> bool:
    """Return whether a normalised id is a UUID of version 1 to 5."""
    return _UUID.match(text) is not None


def _digest(key: bytes, message: bytes) -> bytes:
    keyed = _keyed_hmac(key).copy()
    keyed.update(message)
    return keyed.digest()


@lru_cache(maxsize=4)
def _keyed_hmac(key: bytes) -> hmac.HMAC:
    """Return an HMAC with the key, to be copied: setting up the key takes as long as the digest of a short id."""
    return hmac.new(key, digestmod="sha256")
