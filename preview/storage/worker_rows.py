"""Workers: a row a process that claims work; that it lives, its file lock shows (see `preview/workers.py`)."""

from preview.storage.database import Connection


def insert(connection: Connection, started_at: str) -> int:
    """A new worker's number; never used again."""
    return int(connection.execute("INSERT INTO worker (since) VALUES (?)", (started_at,)).lastrowid or 0)


def delete(connection: Connection, number: int) -> None:
    """A worker that is gone."""
    connection.execute("DELETE FROM worker WHERE worker = ?", (number,))


def list_ids(connection: Connection) -> list[int]:
    """All that have not said goodbye."""
    return [row[0] for row in connection.execute("SELECT worker FROM worker").fetchall()]
