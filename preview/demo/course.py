"""The steps of a case, each lawful by itself: what `courses` strings together. Everything lands in the course's `Life`."""

from random import Random

from preview.demo import codes
from preview.demo.days import APEN, birthday, year_of
from preview.demo.identities import uuid
from preview.demo.lives import Ettervern, Flytting, Life, Melding, Oversendelse, Plan, Tiltak, Undersokelse, Vedtak
from preview.demo.services import Service, at

# ArsakFra by why the child moves: from a foster home, from an institution.
_ARSAK = {
    "planlagt": (("1.1.1",), ("2.1",)),
    "behov": (("1.1.4",), ("2.3",)),
    "ikke_planlagt": (("1.1.3", "1.2.1", "1.2.1", "1.2.2"), ("2.2", "2.5", "2.6")),
    "myndig": (("1.1.2",), ("2.4",)),
    "med_fosterhjemmet": (("1.3",), ("2.1",)),
}
FORELDRE, EGEN_BOLIG, SAMME_HJEM = "6", "7", "9"


class Course:
    """One case in the making. Recurring things are written up to the day `until`; measures last at least to the day `minst`."""

    def __init__(self, rng: Random, service: Service, life: Life, until: int, minst: int) -> None:
        self.rng = rng
        self.life = life
        self.until = until
        self.minst = minst
        self.atten = birthday(life.fodt, 18)
        self._service = service
        self._practice = service.practice
        self._bodde = "2.2"

    def days(self, least: int, most: int) -> int:
        """A number of days, from `least` to `most`."""
        return least + int(self.rng.random() * (most - least + 1))

    def alder(self, dag: int) -> float:
        """Age in years on that day."""
        return (dag - self.life.fodt) / 365.25

    def mottar(self, dag: int) -> bool:
        """Whether the service has further meldinger in that year at all."""
        return at(self._practice.flere_meldinger, self._year(dag)) > 0

    def melding(self, dag: int, kode: str, within: int = 7) -> Melding:
        """Received on `dag`; concluded within so many days, or late where the service is late. `kode` may be `henlagt`."""
        late = within == 7 and self.rng.random() < at(self._practice.sene_meldinger, self._year(dag))
        slutt = dag + (self.days(8, 32) if late else self.days(0, within))
        kode = codes.melding_henlagt(self.rng, slutt) if kode == "henlagt" else kode
        melding = Melding(uuid(self.rng), dag, slutt, kode, codes.melder(self.rng, dag), codes.saksinnhold(self.rng, dag))
        self.life.meldinger.append(melding)
        return melding

    def undersokelse(self, melding: Melding, kode: str) -> Undersokelse:
        """Led to by that melding; starts when it is concluded, a week after receipt at the latest. `kode` may be `henlagt`."""
        rng, frist = self.rng, melding.start + 7
        late = rng.random() < at(self._practice.sene_undersokelser, self._year(melding.start))
        utvidet = frist + self.days(55, 85) if rng.random() < 0.1 else APEN
        shortest, longest = ((190, 260) if late else (100, 178)) if utvidet < APEN else ((95, 170) if late else (25, 88))
        start, slutt = min(melding.slutt, frist), frist + self.days(shortest, longest)
        kode = codes.undersokelse_henlagt(rng, slutt) if kode == "henlagt" else kode
        undersokelse = Undersokelse(uuid(rng), start, slutt, kode, melding.innhold, melding, utvidet)
        if start >= codes.KUNNSKAPSMODELL:
            undersokelse.medvirkning = (start + self.days(10, 24), rng.choice(("1.1", "1.1", "1.3", "2.2")))
        self.life.undersokelser.append(undersokelse)
        self._relate("Melding", melding.id, "Undersokelse", undersokelse.id, start)
        if start >= codes.LOV_2021 and rng.random() < 0.6:
            self._plan("7", start + self.days(0, 9), slutt, 0)
        return undersokelse

    def hjemmetiltak(self, start: int, length: int, undersokelse: Undersokelse | None = None) -> None:
        """One or two measures in the home, until the child is 18 at most, with a plan where the service makes one."""
        slutt = min(max(start + length, self.minst), self.atten)
        if start >= slutt:
            self._uten_tiltak(undersokelse)
            return
        self._tiltak(start, slutt, "hjelp", codes.hjemmetiltak(self.rng, self.alder(start)), undersokelse)
        if self.rng.random() < 0.45:
            andre = min(start + self.days(5, 60), slutt)
            ender = min(andre + self.days(90, 400), slutt)
            if andre < ender:
                self._tiltak(andre, ender, "hjelp", codes.hjemmetiltak(self.rng, self.alder(andre)), None)
        if self.rng.random() >= self._practice.uten_plan:
            self._plan("1", min(start + self.days(0, 25), slutt), slutt, 130)

    def plasser(
        self, start: int, slutt: int, grunnlag: str, kategori: str, undersokelse: Undersokelse | None = None, opphevelse: str | None = None
    ) -> int:
        """A placement; gives the day on which it ends, the 18th birthday at the latest. Care has a plan of its own (`omsorgsplan`)."""
        slutt = min(slutt, self.atten)
        tiltak = self._tiltak(start, slutt, grunnlag, kategori, undersokelse)
        tiltak.opphevelse = opphevelse
        if kategori.startswith("2.") and not grunnlag.startswith("akutt"):
            tiltak.tilsyn = self._tilsyn(start, slutt)
        self._bodde = kategori
        plantype = {"frivillig": "1", "atferd": "2", "atferd_samtykke": "2", "akutt": "8", "akutt_samtykke": "8"}.get(grunnlag)
        if plantype and self.rng.random() >= self._practice.uten_plan and (plantype != "8" or start >= codes.LOV_2021):
            self._plan(plantype, min(start + self.days(0, 20), slutt), slutt, 100)
        return slutt

    def omsorgsplan(self, start: int, slutt: int) -> None:
        """The plan of a child in care (type 4), and mostly one for seeing the parents (type 6)."""
        if self.rng.random() >= self._practice.uten_plan / 2:
            self._plan("4", min(start + self.days(0, 45), slutt), slutt, 180)
        if start >= codes.LOV_2021 and self.rng.random() < 0.8:
            self._plan("6", start, slutt, 0)

    def flytt(self, dag: int, hvorfor: str, til: str) -> None:
        """A move from where the child was last placed, to a Kategori or one of the places above; where the service registers moves."""
        if self._year(dag) > self._practice.flytting_til:
            return
        arsak = self.rng.choice(_ARSAK[hvorfor][self._bodde.startswith("1.")])
        self.life.flyttinger.append(Flytting(uuid(self.rng), dag, arsak, _bosted(til)))

    def oversend(self, dag: int, grunnlag: str) -> None:
        """Brought before the board."""
        self.life.oversendelser.append(Oversendelse(uuid(self.rng), dag, grunnlag))

    def ettervern(self, kategori: str, slutt: int) -> None:
        """Offered before, and taken at, the 18th birthday: a tiltak with its plan (type 5)."""
        self.life.ettervern.append(Ettervern(uuid(self.rng), self.atten - self.days(20, 120), self.atten - self.days(1, 15)))
        self._tiltak(self.atten, slutt, "ettervern", kategori, None)
        if self.rng.random() >= self._practice.uten_plan:
            self._plan("5", self.atten, slutt, 160)

    def flere_meldinger(self, fra: int) -> None:
        """Further meldinger from that day on, while the case runs: part of a running undersokelse, dismissed, or investigated anew."""
        life = self.life
        ended, dag = life.ended(), max(fra, life.meldinger[0].slutt + 20)
        latest = min(ended, self.atten - 120, self.until)
        while True:
            rate = at(self._practice.flere_meldinger, self._year(dag))
            dag += 1 + int(self.rng.expovariate(rate / 365)) if rate else 30
            if dag >= latest:
                return
            if not self.mottar(dag):
                continue
            if any(undersokelse.start <= dag < undersokelse.slutt for undersokelse in life.undersokelser):
                self.melding(dag, "4")
            elif any(tiltak.start <= dag < tiltak.slutt for tiltak in life.tiltak):
                self._under_tiltak(dag, ended)

    def feilregistrert(self, dag: int) -> None:
        """A melding that was registered by mistake and is deleted some days later."""
        melding = Melding(uuid(self.rng), dag, APEN, "", codes.melder(self.rng, dag), codes.saksinnhold(self.rng, dag))
        melding.slettet = min(dag + self.days(1, 9), self.life.ended())
        self.life.meldinger.append(melding)

    def _under_tiltak(self, dag: int, ended: int) -> None:
        draw = self.rng.random()
        if draw < 0.45:
            self.melding(dag, "3")
        elif draw < 0.78:
            self.undersokelse(self.melding(dag, "2"), "henlagt")
        else:
            undersokelse = self.undersokelse(self.melding(dag, "2"), "1")
            start = undersokelse.slutt + self.days(0, 14)
            slutt = min(start + self.days(120, 500), ended, self.atten)
            if start < slutt:
                self._tiltak(start, slutt, "hjelp", codes.hjemmetiltak(self.rng, self.alder(start)), undersokelse)
            else:
                self._uten_tiltak(undersokelse)

    def _tiltak(self, start: int, slutt: int, grunnlag: str, kategori: str, undersokelse: Undersokelse | None) -> Tiltak:
        vedtak = Vedtak(uuid(self.rng), _besluttet(start, undersokelse), grunnlag)
        tiltak = Tiltak(uuid(self.rng), start, slutt, grunnlag, kategori, codes.saksinnhold(self.rng, start)[0])
        self.life.vedtak.append(vedtak)
        self.life.tiltak.append(tiltak)
        if undersokelse:
            self._relate("Undersokelse", undersokelse.id, "Vedtak", vedtak.id, vedtak.start)
        self._relate("Vedtak", vedtak.id, "Tiltak", tiltak.id, start)
        return tiltak

    def _uten_tiltak(self, undersokelse: Undersokelse | None) -> None:
        """Decided, but the child came of age first. Vedtak and Relasjon take the Id of the undersokelse: ids are unique per kind only."""
        if undersokelse:
            dag = undersokelse.slutt
            self.life.vedtak.append(Vedtak(undersokelse.id, dag, "hjelp"))
            self.life.relasjoner.append((undersokelse.id, "Undersokelse", undersokelse.id, "Vedtak", undersokelse.id, dag))

    def _plan(self, plantype: str, start: int, slutt: int, every: int) -> None:
        plan = Plan(uuid(self.rng), plantype, start, slutt)
        dag = start + every
        while every and dag + 20 < slutt and dag <= self.until:
            plan.evalueringer.append(dag + self.days(-20, 20))
            dag += every
        self.life.planer.append(plan)

    def _tilsyn(self, start: int, slutt: int) -> list[tuple[str, int]]:
        """A visit about every three months."""
        visits: list[tuple[str, int]] = []
        dag = start + self.days(20, 75)
        while dag < slutt and dag <= self.until:
            if self._year(dag) >= self._practice.tilsyn_fra:
                visits.append((uuid(self.rng), dag))
            dag += self.days(76, 106)
        return visits

    def _relate(self, fra_type: str, fra: str, til_type: str, til: str, dag: int) -> None:
        self.life.relasjoner.append((uuid(self.rng), fra_type, fra, til_type, til, dag))

    def _year(self, dag: int) -> int:
        return year_of(dag) - self._service.year


def _besluttet(start: int, undersokelse: Undersokelse | None) -> int:
    """When a tiltak was decided: as the undersokelse was concluded, where the service decides itself and the law is still the same."""
    if undersokelse is None or undersokelse.kode != "1" or undersokelse.slutt < codes.LOV_2021 <= start:
        return start
    return undersokelse.slutt


def _bosted(kategori: str) -> str:
    """FlyttingTil for a Kategori; one of the places of this module is its own code."""
    return {"2.1": "1", "2.2": "2", "2.3": "2", "2.5": "3", "1.1": "4"}.get(kategori, "5" if kategori.startswith("8") else kategori)
