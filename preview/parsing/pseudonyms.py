"""Keyed hashes in place of ids and contents (`domain.md` 4.1): HMAC-SHA-256 under the store's key.

The kind of thing is hashed along, so that a case and a delivery of the same id do not show that they have.
"""

import hmac
import re
from functools import lru_cache

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def normalize_id(text: str | None) -> str:
    """The one spelling of an id; empty where there is none."""
    return text.strip().lower() if text else ""


def hash_case_id(key: bytes, sak_id: str) -> bytes:
    """Of `Sak/@Id` or, being the same case's id elsewhere, `Sak/@MigrertId` (`domain.md` 1.4); spelled by `same_id`."""
    return _digest(key, b"sak:" + sak_id.encode())


def hash_delivery_id(key: bytes, barnevern_id: str) -> bytes:
    """Of `Barnevern/@Id` or `Barnevern/@ForrigeId`; spelled by `same_id`."""
    return _digest(key, b"levering:" + barnevern_id.encode())


def hash_content(key: bytes, encoded: bytes) -> bytes:
    """Of what is kept of a case, encoded."""
    return _digest(key, b"innhold:" + encoded)


def is_uuid(text: str) -> bool:
    """Whether a `same_id` is a UUID of version 1 to 5."""
    return _UUID.match(text) is not None


def _digest(key: bytes, message: bytes) -> bytes:
    keyed = _keyed_hmac(key).copy()
    keyed.update(message)
    return keyed.digest()


@lru_cache(maxsize=4)
def _keyed_hmac(key: bytes) -> hmac.HMAC:
    """Begun with the key: to begin anew for each of four digests a folder takes as long as the digests."""
    return hmac.new(key, digestmod="sha256")
