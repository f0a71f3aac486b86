"""Insert or delete many rows with few statements.

Python's sqlite3 releases the interpreter lock at every step of a statement. With one row per step (`executemany`),
another busy thread may take the lock for 5 ms each time: 1,300 rows took up to 0.7 s beside one, with the write lock
held. A statement with many rows is one step.
"""

from collections.abc import Sequence

from preview.storage.database import Connection

_BATCH_SIZES = (128, 16, 1)
"""Rows per statement. Few sizes, so that each statement is prepared only once."""


def execute_rows(connection: Connection, prefix: str, rows: Sequence[Sequence[object]], suffix: str = "") -> None:
    """Execute `prefix (?, ?), (?, ?), ... suffix` for all rows, in as few statements as possible.

    Args:
        connection: A write transaction.
        prefix: SQL before the row values, such as `INSERT INTO t (a, b) VALUES`.
        rows: The row values, all of the same length.
        suffix: SQL after the row values.
    """
    offset = 0
    for size in _BATCH_SIZES:
        if len(rows) - offset < size:
            continue
        placeholders = f"({', '.join('?' * len(rows[0]))})"
        statement = f"{prefix} {', '.join([placeholders] * size)} {suffix}"
        while len(rows) - offset >= size:
            connection.execute(statement, [value for row in rows[offset : offset + size] for value in row])
            offset += size
