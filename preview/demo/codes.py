"""Chooses codes and legal bases that were in force on a given day (Kodelister.md, see docs/domain.md)."""

from random import Random
from typing import NamedTuple

from preview.demo.days import day

LOV_2021 = day(2023, 1, 1)
LEGE_DELT = day(2025, 1, 1)
KUNNSKAPSMODELL = day(2026, 1, 1)

_MELDERE = (
    "11",
    "11",
    "11",
    "8",
    "8",
    "2",
    "2",
    "9",
    "9",
    "10",
    "5",
    "5",
    "7",
    "13",
    "3",
    "4",
    "23",
    "6",
    "18",
    "16",
    "1",
    "lege",
    "lege",
)
_SAKSINNHOLD_2025 = (
    "2",
    "3",
    "6",
    "7",
    "7",
    "8",
    "9",
    "10",
    "14",
    "15",
    "17",
    "20",
    "21",
    "22",
    "23",
    "24",
    "25",
    "26",
    "28",
)
_SAKSINNHOLD_2026 = (
    "1.1.02",
    "1.2.03",
    "1.3.05",
    "1.3.08",
    "1.3.09",
    "2.1.01",
    "2.2.03",
    "2.3.02",
    "2.4.02",
    "2.4.04",
    "2.4.05",
    "3.1.03",
)
_HJEMME = (
    (6, ("3.6", "3.9", "3.10", "4.1", "4.5", "3.4", "3.5", "5.1")),
    (11, ("3.9", "3.10", "3.2", "4.2", "4.3", "4.5", "4.4", "6.2")),
    (18, ("3.1", "3.3", "3.9", "3.10", "4.3", "4.6", "4.8", "6.2", "6.4", "5.4")),
)
_FOSTERHJEM = ("2.1", "2.1", "2.1", "2.2", "2.2", "2.2", "2.2", "2.3")


class Paragraf(NamedTuple):
    """A paragraph of a law; `ledd` 0 and `bokstav` empty if the decision names none."""

    lov: str
    kapittel: int
    paragraf: int
    ledd: int = 0
    bokstav: str = ""


# Legal basis by ground of the decision: before BVL2021 came into force, and since.
_HJEMLER = {
    "hjelp": (Paragraf("BVL", 4, 4, 2), Paragraf("BVL2021", 3, 1)),
    "frivillig": (Paragraf("BVL", 4, 4, 6), Paragraf("BVL2021", 3, 2)),
    "omsorg": (Paragraf("BVL", 4, 12, 1, "a"), Paragraf("BVL2021", 5, 1, 1, "a")),
    "akutt": (Paragraf("BVL", 4, 6, 2), Paragraf("BVL2021", 4, 2, 1)),
    "akutt_samtykke": (Paragraf("BVL", 4, 6, 1), Paragraf("BVL2021", 4, 1)),
    "atferd": (Paragraf("BVL", 4, 24, 1), Paragraf("BVL2021", 6, 2)),
    "atferd_samtykke": (Paragraf("BVL", 4, 26), Paragraf("BVL2021", 6, 1)),
    "ettervern": (Paragraf("BVL", 1, 3, 2), Paragraf("BVL2021", 3, 6)),
}


def hjemmel(grunnlag: str, dato: int) -> Paragraf:
    """Return the legal basis for that ground on that day: BVL until 2022, BVL2021 from 2023."""
    return _HJEMLER[grunnlag][dato >= LOV_2021]


def melder(rng: Random, dato: int) -> str:
    """Return a `Melder/@Kode`; code 15 (doctor, hospital, dentist) was split in 2025."""
    kode = rng.choice(_MELDERE)
    return ("24" if dato >= LEGE_DELT else "15") if kode == "lege" else kode


def saksinnhold(rng: Random, dato: int) -> tuple[str, ...]:
    """Return one or two `Saksinnhold/@Kode`, from the list in force on that day (a new one from 2026)."""
    koder = _SAKSINNHOLD_2026 if dato >= KUNNSKAPSMODELL else _SAKSINNHOLD_2025
    forste, andre = rng.choice(koder), rng.choice(koder)
    return (forste,) if forste == andre or rng.random() < 0.5 else (forste, andre)


def melding_henlagt(rng: Random, dato: int) -> str:
    """Return a `Melding/Konklusjon/@Kode` of a dismissal: code 1 was split into 5 to 10 from 2026."""
    return rng.choice(("10", "10", "10", "10", "8", "9", "7")) if dato >= KUNNSKAPSMODELL else "1"


def undersokelse_henlagt(rng: Random, dato: int) -> str:
    """Return an `Undersokelse/Konklusjon/@Kode` of a dismissal."""
    return rng.choice(("3", "3", "3", "3", "3", "4", "6", "9" if dato >= KUNNSKAPSMODELL else "5"))


def hjemmetiltak(rng: Random, alder: float) -> str:
    """Return the Kategori of a measure in the home for a child of that age in years."""
    return rng.choice(next((koder for under, koder in _HJEMME if alder < under), _HJEMME[-1][1]))


def fosterhjem(rng: Random) -> str:
    """Return the Kategori of a foster home."""
    return rng.choice(_FOSTERHJEM)


def bolig(rng: Random, dato: int) -> str:
    """Return the Kategori of supported housing: 8.2 was split into 8.4 and 8.5 from 2026."""
    return rng.choice(("8.4", "8.5")) if dato >= KUNNSKAPSMODELL else "8.2"
