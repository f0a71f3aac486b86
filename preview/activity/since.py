"""Read the point from which changes are counted (rule A3, docs/api.md)."""

import re
from dataclasses import dataclass
from datetime import datetime

from preview.core.clock import format_rfc3339
from preview.core.errors import FieldError, ValidationError
from preview.core.ids import parse_snapshot_id

_POINTER = "/since"
_MAX_EVENT_DIGITS = 18


@dataclass(frozen=True)
class SinceApproval:
    """The approval in force."""


@dataclass(frozen=True)
class SinceEvent:
    """An event of the log; 0 is before the first."""

    event_id: int


@dataclass(frozen=True)
class SinceTime:
    """A time, RFC 3339 text in UTC with whole seconds."""

    at: str


@dataclass(frozen=True)
class SinceSnapshot:
    """A snapshot of the report: what it shows."""

    number: int


Since = SinceApproval | SinceEvent | SinceTime | SinceSnapshot


def parse_since(text: str) -> Since:
    """Return what a text names: `approval`, an event id, a snapshot id, or a time in RFC 3339.

    Raises:
        ValidationError: If it is none of them.
    """
    if text == "approval":
        return SinceApproval()
    if re.fullmatch(rf"0|[1-9][0-9]{{0,{_MAX_EVENT_DIGITS - 1}}}", text):
        return SinceEvent(int(text))
    if (number := parse_snapshot_id(text)) is not None:
        return SinceSnapshot(number)
    if (instant := _parse_time(text)) is not None:
        return SinceTime(format_rfc3339(instant))
    raise invalid_since("must be approval, an event id, a snapshot id or a time such as 2026-03-25T14:00:00Z")


def invalid_since(detail: str) -> ValidationError:
    """Return the error of a point that cannot be used; `detail` says why, as the end of a sentence."""
    return ValidationError("The query is invalid. Correct what `errors` lists.", [FieldError(_POINTER, detail)])


def _parse_time(text: str) -> datetime | None:
    """Return the instant of a time with an offset. A query decodes the `+` of an offset as a space."""
    if not re.match(r"\d{4}-\d\d-\d\d[Tt]", text):
        return None
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+"))
        return instant if instant.tzinfo is not None and format_rfc3339(instant) else None
    except (ValueError, OverflowError):
        return None
