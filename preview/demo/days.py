"""Days as numbers (`date.toordinal`), so that a life is plain arithmetic."""

from datetime import date
from functools import lru_cache

APEN = date.max.toordinal()
"""The end of what has not ended."""


def day(year: int, month: int, number: int) -> int:
    """The day of that date."""
    return date(year, month, number).toordinal()


@lru_cache(maxsize=16384)
def iso(dato: int) -> str:
    """`2024-01-31`."""
    return date.fromordinal(dato).isoformat()


@lru_cache(maxsize=16384)
def year_of(dato: int) -> int:
    """The calendar year."""
    return date.fromordinal(dato).year


def birthday(fodt: int, alder: int) -> int:
    """The day on which who was born that day becomes so old; 1 March where 29 February is missing."""
    born = date.fromordinal(fodt)
    if (born.month, born.day) == (2, 29):
        born = date(born.year, 3, 1)
    return born.replace(year=born.year + alder).toordinal()
