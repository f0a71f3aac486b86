"""How a case runs, by kind: each function takes a course and the day on which the child is first reported."""

from collections.abc import Callable
from typing import NamedTuple

from preview.demo import codes
from preview.demo.course import EGEN_BOLIG, FORELDRE, SAMME_HJEM, Course
from preview.demo.days import birthday
from preview.demo.lives import Undersokelse


def henlagt(course: Course, dag: int) -> None:
    """Reported and dismissed; one in four again, and then investigated."""
    igjen = course.melding(dag, "henlagt").slutt + course.days(60, 400)
    if course.rng.random() < 0.25 and course.mottar(igjen):
        course.undersokelse(course.melding(igjen, "2"), "henlagt")


def undersokt(course: Course, dag: int) -> None:
    """Investigated and dismissed; one in five reported once more."""
    igjen = course.undersokelse(course.melding(dag, "2"), "henlagt").slutt + course.days(40, 300)
    if course.rng.random() < 0.2 and course.mottar(igjen):
        course.melding(igjen, "henlagt")


def hjelp(course: Course, dag: int) -> None:
    """Investigated, then measures in the home."""
    undersokelse = course.undersokelse(course.melding(dag, "2"), "1")
    course.hjemmetiltak(undersokelse.slutt + course.days(0, 20), course.days(170, 850), undersokelse)


def frivillig(course: Course, dag: int) -> None:
    """A placement that the parents consent to, then measures in the home."""
    undersokelse = course.undersokelse(course.melding(dag, "2"), "1")
    start = undersokelse.slutt + course.days(0, 20)
    slutt = course.plasser(start, start + course.days(150, 420), "frivillig", _hjem(course, start), undersokelse)
    course.flytt(slutt, "planlagt", FORELDRE)
    course.hjemmetiltak(slutt, course.days(120, 300))


def akutt(course: Course, dag: int) -> None:
    """Placed at once, home again within weeks, then measures in the home."""
    melding = course.melding(dag, "2", within=1)
    undersokelse = course.undersokelse(melding, "1")
    grunnlag = course.rng.choice(("akutt", "akutt", "akutt_samtykke"))
    kategori = "1.1" if course.alder(dag) >= 13 else "2.5"
    slutt = course.plasser(melding.slutt, melding.slutt + course.days(14, 56), grunnlag, kategori)
    course.flytt(slutt, "planlagt", FORELDRE)
    course.hjemmetiltak(max(slutt, undersokelse.slutt), course.days(150, 500), undersokelse)


def atferd(course: Course, dag: int) -> None:
    """A youth in an institution for serious behavioural problems."""
    undersokelse = course.undersokelse(course.melding(dag, "2"), "2")
    grunnlag = course.rng.choice(("atferd", "atferd_samtykke", "atferd_samtykke"))
    start = undersokelse.slutt + course.days(5, 30)
    course.oversend(undersokelse.slutt, grunnlag)
    slutt = course.plasser(start, start + course.days(150, 360), grunnlag, "1.1", undersokelse)
    course.flytt(slutt, "ikke_planlagt" if course.rng.random() < 0.4 else "planlagt", FORELDRE)
    course.hjemmetiltak(slutt, course.days(90, 240))


def omsorg(course: Course, dag: int) -> None:
    """Taken into care: one in three after an emergency placement; moves; home again, or of age and into aftercare."""
    straks = course.rng.random() < 0.35
    melding = course.melding(dag, "2", within=1 if straks else 7)
    undersokelse = course.undersokelse(melding, "2")
    start = undersokelse.slutt + course.days(25, 80)
    forste = _hjem(course, start)
    course.oversend(undersokelse.slutt, "omsorg")
    if straks:
        course.flytt(course.plasser(melding.slutt, start, "akutt", "2.5"), "planlagt", forste)
    slutt = min(start + course.days(500, 1900) if course.rng.random() < 0.22 else course.atten, course.atten)
    course.omsorgsplan(start, slutt)
    _bo(course, start, slutt, forste, undersokelse)
    if slutt < course.atten:
        course.flytt(slutt, "planlagt", FORELDRE)
        course.hjemmetiltak(slutt, course.days(120, 400))
    else:
        _voksen(course)


def _hjem(course: Course, dag: int) -> str:
    """Kategori of a home for a child of that age: a foster home, for youths now and then an institution."""
    return "1.1" if course.rng.random() < (0.3 if course.alder(dag) >= 13 else 0.03) else codes.fosterhjem(course.rng)


def _bo(course: Course, start: int, slutt: int, kategori: str, undersokelse: Undersokelse) -> None:
    """In care from `start` to `slutt`, in one home after the other."""
    while start < slutt and start <= course.until:
        flytter = start + course.days(200, 3200)
        ender = min(flytter, slutt)
        opphevelse = "4" if flytter < slutt else "2" if slutt == course.atten else "1"
        course.plasser(start, ender, "omsorg", kategori, undersokelse, opphevelse)
        if kategori != "1.1" and course.rng.random() < 0.05:
            course.flytt(course.days(start, ender), "med_fosterhjemmet", SAMME_HJEM)
        if flytter < slutt:
            kategori = _hjem(course, flytter)
            course.flytt(flytter, "ikke_planlagt" if course.rng.random() < 0.5 else "behov", kategori)
        start = ender


def _voksen(course: Course) -> None:
    """Of age: two in three take the offer of aftercare, to 24 at the most."""
    atten, rng = course.atten, course.rng
    if course.minst <= atten and rng.random() > 0.67:
        course.flytt(atten, "myndig", EGEN_BOLIG)
        return
    kategori = rng.choice((codes.bolig(rng, atten), codes.bolig(rng, atten), "2.2", "4.4", "4.6"))
    course.flytt(atten, "myndig", kategori if kategori[0] in "28" else EGEN_BOLIG)
    course.ettervern(kategori, min(max(atten + course.days(200, 1900), course.minst), birthday(course.life.fodt, 24)))


class Kind(NamedTuple):
    """How cases of a kind run; the child's age in years when first reported; how many days ago a running one began, at most."""

    run: Callable[[Course, int], None]
    youngest: float
    oldest: float
    running: int


KINDS = {
    "henlagt": Kind(henlagt, 0.5, 16.5, 0),
    "undersokt": Kind(undersokt, 0.2, 16.5, 80),
    "hjelp": Kind(hjelp, 0.5, 15.5, 330),
    "frivillig": Kind(frivillig, 3.0, 15.0, 400),
    "akutt": Kind(akutt, 0.2, 16.0, 0),
    "atferd": Kind(atferd, 13.2, 16.2, 330),
    "omsorg": Kind(omsorg, 0.3, 11.5, 2200),
    "ungdom": Kind(omsorg, 13.5, 16.0, 1700),
}
