"""The actor of a request: the user whom a trusted proxy names in a header (docs/api.md, "Actor")."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

MAX_ACTOR_LENGTH = 200

SYSTEM_ACTORS = frozenset({"api", "dashboard", "cli", "inbox", "auto", "demo"})
"""Actors that are channels and not persons; each has the texts `deliver.channel.<actor>` and `deliver.via.<actor>`."""


def actor_of(headers: Mapping[str, Any], header_name: str | None, entry_point: str) -> str:
    """Return the name that is recorded with a change.

    Every way in reads the header here: the API, uploads, and the sessions of pages, also of WebSockets.

    Args:
        headers: The headers of the request. Names are in HTTP's usual capitalization, as Tornado has them and as a
            session's token holds them; values are as Tornado has read them, each byte a character of Latin-1.
        header_name: The setting `actor_header`.
        entry_point: The actor if the setting or the header is missing.

    Returns:
        The user's name, at most `MAX_ACTOR_LENGTH` characters. A value that is not UTF-8 is taken as Latin-1.
    """
    name = str(headers.get(canonical_header_name(header_name)) or "") if header_name else ""
    with suppress(UnicodeError):
        name = name.encode("latin-1").decode()
    return name.strip()[:MAX_ACTOR_LENGTH] or entry_point


def canonical_header_name(name: str) -> str:
    """Return the name of a header in HTTP's usual capitalization: `x-user` -> `X-User`."""
    return "-".join(part.capitalize() for part in name.split("-"))
