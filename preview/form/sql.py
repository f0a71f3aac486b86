"""What may stand in the catalogue's SQL: one SELECT over the case base, with the parameters of `PARAMETERS`.

It is kept plain (comparison, counting, parameters), so that another store than SQLite could run it.
"""

import re
from typing import Any, Protocol

PARAMETERS = frozenset({"source", "format", "year", "first_day", "last_day", "extract_at"})
"""`:source` the source's number; `:format` `v4` or `15f`; `:year` the year of a 15F file, 0 for v4; `:first_day` and `:last_day` the period's first
and last day; `:extract_at` the day (Europe/Oslo) of the source's extract time. Days are ISO text."""

_NON_CODE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"[:@$](\w+)|\?")
SAMPLE_PARAMETERS: dict[str, int | str] = {
    "source": 0,
    "format": "v4",
    "year": 0,
    "first_day": "2024-01-01",
    "last_day": "2024-12-31",
    "extract_at": "2024-12-31",
}


class Cursor(Protocol):
    """What is asked of a database cursor."""

    @property
    def description(self) -> Any:
        """One entry for each column of the answer."""
        ...

    def fetchone(self) -> Any:
        """The next row, None after the last."""
        ...

    def fetchall(self) -> Any:
        """The rows that are left."""
        ...


class Connection(Protocol):
    """What is asked of a database connection, SQLite's or another's."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:
        """Runs one statement."""
        ...


def query_error(sql: str) -> str | None:
    """What is wrong with the text of a statement, as far as can be told without a database; None when nothing is."""
    code = _NON_CODE.sub(" ", sql)
    if not re.match(r"\s*(SELECT|WITH)\b", code):
        return "is no SELECT"
    if ";" in code:
        return "is more than one statement"
    unknown = [match[0] for match in _PARAMETER.finditer(code) if match[0][0] != ":" or match[1] not in PARAMETERS]
    return f"has the parameter {unknown[0]}, which is not known" if unknown else None


def column_count(connection: Connection, sql: str) -> int:
    """Lets the database prepare the statement against its schema; the number of columns of its answer. Raises what the driver raises.

    As a subquery it can be nothing but a query, and of no rows it costs nothing on a full store.
    """
    return len(connection.execute(f"SELECT * FROM (\n{sql}\n) AS prepared LIMIT 0", SAMPLE_PARAMETERS).description)  # noqa: S608
