"""What a case consists of, in days: the whole life, of which a folder shows what had happened when it was extracted."""

from dataclasses import dataclass, field

from preview.demo.days import APEN


@dataclass(slots=True)
class Melding:
    """`slutt` is the day of its conclusion, `slettet` that on which it was found to be a mistake."""

    id: str
    start: int
    slutt: int
    kode: str
    melder: str
    innhold: tuple[str, ...]
    slettet: int = APEN


@dataclass(slots=True)
class Undersokelse:
    """`utvidet` is the day on which the longer deadline was granted; `medvirkning` when and how the child took part."""

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
    """`evalueringer` are days."""

    id: str
    type: str
    start: int
    slutt: int
    evalueringer: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Vedtak:
    """The decision behind a tiltak; `grunnlag` keys `codes.hjemmel`."""

    id: str
    start: int
    grunnlag: str


@dataclass(slots=True)
class Tiltak:
    """`tilsyn` are the visits (id, day), None where it is no foster home; `opphevelse` a code, where a care order ends."""

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
    """A move on `dag`."""

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
    """The case is brought before the board (Fylkesnemnda)."""

    id: str
    start: int
    grunnlag: str


@dataclass(slots=True)
class SimulatedCase:
    """One case. `relasjoner` are (id, from type, from id, to type, to id, the day from which it is known)."""

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
        """The days up to `until` on which something happened, in order: each would make the case system send the folder."""
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
        """The day on which the last of its parts ends."""
        parts = (self.meldinger, self.undersokelser, self.planer, self.tiltak)
        return max(element.slutt for part in parts for element in part if element.slutt < APEN)
