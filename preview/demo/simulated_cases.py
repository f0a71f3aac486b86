"""Defines the elements of a simulated case from beginning to end; a case file shows the part up to its extract time."""

from dataclasses import dataclass, field

from preview.demo.days import APEN


@dataclass(slots=True)
class Melding:
    """A report of concern; `slutt` is the day of its conclusion, `slettet` the day on which it was deleted as a
    mistake.
    """

    id: str
    start: int
    slutt: int
    kode: str
    melder: str
    innhold: tuple[str, ...]
    slettet: int = APEN


@dataclass(slots=True)
class Undersokelse:
    """An investigation; `utvidet` is the day on which an extension was granted, `medvirkning` when and how the child
    took part.
    """

    id: str
    start: int
    slutt: int
    kode: str
    grunnlag: tuple[str, ...]
    melding: Melding
    utvidet: int = APEN
    medvirkning: tuple[int, str] | None = None


@dataclass(slots=True)
class Plan:
    """A plan; `evalueringer` are the days of its evaluations."""

    id: str
    type: str
    start: int
    slutt: int
    evalueringer: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Vedtak:
    """The decision behind a tiltak; `grunnlag` is a key of `codes.hjemmel`."""

    id: str
    start: int
    grunnlag: str


@dataclass(slots=True)
class Tiltak:
    """A measure; `tilsyn` are its visits (id, day), None if it is no foster home; `opphevelse` is a code, if it is
    revoked.
    """

    id: str
    start: int
    slutt: int
    grunnlag: str
    kategori: str
    innhold: str
    tilsyn: list[tuple[str, int]] | None = None
    opphevelse: str | None = None


@dataclass(slots=True)
class Flytting:
    """A move of the child on `dag`."""

    id: str
    dag: int
    arsak: str
    til: str


@dataclass(slots=True)
class Ettervern:
    """The offer of aftercare: sent on `tilbud`, answered on `slutt`."""

    id: str
    tilbud: int
    slutt: int


@dataclass(slots=True)
class Oversendelse:
    """A case brought before the tribunal (Fylkesnemnda)."""

    id: str
    start: int
    grunnlag: str


@dataclass(slots=True)
class SimulatedCase:
    """One case. `relasjoner` are tuples (id, type and id of one element, type and id of the other, first day that it is
    known).
    """

    sak: str
    personalia: str
    journalnummer: str
    fodt: int
    fodselsnummer: str
    kjonn: str
    start: int
    slutt: int = APEN
    migrert: str | None = None
    meldinger: list[Melding] = field(default_factory=list)
    undersokelser: list[Undersokelse] = field(default_factory=list)
    planer: list[Plan] = field(default_factory=list)
    tiltak: list[Tiltak] = field(default_factory=list)
    vedtak: list[Vedtak] = field(default_factory=list)
    ettervern: list[Ettervern] = field(default_factory=list)
    oversendelser: list[Oversendelse] = field(default_factory=list)
    flyttinger: list[Flytting] = field(default_factory=list)
    relasjoner: list[tuple[str, str, str, str, str, int]] = field(default_factory=list)

    def change_days(self, until: int) -> list[int]:
        """Return the days up to `until` on which the case changed, in order; the case system sends a file each time."""
        days = {self.start, self.slutt}
        for part in (self.meldinger, self.undersokelser, self.planer, self.tiltak):
            for element in part:
                days.add(element.start)
                days.add(element.slutt)
        for plan in self.planer:
            days.update(plan.evalueringer)
        for tiltak in self.tiltak:
            days.update(dag for _, dag in tiltak.tilsyn or ())
        days.update(melding.slettet for melding in self.meldinger)
        for undersokelse in self.undersokelser:
            days.add(undersokelse.utvidet)
            days.add(undersokelse.medvirkning[0] if undersokelse.medvirkning else APEN)
        for ettervern in self.ettervern:
            days.update((ettervern.tilbud, ettervern.slutt))
        days.update(flytting.dag for flytting in self.flyttinger)
        days.update(oversendelse.start for oversendelse in self.oversendelser)
        return sorted(dag for dag in days if dag <= until)

    def end_day(self) -> int:
        """Return the day on which the last element of the case ends."""
        parts = (self.meldinger, self.undersokelser, self.planer, self.tiltak)
        return max(element.slutt for part in parts for element in part if element.slutt < APEN)
