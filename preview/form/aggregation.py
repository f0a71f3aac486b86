"""Works out a report's values from the case base: each entry's SQL over one state of the store."""

from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Auxiliary, Field, Value
from preview.form.numbers import share
from preview.form.sources import Source, extract_day
from preview.form.sql import Connection


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted: a source and a period. Days are days in Norway.

    `kilde` is the source's number, `format` and `aar` are its format and the year of its 15F file (0 for v4), `uttrekk` is the day of
    its extract time; `fra` and `til` are the period's first and last day.
    """

    kilde: int
    format: Literal["v4", "15f"]
    aar: int
    fra: date
    til: date
    uttrekk: date

    @classmethod
    def of(cls, source: Source, period: Period) -> "Parameters":
        """Those of a source chosen for the period (`sources.choose`). Raises `ValueError` where it has read no file yet."""
        uttrekk = extract_day(source)
        if uttrekk is None:
            raise ValueError("The source has no extract time.")
        return cls(kilde=source.kilde, format=source.format, aar=source.year, fra=period.first, til=period.last, uttrekk=uttrekk)

    def bound(self) -> dict[str, int | str]:
        """The parameters of the catalogue's SQL (`sql.PARAMETERS`)."""
        days = {"fra": self.fra.isoformat(), "til": self.til.isoformat(), "uttrekk": self.uttrekk.isoformat()}
        return {"kilde": self.kilde, "format": self.format, "aar": self.aar, **days}


def aggregate(
    connection: Connection, catalogue: Catalogue, parameters: Parameters, on_progress: Callable[[float], object] = lambda _: None
) -> dict[str, Value]:
    """The value of every field and auxiliary that this source can supply, by key, in form order.

    A key that is missing says that the source cannot supply it (`domain.md` 2.5, 6.2): its value and its data source are null. None
    under a key is a share of none. The caller holds the read transaction. `on_progress` gets the completed part (0..1) after each
    entry; what it raises ends the aggregation.
    """
    bound = parameters.bound()
    values: dict[str, Value] = {}
    entries = catalogue.entries
    for done, entry in enumerate(entries, 1):
        if entry.sql is not None and supplied(connection, entry, parameters):
            row = connection.execute(entry.sql, bound).fetchone()
            values[entry.key] = share(*row) if isinstance(entry, Field) and entry.unit == "prosent" else row[0]
        on_progress(done / len(entries))
    return values


def supplied(connection: Connection, entry: Field | Auxiliary, parameters: Parameters) -> bool:
    """Whether this source can supply the entry (`domain.md` 2.5, 6.2)."""
    if parameters.format not in entry.sources:
        return False
    return entry.supplied_if is None or bool(connection.execute(entry.supplied_if, parameters.bound()).fetchone()[0])
