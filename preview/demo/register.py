"""All cases of a service, each from a random stream of its own, so that they are the same whatever is made before them."""

from datetime import date
from random import Random

from preview.core.clock import OSLO
from preview.demo.course import Course
from preview.demo.courses import KINDS
from preview.demo.days import year_of
from preview.demo.identities import fodselsnummer, stream, uuid
from preview.demo.lives import Life
from preview.demo.services import Service

SEED = 1042


def horizon(service: Service) -> int:
    """The last day of which the service's folders can tell: that of the last extract, or the day before where it is at night."""
    last = service.last.astimezone(OSLO)
    return last.toordinal() - (last.hour < 6)


def lives(service: Service, seed: int = SEED) -> list[Life]:
    """The cases that had begun by the service's horizon, in the order of their journal numbers."""
    until, begin = horizon(service), date(service.year, 1, 1).toordinal()
    made: list[Life] = []
    taken: set[str] = set()
    ordinal = 0
    cohorts = [(0, service.eldre), *((date(service.year + nr, 1, 1).toordinal(), kinds) for nr, kinds in enumerate(service.nye))]
    for first_day, kinds in cohorts:
        for kind, count in kinds.items():
            for nr in range(count):
                ordinal += 1
                rng = stream(seed, service.organization_id, first_day, kind, nr)
                # Spread evenly, so that a year's count of each kind does not hang on luck.
                share = (nr + rng.random()) / count
                start = first_day + int(365 * share) if first_day else begin - 20 - int(KINDS[kind].running * share)
                if start <= until:
                    made.append(_life(rng, service, kind, start, ordinal, 0 if first_day else begin + 10 + int(rng.random() * 560), taken))
    return made


def _life(rng: Random, service: Service, kind: str, start: int, ordinal: int, minst: int, taken: set[str]) -> Life:
    run, youngest, oldest, _ = KINDS[kind]
    fodt = start - int((youngest + rng.random() * (oldest - youngest)) * 365.25)
    kjonn = "1" if rng.random() < 0.53 else "2"
    journalnummer = f"{year_of(start)}/{ordinal:05}"
    life = Life(uuid(rng), uuid(rng), journalnummer, fodt, fodselsnummer(rng, fodt, kjonn, taken), kjonn, start)
    until = horizon(service)
    course = Course(rng, service, life, until, minst)
    run(course, start)
    course.flere_meldinger(date(service.year, 1, 1).toordinal() - 250)
    if rng.random() < 0.01:
        course.feilregistrert(min(start + course.days(3, 90), life.ended()))
    life.slutt = life.ended()
    return life
