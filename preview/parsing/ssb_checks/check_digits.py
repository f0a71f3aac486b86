"""Control digits of the numbers that the state gives to persons."""

import re
from operator import mul

_SECOND_SUM_FACTOR = 1 << 16  # both sums are made at once, the second in the upper bits
_WEIGHTS = [
    first + second * _SECOND_SUM_FACTOR
    for first, second in zip((3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True)
]
_ASCII_ZERO_SUM = sum(_WEIGHTS) * ord("0")  # what the digits are too large by, as they are taken as they are encoded
_DUFNUMMER_WEIGHTS = (4, 6, 3, 2, 4, 6, 3, 2, 7, 5)
_TWELVE_DIGITS = re.compile(r"[0-9]{12}\Z")


def is_fodselsnummer(number: str) -> bool:
    """Whether the last two of 11 digits are the control digits of those before; in a D-number and a synthetic number, too."""
    second, first = divmod(sum(map(mul, _WEIGHTS, number.encode())) - _ASCII_ZERO_SUM, _SECOND_SUM_FACTOR)
    return first % 11 == 0 == second % 11


def is_dufnummer(number: str) -> bool:
    """Whether it is 12 digits, of which the last two are the control number of those before."""
    return _TWELVE_DIGITS.match(number) is not None and sum(map(mul, _DUFNUMMER_WEIGHTS, map(int, number))) % 11 == int(number[10:])
