"""Corrects a running case in a year that has ended, so that the report of that year changes after it was delivered.

A correction has two steps. Either the end of a tiltak is registered afterwards, and then a melding that was concluded
late; or such a melding is registered first and concluded in the second step.
"""

from dataclasses import replace
from random import Random

from preview.demo import codes
from preview.demo.days import APEN, birthday, day
from preview.demo.identities import random_uuid
from preview.demo.simulated_cases import Melding, SimulatedCase, Tiltak

_DAYS_LATE = (9, 20)
"""A melding has to be concluded within seven days."""


def is_correctable(case: SimulatedCase, year: int) -> bool:
    """Return whether the case ran in the last months of the year, with a child who was not of age at the end of it."""
    return case.start < day(year, 9, 1) and birthday(case.fodt, 18) > day(year, 12, 31)


def running_tiltak(case: SimulatedCase, year: int) -> Tiltak | None:
    """Return a measure in the home that has not ended, and that can have ended in the last months of the year."""
    return next(
        (
            tiltak
            for tiltak in case.tiltak
            if tiltak.grunnlag == "hjelp" and tiltak.slutt == APEN and tiltak.start < day(year, 10, 1)
        ),
        None,
    )


def with_correction(case: SimulatedCase, year: int, rng: Random, *, is_finished: bool) -> SimulatedCase:
    """Return a copy of a correctable case with a correction in that year.

    Args:
        case: The case.
        year: The year, which has ended.
        rng: Source of randomness, the same for both steps.
        is_finished: Whether both steps were done, or only the first one.
    """
    received = max(case.start, day(year, 9, 1)) + rng.randrange(90)
    concluded = received + rng.randint(*_DAYS_LATE)
    ended = day(year, 10, 1) + rng.randrange(90)
    running = running_tiltak(case, year)
    if running is None:
        return _with_melding(case, received, concluded if is_finished else APEN, rng)
    tiltak = [replace(each, slutt=ended) if each is running else each for each in case.tiltak]
    case = replace(case, tiltak=tiltak)
    return _with_melding(case, received, concluded, rng) if is_finished else case


def _with_melding(case: SimulatedCase, received: int, concluded: int, rng: Random) -> SimulatedCase:
    """Return a copy of the case with a melding that opens no undersøkelse."""
    on = min(concluded, received + max(_DAYS_LATE))
    if any(undersokelse.start <= on < undersokelse.slutt for undersokelse in case.undersokelser):
        kode = "4"
    elif any(tiltak.start <= on < tiltak.slutt for tiltak in case.tiltak):
        kode = "3"
    else:
        kode = codes.melding_henlagt(rng, on)
    innhold = codes.saksinnhold(rng, received)
    melding = Melding(random_uuid(rng), received, concluded, kode, codes.melder(rng, received), innhold)
    return replace(case, meldinger=[*case.meldinger, melding])
