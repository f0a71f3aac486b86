"""Aggregates a report: runs the SQL of every field over the case base."""

from collections.abc import Callable
from datetime import date
from typing import Literal

import msgspec

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.entries import Auxiliary, Field
from preview.form.numbers import percentage
from preview.form.sources import Source, extract_day
from preview.form.sql_validation import Connection
from preview.model.resources import Value


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of an aggregation. Days are days in Norway.

    Attributes:
        source_id: Number of the source.
        format: Its format.
        year: Year of a 15F source, 0 for v4.
        first_day: First day of the period.
        last_day: Last day of the period.
        extract_day: Day of the source's extract time.
    """

    source_id: int
    format: Literal["v4", "15f"]
    year: int
    first_day: date
    last_day: date
    extract_day: date

    @classmethod
    def from_source(cls, source: Source, period: Period) -> "Parameters":
        """Return the parameters for a source and a period (`sources.select_source`).

        Raises:
            ValueError: If no file of the source has been imported.
        """
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
        """Return the parameters of the catalogue's SQL (`sql.PARAMETERS`)."""
        return {
            "source": self.source_id,
            "format": self.format,
            "year": self.year,
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
            "extract_at": self.extract_day.isoformat(),
        }


def aggregate(
    connection: Connection,
    catalogue: Catalogue,
    parameters: Parameters,
    on_progress: Callable[[float], object] = lambda _: None,
) -> dict[str, Value]:
    """Compute all values that a source can supply.

    Args:
        connection: A connection with a read transaction, so that all values are of one state of the store.
        catalogue: The form.
        parameters: Source and period.
        on_progress: Called after each entry with the completed part, 0 to 1. An exception of it ends the aggregation.

    Returns:
        Values by key of field or auxiliary, in form order. A missing key means that the source cannot supply the entry
        (rules 2.5 and 6.2, docs/domain.md); None is a share of zero.
    """
    sql_params = parameters.as_sql_params()
    values: dict[str, Value] = {}
    entries = catalogue.entries
    for completed, entry in enumerate(entries, 1):
        if entry.sql is not None and is_available(connection, entry, parameters):
            row = connection.execute(entry.sql, sql_params).fetchone()
            values[entry.key] = percentage(*row) if isinstance(entry, Field) and entry.unit == "prosent" else row[0]
        on_progress(completed / len(entries))
    return values


def is_available(connection: Connection, entry: Field | Auxiliary, parameters: Parameters) -> bool:
    """Return whether the source can supply an entry (rules 2.5 and 6.2)."""
    if parameters.format not in entry.sources:
        return False
    return entry.supplied_if is None or bool(
        connection.execute(entry.supplied_if, parameters.as_sql_params()).fetchone()[0]
    )
