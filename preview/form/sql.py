"""What may stand in the catalogue's SQL: one SELECT over the case base, with the parameters of `PARAMETERS`.

It is kept plain (comparison, counting, parameters), so that another store than SQLite could run it.
"""

import re
from typing import Any, Protocol

PARAMETERS = frozenset({"kilde", "format", "aar", "fra", "til", "uttrekk"})
"""`:kilde` the source's number; `:format` `v4` or `15f`; `:aar` the year of a 15F file, 0 for v4; `:fra` and `:til` the period's first
and last day; `:uttrekk` the day (Europe/Oslo) of the source's extract time. Days are ISO text."""

_NO_CODE = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PARAMETER = re.compile(r"[:@$](\w+)|\?")
_TRIED: dict[str, int | str] = {"kilde": 0, "format": "v4", "aar": 0, "fra": "2024-01-01", "til": "2024-12-31", "uttrekk": "2024-12-31"}


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


def fault(sql: str) -> str | None:
    """What is wrong with the text of a statement, as far as can be told without a database; None when nothing is."""
    code = _NO_CODE.sub(" ", sql)
    if not re.match(r"\s*(SELECT|WITH)\b", code):
        return "is no SELECT"
    if ";" in code:
        return "is more than one statement"
    unknown = [match[0] for match in _PARAMETER.finditer(code) if match[0][0] != ":" or match[1] not in PARAMETERS]
    return f"has the parameter {unknown[0]}, which is not known" if unknown else None


def columns(connection: Connection, sql: str) -> int:
    """Lets the database prepare the statement against its schema; the number of columns of its answer. Raises what the driver raises.

    As a subquery it can be nothing but a query, and of no rows it costs nothing on a full store.
    """
    return len(connection.execute(f"SELECT * FROM (\n{sql}\n) AS prepared LIMIT 0", _TRIED).description)  # noqa: S608
