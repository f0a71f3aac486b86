"""Workers: a row a process that claims work; that it lives, its file lock shows (see `preview/workers.py`)."""

from preview.storage.database import Connection


def insert(connection: Connection, since: str) -> int:
    """A new worker's number; never used again."""
    return int(connection.execute("INSERT INTO worker (since) VALUES (?)", (since,)).lastrowid or 0)


def delete(connection: Connection, number: int) -> None:
    """A worker that is gone."""
    connection.execute("DELETE FROM worker WHERE worker = ?", (number,))


def numbers(connection: Connection) -> list[int]:
    """All that have not said goodbye."""
    return [row[0] for row in connection.execute("SELECT worker FROM worker").fetchall()]
