"""Computes deadlines of meldinger and undersøkelser (rule 5.4, docs/domain.md). Days are ISO text."""

import calendar
from datetime import date, timedelta
from functools import lru_cache

MELDING_DAYS = 7
"""Days to conclude a melding (BVL2021 § 2-1; BVL § 4-2)."""
UNDERSOKELSE_MONTHS = 3
"""Months to conclude an undersøkelse (BVL2021 § 2-2; BVL § 6-9)."""
EXTENDED_UNDERSOKELSE_MONTHS = 6
"""Months to conclude an undersøkelse for which an extension was granted."""


@lru_cache(maxsize=16384)
def melding_deadline(mottatt: str) -> str:
    """Return the last day on which a melding is concluded in time, 7 days after its receipt."""
    return _plus_melding_days(date.fromisoformat(mottatt)).isoformat()


@lru_cache(maxsize=16384)
def undersokelse_deadline(startet: str, mottatt: str | None, *, utvidet: bool) -> str:
    """Return the last day on which an undersøkelse is concluded in time.

    Args:
        startet: Day of its start.
        mottatt: Earliest receipt among the meldinger that led to it (rule 4.5). The time then begins at the deadline
            of that melding, else at `startet`.
        utvidet: Whether an extension was granted.
    """
    start = date.fromisoformat(startet) if mottatt is None else _plus_melding_days(date.fromisoformat(mottatt))
    return plus_months(start, EXTENDED_UNDERSOKELSE_MONTHS if utvidet else UNDERSOKELSE_MONTHS).isoformat()


def plus_months(start: date, months: int) -> date:
    """Return the day that many calendar months later, or the last day of that month if it is shorter."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last))


def _plus_melding_days(start: date) -> date:
    return start + timedelta(MELDING_DAYS) if start < date.max - timedelta(MELDING_DAYS) else date.max
