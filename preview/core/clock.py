"""Time: UTC instants and their text, and days in Norway (rule G3, docs/api.md; rule 5, docs/domain.md)."""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

OSLO = ZoneInfo("Europe/Oslo")


def now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


class SteadyClock:
    """The time of day as it passes for this process, whatever is done to the system's clock while it runs."""

    def __init__(self) -> None:
        self._start = now()
        self._monotonic_start = time.monotonic()

    def now(self) -> datetime:
        """Return the instant of the start plus the time that has passed since, in UTC."""
        return self._start + timedelta(seconds=time.monotonic() - self._monotonic_start)


def format_rfc3339(instant: datetime) -> str:
    """Return an instant as the API shows it: RFC 3339 in UTC with whole seconds, such as `2024-12-31T22:59:00Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def sortable_timestamp(instant: datetime) -> str:
    """Return an instant as the store keeps it: UTC with microseconds in fixed width, so that it sorts by time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def parse_timestamp(text: str) -> datetime:
    """Return the instant of a text that `format_rfc3339` or `sortable_timestamp` made."""
    return datetime.fromisoformat(text)


def local_date(instant: datetime) -> date:
    """Return the day in Norway at an instant."""
    return instant.astimezone(OSLO).date()


def today() -> date:
    """Return the present day in Norway."""
    return local_date(now())
