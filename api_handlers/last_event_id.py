"""`Last-Event-ID`: the position in the event log from which a client continues (rules 6b and 6c, docs/api.md)."""

import re
from collections.abc import Mapping
from typing import NamedTuple

_EVENT_ID = re.compile(r"[0-9]{1,18}")


class RequestedPosition(NamedTuple):
    """What a client asks for: `position` is None without an id, and with one that is no number."""

    is_given: bool
    position: int | None


def parse_last_event_id(headers: Mapping[str, str], query_value: str | None) -> RequestedPosition:
    """Return the position that a client asks to continue from.

    The header has precedence: a browser that reconnects sends it with its old address.

    Args:
        headers: The request's headers.
        query_value: Value of the query parameter `last_event_id`.
    """
    text = headers.get("Last-Event-ID") or query_value or ""
    return RequestedPosition(bool(text), int(text) if _EVENT_ID.fullmatch(text) else None)
