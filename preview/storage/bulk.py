"""Many rows in few statements.

SQLite's module lets go of the interpreter at every step of a statement, and with a row to a step (`executemany`) another busy thread may take
it each time, for 5 ms: 1,300 rows took up to 0.7 s beside one, with the write lock held. Many rows to a statement are one step.
"""

from collections.abc import Sequence

from preview.storage.database import Connection

_SIZES = (128, 16, 1)
"""Rows to a statement: few sizes, so that each is prepared once."""


def execute_rows(connection: Connection, before: str, rows: Sequence[Sequence[object]], after: str = "") -> None:
    """`before` + `(?, ?), (?, ?), …` + `after`, for all rows, which have the same length."""
    at = 0
    for size in _SIZES:
        if len(rows) - at < size:
            continue
        marks = f"({', '.join('?' * len(rows[0]))})"
        statement = f"{before} {', '.join([marks] * size)} {after}"
        while len(rows) - at >= size:
            connection.execute(statement, [value for row in rows[at : at + size] for value in row])
            at += size
