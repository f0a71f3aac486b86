"""Finds the cases that a number counts, with the field's own SQL over one case at a time: the two cannot disagree."""

from preview.form.aggregation import Parameters, is_available
from preview.form.entries import Field
from preview.form.sql_validation import Connection

_TABLES = ("sak", "melding", "undersokelse", "plan", "evaluering", "tiltak", "tilsyn", "flytting")
# Common table expressions with the names of the tables restrict the field's SQL to one case.
_ONE_CASE = ",\n".join(
    f"{table} AS (SELECT * FROM main.{table} WHERE source = :source AND sak = :sak)"  # noqa: S608
    for table in _TABLES
)
_CASES = "SELECT sak FROM sak WHERE source = :source AND slettet = 0 ORDER BY sak"


def contributions_by_case(connection: Connection, field: Field, parameters: Parameters) -> dict[int, int]:
    """Compute how much each case contributes to the number of a field.

    Args:
        connection: A connection with a read transaction.
        field: The field.
        parameters: Source and period.

    Returns:
        Contributions by number of the case (`sak`), without those of 0; their sum is the field's number. For a share
        they are what is missing from 100 percent, that is, those over the deadline. Empty for a field that the source
        cannot supply, and for a supplementary figure.
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
