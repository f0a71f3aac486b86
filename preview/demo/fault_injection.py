"""Faults put in on purpose at the one service whose folders have some, each of a row of `domain.md` 10 (rule `funn`).

The unknown code is against the schema, as no valid folder can break the sum of nos. 8 and 9 (rule `sum_undersokelser`).
"""

from preview.demo.days import year_of
from preview.demo.identities import random_uuid, seeded_random
from preview.demo.simulated_cases import SimulatedCase

UNKNOWN_CODE = "0"


def inject_faults(cases: list[SimulatedCase], year: int) -> None:
    """Unknown codes on four undersokelser concluded in that year; meldinger that end before they start; a Relasjon that points at nothing."""
    rng = seeded_random("faults", cases[0].sak)
    concluded = [u for case in cases for u in case.undersokelser if year_of(u.slutt) == year and u.kode not in ("1", "2")]
    for undersokelse in concluded[:4]:
        undersokelse.kode = UNKNOWN_CODE
    dismissed = [case.meldinger[0] for case in cases if case.meldinger[0].kode not in ("2", "4")]
    for melding in dismissed[:3]:
        melding.slutt = melding.start - 2
    for case in cases[5:50:15]:
        case.relasjoner.append((random_uuid(rng), "Melding", random_uuid(rng), "Undersokelse", random_uuid(rng), case.start))


def truncate_xml(xml: str) -> str:
    """What is left of a file whose transfer broke off: not well-formed, so refused."""
    return xml[: len(xml) * 2 // 3]
