"""Defines the scenarios of cases. Each function builds a case from the day of the first melding."""

from collections.abc import Callable
from typing import NamedTuple

from preview.demo import codes
from preview.demo.case_builder import EGEN_BOLIG, FORELDRE, SAMME_HJEM, CaseBuilder
from preview.demo.days import birthday
from preview.demo.simulated_cases import Undersokelse


def henlagt(builder: CaseBuilder, dag: int) -> None:
    """Build a dismissed melding; one case in four has a second one, which is investigated."""
    reported_again = builder.add_melding(dag, "henlagt").slutt + builder.random_days(60, 400)
    if builder.rng.random() < 0.25 and builder.receives_further_meldinger(reported_again):
        builder.add_undersokelse(builder.add_melding(reported_again, "2"), "henlagt")


def undersokt(builder: CaseBuilder, dag: int) -> None:
    """Build an undersøkelse that is dismissed; one case in five has another melding."""
    reported_again = builder.add_undersokelse(builder.add_melding(dag, "2"), "henlagt").slutt + builder.random_days(
        40, 300
    )
    if builder.rng.random() < 0.2 and builder.receives_further_meldinger(reported_again):
        builder.add_melding(reported_again, "henlagt")


def hjelp(builder: CaseBuilder, dag: int) -> None:
    """Build an undersøkelse, then measures in the home."""
    undersokelse = builder.add_undersokelse(builder.add_melding(dag, "2"), "1")
    builder.add_hjemmetiltak(
        undersokelse.slutt + builder.random_days(0, 20), builder.random_days(170, 850), undersokelse
    )


def frivillig(builder: CaseBuilder, dag: int) -> None:
    """Build a placement with the parents' consent, then measures in the home."""
    undersokelse = builder.add_undersokelse(builder.add_melding(dag, "2"), "1")
    start = undersokelse.slutt + builder.random_days(0, 20)
    slutt = builder.add_placement(
        start, start + builder.random_days(150, 420), "frivillig", _choose_home(builder, start), undersokelse
    )
    builder.add_flytting(slutt, "planlagt", FORELDRE)
    builder.add_hjemmetiltak(slutt, builder.random_days(120, 300))


def akutt(builder: CaseBuilder, dag: int) -> None:
    """Build an emergency placement of some weeks, then measures in the home."""
    melding = builder.add_melding(dag, "2", within=1)
    undersokelse = builder.add_undersokelse(melding, "1")
    grunnlag = builder.rng.choice(("akutt", "akutt", "akutt_samtykke"))
    kategori = "1.1" if builder.age(dag) >= 13 else "2.5"
    slutt = builder.add_placement(melding.slutt, melding.slutt + builder.random_days(14, 56), grunnlag, kategori)
    builder.add_flytting(slutt, "planlagt", FORELDRE)
    builder.add_hjemmetiltak(max(slutt, undersokelse.slutt), builder.random_days(150, 500), undersokelse)


def atferd(builder: CaseBuilder, dag: int) -> None:
    """Build a youth's placement in an institution for serious behavioural problems."""
    undersokelse = builder.add_undersokelse(builder.add_melding(dag, "2"), "2")
    grunnlag = builder.rng.choice(("atferd", "atferd_samtykke", "atferd_samtykke"))
    start = undersokelse.slutt + builder.random_days(5, 30)
    builder.add_oversendelse(undersokelse.slutt, grunnlag)
    slutt = builder.add_placement(start, start + builder.random_days(150, 360), grunnlag, "1.1", undersokelse)
    builder.add_flytting(slutt, "ikke_planlagt" if builder.rng.random() < 0.4 else "planlagt", FORELDRE)
    builder.add_hjemmetiltak(slutt, builder.random_days(90, 240))


