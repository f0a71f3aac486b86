"""Time at the borders: UTC instants as text, days in Norway (`domain.md` 5)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def format_rfc3339(instant: datetime) -> str:
    """RFC 3339 in UTC, whole seconds, `Z` (contract G3)."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sortable_timestamp(instant: datetime) -> str:
    """UTC with microseconds in fixed width, so that text order is time order (column `uttrekk`)."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_timestamp(text: str) -> datetime:
    """The inverse of `timestamp` and `instant_text`."""
    return datetime.fromisoformat(text)


def local_date(instant: datetime) -> date:
    """The day in Norway at that instant."""
    return instant.astimezone(OSLO).date()


def today() -> date:
    """The present day in Norway."""
    return local_date(now())
