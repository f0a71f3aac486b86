"""Read the moment from which a page counts changes: what the API's `since` names, and what a person means by a time."""

from datetime import datetime, time, timedelta

from preview.activity.since import Since, SinceTime, parse_since
from preview.core.clock import OSLO, format_rfc3339, local_date

YESTERDAY = "yesterday"
"""Yesterday at the end of the working day. A link with it means another moment on another day."""

_END_OF_WORK = time(16, 0)
_LOCAL_TIME_LENGTH = len("2026-03-25T15:00")


def parse_moment(text: str, now: datetime) -> Since:
    """Return the point that a page's address names.

    Args:
        text: What `parse_since` reads, `YESTERDAY`, or a time in Norway without an offset, as a form sends it.
        now: The present instant.

    Raises:
        ValidationError: If it is none of them.
    """
    if text == YESTERDAY:
        return SinceTime(format_rfc3339(datetime.combine(local_date(now) - timedelta(days=1), _END_OF_WORK, OSLO)))
    local = _parse_local_time(text)
    return parse_since(text) if local is None else SinceTime(format_rfc3339(local))


def _parse_local_time(text: str) -> datetime | None:
    if len(text) != _LOCAL_TIME_LENGTH or text[10] != "T":
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=OSLO)
    except ValueError:
        return None
