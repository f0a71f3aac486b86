"""Creates ids and synthetic birth numbers, and the random generators that the whole demo is derived from.

A synthetic birth number has 80 added to its month, as in Norway's official test population; no real number has.
"""

from datetime import date
from random import Random

from preview.core.national_id import add_check_digits


def seeded_random(*name: object) -> Random:
    """Return a random generator seeded with a name: equal names give equal numbers in every run, on every machine."""
    return Random("/".join(map(str, name)))  # noqa: S311, synthetic data needs no secure randomness


def random_uuid(rng: Random) -> str:
    """Return a UUID of version 4."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def fodselsnummer(rng: Random, fodt: int, kjonn: str, used: set[str]) -> str:
    """Return a synthetic birth number that is not used yet, and add it to `used`.

    Args:
        rng: Source of randomness.
        fodt: Day of birth, from 1900 to 2039.
        kjonn: `1` for a boy, `2` for a girl.
        used: Numbers in use.
    """
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
    raise AssertionError("More than 250 children of one sex were born on one day.")
