"""Numbers that identify persons in Norway: check digits, and the birth date that a number holds.

- A birth number (*fødselsnummer*) has 11 digits: ddmmyy, an individual number of three digits, two check digits.
- A D-number is a birth number with 40 added to the day.
- A synthetic number has 40 or 80 added to the month; it belongs to nobody.
- A DUF number, for foreigners, has 12 digits: the year of its registration, six digits, a check number of two.
"""

import re
from datetime import date
from operator import mul

UNBORN_SUFFIX = "99999"
"""Last five digits of the number of an unborn child; its date is the due date."""

PLACEHOLDER_SUFFIXES = frozenset({"00100", "00200", "55555", UNBORN_SUFFIX})
"""Last five digits of a number that stands in for one that is not assigned yet."""

_FODSELSNUMMER = re.compile(r"[0-9]{11}\Z")
_DUFNUMMER = re.compile(r"[0-9]{12}\Z")

# The last weight of each row is that of the check digit itself: a valid number's weighted sum is a multiple of 11.
_FIRST_WEIGHTS = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_DUFNUMMER_WEIGHTS = (4, 6, 3, 2, 4, 6, 3, 2, 7, 5)
_DUFNUMMER_CENTURIES = ("19", "20")
_LEAP_CENTURY = 2000
"""A century in which every day of a birth number exists that exists in any."""


def is_fodselsnummer(number: str) -> bool:
    """Return whether a text is 11 digits with valid check digits: a birth number, D-number or synthetic number."""
    if not _FODSELSNUMMER.match(number):
        return False
    digits = list(map(int, number))
    return _weighted_sum(_FIRST_WEIGHTS, digits) % 11 == 0 == _weighted_sum(_SECOND_WEIGHTS, digits) % 11


def is_d_number(number: str) -> bool:
    """Return whether a number of 11 digits is a D-number."""
    return number >= "4"


def is_dufnummer(number: str) -> bool:
    """Return whether a text is 12 digits of which the last two are the check number of the others."""
    if not _DUFNUMMER.match(number):
        return False
    return _weighted_sum(_DUFNUMMER_WEIGHTS, list(map(int, number))) % 11 == int(number[10:])


def identifies_person(number: str) -> bool:
    """Return whether digits are a number that somebody can have: a valid birth number, D-number or DUF number.

    A run of digits can have valid check digits by chance, such as eleven zeros. A birth number holds a date too, and a
    DUF number a year.
    """
    if is_fodselsnummer(number):
        day, month = _day_and_month(number)
        return _valid_date(_LEAP_CENTURY + int(number[4:6]), month, day) is not None
    return is_dufnummer(number) and number.startswith(_DUFNUMMER_CENTURIES)


def add_check_digits(first_nine: str) -> str | None:
    """Return the birth number that begins with nine digits, or None if no number begins so.

    Check digits of 10 do not exist: about every sixth combination of date and individual number is not assigned.
    """
    digits = list(map(int, first_nine))
    for weights in (_FIRST_WEIGHTS, _SECOND_WEIGHTS):
        check_digit = -_weighted_sum(weights, digits) % 11
        if check_digit == 10:
            return None
        digits.append(check_digit)
    return "".join(map(str, digits))


def birth_date(number: str, reported_year: int) -> date | None:
    """Return the birth date in a birth number, D-number, synthetic number or placeholder (rule 2.6, docs/domain.md).

    Args:
        number: The number. Its check digits are not looked at.
        reported_year: The year that the data are about. A placeholder has no century: its year is 20yy, or 19yy if
            20yy is later than the year after this one.

    Returns:
        The date, or None if the text is not 11 digits, has no century or holds no possible date.
    """
    if not _FODSELSNUMMER.match(number):
        return None
    (day, month), year = _day_and_month(number), int(number[4:6])
    century = _century(number, year, reported_year)
    return _valid_date(century + year, month, day) if century else None


def _day_and_month(number: str) -> tuple[int, int]:
    """Return day and month without what marks a D-number or a synthetic number; neither needs to exist."""
    day, month = int(number[:2]), int(number[2:4])
    return day - (40 if day > 40 else 0), month - (80 if month > 80 else 40 if month > 40 else 0)


def _century(number: str, year: int, reported_year: int) -> int | None:
    if number[6:] in PLACEHOLDER_SUFFIXES:
        return 2000 if 2000 + year <= reported_year + 1 else 1900
    individual = int(number[6:9])
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


def _weighted_sum(weights: tuple[int, ...], digits: list[int]) -> int:
    """Return the sum over as many digits as there are weights, or over all digits if they are fewer."""
    return sum(map(mul, weights, digits))
