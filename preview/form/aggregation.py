"""Works out a report's values from the case base: each entry's SQL over one state of the store."""

from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Auxiliary, Field
from preview.form.numbers import percentage
from preview.form.sources import Source, extract_day
from preview.form.sql import Connection
from preview.model.resources import Value


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted: a source and a period. Days are days in Norway.

    `kilde` is the source's number, `format` and `aar` are its format and the year of its 15F file (0 for v4), `uttrekk` is the day of
    its extract time; `fra` and `til` are the period's first and last day.
    """

    source_id: int
    format: Literal["v4", "15f"]
    year: int
    first_day: date
    last_day: date
    extract_day: date

    @classmethod
    def from_source(cls, source: Source, period: Period) -> "Parameters":
        """Those of a source chosen for the period (`sources.choose`). Raises `ValueError` where it has read no file yet."""
        extracted_on = extract_day(source)
        if extracted_on is None:
            raise ValueError("The source has no extract time.")
        return cls(
            source_id=source.source_id,
            format=source.format,
            year=source.year,
            first_day=period.first_day,
            last_day=period.last_day,
            extract_day=extracted_on,
        )

    def as_sql_params(self) -> dict[str, int | str]:
        """The parameters of the catalogue's SQL (`sql.PARAMETERS`)."""
        days = {"first_day": self.first_day.isoformat(), "last_day": self.last_day.isoformat(), "extract_at": self.extract_day.isoformat()}
        return {"source": self.source_id, "format": self.format, "year": self.year, **days}


def aggregate(
    connection: Connection, catalogue: Catalogue, parameters: Parameters, on_progress: Callable[[float], object] = lambda _: None
) -> dict[str, Value]:
    """The value of every field and auxiliary that this source can supply, by key, in form order.

    A key that is missing says that the source cannot supply it (`domain.md` 2.5, 6.2): its value and its data source are null. None
    under a key is a share of none. The caller holds the read transaction. `on_progress` gets the completed part (0..1) after each
    entry; what it raises ends the aggregation.
    """
    sql_params = parameters.as_sql_params()
    values: dict[str, Value] = {}
    entries = catalogue.entries
    for done, entry in enumerate(entries, 1):
        if entry.sql is not None and is_available(connection, entry, parameters):
            row = connection.execute(entry.sql, sql_params).fetchone()
            values[entry.key] = percentage(*row) if isinstance(entry, Field) and entry.unit == "prosent" else row[0]
        on_progress(done / len(entries))
    return values


def is_available(connection: Connection, entry: Field | Auxiliary, parameters: Parameters) -> bool:
    """Whether this source can supply the entry (`domain.md` 2.5, 6.2)."""
    if parameters.format not in entry.sources:
        return False
    return entry.supplied_if is None or bool(connection.execute(entry.supplied_if, parameters.as_sql_params()).fetchone()[0])
