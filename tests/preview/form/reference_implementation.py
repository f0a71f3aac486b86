"""A second implementation of the 34 definitions, in plain Python, written from docs/domain.md 5 and 6 only.

It shares neither code nor SQL with preview/form: where the two disagree, one of them has misread the definitions.
Supplementary figures (33 and 34) are not computed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from preview.model.case_records import CaseContent, Flytting, Melding, Plan, Tiltak, Undersokelse

DISMISSED = {1, 3, 5, 6, 7, 8, 9, 10}
UNPLANNED = {"1.1.3", "1.1.5", "1.2.1", "1.2.2", "1.2.3", "2.2", "2.5", "2.6", "2.7", "2.8", "2.9"}
HOUSING = {"8.2", "8.4", "8.5"}


def day(text: str) -> date:
    return date(int(text[:4]), int(text[5:7]), int(text[8:]))


@dataclass(frozen=True)
class ReferenceSource:
    """The cases of one source, the period, and the day of the extract."""

    cases: list[CaseContent]
    first: date
    last: date
    extract: date
    kostra_year: int | None = None

    # rule 5.2, docs/domain.md

    def is_in_period(self, text: str | None) -> bool:
        """Return whether a day is in P (rule 5.2)."""
        return text is not None and not (day(text) < self.first or day(text) > self.last)

    def is_open_at_end(self, start: str, end: str | None) -> bool:
        """Return whether something is open at the period end; an end on the last day is ended (rule 5.2)."""
        begun = day(start) <= self.last
        ended = end is not None and day(end) <= self.last
        return begun and not ended

    def is_active_in_period(self, start: str, end: str | None) -> bool:
        """Return whether something is active in P (rule 5.2)."""
        begun = day(start) <= self.last
        over = end is not None and day(end) < self.first
        return begun and not over

    # The things themselves

    def meldinger(self) -> Iterator[Melding]:
        for case in self.cases:
            yield from case.meldinger

    def undersokelser(self) -> Iterator[Undersokelse]:
        for case in self.cases:
            yield from case.undersokelser

    def tiltak(self) -> Iterator[Tiltak]:
        for case in self.cases:
            yield from case.tiltak

    def flyttinger(self) -> Iterator[Flytting]:
        for case in self.cases:
            yield from case.flyttinger

    def tiltak_at_end(self, case: CaseContent) -> list[Tiltak]:
        return [measure for measure in case.tiltak if self.is_open_at_end(measure.start, measure.slutt)]

    def plans_at_end(self, case: CaseContent) -> list[Plan]:
        return [plan for plan in case.planer if self.is_open_at_end(plan.start, plan.slutt)]

    def with_tiltak(self, kategorier: tuple[str, ...]) -> int:
        """Return the number of cases with a tiltak of one of these kinds (`2.` is 2.x) at the period end."""
        found = 0
        for case in self.cases:
            codes = [measure.kategori or "" for measure in self.tiltak_at_end(case)]
            found += any(code in kategorier or code[: code.find(".") + 1] in kategorier for code in codes)
        return found

    # rule 5.5

    def due(self, things: Iterable[Melding | Undersokelse]) -> list[Melding | Undersokelse]:
        """Return those with deadline in P, without those that are not yet due (rule 5.5)."""
        due: list[Melding | Undersokelse] = []
        for thing in things:
            if not self.is_in_period(thing.frist):
                continue
            if thing.konkludert is None and day(thing.frist) >= self.extract:
                continue
            due.append(thing)
        return due

    def overdue(self, things: Iterable[Melding | Undersokelse]) -> int:
        """Return those over frist (rule 5.5)."""
        return sum(
            1 for thing in self.due(things) if thing.konkludert is None or day(thing.konkludert) > day(thing.frist)
        )

    def in_time(self, things: list[Melding | Undersokelse]) -> float | None:
        """Return the share of nos. 5 and 12."""
        due = len(self.due(things))
        if due == 0:
            return None
        per_cent = Decimal(100) * (due - self.overdue(things)) / due
        return float(per_cent.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))

    def age(self, fodt: str) -> int:
        """Return the age in whole years at the period end; periods end with a month."""
        born = int(fodt[:4]) * 12 + int(fodt[5:])
        return (self.last.year * 12 + self.last.month - born) // 12


def concluded(service: ReferenceSource, things: Iterable[Melding | Undersokelse], codes: set[int] | None = None) -> int:
    return sum(
        1 for thing in things if service.is_in_period(thing.konkludert) and (codes is None or thing.konklusjon in codes)
    )


def revoked(service: ReferenceSource, case: CaseContent) -> bool:
    """Return whether a case counts in no. 24."""
    ends = [
        measure
        for measure in case.tiltak
        if measure.omsorg and service.is_in_period(measure.slutt) and measure.opphevet in {1, 3, 4}
    ]
    return bool(ends) and not any(measure.omsorg for measure in service.tiltak_at_end(case))


def first_care_order_in_period(service: ReferenceSource, case: CaseContent) -> bool:
    """Return whether a case counts in no. 22."""
    starts = sorted(day(measure.start) for measure in case.tiltak if measure.omsorg)
    return bool(starts) and service.is_in_period(starts[0].isoformat())


def moves(service: ReferenceSource) -> list[Flytting]:
    """Return the moves that count in no. 30."""
    return [
        move
        for move in service.flyttinger()
        if service.is_in_period(move.dato) and move.til != "9" and move.arsak != "1.3"
    ]


def supplies_moves(service: ReferenceSource) -> bool:
    """Return whether the source supplies nos. 30 and 31 (rule 2.5)."""
    return service.kostra_year is None or service.kostra_year >= 2022 or any(case.flyttinger for case in service.cases)


def form(service: ReferenceSource) -> dict[int, int | float | None]:
    """Return the value of each field that the source can supply, by its number."""
    meldinger, undersokelser = list(service.meldinger()), list(service.undersokelser())
    cases, tiltak = service.cases, list(service.tiltak())
    at_end, plans = service.tiltak_at_end, service.plans_at_end
    values: dict[int, int | float | None] = {
        1: sum(service.is_in_period(melding.mottatt) for melding in meldinger),
        2: concluded(service, meldinger, {2}),
        3: concluded(service, meldinger, DISMISSED),
        4: service.overdue(meldinger),
        5: service.in_time([*meldinger]),
        6: sum(service.is_in_period(undersokelse.startet) for undersokelse in undersokelser),
        7: concluded(service, undersokelser),
        8: concluded(service, undersokelser, {1, 2}),
        9: concluded(service, undersokelser, {3, 4, 5, 6, 7, 8, 9}),
        10: sum(
            service.is_open_at_end(undersokelse.startet, undersokelse.konkludert) for undersokelse in undersokelser
        ),
        11: service.overdue(undersokelser),
        12: service.in_time([*undersokelser]),
        13: sum(
            any(
                measure.hjelpetiltak and service.is_active_in_period(measure.start, measure.slutt)
                for measure in case.tiltak
            )
            for case in cases
        ),
        14: sum(
            any(t.hjelpetiltak for t in at_end(case)) and not any(t.plassering for t in at_end(case)) for case in cases
        ),
        15: sum(bool(measure.hjelpetiltak) and service.is_in_period(measure.start) for measure in tiltak),
        16: sum(bool(measure.hjelpetiltak) and service.is_in_period(measure.slutt) for measure in tiltak),
        17: sum(any(measure.omsorg for measure in at_end(case)) for case in cases),
        18: sum(any(measure.plassering for measure in at_end(case)) for case in cases),
        19: service.with_tiltak(("2.",)),
        20: service.with_tiltak(("1.",)),
        21: service.with_tiltak(tuple(HOUSING)),
        22: sum(first_care_order_in_period(service, case) for case in cases),
        23: sum(
            bool(measure.akutt and measure.plassering) and service.is_in_period(measure.start) for measure in tiltak
        ),
        24: sum(revoked(service, case) for case in cases),
        25: sum(any(plan.type in {1, 2, 5} for plan in plans(case)) for case in cases),
        26: sum(
            any(t.omsorg for t in at_end(case)) and any(plan.type in {3, 4} for plan in plans(case)) for case in cases
        ),
        27: sum(bool(at_end(case)) and not any(plan.type in {1, 2, 3, 4, 5} for plan in plans(case)) for case in cases),
        28: sum(service.is_in_period(done) for case in cases for done in case.evalueringer),
        32: sum(case.fodt is not None and 18 <= service.age(case.fodt) <= 24 and bool(at_end(case)) for case in cases),
    }
    if service.kostra_year is None:
        values[29] = sum(service.is_in_period(done) for case in cases for done in case.tilsyn)
    if supplies_moves(service):
        values[30] = len(moves(service))
        values[31] = sum(1 for move in moves(service) if move.arsak in UNPLANNED)
    return values
