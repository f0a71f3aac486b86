"""Many rows in few statements.

SQLite's module lets go of the interpreter at every step of a statement, and with a row to a step (`executemany`) another busy thread may take
it each time, for 5 ms: 1,300 rows took up to 0.7 s beside one, with the write lock held. Many rows to a statement are one step.
"""

from collections.abc import Sequence

from preview.storage.database import Connection

_BATCH_SIZES = (128, 16, 1)
"""Rows to a statement: few sizes, so that each is prepared once."""


def execute_rows(connection: Connection, prefix: str, rows: Sequence[Sequence[object]], suffix: str = "") -> None:
    """`prefix` + `(?, ?), (?, ?), …` + `suffix`, for all rows, which have the same length."""
    offset = 0
    for size in _BATCH_SIZES:
        if len(rows) - offset < size:
            continue
        placeholders = f"({', '.join('?' * len(rows[0]))})"
        statement = f"{prefix} {', '.join([placeholders] * size)} {suffix}"
        while len(rows) - offset >= size:
            connection.execute(statement, [value for row in rows[offset : offset + size] for value in row])
            offset += size
