"""Ids of workers, one row per process. A file lock shows whether it is alive (`runtime.worker_registry`)."""

from preview.storage.database import Connection


def insert(connection: Connection, started_at: str) -> int:
    """Insert a worker and return its id, which is never reused."""
    return int(connection.execute("INSERT INTO worker (since) VALUES (?)", (started_at,)).lastrowid or 0)


def delete(connection: Connection, number: int) -> None:
    """Delete a worker that has ended."""
    connection.execute("DELETE FROM worker WHERE worker = ?", (number,))


def list_ids(connection: Connection) -> list[int]:
    """Return the ids of all workers that have a row: those that are alive, and those that crashed."""
    return [row[0] for row in connection.execute("SELECT worker FROM worker").fetchall()]