def omsorg(builder: CaseBuilder, dag: int) -> None:
    """Build a care order, with moves, that ends with the return home or with the 18th birthday and aftercare.

    One case in three begins with an emergency placement.
    """
    is_emergency = builder.rng.random() < 0.35
    melding = builder.add_melding(dag, "2", within=1 if is_emergency else 7)
    undersokelse = builder.add_undersokelse(melding, "2")
    start = undersokelse.slutt + builder.random_days(25, 80)
    first_home = _choose_home(builder, start)
    builder.add_oversendelse(undersokelse.slutt, "omsorg")
    if is_emergency:
        builder.add_flytting(builder.add_placement(melding.slutt, start, "akutt", "2.5"), "planlagt", first_home)
    slutt = min(
        start + builder.random_days(500, 1900) if builder.rng.random() < 0.22 else builder.eighteenth_birthday,
        builder.eighteenth_birthday,
    )
    builder.add_care_plan(start, slutt)
    _add_care_placements(builder, start, slutt, first_home, undersokelse)
    if slutt < builder.eighteenth_birthday:
        builder.add_flytting(slutt, "planlagt", FORELDRE)
        builder.add_hjemmetiltak(slutt, builder.random_days(120, 400))
    else:
        _add_coming_of_age(builder)


def _choose_home(builder: CaseBuilder, dag: int) -> str:
    """Return the Kategori of a home for a child of that age: a foster home, for some youths an institution."""
    return "1.1" if builder.rng.random() < (0.3 if builder.age(dag) >= 13 else 0.03) else codes.fosterhjem(builder.rng)


def _add_care_placements(
    builder: CaseBuilder, start: int, slutt: int, kategori: str, undersokelse: Undersokelse
) -> None:
    """Add placements in one home after the other from `start` to `slutt`."""
    while start < slutt and start <= builder.until:
        moves_on = start + builder.random_days(200, 3200)
        placement_end = min(moves_on, slutt)
        opphevelse = "4" if moves_on < slutt else "2" if slutt == builder.eighteenth_birthday else "1"
        builder.add_placement(start, placement_end, "omsorg", kategori, undersokelse, opphevelse)
        if kategori != "1.1" and builder.rng.random() < 0.05:
            builder.add_flytting(builder.random_days(start, placement_end), "med_fosterhjemmet", SAMME_HJEM)
        if moves_on < slutt:
            kategori = _choose_home(builder, moves_on)
            builder.add_flytting(moves_on, "ikke_planlagt" if builder.rng.random() < 0.5 else "behov", kategori)
        start = placement_end


def _add_coming_of_age(builder: CaseBuilder) -> None:
    """Add the 18th birthday: two youths in three accept aftercare, until they are 24 at most."""
    eighteenth_birthday, rng = builder.eighteenth_birthday, builder.rng
    if builder.earliest_end <= eighteenth_birthday and rng.random() > 0.67:
        builder.add_flytting(eighteenth_birthday, "myndig", EGEN_BOLIG)
        return
    kategori = rng.choice(
        (codes.bolig(rng, eighteenth_birthday), codes.bolig(rng, eighteenth_birthday), "2.2", "4.4", "4.6")
    )
    builder.add_flytting(eighteenth_birthday, "myndig", kategori if kategori[0] in "28" else EGEN_BOLIG)
    builder.add_ettervern(
        kategori,
        min(
            max(eighteenth_birthday + builder.random_days(200, 1900), builder.earliest_end),
            birthday(builder.case.fodt, 24),
        ),
    )


class Scenario(NamedTuple):
    """A kind of case.

    Attributes:
        run: Builds the case.
        youngest: Lowest age of the child at the first melding, in years.
        oldest: Highest age, likewise.
        max_running_days: Longest time since the start of a case that already runs when the service begins.
    """

    run: Callable[[CaseBuilder, int], None]
    youngest: float
    oldest: float
    max_running_days: int


SCENARIOS = {
    "henlagt": Scenario(henlagt, 0.5, 16.5, 0),
    "undersokt": Scenario(undersokt, 0.2, 16.5, 80),
    "hjelp": Scenario(hjelp, 0.5, 15.5, 330),
    "frivillig": Scenario(frivillig, 3.0, 15.0, 400),
    "akutt": Scenario(akutt, 0.2, 16.0, 0),
    "atferd": Scenario(atferd, 13.2, 16.2, 330),
    "omsorg": Scenario(omsorg, 0.3, 11.5, 2200),
    "ungdom": Scenario(omsorg, 13.5, 16.0, 1700),
}
