"""Represents days as numbers (`date.toordinal`), so that the simulation of a case is plain arithmetic."""

from datetime import date
from functools import lru_cache

APEN = date.max.toordinal()
"""End day of an element that has not ended."""


def day(year: int, month: int, number: int) -> int:
    """Return the number of that date."""
    return date(year, month, number).toordinal()


@lru_cache(maxsize=16384)
def iso(dato: int) -> str:
    """Return the day as an ISO date (`2024-01-31`)."""
    return date.fromordinal(dato).isoformat()


@lru_cache(maxsize=16384)
def year_of(dato: int) -> int:
    """Return the calendar year of the day."""
    return date.fromordinal(dato).year


def birthday(fodt: int, alder: int) -> int:
    """Return the birthday at that age of a child born on `fodt`; 1 March for a child born on 29 February."""
    born = date.fromordinal(fodt)
    if (born.month, born.day) == (2, 29):
        born = date(born.year, 3, 1)
    return born.replace(year=born.year + alder).toordinal()
