"""The birth date that a Norwegian birth number holds (`domain.md` 2.6)."""

import re
from datetime import date

_NUMBER = re.compile(r"[0-9]{11}\Z")
UNBORN_SUFFIX = "99999"  # the last five digits where the date is that on which the child is due
_PLACEHOLDER_SUFFIXES = {"00100", "00200", "55555", UNBORN_SUFFIX}


def birth_date(number: str, latest: date) -> date | None:
    """The date in a birth number, D-number, synthetic number or one of those given where there is none yet.

    The last kind has no century: it is 20yy, but 19yy if that would be after `latest`. None where no date is possible.
    """
    if not _NUMBER.match(number):
        return None
    day, month, year, individual = int(number[:2]), int(number[2:4]), int(number[4:6]), int(number[6:9])
    day -= 40 if day > 40 else 0
    month -= 80 if month > 80 else 40 if month > 40 else 0
    if number[6:] in _PLACEHOLDER_SUFFIXES:
        found = _valid_date(2000 + year, month, day)
        return found if found is not None and found <= latest else _valid_date(1900 + year, month, day)
    century = _century(year, individual)
    return _valid_date(century + year, month, day) if century else None


def _century(year: int, individual: int) -> int | None:
    if individual < 500:
        return 1900
    if individual < 750 and year >= 54:
        return 1800
    if year < 40:
        return 2000
    return 1900 if individual >= 900 else None


def _valid_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
