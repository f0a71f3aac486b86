"""Deadlines (`domain.md` 5.4): the last day on which a thing is in time. Days are ISO text."""

import calendar
from datetime import date, timedelta
from functools import lru_cache

MELDING_DAYS = 7  # days: a melding's time, BVL2021 § 2-1 (BVL § 4-2)
UNDERSOKELSE_MONTHS, EXTENDED_UNDERSOKELSE_MONTHS = (
    3,
    6,
)  # months: an undersøkelse's time, and where an extension was granted, BVL2021 § 2-2 (BVL § 6-9)


@lru_cache(maxsize=16384)
def melding_deadline(mottatt: str) -> str:
    """7 days after receipt."""
    return _plus_melding_days(date.fromisoformat(mottatt)).isoformat()


@lru_cache(maxsize=16384)
def undersokelse_deadline(startet: str, mottatt: str | None, *, utvidet: bool) -> str:
    """3 months (6 where extended) after the melding's week has run out; after its own start where no melding led to it (4.5)."""
    start = date.fromisoformat(startet) if mottatt is None else _plus_melding_days(date.fromisoformat(mottatt))
    return plus_months(start, EXTENDED_UNDERSOKELSE_MONTHS if utvidet else UNDERSOKELSE_MONTHS).isoformat()


def plus_months(start: date, months: int) -> date:
    """Calendar months later, clipped to the month's last day."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def _plus_melding_days(start: date) -> date:
    return start + timedelta(MELDING_DAYS) if start < date.max - timedelta(MELDING_DAYS) else date.max
