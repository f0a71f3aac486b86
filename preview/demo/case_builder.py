"""Builds a `SimulatedCase` step by step. The scenarios combine the steps; each step follows the law in force on its
day.
"""

from random import Random

from preview.demo import codes
from preview.demo.days import APEN, birthday, year_of
from preview.demo.identities import random_uuid
from preview.demo.service_profiles import DemoService, value_for_year
from preview.demo.simulated_cases import (
    Ettervern,
    Flytting,
    Melding,
    Oversendelse,
    Plan,
    SimulatedCase,
    Tiltak,
    Undersokelse,
    Vedtak,
)

# ArsakFra by reason of the move: codes for a move from a foster home, and from an institution.
_ARSAK = {
    "planlagt": (("1.1.1",), ("2.1",)),
    "behov": (("1.1.4",), ("2.3",)),
    "ikke_planlagt": (("1.1.3", "1.2.1", "1.2.1", "1.2.2"), ("2.2", "2.5", "2.6")),
    "myndig": (("1.1.2",), ("2.4",)),
    "med_fosterhjemmet": (("1.3",), ("2.1",)),
}
FORELDRE, EGEN_BOLIG, SAMME_HJEM = "6", "7", "9"


class CaseBuilder:
    """Builder of one case.

    Args:
        rng: Source of randomness.
        service: The service that the case belongs to.
        case: The case to add to.
        until: Last day for recurring elements, such as visits and evaluations.
        earliest_end: First day on which measures may end.
    """

    def __init__(self, rng: Random, service: DemoService, case: SimulatedCase, until: int, earliest_end: int) -> None:
        self.rng = rng
        self.case = case
        self.until = until
        self.earliest_end = earliest_end
        self.eighteenth_birthday = birthday(case.fodt, 18)
        self._service = service
        self._profile = service.profile
        self._current_home = "2.2"

    def random_days(self, least: int, most: int) -> int:
        """Return a random number of days, from `least` to `most`."""
        return least + int(self.rng.random() * (most - least + 1))

    def age(self, dag: int) -> float:
        """Return the age of the child on that day, in years."""
        return (dag - self.case.fodt) / 365.25

    def receives_further_meldinger(self, dag: int) -> bool:
        """Return whether the service has further meldinger in the year of that day."""
        return value_for_year(self._profile.further_meldinger, self._year_offset(dag)) > 0

    def add_melding(self, dag: int, kode: str, within: int = 7) -> Melding:
        """Add a melding received on `dag`, concluded within `within` days or late. `kode` can be `henlagt`."""
        late = within == 7 and self.rng.random() < value_for_year(self._profile.late_meldinger, self._year_offset(dag))
        slutt = dag + (self.random_days(8, 32) if late else self.random_days(0, within))
        kode = codes.melding_henlagt(self.rng, slutt) if kode == "henlagt" else kode
        melding = Melding(
            random_uuid(self.rng), dag, slutt, kode, codes.melder(self.rng, dag), codes.saksinnhold(self.rng, dag)
        )
        self.case.meldinger.append(melding)
        return melding

    def add_undersokelse(self, melding: Melding, kode: str) -> Undersokelse:
        """Add the undersøkelse that follows from a melding. `kode` can be `henlagt`.

        It starts when the melding is concluded, a week after its receipt at the latest.
        """
        rng, frist = self.rng, melding.start + 7
        late = rng.random() < value_for_year(self._profile.late_undersokelser, self._year_offset(melding.start))
        utvidet = frist + self.random_days(55, 85) if rng.random() < 0.1 else APEN
        shortest, longest = (
            ((190, 260) if late else (100, 178)) if utvidet < APEN else ((95, 170) if late else (25, 88))
        )
        start, slutt = min(melding.slutt, frist), frist + self.random_days(shortest, longest)
        kode = codes.undersokelse_henlagt(rng, slutt) if kode == "henlagt" else kode
        undersokelse = Undersokelse(random_uuid(rng), start, slutt, kode, melding.innhold, melding, utvidet)
        if start >= codes.KUNNSKAPSMODELL:
            undersokelse.medvirkning = (start + self.random_days(10, 24), rng.choice(("1.1", "1.1", "1.3", "2.2")))
        self.case.undersokelser.append(undersokelse)
        self._add_relasjon("Melding", melding.id, "Undersokelse", undersokelse.id, start)
        if start >= codes.LOV_2021 and rng.random() < 0.6:
            self._add_plan("7", start + self.random_days(0, 9), slutt, 0)
        return undersokelse

    def add_hjemmetiltak(self, start: int, length: int, undersokelse: Undersokelse | None = None) -> None:
        """Add one or two measures in the home, until the child is 18 at most, and a plan if the service makes one."""
        slutt = min(max(start + length, self.earliest_end), self.eighteenth_birthday)
        if start >= slutt:
            self._add_vedtak_without_tiltak(undersokelse)
            return
        self._add_tiltak(start, slutt, "hjelp", codes.hjemmetiltak(self.rng, self.age(start)), undersokelse)
        if self.rng.random() < 0.45:
            second_start = min(start + self.random_days(5, 60), slutt)
            second_end = min(second_start + self.random_days(90, 400), slutt)
            if second_start < second_end:
                self._add_tiltak(
                    second_start, second_end, "hjelp", codes.hjemmetiltak(self.rng, self.age(second_start)), None
                )
        if self.rng.random() >= self._profile.share_without_plan:
            self._add_plan("1", min(start + self.random_days(0, 25), slutt), slutt, 130)

    def add_placement(
        self,
        start: int,
        slutt: int,
        grunnlag: str,
        kategori: str,
        undersokelse: Undersokelse | None = None,
        opphevelse: str | None = None,
    ) -> int:
        """Add a placement; return the day on which it ends, the 18th birthday at the latest.

        The plan of a child in care is added by `add_care_plan`.
        """
        slutt = min(slutt, self.eighteenth_birthday)
        tiltak = self._add_tiltak(start, slutt, grunnlag, kategori, undersokelse)
        tiltak.opphevelse = opphevelse
        if kategori.startswith("2.") and not grunnlag.startswith("akutt"):
            tiltak.tilsyn = self._tilsyn_visits(start, slutt)
        self._current_home = kategori
        plantype = {"frivillig": "1", "atferd": "2", "atferd_samtykke": "2", "akutt": "8", "akutt_samtykke": "8"}.get(
            grunnlag
        )
        if (
            plantype
            and self.rng.random() >= self._profile.share_without_plan
            and (plantype != "8" or start >= codes.LOV_2021)
        ):
            self._add_plan(plantype, min(start + self.random_days(0, 20), slutt), slutt, 100)
        return slutt

    def add_care_plan(self, start: int, slutt: int) -> None:
        """Add the plan of a child in care (type 4), and mostly one for contact with the parents (type 6)."""
        if self.rng.random() >= self._profile.share_without_plan / 2:
            self._add_plan("4", min(start + self.random_days(0, 45), slutt), slutt, 180)
        if start >= codes.LOV_2021 and self.rng.random() < 0.8:
            self._add_plan("6", start, slutt, 0)

    def add_flytting(self, dag: int, reason: str, til: str) -> None:
        """Add a move from the last placement to `til`, if the service registers moves.

        Args:
            dag: Day of the move.
            reason: Key of `_ARSAK`.
            til: Kategori of the new home, or `FORELDRE`, `EGEN_BOLIG` or `SAMME_HJEM`.
        """
        if self._year_offset(dag) > self._profile.flytting_to_year:
            return
        arsak = self.rng.choice(_ARSAK[reason][self._current_home.startswith("1.")])
        self.case.flyttinger.append(Flytting(random_uuid(self.rng), dag, arsak, _flytting_til_code(til)))

    def add_oversendelse(self, dag: int, grunnlag: str) -> None:
        """Bring the case before the tribunal."""
        self.case.oversendelser.append(Oversendelse(random_uuid(self.rng), dag, grunnlag))

    def add_ettervern(self, kategori: str, slutt: int) -> None:
        """Add aftercare from the 18th birthday: the offer before it, a tiltak and its plan (type 5)."""
        self.case.ettervern.append(
            Ettervern(
                random_uuid(self.rng),
                self.eighteenth_birthday - self.random_days(20, 120),
                self.eighteenth_birthday - self.random_days(1, 15),
            )
        )
        self._add_tiltak(self.eighteenth_birthday, slutt, "ettervern", kategori, None)
        if self.rng.random() >= self._profile.share_without_plan:
            self._add_plan("5", self.eighteenth_birthday, slutt, 160)

    def add_further_meldinger(self, first_day: int) -> None:
        """Add further meldinger from that day on while the case runs.

        They join a running undersøkelse, are dismissed, or lead to a new undersøkelse.
        """
        case = self.case
        end_day, dag = case.end_day(), max(first_day, case.meldinger[0].slutt + 20)
        latest = min(end_day, self.eighteenth_birthday - 120, self.until)
        while True:
            rate = value_for_year(self._profile.further_meldinger, self._year_offset(dag))
            dag += 1 + int(self.rng.expovariate(rate / 365)) if rate else 30
            if dag >= latest:
                return
            if not self.receives_further_meldinger(dag):
                continue
            if any(undersokelse.start <= dag < undersokelse.slutt for undersokelse in case.undersokelser):
                self.add_melding(dag, "4")
            elif any(tiltak.start <= dag < tiltak.slutt for tiltak in case.tiltak):
                self._add_melding_during_tiltak(dag, end_day)

    def add_deleted_melding(self, dag: int) -> None:
        """Add a melding that was registered by mistake and is deleted some days later."""
        melding = Melding(
            random_uuid(self.rng), dag, APEN, "", codes.melder(self.rng, dag), codes.saksinnhold(self.rng, dag)
        )
        melding.slettet = min(dag + self.random_days(1, 9), self.case.end_day())
        self.case.meldinger.append(melding)

    def _add_melding_during_tiltak(self, dag: int, end_day: int) -> None:
        draw = self.rng.random()
        if draw < 0.45:
            self.add_melding(dag, "3")
        elif draw < 0.78:
            self.add_undersokelse(self.add_melding(dag, "2"), "henlagt")
        else:
            undersokelse = self.add_undersokelse(self.add_melding(dag, "2"), "1")
            start = undersokelse.slutt + self.random_days(0, 14)
            slutt = min(start + self.random_days(120, 500), end_day, self.eighteenth_birthday)
            if start < slutt:
                self._add_tiltak(start, slutt, "hjelp", codes.hjemmetiltak(self.rng, self.age(start)), undersokelse)
            else:
                self._add_vedtak_without_tiltak(undersokelse)

    def _add_tiltak(
        self, start: int, slutt: int, grunnlag: str, kategori: str, undersokelse: Undersokelse | None
    ) -> Tiltak:
        vedtak = Vedtak(random_uuid(self.rng), _decided_on(start, undersokelse), grunnlag)
        tiltak = Tiltak(random_uuid(self.rng), start, slutt, grunnlag, kategori, codes.saksinnhold(self.rng, start)[0])
        self.case.vedtak.append(vedtak)
        self.case.tiltak.append(tiltak)
        if undersokelse:
            self._add_relasjon("Undersokelse", undersokelse.id, "Vedtak", vedtak.id, vedtak.start)
        self._add_relasjon("Vedtak", vedtak.id, "Tiltak", tiltak.id, start)
        return tiltak

    def _add_vedtak_without_tiltak(self, undersokelse: Undersokelse | None) -> None:
        """Decided, but the child came of age first. Vedtak and Relasjon take the Id of the undersokelse: ids are unique
        per kind only.
        """
        if undersokelse:
            dag = undersokelse.slutt
            self.case.vedtak.append(Vedtak(undersokelse.id, dag, "hjelp"))
            self.case.relasjoner.append(
                (undersokelse.id, "Undersokelse", undersokelse.id, "Vedtak", undersokelse.id, dag)
            )

    def _add_plan(self, plantype: str, start: int, slutt: int, every: int) -> None:
        plan = Plan(random_uuid(self.rng), plantype, start, slutt)
        dag = start + every
        while every and dag + 20 < slutt and dag <= self.until:
            plan.evalueringer.append(dag + self.random_days(-20, 20))
            dag += every
        self.case.planer.append(plan)

    def _tilsyn_visits(self, start: int, slutt: int) -> list[tuple[str, int]]:
        """Return visits about every three months."""
        visits: list[tuple[str, int]] = []
        dag = start + self.random_days(20, 75)
        while dag < slutt and dag <= self.until:
            if self._year_offset(dag) >= self._profile.tilsyn_from_year:
                visits.append((random_uuid(self.rng), dag))
            dag += self.random_days(76, 106)
        return visits

    def _add_relasjon(self, fra_type: str, fra: str, til_type: str, til: str, dag: int) -> None:
        self.case.relasjoner.append((random_uuid(self.rng), fra_type, fra, til_type, til, dag))

    def _year_offset(self, dag: int) -> int:
        return year_of(dag) - self._service.year


def _decided_on(start: int, undersokelse: Undersokelse | None) -> int:
    """Return the day of the decision on a tiltak.

    It is the conclusion of the undersøkelse if the service itself decides (code 1) and the same act is in force at the
    start of the tiltak, otherwise that start.
    """
    if undersokelse is None or undersokelse.kode != "1" or undersokelse.slutt < codes.LOV_2021 <= start:
        return start
    return undersokelse.slutt


def _flytting_til_code(kategori: str) -> str:
    """Return the FlyttingTil code of a Kategori; the constants of this module are codes already."""
    return {"2.1": "1", "2.2": "2", "2.3": "2", "2.5": "3", "1.1": "4"}.get(
        kategori, "5" if kategori.startswith("8") else kategori
    )
