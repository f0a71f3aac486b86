"""Ids and birth numbers that belong to nobody, and the streams of chance that all of the demo comes from.

A synthetic birth number has 80 added to its month, which no real one has: the way of Norway's test population.
"""

from datetime import date
from random import Random

from preview.core.national_id import add_check_digits


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
        nummer = add_check_digits(f"{fodselsdato}{individ:03}")
        if nummer and nummer not in used:
            used.add(nummer)
            return nummer
    raise AssertionError("more than 250 of one sex born on one day")
