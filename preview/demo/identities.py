"""Ids and birth numbers that belong to nobody, and the streams of chance that all of the demo comes from.

A synthetic birth number has 80 added to its month, which no real one has: the way of Norway's test population.
"""

from datetime import date
from random import Random

_VEKTER_1 = (3, 7, 6, 1, 8, 9, 4, 5, 2)
_VEKTER_2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def seeded_random(*name: object) -> Random:
    """A random stream of its own for whatever is named so: the same at every run and on every machine."""
    return Random("/".join(map(str, name)))  # noqa: S311, nothing here is a secret


def random_uuid(rng: Random) -> str:
    """A UUID of version 4."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def fodselsnummer(rng: Random, fodt: int, kjonn: str, used: set[str]) -> str:
    """A synthetic birth number not in `taken`, put there; `kjonn` 1 is a boy, 2 a girl. Born 1900 to 2039."""
    born = date.fromordinal(fodt)
    fodselsdato = f"{born.day:02}{born.month + 80:02}{born.year % 100:02}"
    lowest = 500 if born.year >= 2000 else 0
    start = rng.randrange(250)
    for step in range(250):
        individ = lowest + 2 * ((start + step) % 250) + (kjonn == "1")
        nummer = _with_check_digits(f"{fodselsdato}{individ:03}")
        if nummer and nummer not in used:
            used.add(nummer)
            return nummer
    raise AssertionError("more than 250 of one sex born on one day")


def _with_check_digits(first_nine: str) -> str | None:
    digits = [int(digit) for digit in first_nine]
    for vekter in (_VEKTER_1, _VEKTER_2):
        check_digit = -sum(vekt * digit for vekt, digit in zip(vekter, digits, strict=True)) % 11
        if check_digit == 10:
            return None
        digits.append(check_digit)
    return "".join(map(str, digits))
