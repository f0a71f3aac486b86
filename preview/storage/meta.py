"""Facts about the store itself, by key."""

from preview.storage.database import Connection


def get(connection: Connection, key: str) -> str | None:
    """None where it was never put."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def put(connection: Connection, key: str, value: str) -> None:
    """Inserts or replaces."""
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))


def delete(connection: Connection, key: str) -> None:
    """As if it had never been put."""
    connection.execute("DELETE FROM meta WHERE key = ?", (key,))
