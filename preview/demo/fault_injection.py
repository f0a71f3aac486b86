"""Puts faults of rule 10 (docs/domain.md) into the case files of one service, so that the deviation `funn` occurs.

The unknown code violates the schema: no valid file can break the sum of fields 8 and 9 (deviation `sum_undersokelser`).
"""

from preview.demo.days import day, year_of
from preview.demo.identities import random_uuid, seeded_random
from preview.demo.simulated_cases import SimulatedCase

UNKNOWN_CODE = "0"


def inject_faults(cases: list[SimulatedCase], first_year: int, year: int) -> None:
    """Put faults into some cases.

    Four undersøkelser that were concluded in `year` get an unknown code, three meldinger end before their start, and
    some cases get a Relasjon that points at nothing.

    Args:
        cases: All cases of the service.
        first_year: Year of its first case files; earlier cases are not sent.
        year: See above.
    """
    cases = [case for case in cases if case.slutt >= day(first_year, 1, 1)]
    rng = seeded_random("faults", cases[0].sak)
    concluded = [
        u for case in cases for u in case.undersokelser if year_of(u.slutt) == year and u.kode not in ("1", "2")
    ]
    for undersokelse in concluded[:4]:
        undersokelse.kode = UNKNOWN_CODE
    dismissed = [
        case.meldinger[0]
        for case in cases
        if year_of(case.meldinger[0].start) >= first_year and case.meldinger[0].kode not in ("2", "4")
    ]
    for melding in dismissed[:3]:
        melding.slutt = melding.start - 2
    for case in cases[5:50:15]:
        case.relasjoner.append(
            (random_uuid(rng), "Melding", random_uuid(rng), "Undersokelse", random_uuid(rng), case.start)
        )


def truncate_xml(xml: str) -> str:
    """Return the first part of a file, as after an interrupted transfer; it is not well-formed and is refused."""
    return xml[: len(xml) * 2 // 3]
