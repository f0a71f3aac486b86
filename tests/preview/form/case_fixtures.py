"""Small case bases for tests of the form: records of cases, written into a SQLite file.

    base.values_by_case("antall_meldinger_mottatt", first=sak(...), before=sak(...))

returns the value of the field for each case alone: `{"first": 1, "before": 0}`. The period is 2024 by default.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import sqlite_utils

from preview.core.periods import Period
from preview.form.aggregation import Parameters, aggregate
from preview.form.catalogue import Catalogue
from preview.model.case_records import CaseContent, Flytting, Melding, Plan, Tiltak, Undersokelse
from preview.model.resources import Value
from tests.support.server_process import REPOSITORY

SCHEMA = REPOSITORY / "preview" / "storage" / "schema"
Format = Literal["v4", "15f"]


def melding(mottatt: str, konkludert: str | None = None, kode: int | None = None) -> Melding:
    """Return a melding whose deadline is seven days after receipt."""
    return Melding(mottatt, konkludert, kode, (date.fromisoformat(mottatt) + timedelta(7)).isoformat())


def undersokelse(
    startet: str, konkludert: str | None = None, kode: int | None = None, frist: str = "2030-01-01"
) -> Undersokelse:
    """Return an undersøkelse whose deadline is far ahead by default."""
    return Undersokelse(startet, konkludert, kode, frist)


def plan(type: int | None, start: str, slutt: str | None = None) -> Plan:  # noqa: A002, the format calls it type
    return Plan(start, slutt, type)


def tiltak(
    start: str, slutt: str | None = None, kategori: str | None = "3.1", opphevet: int | None = None, **flags: int
) -> Tiltak:
    """Return a tiltak, by default a hjelpetiltak; `plassering` follows from the Kategori."""
    hjelp = flags.get("hjelpetiltak", int(not flags.get("omsorg") and not flags.get("akutt")))
    plassering = int(kategori is not None and (kategori[:2] in ("1.", "2.") or kategori in ("8.2", "8.4", "8.5")))
    return Tiltak(start, slutt, kategori, flags.get("omsorg", 0), flags.get("akutt", 0), hjelp, plassering, opphevet)


def flytting(dato: str, arsak: str | None = "2.1", til: str | None = "6") -> Flytting:
    return Flytting(dato, arsak, til)


def sak(
    fodt: str | None = "2012-05",
    *,
    meldinger: Iterable[Melding] = (),
    undersokelser: Iterable[Undersokelse] = (),
    planer: Iterable[Plan] = (),
    evalueringer: Iterable[str] = (),
    tiltak: Iterable[Tiltak] = (),
    tilsyn: Iterable[str] = (),
    flyttinger: Iterable[Flytting] = (),
) -> CaseContent:
    """Return one case."""
    return CaseContent(
        fodt,
        list(meldinger),
        list(undersokelser),
        list(planer),
        list(evalueringer),
        list(tiltak),
        list(tilsyn),
        list(flyttinger),
        0,
    )


class CaseBase:
    """A SQLite file with the store's schema. Each source is stored beside earlier ones, which must not be counted."""

    def __init__(self, path: Path) -> None:
        self.connection = sqlite_utils.Database(path).conn
        for script in sorted(SCHEMA.glob("*.sql")):
            self.connection.executescript(script.read_text(encoding="utf-8"))
        self.catalogue = Catalogue.load()
        self._sources = 0

    def source(self, cases: Iterable[CaseContent], source_format: Format = "v4", year: int = 0) -> int:
        """Store the cases as a source of a new organisation, and return its number."""
        self._sources += 1
        organization = f"org-{self._sources}"
        execute, many = self.connection.execute, self.connection.executemany
        execute("INSERT INTO organization VALUES (?, ?, ?, '', 0)", (organization, organization, f"{self._sources:09}"))
        execute(
            "INSERT INTO source (organization_id, format, year) VALUES (?, ?, ?)", (organization, source_format, year)
        )
        source_id: int = execute("SELECT last_insert_rowid()").fetchone()[0]
        for number, case in enumerate(cases, 1):
            execute(
                "INSERT INTO sak (source, sak, extract_at, fodt, slettet) VALUES (?, ?, '', ?, 0)",
                (source_id, number, case.fodt),
            )
            tables: dict[str, list[tuple[Any, ...]]] = {
                "melding": [(m.mottatt, m.konkludert, m.konklusjon, m.frist) for m in case.meldinger],
                "undersokelse": [(u.startet, u.konkludert, u.konklusjon, u.frist) for u in case.undersokelser],
                "plan": [(p.start, p.slutt, p.type) for p in case.planer],
                "evaluering": [(day,) for day in case.evalueringer],
                "tiltak": [
                    (t.start, t.slutt, t.kategori, t.omsorg, t.akutt, t.hjelpetiltak, t.plassering, t.opphevet)
                    for t in case.tiltak
                ],
                "tilsyn": [(day,) for day in case.tilsyn],
                "flytting": [(f.dato, f.arsak, f.til) for f in case.flyttinger],
            }
            for table, rows in tables.items():
                if rows:
                    places = ", ".join("?" * (3 + len(rows[0])))
                    many(
                        f"INSERT INTO {table} VALUES ({places})",
                        [(source_id, number, nr, *row) for nr, row in enumerate(rows)],
                    )
        return source_id

    def values(
        self,
        cases: Iterable[CaseContent],
        period: str = "2024",
        extract_day: str = "2025-06-30",
        source_format: Format = "v4",
        year: int = 0,
    ) -> dict[str, Value]:
        """Return the values of a source that holds these cases, extracted on a day."""
        parsed_period = Period.parse(period)
        parameters = Parameters(
            source_id=self.source(cases, source_format, year),
            format=source_format,
            year=year,
            first_day=parsed_period.first_day,
            last_day=parsed_period.last_day,
            extract_day=date.fromisoformat(extract_day),
        )
        return aggregate(self.connection, self.catalogue, parameters)

    def values_by_case(
        self, key: str, period: str = "2024", uttrekk: str = "2025-06-30", **cases: CaseContent
    ) -> dict[str, Value]:
        """Return the value of a field for each of the named cases, each in its own source."""
        return {name: self.values([case], period, uttrekk)[key] for name, case in cases.items()}
