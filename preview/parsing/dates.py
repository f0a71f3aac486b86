"""Parses dates and instants of the XML formats (rule 1.6, docs/domain.md)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from preview.core.clock import OSLO

_ZONE = r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))"
_DATE = re.compile(rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}){_ZONE}?\Z")
_INSTANT = re.compile(
    rf"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T)([0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})(\.[0-9]{{1,12}})?({_ZONE})?\Z"
)
_MAX_LENGTH = 40  # characters; longer texts are no dates, and would fill the cache


def parse_date(text: str | None) -> str | None:
    """Return an `xs:date` as ISO text (`2024-01-31`), or None if it is missing or no date.

    A zone suffix is dropped: the date is used as written.
    """
    return _parse_date(text) if text and len(text) <= _MAX_LENGTH else None


@lru_cache(maxsize=16384)
def _parse_date(text: str) -> str | None:
    match = _DATE.match(text.strip())
    if match is None:
        return None
    try:
        datetime.fromisoformat(match[1])
    except ValueError:
        return None
    return match[1]


def parse_instant(text: str | None) -> tuple[datetime, bool] | None:
    """Return the instant of an `xs:dateTime`.

    Returns:
        The instant in UTC, and whether the text has a zone: without one it is Norwegian time. None if the text is
        missing or no date and time.
    """
    match = _INSTANT.match(text.strip()) if text and len(text) <= _MAX_LENGTH else None
    if match is None:
        return None
    days = 0
    date, time, fraction, zone = match[1], match[2], match[3] or "", match[4]
    if time == "24:00:00" and not fraction.strip(".0"):  # the end of the day, in xs:dateTime
        time, days = "00:00:00", 1
    try:
        parsed = datetime.fromisoformat(f"{date}{time}{fraction[:7]}{zone or ''}") + timedelta(days)
        if zone is None:
            parsed = parsed.replace(tzinfo=OSLO)
        return parsed.astimezone(UTC), zone is not None
    except (ValueError, OverflowError):
        return None
