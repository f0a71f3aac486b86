"""Which cases a number counts: the field's own SQL over one case at a time, so that it cannot say anything else than the number does."""

from preview.form.aggregation import Parameters, is_available
from preview.form.entries import Field
from preview.form.sql import Connection

_TABLES = ("sak", "melding", "undersokelse", "plan", "evaluering", "tiltak", "tilsyn", "flytting")
# Under the tables' own names stand the rows of one case.
_ONE_CASE = ",\n".join(f"{table} AS (SELECT * FROM main.{table} WHERE source = :source AND sak = :sak)" for table in _TABLES)  # noqa: S608
_CASES = "SELECT sak FROM sak WHERE source = :source AND slettet = 0 ORDER BY sak"


def contributions_by_case(connection: Connection, field: Field, parameters: Parameters) -> dict[int, int]:
    """By `sak`, how much of the field's number it makes up; cases that make up nothing are left out. Their sum is the number.

    Of a share it is what is missing from 100 per cent: those over frist. Empty for a field that this source cannot supply, and for a
    supplementary figure. The caller holds the read transaction.
    """
    sql_params = parameters.as_sql_params()
    if field.sql is None or not is_available(connection, field, parameters):
        return {}
    statement = f"WITH {_ONE_CASE}\nSELECT * FROM (\n{field.sql}\n) AS one"
    contributions: dict[int, int] = {}
    for (sak,) in connection.execute(_CASES, sql_params).fetchall():
        row = connection.execute(statement, {**sql_params, "sak": sak}).fetchone()
        count = row[1] - row[0] if field.unit == "prosent" else row[0]
        if count:
            contributions[sak] = count
    return contributions
