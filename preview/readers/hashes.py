"""Keyed hashes in place of ids and contents (`domain.md` 4.1): HMAC-SHA-256 under the store's key.

The kind of thing is hashed along, so that a case and a delivery of the same id do not show that they have.
"""

import hmac
import re

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


def same_id(text: str | None) -> str:
    """The one spelling of an id; empty where there is none."""
    return text.strip().lower() if text else ""


def case(key: bytes, sak_id: str) -> bytes:
    """Of `Sak/@Id` or, being the same case's id elsewhere, `Sak/@MigrertId` (`domain.md` 1.4); spelled by `same_id`."""
    return hmac.digest(key, b"sak:" + sak_id.encode(), "sha256")


def delivery(key: bytes, barnevern_id: str) -> bytes:
    """Of `Barnevern/@Id` or `Barnevern/@ForrigeId`; spelled by `same_id`."""
    return hmac.digest(key, b"levering:" + barnevern_id.encode(), "sha256")


def content(key: bytes, encoded: bytes) -> bytes:
    """Of what is kept of a case, encoded."""
    return hmac.digest(key, b"innhold:" + encoded, "sha256")


def is_uuid(text: str) -> bool:
    """Whether a `same_id` is a UUID of version 1 to 5."""
    return _UUID.match(text) is not None
