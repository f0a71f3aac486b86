"""Simulates all cases of a service.

Each case has its own random generator, so it does not depend on the other cases.
"""

from datetime import date
from random import Random

from preview.core.clock import OSLO
from preview.demo.case_builder import CaseBuilder
from preview.demo.days import year_of
from preview.demo.identities import fodselsnummer, random_uuid, seeded_random
from preview.demo.scenarios import SCENARIOS
from preview.demo.service_profiles import DemoService
from preview.demo.simulated_cases import SimulatedCase

SEED = 1042


def last_known_day(service: DemoService) -> int:
    """Return the last day that the service's case files cover: the day of the last extract, or the day before if it is
    at night.
    """
    last = service.last.astimezone(OSLO)
    return last.toordinal() - (last.hour < 6)


def simulated_cases(service: DemoService, seed: int = SEED) -> list[SimulatedCase]:
    """Return the cases that began before the service's last extract, in the order of their journal numbers."""
    until, first_year = last_known_day(service), service.first_simulated_year
    first_day_of_year = date(first_year, 1, 1).toordinal()
    cases: list[SimulatedCase] = []
    used_numbers: set[str] = set()
    ordinal = 0
    cohorts = [
        (0, service.initial_cases),
        *(
            (date(first_year + nr, 1, 1).toordinal(), kinds)
            for nr, kinds in enumerate((*service.history, *service.new_cases))
        ),
    ]
    for first_day, kinds in cohorts:
        for kind, count in kinds.items():
            for nr in range(count):
                ordinal += 1
                rng = seeded_random(seed, service.organization_id, first_day, kind, nr)
                # The starts are spread evenly, so that the number of cases of each scenario per year is stable.
                share = (nr + rng.random()) / count
                start = (
                    first_day + int(365 * share)
                    if first_day
                    else first_day_of_year - 20 - int(SCENARIOS[kind].max_running_days * share)
                )
                if start <= until:
                    cases.append(
                        _build_case(
                            rng,
                            service,
                            kind,
                            start,
                            ordinal,
                            0 if first_day else first_day_of_year + 10 + int(rng.random() * 560),
                            used_numbers,
                        )
                    )
    return cases


def _build_case(
    rng: Random, service: DemoService, kind: str, start: int, ordinal: int, earliest_end: int, used_numbers: set[str]
) -> SimulatedCase:
    run, youngest, oldest, _ = SCENARIOS[kind]
    fodt = start - int((youngest + rng.random() * (oldest - youngest)) * 365.25)
    kjonn = "1" if rng.random() < 0.53 else "2"
    journalnummer = f"{year_of(start)}/{ordinal:05}"
    case = SimulatedCase(
        random_uuid(rng),
        random_uuid(rng),
        journalnummer,
        fodt,
        fodselsnummer(rng, fodt, kjonn, used_numbers),
        kjonn,
        start,
    )
    until = last_known_day(service)
    builder = CaseBuilder(rng, service, case, until, earliest_end)
    run(builder, start)
    builder.add_further_meldinger(date(service.first_simulated_year, 1, 1).toordinal() - 250)
    if rng.random() < 0.01:
        builder.add_deleted_melding(min(start + builder.random_days(3, 90), case.end_day()))
    case.slutt = case.end_day()
    return case
