"""Checks the SQL of the catalogue: one SELECT over the case base with the parameters of `PARAMETERS`.

The SQL uses comparisons, counts and parameters only, so that it is not limited to SQLite.
"""

import re
from typing import Any, Protocol

PARAMETERS = frozenset({"source", "format", "year", "first_day", "last_day", "extract_at"})
"""Parameters of the SQL (rule 6.3, docs/domain.md). Days are ISO text."""

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
    """The methods of a database cursor that the form uses."""

    @property
    def description(self) -> Any:
        """One entry per column of the result."""
        ...

    def fetchone(self) -> Any:
        """Return the next row, or None after the last."""
        ...

    def fetchall(self) -> Any:
        """Return the remaining rows."""
        ...


class Connection(Protocol):
    """The methods of a database connection that the form uses."""

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor:
        """Run one statement."""
        ...


def query_error(sql: str) -> str | None:
    """Return what is wrong with a statement, as far as that is known without a database, or None."""
    code = _NON_CODE.sub(" ", sql)
    if not re.match(r"\s*(SELECT|WITH)\b", code):
        return "is no SELECT"
    if ";" in code:
        return "is more than one statement"
    unknown = [match[0] for match in _PARAMETER.finditer(code) if match[0][0] != ":" or match[1] not in PARAMETERS]
    return f"has the parameter {unknown[0]}, which is not known" if unknown else None


def column_count(connection: Connection, sql: str) -> int:
    """Return the number of columns of a statement, which the database prepares against its schema.

    The statement is run as a subquery, as which only a query is valid, with a limit of no rows, which is fast on any
    store. Exceptions of the database driver are passed on.
    """
    statement = f"SELECT * FROM (\n{sql}\n) AS prepared LIMIT 0"  # noqa: S608
    return len(connection.execute(statement, SAMPLE_PARAMETERS).description)
